# SPDX-License-Identifier: LGPL-2.1-or-later
"""ISC dhclient: what it reads at its start, and the leased address taken away at its end."""

import os
import time

from wbond_net import files, regular_file, runtime
from wbond_net.clients import identity, notes
from wbond_net.kernel import addresses, routes, sysfs
from wbond_net.kernel import command as programs
from wbond_net.kernel.journal import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbond_net.clients.leases import Lease

# Where Debian's AppArmor profile lets dhclient read (/etc/apparmor.d/sbin.dhclient).
MAY_READ = ("/etc/dhcp/", "/etc/dhclient.conf")
CONFS = ("/etc/dhcp/dhclient.conf", "/etc/dhclient.conf")  # Debian's, Arch's
STATE = "/var/lib/dhcp"
# Where that cannot be written, and under which names Debian's AppArmor profile lets dhclient read
# and write there: /run/dhclient*.lease*.
VOLATILE = "/run"
SCRIPTS = ("/usr/sbin/dhclient-script", "/usr/bin/dhclient-script", "/sbin/dhclient-script")
# Where wbond's hook is, which has names published by wbond. Debian's script reads it, and Debian's
# AppArmor profile lets dhclient run no other script; any other distribution's takes no names from
# wbond's script, which runs it.
HOOKS = "/etc/dhcp/dhclient-enter-hooks.d"
_HERE = os.path.dirname(os.path.realpath(__file__))
OWN_SCRIPT = os.path.normpath(os.path.join(_HERE, "../../hooks/dhclient-script"))


def prepare(bond: str, environ: "Mapping[str, str]") -> None:
    """Write the configuration and note the MAC address that dhclient will read.

    Raises OSError, NoMachineId.
    """
    own = environ["DHCLIENT_CONF"]
    if own in CONFS:
        own = next((path for path in CONFS if os.path.exists(path)), own)
    if fault := regular_file.why_not(own):
        say(f"{own}: {fault}; dhclient works with its own defaults")
    if is_read_only(STATE):
        say(f"{STATE} is read-only: the lease is kept in {VOLATILE}, until the next boot")
    else:
        os.makedirs(STATE, exist_ok=True)
    written, leases = places(bond)
    identifier = identity.client_identifier(bond, environ["DUID"])
    files.write(written, configuration(bond, own, identifier))
    # Before dhclient reads it: a change in between is seen as one, and confirmed once more.
    address = sysfs.attribute(bond, "address")
    files.write(runtime.path(bond, notes.ADDRESS_FILE), f"{address}\n")
    try:
        prolong(bond, leases)
    except OSError as error:  # no reason to have no client
        say(f"the address keeps the end of its first lease: {error}")


def command(bond: str, environ: "Mapping[str, str]") -> tuple[str, ...]:
    """Return what dhclient is called with, in the foreground.

    Its script gives the lease's default route the metric IF_METRIC, the kernel's where it is empty.
    """
    metric = ("-e", f"IF_METRIC={environ.get('METRIC', '')}")
    written, leases = places(bond)
    paths = ("-cf", written, "-lf", leases, "-pf", f"/run/dhclient.{bond}.pid")
    return ("dhclient", "-d", *metric, *paths, bond)


def places(bond: str) -> tuple[str, str]:
    """Return the paths of dhclient's configuration and of its leases."""
    if is_read_only(STATE):
        return f"{VOLATILE}/dhclient.{bond}.lease.conf", f"{VOLATILE}/dhclient.{bond}.leases"
    return f"{STATE}/dhclient.{bond}.conf", f"{STATE}/dhclient.{bond}.leases"


def is_read_only(folder: str) -> bool:
    """Tell whether a folder, which may not be there yet, is on a read-only file system."""
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def prolong(bond: str, path: str) -> None:
    """Let the address that the bond still has last as long as a lease that is confirmed now.

    dhclient-script has the kernel remove an address when its lease ends, and does not set that
    time again for one that is there already when the lease is confirmed (REBOOT: `ip address add`,
    which fails). The address would go at the end of the first lease, while dhclient, which counts
    from the confirmation, has not even asked to renew it. Raises OSError.
    """
    if not os.path.exists(path):
        return
    noted = {lease.address: lease for lease in _leases(path)}
    for address, prefix in addresses.leased(bond).items():
        lease = noted.get(address)
        if lease and lease.seconds and (lease.expire or 0) > time.time():
            addresses.prolong(bond, address, prefix, lease.seconds)


def configuration(bond: str, own: str, identifier: bytes) -> str:
    """Return the configuration: impatient defaults, the user's own, and the identity last.

    What stands first yields to the user's file; the interface's block wins
    over it (dhclient.conf(5)).
    """
    lines = [
        f"# Made at each start of dhclient for this bond; the place to edit is {own}",
        "initial-interval 1;",
        "backoff-cutoff 10;",
        "retry 15;",
    ]
    if not regular_file.why_not(own):
        lines += _user_conf(own)
    lines += [
        f'interface "{_quoted(bond)}" {{',
        f"  send dhcp-client-identifier {identifier.hex(':')};",
        *([] if _reads_hooks() else [f'  script "{OWN_SCRIPT}";']),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _script() -> str:
    """Return the distribution's script; nothing where there is none."""
    return next((path for path in SCRIPTS if os.path.exists(path)), "")


def _reads_hooks() -> bool:
    """Tell whether the distribution's script reads wbond's hook."""
    try:
        return os.fsencode(HOOKS) in regular_file.read(_script())
    except OSError:
        return False


def _user_conf(path: str) -> list[str]:
    """Include the user's file, or copy it where AppArmor would keep dhclient from it."""
    if os.path.realpath(path).startswith(MAY_READ):
        return [f'include "{_quoted(path)}";']
    return regular_file.read(path).decode("utf-8", "surrogateescape").splitlines()


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def stop(bond: str, environ: "Mapping[str, str]") -> None:
    """Remove what the lease has set, unless dhclient ended by itself and will confirm its lease.

    systemd sets MAINPID only while the main process lives, that is when a
    person or a dependency stops the unit (systemd.service(5), ExecStop=).
    Not by `dhclient -x`: with STOP, dhclient-script flushes static addresses as well. Raises
    KernelError, OSError.
    """
    if not environ.get("MAINPID") or not sysfs.exists(bond):
        return
    _undo_hooks(bond)
    try:
        lease = _last_lease(places(bond)[1])
        if lease:  # where a static address stands beside the lease's, the routes outlast that
            routes.remove(bond, lease.routes)
        if lease and not lease.seconds:
            addresses.remove(bond, lease.address)
    finally:
        addresses.flush_leased(bond)


def _undo_hooks(bond: str) -> None:
    """Have the hooks take back what they have set of the lease: names, time servers.

    They do with this reason. Told no address, dhclient-script itself then changes nothing.
    """
    os.environ.update(reason="STOP", interface=bond)
    script = _script() if _reads_hooks() else OWN_SCRIPT
    programs.attempt(programs.run, script)


def _last_lease(path: str) -> "Lease | None":
    """Return the lease that counts; None where there has been none. Raises OSError."""
    if not os.path.exists(path):
        return None
    *_, last = (None, *_leases(path))
    return last


def _leases(path: str) -> "list[Lease]":
    from wbond_net.clients import leases  # with re and datetime; not for a first start, at boot

    return list(leases.parse(regular_file.read_end(path).decode("utf-8", "surrogateescape")))

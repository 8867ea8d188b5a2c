# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-dhcp dhclient|dhcp6c|flush|release BOND: both DHCP clients' identity and clean stop.

`dhclient` and `dhcp6c` write what the client reads at its start, and `dhclient` has an address
that is to be confirmed last until it is to be renewed. When a client
is stopped, `flush` takes the leased IPv4 address away, and `release` has
dhcp6c give back the IPv6 address, in a time that people wait for.
"""

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Mapping

from wbond_net.clients import identity
from wbond_net.kernel import link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wbond_net.kernel import rtnetlink

USAGE = "usage: wbond-dhcp dhclient|dhcp6c|flush|release BOND"
# Where Debian's AppArmor profile lets dhclient read (/etc/apparmor.d/sbin.dhclient).
DHCLIENT_MAY_READ = ("/etc/dhcp/", "/etc/dhclient.conf")
DHCLIENT_CONFS = ("/etc/dhcp/dhclient.conf", "/etc/dhclient.conf")  # Debian's, Arch's
DHCLIENT_STATE = "/var/lib/dhcp"
DHCP6C_SCRIPT = "/etc/wide-dhcpv6/dhcp6c-script"
DHCP6C_DUID = "/var/lib/dhcpv6/dhcp6c_duid"
RUNTIME = "/run/wbond"
# For a server's answer to dhcp6c's Release, in ms: enough for a second one, sent after REL_TIMEOUT
# of a second (RFC 8415, 7.6). Where no server is in reach, dhcp6c would go on for thirty.
RELEASE_MS = 2000


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Entry point; returns 0, 1 when it could not be done, 2 when called wrongly."""
    verbs = {"dhclient": dhclient, "dhcp6c": dhcp6c, "flush": flush, "release": release}
    if len(arguments) != 2 or arguments[0] not in verbs:
        sys.stderr.write(USAGE + "\n")
        return 2
    try:
        verbs[arguments[0]](arguments[1], environ)
    except (OSError, identity.NoMachineId, link.CommandFailed) as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    return 0


def dhclient(bond: str, environ: Mapping[str, str]) -> None:
    """Write dhclient's configuration and note the MAC address that it will read."""
    own = environ["DHCLIENT_CONF"]
    if own in DHCLIENT_CONFS:
        own = next((path for path in DHCLIENT_CONFS if os.path.exists(path)), own)
    if not os.path.exists(own):
        link.say(f"{own} does not exist; dhclient works with its own defaults")
    os.makedirs(DHCLIENT_STATE, exist_ok=True)
    identifier = identity.client_identifier(bond, environ["DUID"])
    write(f"{DHCLIENT_STATE}/dhclient.{bond}.conf", dhclient_conf(bond, own, identifier))
    # Before dhclient reads it: a change in between is seen as one, and confirmed once more.
    write(f"{RUNTIME}/{bond}/dhclient.address", link.attribute(bond, "address") + "\n")
    try:
        prolong(bond, f"{DHCLIENT_STATE}/dhclient.{bond}.leases")
    except (OSError, link.CommandFailed) as fault:  # no reason to have no client
        link.say(f"the address keeps the end of its first lease: {fault}")


def prolong(bond: str, path: str) -> None:
    """Let the address that the bond still has last as long as a lease that is confirmed now.

    dhclient-script has the kernel remove an address when its lease ends, and for one that is there
    already does not set that time anew when the lease is confirmed (REBOOT: `ip address add`, which
    fails). The address would go at the end of the first lease, while dhclient, which counts from
    the confirmation, has not even asked to renew it.
    """
    if not os.path.exists(path):
        return
    from wbond_net.clients import leases  # start-up time of the other verbs, and of a first start

    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        noted = {lease.address: lease for lease in leases.parse(file.read())}
    for address in _addresses(bond):
        lease = noted.get(address.text)
        if lease and lease.seconds and (lease.expire or 0) > time.time() and address.valid:
            words = ["ip", "-4", "address", "change", f"{address.text}/{address.prefixlen}"]
            times = ["valid_lft", str(lease.seconds), "preferred_lft", str(lease.seconds)]
            link.run(*words, "dev", bond, *times)


def _addresses(bond: str) -> "list[rtnetlink.Address]":
    from wbond_net.kernel import rtnetlink

    index = int(link.attribute(bond, "ifindex") or 0)
    with rtnetlink.Socket(0) as netlink:
        return [address for address in netlink.addresses() if address.ifindex == index]


def dhclient_conf(bond: str, own: str, identifier: bytes) -> str:
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
    if os.path.exists(own):
        lines += _user_conf(own)
    lines += [
        f'interface "{_quoted(bond)}" {{',
        f"  send dhcp-client-identifier {identifier.hex(':')};",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _user_conf(path: str) -> list[str]:
    """Include the user's file, or copy it where AppArmor would keep dhclient from it."""
    if os.path.realpath(path).startswith(DHCLIENT_MAY_READ):
        return [f'include "{_quoted(path)}";']
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read().splitlines()


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def dhcp6c(bond: str, environ: Mapping[str, str]) -> None:
    """Write dhcp6c's DUID file, and its configuration or a link to the user's."""
    duid = identity.duid(environ["DUID"])
    write(DHCP6C_DUID, len(duid).to_bytes(2, sys.byteorder) + duid)
    path, own = f"{RUNTIME}/{bond}/dhcp6c.conf", environ["DHCP6C_CONF"]
    if os.path.lexists(path):
        os.unlink(path)
    if os.path.exists(own):
        os.symlink(own, path)
    else:
        link.say(f"{own} does not exist; dhcp6c asks for an address and for name servers")
        write(path, dhcp6c_conf(bond, DHCP6C_SCRIPT))


def dhcp6c_conf(bond: str, script: str) -> str:
    """Return a configuration that asks for one address, for a host that has none of its own."""
    number = int.from_bytes(identity.iaid(bond), "big")
    requests = [f"  send ia-na {number};", "  send rapid-commit;"]
    requests += ["  request domain-name-servers, domain-name;"]
    requests += [f'  script "{script}";'] if os.path.exists(script) else []
    return "\n".join(["profile default {", *requests, "};", f"id-assoc na {number} {{ }};"]) + "\n"


def flush(bond: str, environ: Mapping[str, str]) -> None:
    """Remove the leased address, unless the client ended by itself and will confirm its lease.

    systemd sets MAINPID only while the main process lives, that is when a
    person or a dependency stops the unit (systemd.service(5), ExecStop=).
    """
    if environ.get("MAINPID") and link.exists(bond):
        link.run("ip", "-4", "address", "flush", "dev", bond, "dynamic")


def release(bond: str, environ: Mapping[str, str]) -> None:
    """End dhcp6c, unless it ended by itself: it takes its address away and tells the server."""
    if not environ.get("MAINPID"):
        return
    with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
        _end(int(environ["MAINPID"]), f"{RUNTIME}/{bond}/dhcp6c.pid")


def _end(process: int, pid_file: str) -> None:
    """Stop dhcp6c by SIGTERM, and when it only waits for the server, by SIGINT.

    At SIGTERM it takes its address away, sends its Release and removes the file of its process id
    (process_signals(), dhcp6c.c); SIGINT it does not handle. What keeps it from heeding SIGTERM,
    its script or the moment before its select(2), has systemd's usual time to pass.
    """
    descriptor = os.pidfd_open(process)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    signal.pidfd_send_signal(descriptor, signal.SIGTERM)
    while not poll.poll(RELEASE_MS):
        if os.path.exists(pid_file):
            signal.pidfd_send_signal(descriptor, signal.SIGTERM)
        else:
            link.say("no server has confirmed the release; the address is given up all the same")
            signal.pidfd_send_signal(descriptor, signal.SIGINT)


def write(path: str, content: str | bytes) -> None:
    """Write a file, whole or not at all, readable by root alone. Raises OSError."""
    octets = content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
    temporary = f"{path}.new"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(octets)
    os.rename(temporary, path)

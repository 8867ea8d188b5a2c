# SPDX-License-Identifier: LGPL-2.1-or-later
"""dhcpcd, for one family or both: what it reads at its start, and its end.

Tried with 9.4.1 and 10.1.0; dhcpcd.conf(5) and dhcpcd(8) describe what is said here.
"""

import os
import select

from wbond_net import files, runtime
from wbond_net.clients import dhcpcd_leases, identity, notes
from wbond_net.kernel import addresses, sysfs
from wbond_net.kernel import command as programs
from wbond_net.kernel.journal import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_HERE = os.path.dirname(os.path.realpath(__file__))
SCRIPT = os.path.normpath(os.path.join(_HERE, "../../hooks/dhcpcd-script"))
PUBLISHER = os.path.normpath(os.path.join(_HERE, "../../wbond-dns"))
# Of the unit's own, which has a folder of the bond's in its place.
STATE = "/var/lib/dhcpcd"
# For dhcpcd's end after it has been told to release, in ms: it sends without waiting for an answer,
# and needs a second where the interface cannot send.
RELEASE_MS = 2000

ALWAYS = (
    # The address stays when dhcpcd ends to start again with another MAC address.
    "persistent",
    # The kernel's announcements after a failover, with that address, would be taken for another
    # host's: dhcpcd would decline its own lease. A dhcpcd that confirms the lease which it finds
    # listens for them in spite of `noarp` (dhcp_reboot() in dhcp.c); one that asks for it does not.
    "noarp",
    "reboot 0",
    "noipv4ll",
    # Advertisements of routers are the kernel's.
    "noipv6rs",
    "nodelay",
    "nodev",
    # Names go by wbond's hook; all other hooks are the distribution's.
    "nohook resolv.conf",
    "hostname",
    "vendorclassid",
    "require dhcp_server_identifier",
    "option domain_name_servers, domain_name, domain_search, classless_static_routes",
    "option interface_mtu, host_name, ntp_servers",
)


def prepare(bond: str, environ: "Mapping[str, str]") -> None:
    """Write the configuration and note the MAC address that dhcpcd will read.

    Raises OSError, NoMachineId.
    """
    asked = notes.asked(bond)
    files.write(_conf(bond), configuration(bond, environ, asked))
    if asked != notes.ADDRESS:
        _forget6(bond)
    if "4" in environ["FAMILIES"].split():
        # Before dhcpcd reads it: a change in between is seen as one, and confirmed once more.
        address = sysfs.attribute(bond, "address")
        files.write(runtime.path(bond, notes.ADDRESS_FILE), f"{address}\n")


def _forget6(bond: str) -> None:
    """Take away what dhcpcd has kept of a lease of IPv6, and asks for no longer."""
    _, path = dhcpcd_leases.paths(STATE, bond)
    for address in dhcpcd_leases.addresses(STATE, bond):
        if ":" in address:
            addresses.remove(bond, address)
    files.remove(path)


def configuration(bond: str, environ: "Mapping[str, str]", asked: str) -> str:
    """Return the configuration: what is always so, the identity, and what is asked for.

    The variables are FAMILIES (`4`, `6` or both), DUID, and METRIC, which may be empty. The
    identity is that of the other clients, so that a change of client keeps the addresses. Raises
    NoMachineId.
    """
    families, setting = environ["FAMILIES"].split(), environ["DUID"]
    lines = ["# Made at each start of dhcpcd for this bond, in place of /etc/dhcpcd.conf", *ALWAYS]
    lines += [f"script {SCRIPT}", f"duid {identity.duid(setting).hex(':')}"]
    if metric := environ.get("METRIC", ""):
        lines.append(f"metric {metric}")
    if "4" in families:
        lines.append(f"clientid {identity.client_identifier(bond, setting).hex(':')}")
    else:
        lines.append("ipv6only")
    if "6" in families and (asked != notes.NOTHING or "4" not in families):
        number = int.from_bytes(identity.iaid(bond), "big")
        lines.append("inform6" if asked == notes.INFORMATION else f"ia_na {number}")
    else:
        lines.append("ipv4only")
    return "\n".join(lines) + "\n"


def _conf(bond: str) -> str:
    return runtime.path(bond, "dhcpcd.conf")


def command(bond: str, environ: "Mapping[str, str]") -> tuple[str, ...]:
    """Return what dhcpcd is called with, in the foreground."""
    return ("dhcpcd", "-B", "-f", _conf(bond), bond)


def stop(bond: str, environ: "Mapping[str, str]") -> None:
    """End dhcpcd, unless it ended by itself: it takes all away that it has set, tells the servers,
    and forgets its leases. Raises OSError.

    SIGALRM has it do so (dhcpcd(8), SIGNALS). What it leaves, frozen or killed meanwhile, is taken
    away here.
    """
    if not environ.get("MAINPID"):
        return
    leased = dhcpcd_leases.addresses(STATE, bond)
    try:
        _end(int(environ["MAINPID"]))
    except ProcessLookupError:  # it has ended meanwhile
        pass
    if sysfs.exists(bond):
        for address in leased:
            addresses.remove(bond, address)
    families = environ["FAMILIES"].split()
    for family in families:
        programs.attempt(programs.run, PUBLISHER, "drop", bond, f"dhcpcd{family}")
    if "4" in families:
        # The script has done that, where dhcpcd had the time to call it.
        files.remove(runtime.path(bond, runtime.DHCP_SERVER))


def _end(process: int) -> None:
    """Have dhcpcd release its leases and end."""
    import signal  # with enum, as much as Python's start; not when dhcpcd starts

    descriptor = os.pidfd_open(process)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    signal.pidfd_send_signal(descriptor, signal.SIGALRM)
    if not poll.poll(RELEASE_MS):
        say("dhcpcd does not end; its addresses are taken away all the same")
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)

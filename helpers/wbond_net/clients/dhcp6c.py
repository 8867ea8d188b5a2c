# SPDX-License-Identifier: LGPL-2.1-or-later
"""WIDE dhcp6c: what it reads at its start, and its end in a time that people wait for."""

import os
import select
import sys

from wbond_net import files, regular_file, runtime
from wbond_net.clients import identity
from wbond_net.kernel import command
from wbond_net.kernel.journal import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# Debian's script, which writes resolv.conf whoever else does. wbond's takes its place, by the path
# at which the unit has it; a script of the user's own is left alone.
FOREIGN_SCRIPT = "/etc/wide-dhcpv6/dhcp6c-script"
SCRIPT = "dhcp6c-script"  # in the bond's runtime directory
_HERE = os.path.dirname(os.path.realpath(__file__))
PUBLISHER = os.path.normpath(os.path.join(_HERE, "../../wbond-dns"))
DUID = "/var/lib/dhcpv6/dhcp6c_duid"
# For a server's answer to dhcp6c's Release, in ms: enough for a second one, sent after REL_TIMEOUT
# of a second (RFC 8415, 7.6). Where no server is in reach, dhcp6c would go on for thirty.
RELEASE_MS = 2000


def prepare(bond: str, environ: "Mapping[str, str]") -> None:
    """Write dhcp6c's DUID file, and its configuration or a link to the user's.

    Where the user's has Debian's script, a copy has wbond's.

    Raises OSError, NoMachineId.
    """
    duid = identity.duid(environ["DUID"])
    files.write(DUID, len(duid).to_bytes(2, sys.byteorder) + duid)
    path, own = runtime.path(bond, "dhcp6c.conf"), environ["DHCP6C_CONF"]
    if os.path.lexists(path):
        os.unlink(path)
    script = runtime.path(bond, SCRIPT)
    fault = regular_file.why_not(own)
    if fault:
        say(f"{own}: {fault}; dhcp6c asks for an address and for name servers")
        files.write(path, configuration(bond, script))
        return
    content = regular_file.read(own)
    foreign = f'"{FOREIGN_SCRIPT}"'.encode()
    if foreign in content:
        files.write(path, content.replace(foreign, os.fsencode(f'"{script}"')))
    else:
        os.symlink(own, path)


def configuration(bond: str, script: str) -> str:
    """Return a configuration that asks for one address, for a host that has none of its own."""
    number = int.from_bytes(identity.iaid(bond), "big")
    requests = [f"  send ia-na {number};", "  send rapid-commit;"]
    requests += ["  request domain-name-servers, domain-name;"]
    requests += [f'  script "{script}";'] if os.path.exists(script) else []
    return "\n".join(["profile default {", *requests, "};", f"id-assoc na {number} {{ }};"]) + "\n"


def release(bond: str, environ: "Mapping[str, str]") -> None:
    """End dhcp6c, unless it ended by itself: it takes its address away and tells the server.

    The names that it has got go as well.
    """
    if not environ.get("MAINPID"):
        return
    try:
        _end(int(environ["MAINPID"]), runtime.path(bond, "dhcp6c.pid"))
    except ProcessLookupError:  # it has ended meanwhile
        pass
    command.attempt(command.run, PUBLISHER, "drop", bond, "dhcp6c")


def _end(process: int, pid_file: str) -> None:
    """Stop dhcp6c by SIGTERM, and when it only waits for the server, by SIGINT.

    At SIGTERM it takes its address away, sends its Release and removes the file of its process id
    (process_signals(), dhcp6c.c); SIGINT it does not handle. What keeps it from heeding SIGTERM,
    its script or the moment before its select(2), has systemd's usual time to pass.
    """
    import signal  # with enum, as much as Python's start; not when dhcp6c or dhclient starts

    descriptor = os.pidfd_open(process)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    signal.pidfd_send_signal(descriptor, signal.SIGTERM)
    while not poll.poll(RELEASE_MS):
        if os.path.exists(pid_file):
            signal.pidfd_send_signal(descriptor, signal.SIGTERM)
        else:
            say("no server has confirmed the release; the address is given up all the same")
            signal.pidfd_send_signal(descriptor, signal.SIGINT)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""WIDE dhcp6c: what it reads at its start, and its end in a time that people wait for."""

import os
import select
import sys

from wbond_net import files, regular_file, runtime
from wbond_net.clients import identity, notes
from wbond_net.kernel import command as programs
from wbond_net.kernel.journal import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

CONF = "/etc/wide-dhcpv6/dhcp6c.conf"
# What Debian and its derivatives put there (wide-dhcpv6-client 20080615-23 and -24), without
# comments and blanks. It asks for information alone, which nobody has chosen.
STOCK = (
    "profile default { information-only ; request domain-name-servers ; request domain-name ; "
    'script "/etc/wide-dhcpv6/dhcp6c-script" ; } ;'
)
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
    path, own = runtime.path(bond, "dhcp6c.conf"), environ["DHCP6C_CONF"] or CONF
    files.remove(path)
    script = runtime.path(bond, SCRIPT)
    fault = regular_file.why_not(own)
    if not fault and not environ["DHCP6C_CONF"] and _is_stock(own):
        fault = "is the distribution's, unchanged"
    if fault:
        asked = notes.asked(bond)
        say(f"{own}: {fault}; dhcp6c asks for {_ASKED[asked]}")
        files.write(path, configuration(bond, script, asked))
        return
    content = regular_file.read(own)
    foreign = f'"{FOREIGN_SCRIPT}"'.encode()
    if foreign in content:
        files.write(path, content.replace(foreign, os.fsencode(f'"{script}"')))
    else:
        os.symlink(own, path)


# By what the routers say. Where they say nothing, a person has started the unit.
_ASKED = {notes.INFORMATION: "information alone, as the routers say"}
_ASKED |= dict.fromkeys((notes.ADDRESS, notes.NOTHING), "an address and for name servers")


def _is_stock(path: str) -> bool:
    return is_stock(regular_file.read(path).decode("utf-8", "surrogateescape"))


def is_stock(text: str) -> bool:
    """Tell whether a configuration is the distribution's, whatever its comments and blanks."""
    bare = " ".join(line.partition("#")[0] for line in text.splitlines())
    for sign in "{};":
        bare = bare.replace(sign, f" {sign} ")
    return bare.split() == STOCK.split()


def configuration(bond: str, script: str, asked: str = notes.ADDRESS) -> str:
    """Return a configuration that asks for one address, for a host that has none of its own; or
    for information alone.
    """
    number = int.from_bytes(identity.iaid(bond), "big")
    wants_address = asked != notes.INFORMATION
    requests = [f"  send ia-na {number};", "  send rapid-commit;"]
    requests = requests if wants_address else ["  information-only;"]
    requests += ["  request domain-name-servers, domain-name;"]
    requests += [f'  script "{script}";'] if os.path.exists(script) else []
    association = [f"id-assoc na {number} {{ }};"] if wants_address else []
    return "\n".join(["profile default {", *requests, "};", *association]) + "\n"


def command(bond: str, environ: "Mapping[str, str]") -> tuple[str, ...]:
    """Return what dhcp6c is called with, in the foreground.

    Without a control port (-k, a key that is not there): it is the same for every dhcp6c, which
    ends if another one has it, or if the loopback interface has no ::1.
    """
    keyless = ("-k", runtime.path(bond, "no-control-port"))
    places = ("-c", runtime.path(bond, "dhcp6c.conf"), "-p", runtime.path(bond, "dhcp6c.pid"))
    return ("dhcp6c", "-f", *keyless, *places, "-P", "default", bond)


def stop(bond: str, environ: "Mapping[str, str]") -> None:
    """End dhcp6c, unless it ended by itself: it takes its address away and tells the server.

    The names that it has got go as well.
    """
    if not environ.get("MAINPID"):
        return
    try:
        _end(int(environ["MAINPID"]), runtime.path(bond, "dhcp6c.pid"))
    except ProcessLookupError:  # it has ended meanwhile
        pass
    programs.attempt(programs.run, PUBLISHER, "drop", bond, "dhcp6c")


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

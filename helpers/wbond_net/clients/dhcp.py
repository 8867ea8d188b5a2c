# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-dhcp VERB BOND: the DHCP clients' identity, clean stop, and pauses between failures.

`dhclient`, `dhcp6c` and `dhcpcd` wait until the bond has a port by which the client can ask, write
what it reads at its start, and become the client.
When one stops, `dhclient-stop` takes the leased IPv4 address away, and `dhcp6c-stop` and
`dhcpcd-stop` have it give its addresses back, in a time that people wait for. The client that
fails again and again waits longer and longer before its next start.
"""

import math
import os
import sys

from wbond_net import notify, pauses, wait_online
from wbond_net.clients import identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

USAGE = "usage: wbond-dhcp dhclient|dhclient-stop|dhcp6c|dhcp6c-stop|dhcpcd|dhcpcd-stop BOND"
CLIENTS = ("dhclient", "dhcp6c", "dhcpcd")  # each is a module with prepare(), command(), stop()
FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


def main(arguments: list[str], environ: "Mapping[str, str]") -> int:
    """Entry point; returns 0, 1 when it could not be done, 2 when called wrongly.

    Does not return where it becomes the client.
    """
    name, _, verb = arguments[0].partition("-") if len(arguments) == 2 else ("", "", "")
    if name not in CLIENTS or verb not in ("", "stop"):
        sys.stderr.write(USAGE + "\n")
        return 2
    bond = arguments[1]
    try:
        if verb == "stop":
            pauses.forgotten(bond, name)
            module(name).stop(bond, environ)
        else:
            pauses.wait(bond, name)
            pauses.failed_unless_stopped(bond, name)
            program = _program(name)
            _wait_for_a_port(bond)
            module(name).prepare(bond, environ)
            _become(program, module(name).command(bond, environ))
    except (OSError, identity.NoMachineId) as error:
        if verb:
            sys.stderr.write(f"{error}\n")
        else:
            pauses.tell(bond, name, str(error))
        return 1
    return 0


def module(name: str) -> "ModuleType":
    """Return a client's module. All three take four times as long to load as one: 1.7 ms."""
    __import__(f"wbond_net.clients.{name}")
    return sys.modules[f"wbond_net.clients.{name}"]


def _wait_for_a_port(bond: str) -> None:
    """Wait until what the client sends gets through; the unit has started when that takes time.

    So all that can be done before the first port has a link is done by then. Raises OSError.
    """
    lacking = wait_online.wait(bond, 0, wait_online.LINK)
    if not lacking:
        return
    manager = os.environ.get("NOTIFY_SOCKET", "")
    notify.tell(f"READY=1\nSTATUS=Waiting for a port: the bond {lacking}", manager)
    wait_online.wait(bond, math.inf, wait_online.LINK)
    notify.tell("STATUS=", manager)


def _become(program: str, words: tuple[str, ...]) -> None:
    """Become a client, whose unit has started then. Raises OSError."""
    notify.ready()
    os.execv(program, words)


def _program(name: str) -> str:
    """Return where a program is, as systemd would find it. Raises FileNotFoundError."""
    for folder in FOLDERS:
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK):
            return path
    raise FileNotFoundError(f"{name} is not installed")

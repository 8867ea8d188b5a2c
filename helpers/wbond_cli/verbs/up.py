# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond up [BOND ...]: starts bonds, with their ports and clients, and waits until they are online.

Without a name, all bonds of the configuration. Exit status: 0 when all are
online, 1 when one is not within the time given, 2 when called wrongly.
"""

import argparse

from wbond import escape

from wbond_cli.terminal import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wbond_cli.apply.steps import Hands

HELP = "start bonds, and wait until they are online"
WRONG = 2
TIMEOUT = 30.0  # seconds; what wbond-wait-online@ gives a boot


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.add_argument("bonds", nargs="*", metavar="BOND", help="all configured, if none is named")
    parser.add_argument(
        "--timeout",
        type=float,
        default=TIMEOUT,
        metavar="SECONDS",
        help=f"how long to wait for an address, {TIMEOUT:g} if not given",
    )
    parser.add_argument("--quiet", action="store_true", help="do not show the commands")


def run(options: argparse.Namespace) -> int:
    """Run the verb."""
    from wbond_net.deployed import snapshot

    from wbond_cli import privileges
    from wbond_cli.apply.steps import Hands, Voice

    if privileges.lacking(options.typed, "to start a bond"):
        return WRONG
    return up(Hands(Voice(options.quiet)), snapshot.ROOT, options.bonds, options.timeout)


def up(hands: "Hands", root: str, named: list[str], timeout: float) -> int:
    """Start the bonds named, or all; returns the exit status."""
    from wbond_net.deployed import unit_tree

    configured = [bond.name for bond in unit_tree.render_root(root)[0].bonds]
    bonds = named or configured
    if not bonds:
        complain("no bond is configured", "write /etc/wbond.conf, by `sudo wbond init`")
        return WRONG
    for bond in bonds:
        if fault := _unready(root, bond, configured):
            complain(*fault)
            return WRONG
    started = [bond for bond in bonds if _start(hands, bond)]
    waited = [_wait(hands, bond, timeout) for bond in started]
    return 0 if len(started) == len(bonds) and all(waited) else 1


def _unready(root: str, bond: str, configured: list[str]) -> tuple[str, str] | None:
    """Return what keeps a bond from being started as configured, and the remedy."""
    from wbond_net.deployed import unit_tree

    name = escape.printable(bond)
    if bond not in configured:
        known = ", ".join(map(escape.printable, configured)) or "none"
        return f"{name} is not configured; {known} is", "`wbond check` shows the configuration"
    wanted = f"multi-user.target.wants/wbond@{escape.unit_instance(bond)}.service"
    if wanted not in unit_tree.read_generated(root):
        return f"systemd does not know {name} yet", "`sudo wbond apply` makes the file real"
    return None


def _start(hands: "Hands", bond: str) -> bool:
    unit = f"wbond@{escape.unit_instance(bond)}.service"
    if hands.attempt("systemctl", "start", "--", unit):
        return True
    complain(f"{escape.printable(bond)} is not up", f"journalctl -b -u '{unit}' says why")
    return False


def _wait(hands: "Hands", bond: str, timeout: float) -> bool:
    """Wait until the bond is online; tells whether, and what it lacks."""
    from wbond_net import wait_online
    from wbond_net.kernel import link

    from wbond_cli.apply import current

    name = escape.printable(bond)
    if lacking := wait_online.wait(bond, timeout):
        complain(f"{name} {lacking}, after {timeout:g} s", "`wbond status` shows ports and clients")
        return False
    port = escape.printable(link.attribute(bond, "bonding/active_slave"))
    hands.voice.say(f"{name} is online by {port}: {' '.join(current.addresses(bond))}")
    return True

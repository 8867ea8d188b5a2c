# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond down [BOND ...]: stops bonds with their ports and clients, and waits until all is gone.

Without a name, all bonds that run. Asks before it cuts the SSH session that
it is called from. Exit status: 0 when they are down, 1 when one is not, 2 when
it was refused.
"""

import argparse
import os

from wbond import escape

from wbond_cli.terminal import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wbond_cli.apply.steps import Hands

HELP = "stop bonds, with their ports and clients"
REFUSED = 2


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.add_argument("bonds", nargs="*", metavar="BOND", help="all that run, if none is named")
    parser.add_argument("--yes", action="store_true", help="also when that cuts this session")
    parser.add_argument("--quiet", action="store_true", help="do not show the commands")


def run(options: argparse.Namespace) -> int:
    """Run the verb."""
    from wbond_net.deployed import snapshot

    from wbond_cli import privileges
    from wbond_cli.apply import current
    from wbond_cli.apply.steps import Hands, Voice

    if privileges.lacking(options.typed, "to stop a bond"):
        return REFUSED
    session = "" if options.yes else current.ssh_address(os.environ, os.getppid())
    return down(Hands(Voice(options.quiet)), snapshot.ROOT, options.bonds, session)


def down(hands: "Hands", root: str, named: list[str], session: str) -> int:
    """Stop the bonds named, or all; `session` is an address that is not to go without a yes."""
    from wbond_net.deployed import snapshot

    running = snapshot.running_bonds(root)
    for bond in named:
        if bond not in running:
            hands.voice.say(f"{escape.printable(bond)} is not up; `wbond status` shows what is.")
    bonds = [bond for bond in running if not named or bond in named]
    if not bonds and not named:
        hands.voice.say("No bond of wbond's is up.")
    if session and not _agreed(hands, bonds, session, named):
        return REFUSED
    stopped = [_stop(hands, bond) for bond in bonds]  # each, also where one fails
    return 0 if all(stopped) else 1


def _agreed(hands: "Hands", bonds: list[str], session: str, named: list[str]) -> bool:
    """Ask whether a bond may go that this session comes by, if one does."""
    from wbond_cli import privileges
    from wbond_cli.apply import current, question

    by = [bond for bond in bonds if session in current.addresses(bond)]
    if not by:
        return True
    name = escape.printable(by[0])
    if not question.possible():
        does = f"`{privileges.as_root('down', '--yes', *named)}` does it"
        complain(f"this session comes by {name}, and would be cut", does)
        return False
    hands.voice.say(f"This session comes by {name} ({session}), and will be cut. Go on? [y/N] ", "")
    answer = question.line(None)
    return answer is not question.ENDED and question.is_yes(answer)


def _stop(hands: "Hands", bond: str) -> bool:
    """Stop a bond's unit, which what requires it leaves first; tells whether the bond is gone."""
    from wbond_net.kernel import link

    unit = f"wbond@{escape.unit_instance(bond)}.service"
    if hands.attempt("systemctl", "stop", "--", unit) and not link.is_bond(bond):
        hands.voice.say(f"{escape.printable(bond)} is down.")
        return True
    complain(f"{escape.printable(bond)} is still there", f"journalctl -b -u '{unit}' says why")
    return False

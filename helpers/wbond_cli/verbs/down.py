# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond down: stops bonds with their ports and clients, and waits until all is gone."""

import argparse
import os

from wbond import escape, units
from wbond_net.deployed import snapshot, unit_tree
from wbond_net.kernel import sysfs

from wbond_cli import exit_status, privileges, question
from wbond_cli.apply import current
from wbond_cli.command import CommandRunner
from wbond_cli.errors import require_bonds
from wbond_cli.output import Output
from wbond_cli.terminal import complain


def run(options: argparse.Namespace) -> int:
    """Run the verb; returns the exit status.

    Raises UserError without root's rights, and for a bond that there is not.
    """
    privileges.require_root(options.argv, "to stop a bond")
    session = "" if options.yes else current.ssh_address(os.environ, os.getppid())
    return down(CommandRunner(Output(options.quiet)), snapshot.ROOT, options.bonds, session)


def down(runner: CommandRunner, root: str, named: list[str], session: str) -> int:
    """Stop the bonds named, or all; returns the exit status.

    `session` is an address that must not go without a yes. Raises UserError for a bond that
    there is not.
    """
    running = snapshot.running_bonds(root)
    configured = [bond.name for bond in unit_tree.read_config(root).bonds]
    require_bonds(named, list(dict.fromkeys([*configured, *running])))
    for bond in named:
        if bond not in running:
            name = escape.printable(bond)
            runner.output.line(f"{name} is not up; `wbond status` shows what is.")
    bonds = [bond for bond in running if not named or bond in named]
    if not bonds and not named:
        runner.output.line("No bond of wbond's is up.")
    if session and not _may_cut(runner.output, bonds, session, named):
        return exit_status.REFUSED
    stopped = [_stop(runner, bond) for bond in bonds]  # each, also where one fails
    return exit_status.SUCCESS if all(stopped) else exit_status.FAILURE


def _may_cut(output: Output, bonds: list[str], session: str, named: list[str]) -> bool:
    """Tell whether the bonds may go; ask if this session comes by one of them."""
    carrying = [bond for bond in bonds if session in current.addresses(bond)]
    if not carrying:
        return True
    name = escape.printable(carrying[0])
    if not question.can_ask():
        remedy = f"`{privileges.with_sudo('down', '--yes', *named)}` does it"
        complain(f"this session comes by {name}, and would be cut", remedy)
        return False
    output.line(f"This session comes by {name} ({session}), and will be cut. Go on? [y/N] ", end="")
    answer = question.read_line(None)
    return answer is not question.ENDED and question.is_yes(answer)


def _stop(runner: CommandRunner, bond: str) -> bool:
    """Stop a bond's unit, and with it all that requires it; tells whether the bond is gone."""
    unit = units.instance(units.BOND, bond)
    if runner.attempt("systemctl", "stop", "--", unit) and not sysfs.is_bond(bond):
        runner.output.line(f"{escape.printable(bond)} is down.")
        return True
    complain(f"{escape.printable(bond)} is still there", f"journalctl -b -u '{unit}' says why")
    return False

# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond up: starts bonds, with their ports and clients, and waits until they are online."""

import argparse

from wbond import escape, units
from wbond_net import wait_online
from wbond_net.deployed import snapshot, unit_tree

from wbond_cli import exit_status, online, privileges
from wbond_cli.command import CommandRunner
from wbond_cli.errors import UserError
from wbond_cli.output import Output
from wbond_cli.terminal import complain


def run(options: argparse.Namespace) -> int:
    """Run the verb; returns the exit status. Raises UserError for what cannot be started."""
    privileges.require_root(options.argv, "to start a bond")
    runner = CommandRunner(Output(options.quiet))
    return up(runner, snapshot.ROOT, options.bonds, options.timeout)


def up(runner: CommandRunner, root: str, named: list[str], timeout: float) -> int:
    """Start the bonds named, or all; returns the exit status.

    `timeout` is in seconds. Raises UserError for a bond that is not configured,
    or that systemd does not know.
    """
    awaited = {
        bond.name: wait_online.awaited(bond.settings) for bond in unit_tree.read_config(root).bonds
    }
    configured = list(awaited)
    bonds = named or configured
    if not bonds:
        raise UserError("no bond is configured", "write /etc/wbond.conf, by `sudo wbond init`")
    for bond in bonds:
        _require_startable(root, bond, configured)
    started = [bond for bond in bonds if _start(runner, bond)]
    are_online = online.wait(runner.output, {bond: awaited[bond] for bond in started}, timeout)
    all_online = len(started) == len(bonds) and are_online
    return exit_status.SUCCESS if all_online else exit_status.FAILURE


def _require_startable(root: str, bond: str, configured: list[str]) -> None:
    """Raise UserError if systemd would not start the bond as it is configured."""
    name = escape.printable(bond)
    if bond not in configured:
        known = ", ".join(map(escape.printable, configured)) or "none"
        raise UserError(
            f"{name} is not configured; {known} is",
            "`wbond check` shows the configuration",
            exit_status.USAGE,
        )
    wanted = f"multi-user.target.wants/{units.instance(units.BOND, bond)}"
    if wanted not in unit_tree.read_generated(root):
        raise UserError(
            f"systemd does not know {name} yet", "`sudo wbond apply` makes the file real"
        )


def _start(runner: CommandRunner, bond: str) -> bool:
    unit = units.instance(units.BOND, bond)
    if runner.attempt("systemctl", "start", "--", unit):
        return True
    complain(f"{escape.printable(bond)} is not up", f"journalctl -b -u '{unit}' says why")
    return False

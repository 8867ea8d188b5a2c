# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond wait: waits until bonds are online, for scripts."""

import argparse
from collections.abc import Mapping, Sequence

from wbond_net import wait_online
from wbond_net.deployed import snapshot, unit_tree

from wbond_cli import exit_status, online
from wbond_cli.errors import UserError, require_bonds
from wbond_cli.output import Output


def run(options: argparse.Namespace) -> int:
    """Wait; returns the exit status. Raises UserError where there is nothing to wait for."""
    awaited = awaited_bonds(snapshot.ROOT, options.bonds)
    try:
        are_online = _wait(awaited, options.timeout, options.quiet)
    except OSError as error:
        message = f"links and addresses cannot be read: {error.strerror}"
        raise UserError(message, status=exit_status.FAILURE) from None
    return exit_status.SUCCESS if are_online else exit_status.FAILURE


def _wait(awaited: Mapping[str, str], timeout: float, quiet: bool) -> bool:
    if quiet:
        return not wait_online.wait_for_all(awaited, timeout)
    return online.wait(Output(), awaited, timeout)


def awaited_bonds(root: str, named: Sequence[str]) -> dict[str, str]:
    """Return the bonds to wait for, those that run if none is named, and what each is to have.

    Raises UserError for a bond that there is not, and if none runs.
    """
    settings = {bond.name: bond.settings for bond in unit_tree.read_config(root).bonds}
    running = snapshot.running_bonds(root)
    require_bonds(named, [*settings, *(name for name in running if name not in settings)])
    if not named and not running:
        raise UserError("no bond runs", "name the one to wait for, or start all: `sudo wbond up`")
    return {
        bond: wait_online.awaited_by_call(wait_online.awaited(settings.get(bond, {})))
        for bond in named or running
    }

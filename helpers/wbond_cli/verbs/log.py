# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond log: shows failovers and plugs as a timeline, by what wbond-watch wrote to the journal."""

import argparse

from wbond_net.deployed import snapshot, unit_tree

from wbond_cli import command, exit_status, terminal
from wbond_cli.errors import require_bonds
from wbond_cli.journal import history, reader


def run(options: argparse.Namespace) -> int:
    """Show the timeline; returns the exit status. Raises UserError for a bond that there is not."""
    reading = reader.read(command.run, *selection(options))
    if reading.fault:
        terminal.complain(reading.fault, reading.remedy)
        return exit_status.FAILURE
    events = history.events(reading.entries, options.bond)
    if options.bond and not events:
        _require_known(options.bond, {entry.bond for entry in reading.entries})
    if options.json:
        history.print_json(events)
        return exit_status.SUCCESS
    # rich: 70 ms, which --json does without.
    from wbond_cli.journal import timeline

    if events:
        timeline.show(events, terminal.console())
    else:
        terminal.complain("nothing has happened", "--since and --boot show other times")
    return exit_status.SUCCESS


def _require_known(bond: str, seen: set[str]) -> None:
    """Raise UserError for a bond that is neither configured nor in the journal (`seen`)."""
    configured = {bond.name for bond in unit_tree.read_config(snapshot.ROOT).bonds}
    require_bonds([bond], sorted(configured | seen))


def selection(options: argparse.Namespace) -> list[str]:
    """Return journalctl's options that select the entries."""
    boot = options.boot or ("all" if options.since or options.until else "0")
    arguments = [f"--boot={boot}"]
    arguments += [f"--since={options.since}"] if options.since else []
    arguments += [f"--until={options.until}"] if options.until else []
    return arguments

# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond log: shows failovers and plugs as a timeline, by what wbond-watch wrote to the journal."""

import argparse
import time
from collections.abc import Callable, Iterable

from wbond_net.deployed import snapshot, unit_tree

from wbond_cli import command, exit_status, terminal, termination
from wbond_cli.errors import UserError, require_bonds
from wbond_cli.journal import follow, history, reader, spans
from wbond_cli.journal.history import Event
from wbond_cli.journal.reader import Entry

FOLLOWED = 10  # entries that --follow begins with, as journalctl and tail do
_THIS_BOOT = ("", "0", "all")  # as far as new entries are among them


def run(options: argparse.Namespace) -> int:
    """Show the timeline; returns the exit status.

    Raises UserError for a bond that there is not, and for what cannot be followed.
    """
    if options.follow and (options.boot or "") not in _THIS_BOOT:
        remedy = "leave out --follow, or --boot"
        raise UserError("a boot that is over has no new entries", remedy, exit_status.USAGE)
    if options.follow and options.chart:
        message = "a chart shows what has been"
        raise UserError(message, "leave out --follow, or --chart", exit_status.USAGE)
    selected = selection(options)
    reading = reader.read(command.run, *selected)
    if reading.fault:
        terminal.complain(reading.fault, reading.remedy)
        return exit_status.FAILURE
    past = reader.of_bond(reading.entries, options.bond)
    if options.bond and not past:
        _require_known(options.bond, {entry.bond for entry in reading.entries})
    timeline = history.History()
    events = last([timeline.event(entry) for entry in past], number(options))
    if not options.follow:
        return _show(events, options)
    new = follow.entries(reading, selected)
    return _follow(events, timeline, new, options)


def number(options: argparse.Namespace) -> int | None:
    """Return how many entries are to be shown at most, None for all."""
    if options.lines is None and options.follow and not options.since:
        return FOLLOWED
    lines: int | None = options.lines
    return lines


def last(events: list[Event], lines: int | None) -> list[Event]:
    """Return the last events, so many at most."""
    return events if lines is None else events[max(0, len(events) - lines) :]


def _show(events: list[Event], options: argparse.Namespace) -> int:
    if options.json:
        history.print_json(events)
        return exit_status.SUCCESS
    # rich: 70 ms, which --json does without.
    from wbond_cli.journal import chart, timeline

    if not events:
        terminal.complain("nothing has happened", "--since and --boot show other times")
    elif options.chart:
        # What goes on after the last entry does so until now, unless that is not asked for.
        running = "" if options.until else spans.running_boot()
        found = spans.of((event.entry for event in events), time.time(), running)
        chart.show(events, found, terminal.console())
    else:
        timeline.show(events, terminal.console())
    return exit_status.SUCCESS


def _follow(
    past: list[Event],
    timeline: history.History,
    new: Iterable[Entry],
    options: argparse.Namespace,
) -> int:
    """Show the past, then each event as it comes, until Ctrl-C; returns the exit status."""
    termination.by_exception()
    show = _display(options.json)
    try:
        for event in past:
            show(event)
        for entry in new:
            if reader.is_of_bond(entry, options.bond):
                show(timeline.event(entry))
    except KeyboardInterrupt:
        return exit_status.SUCCESS
    terminal.complain("journalctl has ended, so nothing new would be seen")
    return exit_status.FAILURE


def _display(as_json: bool) -> Callable[[Event], None]:
    if as_json:
        return history.print_event
    from wbond_cli.journal import timeline  # rich, as above

    return timeline.Stream(terminal.console()).show


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

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The history of the bonds as a person reads it."""

import time
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from wbond_cli import formatting, terminal
from wbond_cli.journal.history import Event
from wbond_cli.journal.reader import Entry

NARROW = 60  # columns; below, a duration has a line of its own
COLOURS = {
    "failover": "bold yellow",
    "active": "bold green",
    "no-carrier": "bold red",
    "bond-removed": "bold red",
    "start-failed": "red",
    "write-failed": "red",
    "path-left": "yellow",
    "path-returned": "green",
    "path-silent": "red",
    "path-foreign": "yellow",
    "path-network": "yellow",
    "path-tried": "yellow",
    "path-limited": "yellow",
    "claimed": "dim",
    "realigned": "dim",
    "clients-started": "dim",
    "refresh-refused": "dim",
    "reopened": "dim",
    "routers-asked": "dim",
    "watching": "dim",
}


def lasted(event: Event) -> str:
    """Return what the event ended and how long that had lasted; nothing if unknown."""
    if event.lasted is None:
        return ""
    phrases = {
        "carried": "had carrier for {}",
        "without-carrier": "was without for {}",
        "active": f"{event.whose} was active for {{}}",
        "idle": "none was active for {}",
        "joined": "was in for {}",
        "away": "was away for {}",
        "made": "was there for {}",
    }
    # A name may hold braces: what is filled in comes from the right.
    before, _, after = phrases[event.ended].rpartition("{}")
    return f"{before}{formatting.duration(event.lasted)}{after}"


def summary(timeline: Sequence[Event]) -> str:
    """Return a sentence: how often the port was changed, and how long there was none."""
    failovers = sum(event.entry.event == "failover" for event in timeline)
    gaps = [
        event.lasted for event in timeline if event.ended == "idle" and event.lasted is not None
    ]
    text = f"{failovers} failover{'' if failovers == 1 else 's'}"
    if gaps:
        times = "once" if len(gaps) == 1 else f"{len(gaps)} times"
        text += f"; no port was active {times}, for {formatting.duration(sum(gaps))} in all"
    return text


def show(timeline: Sequence[Event], console: Console) -> None:
    """Print a timeline."""
    terminal.show(console, render(timeline, console.width))


def render(timeline: Sequence[Event], width: int) -> Group:
    """Return a timeline in so many columns: a table for each day of each boot, and a summary."""
    names_bonds = len({event.entry.bond for event in timeline}) > 1
    parts: list[RenderableType] = []
    former: Entry | None = None
    table = Table.grid()
    for event in timeline:
        if headings := _headings(event.entry, former):
            table = _grid(width)
            parts += [*headings, table]
        former = event.entry
        _add_row(table, event, names_bonds, width)
    return Group(*parts, Text(), Text(summary(timeline)))


class Stream:
    """Prints events one after the other, as they come."""

    def __init__(self, console: Console) -> None:
        """Print to a console."""
        self._console = console
        self._former: Entry | None = None
        self._bonds: set[str] = set()

    def show(self, event: Event) -> None:
        """Print the next event, below the day and the boot if it is the first of these."""
        self._bonds.add(event.entry.bond)
        headings, self._former = _headings(event.entry, self._former), event.entry
        # Durations have no column: how wide one must be is not known.
        text = _text(event, names_bond=len(self._bonds) > 1)
        if duration := lasted(event):
            text.append(f" ({duration})", style="not bold")
        row = _grid(NARROW - 1)
        row.add_row(_clock(event.entry, self._console.width), text)
        terminal.show(self._console, Group(*headings, row))


def _headings(entry: Entry, former: Entry | None) -> list[Text]:
    """Return the lines that come between two entries: another boot, another day."""
    if former is not None and former.boot != entry.boot:
        return [Text("-- boot --", style="dim"), Text(_day(entry), style="bold")]
    if former is None or _day(former) != _day(entry):
        return [Text(_day(entry), style="bold")]
    return []


def _day(entry: Entry) -> str:
    return time.strftime("%a %d %b %Y", time.localtime(entry.time))


def _clock(entry: Entry, width: int) -> str:
    """Return the time of day, with milliseconds where there is room."""
    milliseconds = round(entry.time * 1000)
    second = time.strftime("%H:%M:%S", time.localtime(milliseconds // 1000))
    return second if width < NARROW else f"{second}.{milliseconds % 1000:03}"


def _text(event: Event, names_bond: bool) -> Text:
    entry = event.entry
    prefix = f"{entry.bond}: " if names_bond else ""
    prefix += "the watch begins: " if entry.event == "watching" else ""
    return Text(f"{prefix}{entry.text or entry.event}", style=COLOURS.get(entry.event, ""))


def _grid(width: int) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    if width >= NARROW:
        grid.add_column(overflow="fold")
    return grid


def _add_row(table: Table, event: Event, names_bonds: bool, width: int) -> None:
    clock, text, duration = _clock(event.entry, width), _text(event, names_bonds), lasted(event)
    if width >= NARROW:
        table.add_row(clock, text, duration)
    else:
        table.add_row(clock, Text("\n").join([text, Text(duration)]) if duration else text)

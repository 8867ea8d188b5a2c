# SPDX-License-Identifier: LGPL-2.1-or-later
"""The history of the bonds as a person reads it."""

import time
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from wbond_cli import formatting, terminal
from wbond_cli.journal.history import Event

NARROW = 60  # columns; below, a duration has a line of its own
COLOURS = {
    "failover": "bold yellow",
    "active": "bold green",
    "no-carrier": "bold red",
    "bond-removed": "bold red",
    "start-failed": "red",
    "write-failed": "red",
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
    day = boot = ""
    table = Table.grid()
    for event in timeline:
        if event.entry.boot != boot and boot:
            parts.append(Text("-- boot --", style="dim"))
            day = ""
        boot = event.entry.boot
        today = time.strftime("%a %d %b %Y", time.localtime(event.entry.time))
        if today != day:
            day, table = today, _grid(width)
            parts += [Text(day, style="bold"), table]
        _add_row(table, event, names_bonds, width)
    return Group(*parts, Text(), Text(summary(timeline)))


def _grid(width: int) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    if width >= NARROW:
        grid.add_column(overflow="fold")
    return grid


def _add_row(table: Table, event: Event, names_bonds: bool, width: int) -> None:
    entry = event.entry
    prefix = f"{entry.bond}: " if names_bonds else ""
    prefix += "the watch begins: " if entry.event == "watching" else ""
    text = Text(f"{prefix}{entry.text or entry.event}", style=COLOURS.get(entry.event, ""))
    milliseconds = round(entry.time * 1000)
    second = time.strftime("%H:%M:%S", time.localtime(milliseconds // 1000))
    duration = lasted(event)
    if width >= NARROW:
        table.add_row(f"{second}.{milliseconds % 1000:03}", text, duration)
    else:
        table.add_row(second, Text("\n").join([text, Text(duration)]) if duration else text)

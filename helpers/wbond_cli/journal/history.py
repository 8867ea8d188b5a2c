# SPDX-License-Identifier: LGPL-2.1-or-later
"""What happened to the bonds, as a timeline: the journal's entries and what each ended.

Durations are by the wall clock, which goes on while a laptop sleeps; one that
the clock made negative is left out. None reaches across a boot.
"""

import json
import sys
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text
from wbond import escape

from wbond_cli import formatting, terminal
from wbond_cli.journal.reader import Entry

NARROW = 60  # columns; below, what lasted stands on a line of its own
COLOURS = {
    "failover": "bold yellow",
    "active": "bold green",
    "no-carrier": "bold red",
    "bond-removed": "bold red",
    "start-failed": "red",
    "write-failed": "red",
    "duty-failed": "red",
    "claimed": "dim",
    "realigned": "dim",
    "clients-started": "dim",
    "refresh-refused": "dim",
    "reopened": "dim",
    "routers-asked": "dim",
    "watching": "dim",
}


class Event(NamedTuple):
    """An entry, and the state that it ended: of `whose`, for how many seconds, None if unknown.

    `ended` is one of: carried, without-carrier, active, idle (no port active),
    joined, away, made (the bond); empty where the entry ended none.
    """

    entry: Entry
    ended: str = ""
    whose: str = ""
    lasted: float | None = None


# What each event ends and begins of the port it names, or of the bond where it names none.
_PORT = {
    "carrier-gained": ("without-carrier", "carried"),
    "carrier-lost": ("carried", "without-carrier"),
    "port-joined": ("away", "joined"),
    "port-left": ("joined", "away"),
}
_ACTIVE = {
    "active": ("idle", "active"),
    "failover": ("active", "active"),
    "no-carrier": ("active", "idle"),
}


def events(entries: Iterable[Entry], bond: str | None = None) -> list[Event]:
    """Return the timeline, of one bond or of all; entries are oldest first."""
    begun: dict[tuple[str, str, str], float] = {}
    boot = ""
    found = []
    for entry in entries:
        if bond is not None and entry.bond != escape.printable(bond):
            continue
        if entry.boot != boot:
            begun, boot = {}, entry.boot
        found.append(_event(entry, begun))
    return found


def _event(entry: Entry, begun: dict[tuple[str, str, str], float]) -> Event:
    """Note what begins with an entry in `begun`; return what ends with it."""
    bond, now = entry.bond, entry.time
    if entry.event in _PORT:
        ends, begins = _PORT[entry.event]
        event = _ended(entry, ends, entry.port, begun)
        if entry.event == "port-left":  # how it carried meanwhile nobody saw
            begun.pop((bond, entry.port, "carried"), None)
            begun.pop((bond, entry.port, "without-carrier"), None)
        begun[bond, entry.port, begins] = now
        return event
    if entry.event in _ACTIVE:
        ends, begins = _ACTIVE[entry.event]
        event = _ended(entry, ends, entry.former if ends == "active" else "", begun)
        begun[bond, entry.port if begins == "active" else "", begins] = now
        return event
    if entry.event == "watching":
        begun.setdefault((bond, "", "made"), now)
    if entry.event == "bond-removed":
        event = _ended(entry, "made", "", begun)
        for key in [key for key in begun if key[0] == bond]:
            del begun[key]
        return event
    return Event(entry)


def _ended(entry: Entry, what: str, whose: str, begun: dict[tuple[str, str, str], float]) -> Event:
    since = begun.pop((entry.bond, whose, what), None)
    if since is None or since > entry.time:
        return Event(entry, what, whose)
    return Event(entry, what, whose, entry.time - since)


# --- words --------------------------------------------------------------------


def lasted(event: Event) -> str:
    """Return in words what the event ended and how long that had lasted; nothing if unknown."""
    if event.lasted is None:
        return ""
    phrases = {
        "carried": "carried for {}",
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


def summary(found: Sequence[Event]) -> str:
    """Return in a sentence how often the port was changed, and how long there was none."""
    failovers = sum(event.entry.event == "failover" for event in found)
    gaps = [event.lasted for event in found if event.ended == "idle" and event.lasted is not None]
    text = f"{failovers} failover{'' if failovers == 1 else 's'}"
    if gaps:
        times = "once" if len(gaps) == 1 else f"{len(gaps)} times"
        text += f"; no port was active {times}, for {formatting.duration(sum(gaps))} in all"
    return text


# --- showing ------------------------------------------------------------------


def write_json(found: Iterable[Event]) -> None:
    """Write the timeline for programs: an object a line."""
    for event in found:
        entry = event.entry
        document = {
            "time": formatting.timestamp(entry.time),
            "boot": entry.boot,
            "bond": entry.bond,
            "event": entry.event,
            "port": entry.port or None,
            "former": entry.former or None,
            "address": entry.address or None,
            "message": entry.text,
            "ended": event.ended or None,
            "lasted": None if event.lasted is None else round(event.lasted, 6),
        }
        sys.stdout.write(json.dumps(document) + "\n")


def show(found: Sequence[Event], screen: Console) -> None:
    """Print the timeline for a person."""
    terminal.show(screen, timeline(found, screen.width))


def timeline(found: Sequence[Event], width: int) -> Group:
    """Return the timeline: a table for each day of each boot, and the sum of it."""
    several = len({event.entry.bond for event in found}) > 1
    parts: list[RenderableType] = []
    day = boot = ""
    table = Table.grid()
    for event in found:
        if event.entry.boot != boot and boot:
            parts.append(Text("-- boot --", style="dim"))
            day = ""
        boot = event.entry.boot
        today = time.strftime("%a %d %b %Y", time.localtime(event.entry.time))
        if today != day:
            day, table = today, _grid(width)
            parts += [Text(day, style="bold"), table]
        _add(table, event, several, width)
    return Group(*parts, Text(), Text(summary(found)))


def _grid(width: int) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    if width >= NARROW:
        grid.add_column(overflow="fold")
    return grid


def _add(table: Table, event: Event, several: bool, width: int) -> None:
    entry = event.entry
    prefix = f"{entry.bond}: " if several else ""
    prefix += "the watch begins: " if entry.event == "watching" else ""
    text = Text(f"{prefix}{entry.text or entry.event}", style=COLOURS.get(entry.event, ""))
    milliseconds = round(entry.time * 1000)
    second = time.strftime("%H:%M:%S", time.localtime(milliseconds // 1000))
    said = lasted(event)
    if width >= NARROW:
        table.add_row(f"{second}.{milliseconds % 1000:03}", text, said)
    else:
        table.add_row(second, Text("\n").join([text, Text(said)]) if said else text)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What happened to the bonds: the journal's entries, and the state that each of them ended.

Durations are by the wall clock, which goes on while a laptop sleeps; one that
the clock made negative is left out. None reaches across a boot.
"""

import json
import sys
from collections.abc import Iterable
from typing import NamedTuple

from wbond_cli import formatting
from wbond_cli.journal.reader import Entry


class Event(NamedTuple):
    """An entry, and the state that it ended: of `whose`, for how many seconds, None if unknown.

    `ended` is one of: carried, without-carrier, active, idle (no port active),
    joined, away, made (the bond); empty where the entry ended none.
    """

    entry: Entry
    ended: str = ""
    whose: str = ""
    lasted: float | None = None


# The states that each event ends and begins: of the port it names, else of the bond.
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


class History:
    """What entries, oldest first, have begun; no state of a boot lasts beyond it."""

    def __init__(self) -> None:
        """Begin where nothing is known."""
        self._begun: dict[tuple[str, str, str], float] = {}
        self._boot = ""

    def event(self, entry: Entry) -> Event:
        """Return the event that the next entry is."""
        if entry.boot != self._boot:
            self._begun, self._boot = {}, entry.boot
        return _event(entry, self._begun)


def _event(entry: Entry, begun: dict[tuple[str, str, str], float]) -> Event:
    """Add what begins with an entry to `begun`; return what ends with it."""
    bond, now = entry.bond, entry.time
    if entry.event in _PORT:
        ends, begins = _PORT[entry.event]
        event = _ended(entry, ends, entry.port, begun)
        if entry.event == "port-left":  # nobody sees its carrier until it joins again
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


def print_json(timeline: Iterable[Event]) -> None:
    """Write the timeline for programs: an object a line."""
    for event in timeline:
        sys.stdout.write(json.dumps(_document(event)) + "\n")


def print_event(event: Event) -> None:
    """Write an event for a program that waits for it."""
    print_json([event])
    sys.stdout.flush()


def _document(event: Event) -> dict[str, object]:
    entry = event.entry
    return {
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

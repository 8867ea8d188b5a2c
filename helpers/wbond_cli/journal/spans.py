# SPDX-License-Identifier: LGPL-2.1-or-later
"""From when to when each port was active or had a link, by the watch's entries.

What a boot's entries do not end lasts until the boot's last entry, or, if that boot still runs,
until now. What they end without having begun it has lasted since the bond's first entry:
entries before that were not asked for, and between the two nothing has changed.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from wbond_cli.journal.reader import Entry

ACTIVE, LINK, IDLE = "active", "link", "idle"  # states; idle is a bond's, without an active port
_BOOT_ID = "/proc/sys/kernel/random/boot_id"


class Span(NamedTuple):
    """A time, in seconds since 1970, that a port of a bond was in a state; no port for IDLE."""

    bond: str
    port: str
    state: str
    begin: float
    end: float


Key = tuple[str, str, str]  # bond, port, state


class _Boot:
    """What the entries of one boot begin and end."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._begun: dict[Key, float] = {}
        self._seen: dict[str, float] = {}  # by bond, its first entry
        self._known: set[Key] = set()  # what has begun or ended, so that it was not so before

    def add(self, entry: Entry) -> None:
        """Take in the next entry."""
        self._seen.setdefault(entry.bond, entry.time)
        for state in _ENDS.get(entry.event, ()):
            self._end(entry, state)
        if entry.event == "bond-removed":
            self.end(entry.time, entry.bond)
            self._seen.pop(entry.bond)
            self._known = {key for key in self._known if key[0] != entry.bond}
        if entry.event == "port-renamed" and entry.port and entry.former:
            self._rename(entry)
        state = _BEGINS.get(entry.event, "")
        if state == IDLE or (state and entry.port):
            key = _key(entry, state, entry.port)
            self._begun.setdefault(key, entry.time)
            self._known.add(key)

    def _end(self, entry: Entry, state: str) -> None:
        port = entry.former if state == ACTIVE else entry.port
        key = _key(entry, state, port)
        begin = self._begun.pop(key, None)
        if begin is None and key not in self._known and state != IDLE and port:
            begin = self._seen[entry.bond]
        self._known.add(key)
        if begin is not None:
            self._append(key, begin, entry.time)
        if state == ACTIVE:  # a bond has one at most, whatever the entries between were
            self.end(entry.time, entry.bond, ACTIVE)

    def _rename(self, entry: Entry) -> None:
        """Go on under the new name, in a span of its own: the former one is what was seen then."""
        for state in (ACTIVE, LINK):
            former = _key(entry, state, entry.former)
            if former in self._begun:
                self._append(former, self._begun.pop(former), entry.time)
                self._begun[_key(entry, state, entry.port)] = entry.time
                self._known.add(_key(entry, state, entry.port))

    def end(self, moment: float, bond: str = "", state: str = "") -> None:
        """End all that has begun; of one bond, and of one state, if these are given."""
        for key in [key for key in self._begun if bond in ("", key[0]) and state in ("", key[2])]:
            self._append(key, self._begun.pop(key), moment)

    def _append(self, key: Key, begin: float, end: float) -> None:
        if begin < end:  # the clock may have been set back
            self.spans.append(Span(*key, begin, end))


# The states that events end and begin: of the port they name, ACTIVE's end of the former one.
_ENDS = {
    "carrier-lost": (LINK,),
    "port-left": (LINK,),
    "failover": (ACTIVE, IDLE),
    "no-carrier": (ACTIVE,),
    "active": (IDLE,),
}
_BEGINS = {
    "carrier-gained": LINK,
    "failover": ACTIVE,
    "active": ACTIVE,
    "no-carrier": IDLE,
}


def _key(entry: Entry, state: str, port: str) -> Key:
    return entry.bond, "" if state == IDLE else port, state


def of(entries: Iterable[Entry], now: float, running: str) -> list[Span]:
    """Return the spans of entries, oldest first, in the order of their ends.

    `running` is the id of the boot that runs at `now`, empty if it is not among them.
    """
    found: list[Span] = []
    for boot, group in groupby(entries, key=lambda entry: entry.boot):
        states, last = _Boot(), 0.0
        for entry in group:
            states.add(entry)
            last = entry.time
        states.end(max(now, last) if boot == running else last)
        found += states.spans
    return found


def running_boot() -> str:
    """Return the id of this boot, as the journal writes it."""
    with open(_BOOT_ID, encoding="ascii") as file:
        return file.read().strip().replace("-", "")

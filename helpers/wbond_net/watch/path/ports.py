# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is known of the path behind each port, and what that makes it count."""

from __future__ import annotations

import math

from wbond_net.kernel.bond_state import Port, State
from wbond_net.watch.path.dampening import Dampening

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

OFF, WAITING, UNKNOWN = "off", "waiting", "unknown"
PROVEN, SUSPECT, DEAD, FOREIGN, HELD = "proven", "suspect", "dead", "foreign", "held"

OVERDUE = 0.8  # s, after which an answer is not expected any more; a dead path is asked each second

# What a state takes from a port's rank, so that also a kernel that acts before the watch prefers
# the others. Ranks are below 5000.
_LESS = {WAITING: 10000, DEAD: 5000, FOREIGN: 1000}


class PortPath:
    """One port: the state of its path, and since when (s since 1970)."""

    def __init__(self, port: Port, time: float, now: float) -> None:
        """Take a port that has just been seen."""
        self.port = port
        self.rank: int | None = None  # of the configuration, once that is read
        self.prio: int | None = None  # what the kernel was told
        self.state, self.since = _link_state(port), time
        self.lost_at = now  # when it had no link for the last time (s, as View.now)
        self.dampening = Dampening()
        self.is_heard = False  # whether answers that come in by it are heard
        self._expected: dict[bytes, list[float]] = {}  # answers, by router: when it was asked

    @property
    def index(self) -> int:
        """Return the index of its interface."""
        return self.port.link.ifindex

    @property
    def wanted_prio(self) -> int | None:
        """Return what the kernel is to count it as; None as long as its rank is not known."""
        return None if self.rank is None else self.rank - _LESS.get(self.state, 0)

    @property
    def can_be_asked(self) -> bool:
        """Tell whether frames get out of it."""
        return self.state not in (OFF, WAITING)

    def enter(self, state: str, time: float) -> None:
        """Give it another state."""
        if state != self.state:
            self.state, self.since = state, time

    def expect(self, router: bytes, now: float) -> None:
        """Take note that an answer of a router, which is asked now (s), is to come in by it."""
        self._forget_overdue(now)
        self._expected.setdefault(router, []).append(now)

    def answered(self, router: bytes, now: float) -> tuple[float, float]:
        """Take an answer of a router for that to the oldest question which it may answer; returns
        when that was put, and the latest one (s); without any, it was long ago.
        """
        self._forget_overdue(now)
        asked = self._expected.get(router)
        if not asked:
            return -math.inf, -math.inf
        latest = asked[-1]
        return asked.pop(0), latest

    def _forget_overdue(self, now: float) -> None:
        recent = {
            router: [asked for asked in times if now - asked < OVERDUE]
            for router, times in self._expected.items()
        }
        self._expected = {router: times for router, times in recent.items() if times}

    def follow(self, port: Port, time: float, now: float) -> None:
        """Take in what the kernel says; a link that is new has an unknown path."""
        lost = port.link.carrier_down_count != self.port.link.carrier_down_count
        self.port = port
        link = _link_state(port)
        if link != UNKNOWN or lost or not self.can_be_asked:
            self.lost_at = now
            self.enter(link, time)


class Ports:
    """The ports of the bond, by index."""

    def __init__(self) -> None:
        """There is none yet."""
        self._ports: dict[int, PortPath] = {}

    def __iter__(self) -> Iterator[PortPath]:
        return iter(self._ports.values())

    def get(self, index: int) -> PortPath | None:
        """Return a port, None where there is none."""
        return self._ports.get(index)

    def follow(self, state: State, time: float, now: float) -> list[int]:
        """Take in the present ports; returns the indices of those whose rank is to be read.

        That of a new port, and of one whose prio somebody has changed.
        """
        unread = []
        former, self._ports = self._ports, {}
        for index, port in state.ports.items():
            known = former.get(index)
            path = self._ports[index] = known or PortPath(port, time, now)
            prio = _prio(port)
            if known is None or (prio != _prio(known.port) and prio != known.prio):
                unread.append(index)
            path.follow(port, time, now)
        return unread

    def better_than(self, index: int) -> list[PortPath]:
        """Return the ports that can be asked and rank above one, the best first."""
        active = self._ports.get(index)
        if active is None or active.rank is None:
            return []
        least = active.rank
        found = [p for p in self if p.can_be_asked and p.rank is not None and p.rank > least]
        return sorted(found, key=by_rank, reverse=True)


def by_rank(path: PortPath) -> int:
    """Return what ports are sorted by."""
    return path.rank or 0


def _prio(port: Port) -> int:
    return port.link.slave.prio if port.link.slave else 0


def _link_state(port: Port) -> str:
    if port.is_operational:
        return UNKNOWN
    return WAITING if port.has_carrier else OFF

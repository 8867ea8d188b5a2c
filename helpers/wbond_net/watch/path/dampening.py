# SPDX-License-Identifier: LGPL-2.1-or-later
"""What holds back: the return to a port that is left again and again, and moves too soon.

The leaving is never held back (RFC 2439 punishes routes for it, and is out of use for that).
"""

from __future__ import annotations

import math

PENALTY = 1000.0  # for each time that a port is left for silence
HALF_LIFE = 60.0  # s
HELD_ABOVE, FREE_BELOW = 2000.0, 750.0
LONGEST = 300.0  # s

PAUSE = 1.0  # s, between two moves
MOST, WINDOW = 6, 60.0  # moves within so many seconds


class Dampening:
    """How much a port has lost of its reputation."""

    def __init__(self) -> None:
        """It has lost nothing."""
        self._penalty, self._at = 0.0, 0.0
        self._held_since: float | None = None

    def leave(self, now: float) -> None:
        """Take note that the port is left for silence."""
        former = self._penalty * 0.5 ** ((now - self._at) / HALF_LIFE)
        self._penalty, self._at = former + PENALTY, now
        if self._penalty > HELD_ABOVE and self._held_since is None:
            self._held_since = now

    def held_until(self, now: float) -> float | None:
        """Return until when (s) no return to the port is due; None when it is not held."""
        if self._held_since is None:
            return None
        free = self._at + HALF_LIFE * math.log2(self._penalty / FREE_BELOW)
        free = min(free, self._held_since + LONGEST)
        if free > now:
            return free
        self._held_since = None
        return None


class Moves:
    """The moves of the last minute."""

    def __init__(self) -> None:
        """None has been made."""
        self._made: list[float] = []

    def next_at(self, now: float) -> float:
        """Return when the next move may be made (s), at the earliest now."""
        self._made = [when for when in self._made if when > now - WINDOW]
        last = self._made[-1] + PAUSE if self._made else now
        first = self._made[-MOST] + WINDOW if len(self._made) >= MOST else now
        return max(now, last, first)

    def make(self, now: float) -> None:
        """Take note of a move."""
        self._made.append(now)

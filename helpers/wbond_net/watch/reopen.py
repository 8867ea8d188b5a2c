# SPDX-License-Identifier: LGPL-2.1-or-later
"""Radios of the bond that are down: when to bring them up again; all of it pure.

rfkill takes a radio down, and nobody brings it up when it is unblocked but a wpa_supplicant that
has heard of both. Of two radios that were blocked together, one's often has not.
"""

import math

from wbond_net.kernel.bond_state import State

FIRST = 1.0  # s: wpa_supplicant may do it, and a unit that stops takes its port out
LAST = 60.0  # s, the longest pause


class Reopen:
    """Knows which radios are down, and when it is their turn."""

    def __init__(self) -> None:
        self._turns: dict[int, tuple[float, float]] = {}  # by index: when, and the pause before it

    def see(self, state: State, now: float) -> None:
        """Take a state in; `now` in seconds."""
        down = [index for index, port in state.ports.items() if port.radio and not port.link.up]
        self._turns = {index: self._turns.get(index, (now + FIRST, FIRST)) for index in down}

    def switched(self, now: float) -> None:
        """Begin again with those that are down: a switch has changed."""
        self._turns = dict.fromkeys(self._turns, (now + FIRST, FIRST))

    @property
    def next(self) -> float:
        """Return when the next one's turn is, infinity for never."""
        return min((when for when, _ in self._turns.values()), default=math.inf)

    def due(self, now: float) -> list[int]:
        """Return the indices of those whose turn it is; each time the pauses grow."""
        found = [index for index, (when, _) in self._turns.items() if when <= now]
        for index in found:
            pause = min(2 * self._turns[index][1], LAST)
            self._turns[index] = now + pause, pause
        return found

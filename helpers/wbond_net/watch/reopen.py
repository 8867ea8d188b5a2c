# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reopening: a radio of the bond that is down without being blocked is brought up again.

rfkill takes a radio down, and only a wpa_supplicant that has heard of both the block and its end
brings it up. Of two radios that were blocked together, one's wpa_supplicant often has not.
"""

import errno
import math

from wbond_net.kernel.bond_state import Port, State
from wbond_net.watch.duty import BringUp, Duty, Effect, Effects, Journal, Outcome, View, reason

FIRST = 1.0  # s: wpa_supplicant may do it, and a unit that stops takes its port out
LAST = 60.0  # s, the longest pause
_BLOCKED_OR_GONE = (errno.ERFKILL, errno.ENODEV)


class Reopen(Duty):
    """Knows which radios are down, and when to try to bring each up; the pauses grow."""

    def __init__(self) -> None:
        """No radio is down yet."""
        self._turns: dict[int, tuple[float, float]] = {}  # by index: when, and the pause before it
        self._told: set[int] = set()  # those whose failure has been told

    @property
    def due(self) -> float:
        """Return when the next radio has its turn."""
        return min((when for when, _ in self._turns.values()), default=math.inf)

    def changed(self, view: View) -> Effects:
        """Take in which radios are down."""
        first = (view.now + FIRST, FIRST)
        self._turns = {index: self._turns.get(index, first) for index in down(view.state)}
        self._told &= self._turns.keys()
        return []

    def rfkill_changed(self, view: View) -> Effects:
        """Start over with the radios that are down: they may be blocked no longer."""
        self._turns = dict.fromkeys(self._turns, (view.now + FIRST, FIRST))
        return []

    def tick(self, view: View) -> Effects:
        """Bring up the radios whose turn it is."""
        turn = [index for index, (when, _) in self._turns.items() if when <= view.now]
        for index in turn:
            pause = min(2 * self._turns[index][1], LAST)
            self._turns[index] = view.now + pause, pause
        return [BringUp(index) for index in turn]

    def done(self, effect: Effect, outcome: Outcome, view: View) -> Effects:
        """Tell of a success, and once of a failure; that a radio is still blocked is none."""
        port = view.state.ports.get(effect.ifindex) if isinstance(effect, BringUp) else None
        if port is None:
            return []
        label = port.label
        if isinstance(outcome, Exception):
            return self._failed(port, outcome)
        return [Journal("reopened", f"{label} was down though nothing blocks it; it is up again")]

    def _failed(self, port: Port, error: Exception) -> Effects:
        index = port.link.ifindex
        if getattr(error, "errno", None) in _BLOCKED_OR_GONE or index in self._told:
            return []
        self._told.add(index)
        text = f"cannot bring up {port.label}, tries again: {reason(error)}"
        return [Journal("write-failed", text)]


def down(state: State) -> list[int]:
    """Return the indices of the radios that are down."""
    return [index for index, port in state.ports.items() if port.is_radio and not port.link.up]

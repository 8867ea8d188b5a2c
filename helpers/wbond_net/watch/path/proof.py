# SPDX-License-Identifier: LGPL-2.1-or-later
"""The proof that a better port gives before it gets the traffic back: three answers in a row.

It begins at carrier or authorisation, not when miimon has seen it. Spanning tree lets nothing
through for 30 seconds after a plug, so that the first minute is asked often.
"""

from __future__ import annotations

from wbond_net.watch.path.question import LATE

FIRST = (0.0, 0.2, 0.5, 1.0, 2.0)  # s after the beginning
# Then in steps, s, each until so long after the beginning; and where the bond leads nowhere.
LATER = ((45.0, 1.0), (300.0, 5.0))
URGENT = ((300.0, 1.0), (900.0, 5.0))
LAST = 60.0  # s, from then on; and for a port that leads elsewhere
ROW = 0.2  # s, between those that make a row
ANSWERS, SPAN = 3, 0.4  # how many, and for how long at least, s
JITTER = 0.02  # s, of answers and of this process


class Proof:
    """The proof of one port."""

    def __init__(self, now: float, link: int, urgent: bool) -> None:
        """Begin now (s); `link` tells the present carrier from one after a loss."""
        self.due = now
        self.link, self.urgent = link, urgent
        self._begun = now
        self._row: list[float] = []
        self._unanswered = False

    def ask(self, now: float) -> None:
        """Take note that the port is asked, and plan the next time."""
        if self._unanswered or now - self.due > LATE:
            self._row.clear()
        self._unanswered = True
        self.due = now + ROW if self._row else now + self._pause(now)

    def answered(self, now: float) -> bool:
        """Take in an answer; tells whether the proof is complete."""
        if self._unanswered:
            self._row.append(now)
        self._unanswered = False
        self.due = min(self.due, now + ROW)
        return len(self._row) >= ANSWERS and self._row[-1] - self._row[0] >= SPAN - JITTER

    def rest(self, until: float) -> None:
        """Begin the row again at a time (s)."""
        self._row.clear()
        self._unanswered = False
        self.due = until

    def _pause(self, now: float) -> float:
        """Return the time to the next question, as long as none is answered."""
        elapsed = now - self._begun
        for moment in FIRST:
            if moment > elapsed + JITTER:
                return moment - elapsed
        steps = URGENT if self.urgent else LATER
        return next((step for until, step in steps if elapsed < until), LAST)

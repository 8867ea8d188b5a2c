# SPDX-License-Identifier: LGPL-2.1-or-later
"""A question put to the routers through all ports, and its times.

Most end within milliseconds by the kernel's own probe, before anything else is sent.
"""

from __future__ import annotations

import math

# What is due: to hear answers, to ask through the active port, to ask through those that stand
# by, to judge, to judge for good, and to give up.
LISTEN, ASK, PROBE, JUDGE, LAST_JUDGE, END = "listen", "ask", "probe", "judge", "last judge", "end"

CABLE, RADIO = 0.3, 0.5  # s; a radio that sleeps gets its answer with the next beacon
GIVE_UP = 0.6  # s after the judgement, in which a late answer of another port still counts
# A port that is answered each time, and at once, is as good as it looks. Where another one is
# answered late or not each time, so may the active one be: it is asked some more before it is left.
AT_ONCE = 0.15  # s; a beacon comes each 0.1 s
OFTEN = 2  # after how many questions it must have been answered at once
MORE, LAST = (0.1, 0.2, 0.3, 0.4), 0.7
LATE = 2.0  # s: whoever comes so late to a judgement has slept
FIRST_PAUSE, LAST_PAUSE = 1.0, 30.0  # s, between questions that nobody answers


class Question:
    """One question about the active port."""

    def __init__(
        self, now: float, verdict: float, times: tuple[tuple[float, str], ...], verifies: bool
    ) -> None:
        """Take the present time, after how long to judge, and what is due before; in s.

        `verifies`: it follows a change of the port.
        """
        self.asked = now
        self.verifies = verifies
        self.judged = self._extended = False
        self.answered: set[int] = set()  # the ports that stand by which a router has answered
        # By such a port, and the router: the questions after which an answer has come at once.
        self._at_once: dict[tuple[int, bytes], set[float]] = {}
        ends = ((verdict, JUDGE), (verdict + GIVE_UP, END))
        before = [entry for entry in times if entry[0] < verdict]
        self._agenda = sorted((now + later, what) for later, what in (*before, *ends))
        self.listening = verifies

    @property
    def due(self) -> float:
        """Return when something is due."""
        return self._agenda[0][0] if self._agenda else math.inf

    def take(self, index: int, router: bytes, asked: tuple[float, float], now: float) -> None:
        """Take in the answer of a router that has come by a port that stands by, and when it was
        asked: the oldest time that it may answer, which may be of a former question, and the
        latest one.

        All that a router of IPv6 tells all nodes, because several ports have asked at once, counts
        as one answer (RFC 4861, 7.2.4).
        """
        self.answered.add(index)
        oldest, latest = asked
        if oldest >= self.asked and now - oldest <= AT_ONCE:
            self._at_once.setdefault((index, router), set()).add(latest)

    @property
    def answered_at_once(self) -> set[int]:
        """Return the ports by which a router answers each time, and at once."""
        return {index for (index, _), times in self._at_once.items() if len(times) >= OFTEN}

    def extend(self, now: float) -> None:
        """Ask some more before the last judgement; once."""
        if not self._extended:
            self._extended = True
            more = [(now + later, what) for later in MORE for what in (ASK, PROBE)]
            self._agenda = [*more, (now + LAST, LAST_JUDGE), (now + LAST, END)]

    def is_late(self, now: float) -> bool:
        """Tell whether what is due should have happened so long ago that it means nothing."""
        return now - self.due > LATE

    def take_due(self, now: float) -> list[str]:
        """Return what is due by now, and forget it."""
        due = [what for when, what in self._agenda if when <= now]
        self._agenda = self._agenda[len(due) :]
        return due


def suspicion(now: float, is_radio: bool) -> Question:
    """Return the question that begins when a neighbour does not answer the kernel."""
    times = (
        (0.06, LISTEN),
        *((later, what) for later in (0.1, 0.2) for what in (ASK, PROBE)),
        (0.3, PROBE),
    )
    return Question(now, RADIO if is_radio else CABLE, times, verifies=False)


def verification(now: float) -> Question:
    """Return the question that follows each change of the active port.

    Its answers are heard from the start: those to the kernel's probe may make no report.
    """
    asked = ((later, ASK) for later in (0.0, 0.15, 0.3))
    probed = ((later, PROBE) for later in (0.1, 0.2, 0.3))
    return Question(now, RADIO, (*asked, *probed), verifies=True)


class Pauses:
    """When the next question may be put, after those that nobody has answered."""

    def __init__(self) -> None:
        """The first question may be put at once."""
        self._not_before: float = -math.inf
        self._next: float = FIRST_PAUSE

    def allow(self, now: float) -> bool:
        """Tell whether a question may be put."""
        return now >= self._not_before

    def lengthen(self, now: float) -> None:
        """Take note that nobody has answered."""
        self._not_before = now + self._next
        self._next = min(2 * self._next, LAST_PAUSE)

    def end(self) -> None:
        """Take note of an answer."""
        self._not_before, self._next = -math.inf, FIRST_PAUSE

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where a run's time goes: seconds of the clock, and of the processor that guests have taken.

Each moment belongs to one activity, the outermost that is going on: a wait is a wait, whatever
commands it runs to look.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ELSE = "else"  # pauses of a scenario, and what it does outside the guest
_TICK = os.sysconf("SC_CLK_TCK")


class Spent(NamedTuple):
    """Seconds spent on an activity, and how often it was begun."""

    times: int = 0
    clock: float = 0.0
    processor: float = 0.0

    def __add__(self, other: object) -> "Spent":
        assert isinstance(other, Spent)
        times, clock, processor = (a + b for a, b in zip(self, other, strict=True))
        return Spent(int(times), clock, processor)


class Timing:
    """Collects what is spent until it is taken."""

    def __init__(self) -> None:
        self.spent: dict[str, Spent] = {}
        self.activity = ELSE
        self.guests: dict[int, float] = {}  # process ids, and processor seconds seen so far
        self.since = time.monotonic()

    @contextlib.contextmanager
    def during(self, activity: str) -> Iterator[None]:
        """Count what is spent here on an activity, unless another is going on."""
        if self.activity != ELSE:
            yield
            return
        self._count(activity)
        try:
            yield
        finally:
            self._count(ELSE)

    def begins(self, process: int) -> None:
        """Note that a guest has been started."""
        self.guests[process] = 0.0

    def ends(self, process: int) -> None:
        """Note that a guest is about to end."""
        self._count(self.activity)
        self.guests.pop(process, None)

    def take(self) -> dict[str, Spent]:
        """Return what was spent since it was last taken."""
        self._count(self.activity)
        taken, self.spent = self.spent, {}
        return taken

    def _count(self, following: str) -> None:
        now, processor = time.monotonic(), 0.0
        for process, seen in self.guests.items():
            self.guests[process] = total = max(seen, _processor(process))
            processor += total - seen
        former = self.spent.get(self.activity, Spent())
        begun = int(following != self.activity)
        self.spent[self.activity] = former + Spent(begun, now - self.since, processor)
        self.since, self.activity = now, following


def _processor(process: int) -> float:
    """Return the processor time that a process has taken, in seconds; see proc(5)."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    numbers = fields.rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / _TICK


def withheld(process: int) -> float:
    """Return the seconds for which a process was ready to run, and others had the processor.

    Of its threads that one counts which waited longest: an emulated processor is one. The second
    number of /proc/PID/schedstat (Documentation/scheduler/sched-stats.rst); 0 where there is none.
    """
    waited = [0]
    for path in Path(f"/proc/{process}/task").glob("*/schedstat"):
        try:
            waited.append(int(path.read_text(encoding="ascii").split()[1]))
        except (OSError, IndexError):
            continue  # the thread has ended
    return max(waited) / 1e9


timing = Timing()

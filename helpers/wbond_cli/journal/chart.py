# SPDX-License-Identifier: LGPL-2.1-or-later
"""A chart of the days: per port a line with the times at which it had the traffic or a link."""

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.console import Console, Group
from rich.text import Text

from wbond_cli import formatting, terminal
from wbond_cli.journal import timeline
from wbond_cli.journal.history import Event
from wbond_cli.journal.spans import ACTIVE, IDLE, LINK, Span

NARROW = 60  # columns; below, how long a port was active is left out
DAYS_MAX = 366  # the last ones, counted from the end
NO_PORT = "no port"  # as no interface can be called
FAILOVERS = "failovers"
_DURATION = 13  # columns: "23 h 59 min", and two blanks before it
_LEAST = 12  # columns of a line at least
_HOUR = 3600
_TICKS = (1, 2, 3, 6, 12, 24)  # hours between two marks
_ROUNDING = 1e-6  # of a step; times are in microseconds since 1970
_TICK_COLUMNS = 6  # at least, between two marks


class Signs(NamedTuple):
    """What a column shows: by the share of its time with traffic, least first; a link alone."""

    shares: str
    link: str


BLOCKS, ASCII = Signs("▁▂▃▄▅▆▇█", "·"), Signs("-=#", ".")


class Day(NamedTuple):
    """A day, or the part of it that is shown, in seconds since 1970."""

    begin: float
    end: float

    def columns(self, width: int) -> list[tuple[float, float]]:
        """Return the begin and end of each of so many columns."""
        step = (self.end - self.begin) / width
        return [(self.begin + n * step, self.begin + (n + 1) * step) for n in range(width)]


def show(events: Sequence[Event], spans: Sequence[Span], console: Console) -> None:
    """Print a chart of events, which are not empty, and of the spans that they come to."""
    signs = BLOCKS if console.encoding.startswith("utf") else ASCII
    terminal.show(console, render(events, spans, console.width, signs))


def render(events: Sequence[Event], spans: Sequence[Span], width: int, signs: Signs) -> Group:
    """Return a chart in so many columns: each day with its bonds, then what the signs mean."""
    times = [event.entry.time for event in events]
    last = max(times + [span.end for span in spans])
    # A clock that was set right may have begun in 1970.
    shown = list(days(max(min(times), last - DAYS_MAX * 24 * _HOUR), last))
    bonds = list(dict.fromkeys(event.entry.bond for event in events))
    labels = [FAILOVERS, *(span.port for span in spans)]
    names = min(max(map(cell_len, labels)), max(width // 3, len(FAILOVERS)))
    room = width - names - 2 - (_DURATION if width >= NARROW else 0)
    layout = Layout(names, max(room, _LEAST), width >= NARROW, signs)
    lines: list[Text] = []
    for day in shown:
        title = time.strftime("%a %d %b %Y", time.localtime(day.begin))
        lines += [Text(title, style="bold"), layout.axis(day)]
        for bond in bonds:
            lines += [Text(bond)] if len(bonds) > 1 else []
            lines += layout.bond(day, _within(spans, bond, day), _moves(events, bond, day))
        lines.append(Text())
    legend = _legend(shown, layout)
    return Group(
        *lines,
        *(Text(line, style="dim") for line in terminal.broken(legend, width, "", "")),
        Text(timeline.summary(events)),
    )


def _within(spans: Iterable[Span], bond: str, day: Day) -> list[Span]:
    return [
        span._replace(begin=max(span.begin, day.begin), end=min(span.end, day.end))
        for span in spans
        if span.bond == bond and span.begin < day.end and span.end > day.begin
    ]


def _moves(events: Iterable[Event], bond: str, day: Day) -> list[float]:
    """Return the times of a bond's failovers in a day."""
    entries = (event.entry for event in events)
    return [
        entry.time
        for entry in entries
        if entry.event == "failover" and entry.bond == bond and day.begin <= entry.time < day.end
    ]


def days(begin: float, end: float) -> Iterator[Day]:
    """Yield the local days from one time to another; of a single one the hours in between."""
    first, last = _midnight(begin), _midnight(end)
    if first == last:
        # Offsets from UTC are not always whole hours; hours are counted from midnight.
        from_hour = first + (begin - first) // _HOUR * _HOUR
        yield Day(from_hour, first + ((end - first) // _HOUR + 1) * _HOUR)
        return
    while first <= last:
        following = _midnight(first, 1)
        yield Day(first, following)
        first = following


def _midnight(moment: float, later: int = 0) -> float:
    """Return the beginning of the local day of a time, or of one so many days later."""
    year, month, day = time.localtime(moment)[:3]
    return time.mktime((year, month, day + later, 0, 0, 0, 0, 0, -1))


class Layout(NamedTuple):
    """Columns: of names and of a line; whether durations are shown behind it; and the signs."""

    names: int
    width: int
    has_durations: bool
    signs: Signs

    def axis(self, day: Day) -> Text:
        """Return the hours above the lines."""
        hours = (day.end - day.begin) / _HOUR
        wanted = hours * _TICK_COLUMNS / self.width
        step = next((tick for tick in _TICKS if tick >= wanted), _TICKS[-1])
        line = ""
        for hour in range(0, math.ceil(hours), step):
            at = round(hour / hours * self.width)
            label = time.strftime("%H:%M", time.localtime(day.begin + hour * _HOUR))
            if at >= len(line) and at + len(label) <= self.width:
                line = line.ljust(at) + label
        return Text(" " * (self.names + 2) + line, style="dim")

    def bond(self, day: Day, spans: Sequence[Span], moves: Sequence[float]) -> Iterator[Text]:
        """Yield the lines of a bond: its ports in the order of their names, outages, failovers."""
        for port in sorted({span.port for span in spans if span.state != IDLE}):
            own = [span for span in spans if span.port == port]
            yield self._line(port, self._cells(day, own), _total(own, ACTIVE), "green")
        idle = [span for span in spans if span.state == IDLE]
        if idle:
            outages = [span._replace(state=ACTIVE) for span in idle]
            yield self._line(NO_PORT, self._cells(day, outages), _total(idle, IDLE), "red")
        if moves:
            counts = [
                sum(begin <= move < end for move in moves) for begin, end in day.columns(self.width)
            ]
            cells = "".join(str(n) if n < 10 else "+" for n in counts).replace("0", " ")
            yield self._line(FAILOVERS, cells, str(len(moves)), "bold yellow")

    def _cells(self, day: Day, spans: Sequence[Span]) -> str:
        """Return a sign for each column of a line."""
        return "".join(self._sign(spans, *column) for column in day.columns(self.width))

    def _sign(self, spans: Sequence[Span], begin: float, end: float) -> str:
        shares = {ACTIVE: 0.0, LINK: 0.0}
        for span in spans:
            overlap = min(span.end, end) - max(span.begin, begin)
            shares[span.state] += max(0.0, overlap) / (end - begin)
        if shares[ACTIVE]:
            # The least time is seen; a column is full where less than a step is missing.
            levels = self.signs.shares
            level = math.ceil(shares[ACTIVE] * len(levels) - _ROUNDING)
            return levels[min(max(level, 1), len(levels)) - 1]
        return self.signs.link if shares[LINK] else " "

    def _line(self, name: str, cells: str, total: str, style: str) -> Text:
        """Return a line: a name, cut to its columns, the signs, and a sum."""
        text = Text(set_cell_size(name, self.names) + "  ")
        text.append(cells, style=style)
        if self.has_durations and total:
            text.append(f"  {total}")
        return text


def _total(spans: Iterable[Span], state: str) -> str:
    """Return for how long a state lasted in all; nothing if it never was."""
    seconds = sum(span.end - span.begin for span in spans if span.state == state)
    return formatting.duration(seconds) if seconds else ""


def _legend(shown: Sequence[Day], layout: Layout) -> str:
    """Return what the signs mean, and how long a column is."""
    column = max(day.end - day.begin for day in shown) / layout.width
    full, part, link = layout.signs.shares[-1], layout.signs.shares[0], layout.signs.link
    return (
        f"{full} active, {part} for a part of the time, {link} had a link;"
        f" a column is {formatting.duration(column)}"
    )

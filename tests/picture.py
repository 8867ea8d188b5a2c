# SPDX-License-Identifier: LGPL-2.1-or-later
"""picture.py: write docs/status.svg and docs/log.svg, what the command shows.

The states are those of the tests' stories, the day is invented, and rich draws them (export_svg()).
A picture carries its text, for those who cannot see it and for a test.
"""

import calendar
import io
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.sax.saxutils import escape

if __name__ == "__main__":
    _TOP = Path(__file__).resolve().parents[1]
    sys.path[:0] = [str(_TOP), str(_TOP / "helpers"), str(_TOP / "generator")]

from rich.console import Console
from rich.text import Text
from wbond_cli.journal import chart, history, spans
from wbond_cli.journal.reader import Entry
from wbond_cli.status import table
from wbond_cli.status.build import build_status

from tests import stories

DOCS = Path(__file__).resolve().parents[1] / "docs"
COLUMNS = 80
# What was done before, and the state that is shown.
SHOTS = (("", stories.cable_active), ("the cable is pulled", stories.wifi_active))
CABLE, DOCK, RADIO = "enp0s31f6", "enx482ae3a1b2c3", "wlp3s0"
# When, what has happened to which port, and which port had the traffic before.
DAY = (
    ("08:04", "carrier-gained", RADIO, ""),
    ("08:04", "active", RADIO, ""),
    ("08:41", "carrier-gained", DOCK, ""),
    ("08:41", "failover", DOCK, RADIO),
    ("10:00", "carrier-lost", DOCK, ""),
    ("10:00", "failover", RADIO, DOCK),
    ("11:12", "carrier-gained", DOCK, ""),
    ("11:12", "failover", DOCK, RADIO),
    ("12:31", "no-carrier", "", DOCK),
    ("12:31", "carrier-lost", DOCK, ""),
    ("12:31", "carrier-lost", RADIO, ""),
    ("13:20", "carrier-gained", DOCK, ""),
    ("13:20", "active", DOCK, ""),
    ("13:21", "carrier-gained", RADIO, ""),
    # The switch lost its uplink, and had it again.
    ("15:06", "failover", RADIO, DOCK),
    ("15:30", "failover", DOCK, RADIO),
    ("17:26", "carrier-lost", DOCK, ""),
    ("17:26", "failover", RADIO, DOCK),
    ("17:58", "claimed", "", ""),
)
_FONT_FACE = re.compile(r"^\s*@font-face \{.*?\}\n", re.DOTALL | re.MULTILINE)


def main() -> int:
    """Write the pictures."""
    for name in DRAWN:
        (DOCS / name).write_text(drawn(name), encoding="utf-8")
    return 0


def text(name: str) -> str:
    """Return what a picture shows, as plain text."""
    console = recorded(name)
    return "\n".join(line.rstrip() for line in console.export_text().splitlines())


def drawn(name: str) -> str:
    """Return a picture, as SVG."""
    # Without the fonts, which a reader would be sent elsewhere for.
    svg = _FONT_FACE.sub("", recorded(name).export_svg(title="wbond"))
    head, tag, rest = svg.partition(">")
    return f"{head}{tag}\n    <desc>{escape(text(name))}</desc>{rest}"


def recorded(name: str) -> Console:
    """Return a console that has recorded a session."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    DRAWN[name](console)
    return console


def _status(console: Console) -> None:
    for action, story in SHOTS:
        if action:
            console.print(Text(f"\n# {action}", style="bold"))
        console.print(Text("$ wbond status", style="bold"))
        console.print(table.render_status(build_status(story()), table.style(console)))


def _log(console: Console) -> None:
    past, entries = history.History(), [_entry(*row) for row in DAY]
    events = [past.event(entry) for entry in entries]
    console.print(Text("$ wbond log --chart --since=today", style="bold"))
    with _in_utc():
        found = spans.of(entries, entries[-1].time, "boot")
        console.print(chart.render(events, found, COLUMNS, chart.BLOCKS))


def _entry(at: str, event: str, port: str, former: str) -> Entry:
    hours, minutes = map(int, at.split(":"))
    moment = float(calendar.timegm((2026, 7, 30, hours, minutes, 0)))
    return Entry(moment, "boot", "bond0", event, port, former)


@contextmanager
def _in_utc() -> Iterator[None]:
    """Have local times be those of the day, wherever the picture is drawn."""
    former = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if former is not None:
            os.environ["TZ"] = former
        time.tzset()


DRAWN: dict[str, Callable[[Console], None]] = {"status.svg": _status, "log.svg": _log}


if __name__ == "__main__":
    sys.exit(main())

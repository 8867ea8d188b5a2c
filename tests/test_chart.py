# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond log --chart: when which port was active, and how that is drawn."""

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from wbond_cli import exit_status
from wbond_cli.journal import chart, history, reader, spans
from wbond_cli.journal.reader import Entry
from wbond_cli.journal.spans import Span
from wbond_cli.main import main

from tests.stories import NOW
from tests.test_log import DAY, cable, line

HOUR, DAYS = 3600, 86_400
CABLE, RADIO, BOND = "enp0s10", "wlp3s0", "bond0"


@pytest.fixture(autouse=True)
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have local times that are not UTC, with daylight saving."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def entry(ago: float, event: str, port: str = "", former: str = "", **other: Any) -> Entry:
    return Entry(NOW - ago, other.pop("boot", "b1"), other.pop("bond", BOND), event, port, former)


def spans_of(*entries: Entry, running: str = "b1") -> list[tuple[str, str, float, float]]:
    """Return the spans, their times as seconds before NOW."""
    found = spans.of(entries, NOW, running)
    return [(one.port, one.state, round(NOW - one.begin), round(NOW - one.end)) for one in found]


def drawn(
    entries: list[Entry], width: int, encoding: str = "utf-8", running: str = ""
) -> list[str]:
    past = history.History()
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=file, width=width, markup=False, highlight=False, emoji=False)
    events = [past.event(one) for one in entries]
    chart.show(events, spans.of(entries, NOW, running), console)
    file.seek(0)
    return file.read().splitlines()


# --- from when to when ------------------------------------------------------------


def test_what_has_begun_lasts_until_it_ends_or_until_now() -> None:
    assert spans_of(
        entry(90, "carrier-gained", CABLE),
        entry(80, "active", CABLE),
        entry(60, "failover", RADIO, CABLE),
        entry(60, "carrier-lost", CABLE),
        entry(40, "no-carrier", former=RADIO),
        entry(30, "active", CABLE),
    ) == [
        (CABLE, "active", 80, 60),
        (CABLE, "link", 90, 60),
        (RADIO, "active", 60, 40),
        ("", "idle", 40, 30),
        (CABLE, "active", 30, 0),
    ]


def test_a_boot_that_is_over_ends_with_its_last_entry() -> None:
    begin = entry(90, "active", CABLE, boot="b0")
    assert spans_of(begin, entry(70, "watching", boot="b0"), entry(9, "active", CABLE)) == [
        (CABLE, "active", 90, 70),
        (CABLE, "active", 9, 0),
    ]
    assert spans_of(begin, entry(70, "watching", boot="b0"), running="") == [
        (CABLE, "active", 90, 70)
    ]


def test_what_ends_without_a_beginning_was_so_since_the_first_entry() -> None:
    """As with --since: what was before was not asked for."""
    assert spans_of(
        entry(90, "claimed"),
        entry(80, "failover", RADIO, CABLE),
        entry(80, "carrier-lost", CABLE),
        entry(70, "carrier-lost", CABLE),
    ) == [
        (CABLE, "active", 90, 80),
        (CABLE, "link", 90, 80),
        (RADIO, "active", 80, 0),
    ]


def test_a_port_that_leaves_and_a_bond_that_goes_end_what_they_were() -> None:
    assert spans_of(
        entry(90, "carrier-gained", CABLE),
        entry(90, "carrier-gained", RADIO),
        entry(80, "active", CABLE),
        entry(70, "port-left", RADIO),
        entry(60, "bond-removed"),
        entry(50, "watching"),
    ) == [(RADIO, "link", 90, 70), (CABLE, "link", 90, 60), (CABLE, "active", 80, 60)]


def test_a_port_goes_on_under_its_new_name() -> None:
    assert spans_of(
        entry(90, "active", CABLE),
        entry(60, "port-renamed", "dock0", CABLE),
        entry(30, "failover", RADIO, "dock0"),
    ) == [(CABLE, "active", 90, 60), ("dock0", "active", 60, 30), (RADIO, "active", 30, 0)]


def test_one_port_is_active_and_no_time_is_negative() -> None:
    """Entries may be missing, and the clock may have been set back."""
    assert spans_of(
        entry(90, "active", CABLE),
        entry(60, "no-carrier", former=RADIO),
        entry(70, "active", RADIO),
    ) == [(RADIO, "active", 90, 60), (CABLE, "active", 90, 60), (RADIO, "active", 70, 0)]


def test_an_entry_without_its_port_begins_nothing() -> None:
    assert spans_of(
        entry(90, "active"),
        entry(80, "carrier-gained"),
        entry(70, "active", CABLE),
        entry(60, "port-renamed", "", CABLE),
    ) == [(CABLE, "active", 70, 0)]


def test_bonds_are_told_apart() -> None:
    found = spans.of(
        [entry(90, "active", CABLE), entry(80, "active", CABLE, bond="b"), entry(7, "no-carrier")],
        NOW,
        "",
    )
    assert Span("b", CABLE, "active", NOW - 80, NOW - 7) in found


def test_the_running_boot_is_named_as_in_the_journal() -> None:
    assert len(bytes.fromhex(spans.running_boot())) == 16


# --- the chart --------------------------------------------------------------------

TODAY = list(reader.parse(DAY))


def test_a_day_in_blocks() -> None:
    assert drawn(TODAY, 60) == [
        "Thu 30 Jul 2026",
        "           14:00       15:00       16:00",
        "enp0s10    ▄████████████████████████▁            2 h 2 min",
        "wlp3s0     ·························▁            30 s",
        "no port                             ▁            12 s",
        "failovers                           1            1",
        "",
        "█ active, ▁ for a part of the time, · had a link; a column",
        "is 5 min",
        "1 failover; no port was active once, for 12 s in all",
    ]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_without_utf_8_it_is_drawn_in_ascii(encoding: str) -> None:
    assert drawn(TODAY, 60, encoding)[2:8] == [
        "enp0s10    =########################-            2 h 2 min",
        "wlp3s0     .........................-            30 s",
        "no port                             -            12 s",
        "failovers                           1            1",
        "",
        "# active, - for a part of the time, . had a link; a column",
    ]


@pytest.mark.parametrize("width", [30, 40, 59, 60, 80, 132])
@pytest.mark.parametrize("name", ["a" * 15, "日本語日本", "\\x1b\\x1b\\x1b[2J"])
def test_it_fits_the_terminal(width: int, name: str) -> None:
    entries = [
        entry(3 * DAYS, "active", CABLE),
        entry(DAYS, "failover", name, CABLE),
        entry(0, "no-carrier", former=name),
    ]
    lines = drawn(entries, width)
    assert max(map(cell_len, lines)) <= width
    assert len([one for one in lines if one.startswith("enp0s10")]) == 3


def rows(entries: list[Entry], name: str, width: int = 85) -> list[str]:
    """Return the lines of a port, without its name and the duration."""
    found = [one for one in drawn(entries, width) if one.startswith(name)]
    return [one[11 : width - 13].rstrip() for one in found]


def test_several_days_have_all_their_hours() -> None:
    midnight = time.mktime((2026, 7, 29, 0, 0, 0, 0, 0, -1))
    ago = NOW - midnight
    entries = [
        entry(ago - 6 * HOUR, "active", CABLE),
        entry(ago - 30 * HOUR, "failover", RADIO, CABLE),
        entry(ago - 36 * HOUR, "no-carrier", former=RADIO),
    ]
    first, second = rows(entries, CABLE)
    assert (first, second) == (" " * 15 + "▆" + "█" * 45, "█" * 15 + "▂")


@pytest.mark.parametrize(
    ("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 7, 30), 24)]
)
def test_a_day_has_as_many_hours_as_there_are(day: tuple[int, int, int], hours: int) -> None:
    noon = time.mktime((*day, 12, 0, 0, 0, 0, -1))
    _, shown, _ = chart.days(noon - DAYS, noon + DAYS)
    assert shown.end - shown.begin == hours * HOUR


def test_the_shortest_outage_is_seen() -> None:
    entries = [
        entry(20 * HOUR, "active", CABLE),
        entry(9 * HOUR + 1, "no-carrier", former=CABLE),
        entry(9 * HOUR, "active", CABLE),
        entry(0, "claimed"),
    ]
    assert [row.strip() for row in rows(entries, "no port") if row.strip()] == ["▁"]
    assert "1.0 s" in [one.rsplit("  ", 1)[-1] for one in drawn(entries, 85)]


def test_failovers_are_counted_where_they_were() -> None:
    moves = [entry(HOUR - n, "failover", *(RADIO, CABLE)[:: 1 - 2 * (n % 2)]) for n in range(12)]
    entries = [entry(20 * DAYS, "active", CABLE), *moves, entry(0, "claimed")]
    (counted,) = [row for row in rows(entries, "failovers") if row.strip()]
    assert counted.strip() == "+"


def test_a_clock_that_began_in_1970_costs_no_time(in_time: None) -> None:
    early = Entry(5.0, "b1", BOND, "active", CABLE)
    lines = drawn([early, entry(0, "claimed")], 80)
    assert len(rows([early, entry(0, "claimed")], CABLE)) <= chart.DAYS_MAX + 2
    assert lines[0].endswith(" 2025")


def test_bonds_have_their_names_above_them() -> None:
    entries = [entry(90, "active", CABLE), entry(80, "active", RADIO, bond="uplink")]
    lines = drawn([*entries, entry(2, "claimed")], 80)
    assert lines.index("bond0") < lines.index("uplink")


# --- the call ---------------------------------------------------------------------


def call(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, *words: str
) -> tuple[int, list[str]]:
    """Call the verb with this for a journal; returns the status and what journalctl was asked."""
    asked: list[str] = []

    def run(*argv: str) -> str:
        asked.extend(argv)
        return text

    monkeypatch.setattr("wbond_cli.command.run", run)
    monkeypatch.setenv("COLUMNS", "60")
    return main(["log", "--chart", *words]), asked


def test_it_draws_what_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = line(5, "active", WBOND_BOND="uplink", WBOND_PORT="eth7")
    words = ("--since=-2d", "--until=now", "--bond=bond0")
    status, asked = call(monkeypatch, tmp_path, f"{DAY}\n{other}", *words)
    assert status == 0
    assert {"--boot=all", "--since=-2d", "--until=now"} <= set(asked)
    shown = capsys.readouterr().out
    assert "enp0s10" in shown
    assert "eth7" not in shown
    assert "failover" in shown


@pytest.mark.parametrize(("words", "seconds"), [([], 20), (["--until=now"], 10)])
def test_a_port_of_this_boot_is_active_until_now(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    seconds: int,
) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)
    monkeypatch.setattr(spans, "running_boot", lambda: "b007")
    text = "\n".join([cable(20, "active", "is the active port"), line(10, "claimed")])
    assert call(monkeypatch, tmp_path, text, *words)[0] == 0
    assert f"  {seconds} s\n" in capsys.readouterr().out


def test_json_is_as_without_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, tmp_path, DAY, "--json")[0] == 0
    shown = [json.loads(text)["event"] for text in capsys.readouterr().out.splitlines()]
    assert len(shown) == len(DAY.splitlines())


def test_where_nothing_has_happened_nothing_is_drawn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reader, "readable", lambda root="/": True)
    assert call(monkeypatch, tmp_path, "")[0] == 0
    assert capsys.readouterr().out == ""


def test_what_is_to_come_cannot_be_drawn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, tmp_path, DAY, "--follow")[0] == exit_status.USAGE
    assert "leave out --follow, or --chart" in capsys.readouterr().err

# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond log: the journal's entries as a timeline, and who may read them."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from wbond_cli import exit_status
from wbond_cli.arguments import parse
from wbond_cli.command import MISSING, CommandError
from wbond_cli.errors import UserError
from wbond_cli.journal import history, reader, timeline
from wbond_cli.journal.history import Event
from wbond_cli.journal.reader import Entry
from wbond_cli.verbs import log
from wbond_net.deployed import snapshot

from tests.conftest import configured
from tests.stories import NOW

SENT = ("PRIORITY", "5"), ("SYSLOG_IDENTIFIER", "wbond-watch"), ("__CURSOR", "s=1")


def line(ago: float, event: str, **fields: Any) -> str:
    """Return a line of journalctl's JSON, as the watch's message comes to be one."""
    own = {
        "__REALTIME_TIMESTAMP": str(round((NOW - ago) * 1e6)),
        "_BOOT_ID": "b007",
        "WBOND_BOND": "bond0",
        "WBOND_EVENT": event,
    }
    return json.dumps({**dict(SENT), **own, **fields})


def cable(ago: float, event: str, text: str, **fields: Any) -> str:
    own = {"WBOND_PORT": "enp0s10", "MESSAGE": f"bond0: cable enp0s10 {text}"}
    return line(ago, event, **{**own, **fields})


def radio(ago: float, event: str, text: str, **fields: Any) -> str:
    own = {"WBOND_PORT": "wlp3s0", "MESSAGE": f"bond0: radio wlp3s0 {text}"}
    return line(ago, event, **{**own, **fields})


FORMER_CABLE, FORMER_RADIO = {"WBOND_FORMER": "enp0s10"}, {"WBOND_FORMER": "wlp3s0"}
DAY = "\n".join(
    [
        line(7_500, "watching", MESSAGE="bond0: no ports"),
        radio(7_490, "port-joined", "has joined"),
        radio(7_480, "carrier-gained", "has carrier"),
        cable(7_420, "port-joined", "has joined"),
        cable(7_400, "carrier-gained", "has carrier"),
        cable(7_400, "active", "is the active port"),
        cable(60.2, "carrier-lost", "has lost its carrier"),
        radio(
            60.196,
            "failover",
            "is the active port, instead of cable enp0s10",
            **FORMER_CABLE,
        ),
        radio(30, "carrier-lost", "has lost its carrier"),
        line(
            30,
            "no-carrier",
            MESSAGE="bond0: no port has a link; the last was radio wlp3s0",
            **FORMER_RADIO,
        ),
        cable(18, "carrier-gained", "has carrier"),
        cable(18, "active", "is the active port"),
        radio(10, "port-left", "has left"),
        radio(4, "port-joined", "has joined"),
        line(1, "bond-removed", MESSAGE="bond0: is gone"),
    ]
)


def told(text: str, bond: str | None = None) -> list[Event]:
    timeline = history.History()
    return [timeline.event(entry) for entry in reader.of_bond(reader.parse(text), bond)]


def printed(found: list[Event], width: int = 80, encoding: str = "utf-8") -> list[str]:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    screen = Console(file=file, width=width, markup=False, highlight=False, emoji=False)
    timeline.show(found, screen)
    file.seek(0)
    return [line.rstrip() for line in file.read().splitlines()]


# --- entries ------------------------------------------------------------------


def test_an_entry() -> None:
    fields = {**FORMER_CABLE, "WBOND_ADDRESS": "02:00:00:00:00:03"}
    (entry,) = reader.parse(radio(60, "failover", "is the active port", **fields))
    assert entry == Entry(
        *(NOW - 60, "b007", "bond0", "failover", "wlp3s0", "enp0s10"),
        "02:00:00:00:00:03",
        "radio wlp3s0 is the active port",
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-- No entries --",
        "[]",
        "{}",
        "[" * 5000,
        line(1, "active", __REALTIME_TIMESTAMP="soon"),
        line(1, "active", __REALTIME_TIMESTAMP="9" * 400),
        line(1, "active", __REALTIME_TIMESTAMP="9" * 30),
        line(1, "active", __REALTIME_TIMESTAMP="-1"),
        line(1, ""),
        line(1, "active", WBOND_BOND=None),
    ],
)
def test_what_is_no_entry_of_the_watch_is_left(text: str) -> None:
    assert list(reader.parse(text)) == []


def test_fields_that_are_no_text() -> None:
    # journalctl gives as a list of bytes what is not UTF-8, and of texts what stands there twice.
    (entry,) = reader.parse(
        line(1, "active", MESSAGE=list(b"bond0: \x1b[2J\xff"), WBOND_PORT=["a\u202eb", "c"])
    )
    assert entry.text == "\\x1b[2J\\udcff"
    assert entry.port == "a\\u202eb"
    (entry,) = reader.parse(line(1, "active", MESSAGE=[300, "x"], WBOND_PORT={"a": 1}))
    assert (entry.text, entry.port) == ("", "")


def test_only_root_s_entries_are_asked_for() -> None:
    asked: list[tuple[str, ...]] = []

    def run(*argv: str) -> str:
        asked.append(argv)
        return DAY

    reading = reader.read(run, "--boot=0")
    assert len(reading.entries) == 15
    assert reading.fault == ""
    assert {"_UID=0", "SYSLOG_IDENTIFIER=wbond-watch", "--boot=0"} <= set(asked[0])
    assert not any(word.startswith("-f") for word in asked[0])


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (CommandError("journalctl is not installed", MISSING), "journalctl is not installed"),
        (
            CommandError("", 1, stderr="A hint\nFailed to parse timestamp: \x1b[2J\n"),
            r"Failed to parse timestamp: \x1b[2J",
        ),
    ],
)
def test_journalctl_refuses(error: CommandError, fault: str, tmp_path: Path) -> None:
    def run(*_: str) -> str:
        raise error

    assert reader.read(run, root=str(tmp_path)).fault == fault


def test_a_user_who_may_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = reader.read(lambda *_: "", root=str(tmp_path))
    assert reading.fault == ""  # there is no journal at all, and so nothing to be read
    folder = tmp_path / "run/log/journal/0123"
    folder.mkdir(parents=True)
    (folder / "system.journal").touch()
    assert reader.read(lambda *_: "", root=str(tmp_path)).fault == ""
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # as for a user, who is not root
    reading = reader.read(lambda *_: "", root=str(tmp_path))
    assert "may not be read" in reading.fault
    assert "systemd-journal" in reading.remedy


# --- the timeline -------------------------------------------------------------


def test_a_day() -> None:
    assert printed(told(DAY)) == [
        "Thu 30 Jul 2026",
        "12:01:20.000  the watch begins: no ports",
        "12:01:30.000  radio wlp3s0 has joined",
        "12:01:40.000  radio wlp3s0 has carrier",
        "12:02:40.000  cable enp0s10 has joined",
        "12:03:00.000  cable enp0s10 has carrier",
        "12:03:00.000  cable enp0s10 is the active port",
        "14:05:19.800  cable enp0s10 has lost its        had carrier for 2 h 2 min",
        "              carrier",
        "14:05:19.804  radio wlp3s0 is the active port,  enp0s10 was active for 2 h 2 min",
        "              instead of cable enp0s10",
        "14:05:50.000  radio wlp3s0 has lost its         had carrier for 2 h 4 min",
        "              carrier",
        "14:05:50.000  no port has a link; the last was  wlp3s0 was active for 30 s",
        "              radio wlp3s0",
        "14:06:02.000  cable enp0s10 has carrier         was without for 42 s",
        "14:06:02.000  cable enp0s10 is the active port  none was active for 12 s",
        "14:06:10.000  radio wlp3s0 has left             was in for 2 h 4 min",
        "14:06:16.000  radio wlp3s0 has joined           was away for 6.0 s",
        "14:06:19.000  is gone                           was there for 2 h 4 min",
        "",
        "1 failover; no port was active once, for 12 s in all",
    ]


def test_a_narrow_terminal() -> None:
    found = printed(told(DAY), 40)
    assert max(map(cell_len, found)) <= 40
    assert found[11:15] == [
        "14:05:19  radio wlp3s0 is the active",
        "          port, instead of cable enp0s10",
        "          enp0s10 was active for 2 h 2",
        "          min",
    ]


def test_nothing_but_ascii_where_there_is_nothing_else() -> None:
    for width in (40, 60, 80):
        printed(told(DAY), width, "ascii")  # raises where another sign is written


def test_nothing_lasts_across_a_boot() -> None:
    later = cable(5, "carrier-lost", "has lost its carrier", _BOOT_ID="b008")
    before = cable(500, "carrier-gained", "has carrier")
    assert [event.lasted for event in told(f"{before}\n{later}")] == [None, None]
    assert "-- boot --" in printed(told(f"{before}\n{later}"))


def test_a_clock_that_is_set_back_makes_no_duration() -> None:
    text = "\n".join([cable(5, "carrier-gained", ""), cable(900, "carrier-lost", "")])
    assert [event.lasted for event in told(text)] == [None, None]


def test_how_a_port_carried_while_it_was_away_nobody_knows() -> None:
    text = [cable(500, "carrier-gained", ""), cable(400, "port-left", "")]
    text += [cable(300, "port-joined", ""), cable(200, "carrier-lost", "")]
    assert [event.lasted for event in told("\n".join(text))] == [None, None, 100.0, None]


def test_bonds_are_kept_apart() -> None:
    other = cable(100, "carrier-lost", "has lost its carrier", WBOND_BOND="bond1")
    text = "\n".join([cable(500, "carrier-gained", "has carrier"), other])
    assert [event.lasted for event in told(text)] == [None, None]
    assert printed(told(text))[1].split("  ")[1] == "bond0: cable enp0s10 has carrier"
    assert [event.entry.bond for event in told(text, "bond1")] == ["bond1"]


def test_a_port_that_is_called_like_a_format() -> None:
    text = [cable(50, "active", "", WBOND_PORT="{}{0}"), radio(1, "failover", "")]
    events = told("\n".join(text).replace('"wlp3s0"', '"wlp3s0", "WBOND_FORMER": "{}{0}"'))
    assert timeline.lasted(events[1]) == "{}{0} was active for 49 s"


def test_an_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    history.print_json(told(DAY))
    objects = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert len(objects) == 15
    assert objects[7] == {
        "time": objects[7]["time"],
        "boot": "b007",
        "bond": "bond0",
        "event": "failover",
        "port": "wlp3s0",
        "former": "enp0s10",
        "address": None,
        "message": "radio wlp3s0 is the active port, instead of cable enp0s10",
        "ended": "active",
        "lasted": pytest.approx(7339.804, abs=1e-3),
    }
    assert objects[7]["time"].startswith("2026-07-30T14:05:19.804")


# --- the command line ---------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["--boot=0"]),
        (["--since=-2h"], ["--boot=all", "--since=-2h"]),
        (["-S", "yesterday", "-U", "today"], ["--boot=all", "--since=yesterday", "--until=today"]),
        (["-b"], ["--boot=0"]),
        (["-b", "-1"], ["--boot=-1"]),
        (["--boot=all", "--until=--vacuum-size=1"], ["--boot=all", "--until=--vacuum-size=1"]),
    ],
)
def test_what_journalctl_is_to_select(words: list[str], expected: list[str]) -> None:
    assert log.selection(parse(["log", *words])) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], 15),
        (["-n", "2"], 2),
        (["--lines=0"], 0),
        (["-n", "99"], 15),
        (["-f"], 10),
        (["-f", "--since=today"], 15),
        (["-f", "-n3", "--since=today"], 3),
    ],
)
def test_how_many_are_shown(words: list[str], expected: int) -> None:
    events = told(DAY)
    shown = log.last(events, log.number(parse(["log", *words])))
    assert shown == events[15 - expected :]


@pytest.mark.parametrize("words", [["-n", "-1"], ["-n", "few"], ["-n"], ["-f", "--until=today"]])
def test_what_cannot_be_shown_is_a_wrong_call(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["log", *words])
    assert ended.value.code == exit_status.USAGE


def test_a_boot_that_is_over_cannot_be_followed() -> None:
    with pytest.raises(UserError, match="no new entries") as raised:
        log.run(parse(["log", "--follow", "--boot=-1"]))
    assert raised.value.status == exit_status.USAGE


@pytest.mark.parametrize(
    ("answer", "status", "out", "err"),
    [
        (DAY, 0, "1 failover", ""),
        ("", 0, "", "nothing has happened"),
        (CommandError("", 1, stderr="Failed to parse: x\n"), 1, "", "Failed to parse: x"),
    ],
)
def test_the_verb(
    answer: str | CommandError,
    status: int,
    out: str,
    err: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(*_: str) -> str:
        if isinstance(answer, CommandError):
            raise answer
        return answer

    monkeypatch.setattr("wbond_cli.command.run", run)
    monkeypatch.setattr("wbond_cli.journal.reader.readable", lambda root: True)
    assert log.run(parse(["log"])) == status
    shown = capsys.readouterr()
    assert out in shown.out
    assert err in shown.err
    assert (shown.out == "") == (out == "")


@pytest.mark.parametrize(
    ("bond", "lines", "told"),
    [
        ("bond0", "", ""),  # configured, and nothing has happened
        ("uplink", line(1, "watching", WBOND_BOND="uplink", MESSAGE="uplink: no ports"), ""),
        ("nope", "", "there is no bond nope"),
        ("nope", DAY, "there is no bond nope"),
    ],
)
def test_a_bond_that_there_is_not(
    bond: str,
    lines: str,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshot, "ROOT", str(configured(tmp_path, "[bond0]\n")))
    monkeypatch.setattr("wbond_cli.command.run", lambda *_: lines)
    if not told:
        assert log.run(parse(["log", "--bond", bond])) == 0
        return
    with pytest.raises(UserError, match=told) as raised:
        log.run(parse(["log", "--bond", bond]))
    assert "bond0" in str(raised.value.remedy)
    assert raised.value.status == exit_status.USAGE

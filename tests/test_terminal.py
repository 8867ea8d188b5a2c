# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the command says, on terminals of all widths, and in a pipe."""

import io
import sys

import pytest
from rich.console import Console
from wbond_cli import terminal
from wbond_cli.arguments import parser
from wbond_cli.journal import history, timeline
from wbond_cli.output import Output
from wbond_cli.status import screen
from wbond_cli.status.build import build_status
from wbond_cli.verbs import init

from tests import stories

LONG = "which configuration is in force is not known, so there would be no way back from it"
REMEDY = "`sudo wbond apply --force` takes the bonds down, or `sudo wbond apply --confirm` not"


class Terminal(io.StringIO):
    """What is written to a terminal."""

    def isatty(self) -> bool:
        return True


each_width = pytest.mark.parametrize("columns", [40, 60, 80])


def sit_at(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """Have output go to a terminal of so many columns."""
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, Terminal())
    monkeypatch.setenv("COLUMNS", str(columns))


def written(stream: object) -> list[str]:
    assert isinstance(stream, Terminal)
    return stream.getvalue().splitlines()


@each_width
def test_a_complaint_fits_the_terminal_and_its_commands_stay_whole(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit_at(monkeypatch, columns)
    terminal.complain(LONG, REMEDY)
    lines = written(sys.stderr)
    assert max(map(len, lines)) <= columns
    assert lines[0].startswith("wbond: which")
    assert all(line.startswith("       ") for line in lines[1:])
    assert " ".join(line.strip() for line in lines) == f"wbond: {LONG} {REMEDY}"
    for command in ("`sudo wbond apply --force`", "`sudo wbond apply --confirm`"):
        assert any(command in line for line in lines)


def test_in_a_pipe_a_complaint_stays_as_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    terminal.complain(LONG, REMEDY)
    assert capsys.readouterr().err == f"wbond: {LONG}\n       {REMEDY}\n"


@each_width
def test_a_path_is_not_broken(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sit_at(monkeypatch, columns)
    terminal.complain("x" * 100)
    assert written(sys.stderr) == ["wbond:", " " * 7 + "x" * 100]


@each_width
def test_sentences_are_broken_and_commands_are_not(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit_at(monkeypatch, columns)
    output = Output()
    output.line(f"{LONG}\n{LONG}")
    output.detail("  " + "systemctl start " * 8)
    output.line("Go on? [y/N] ", end="")
    assert isinstance(sys.stdout, Terminal)
    shown = sys.stdout.getvalue()
    assert shown.endswith("  " + "systemctl start " * 8 + "\nGo on? [y/N] ")
    assert max(map(len, shown.splitlines()[:-2])) <= columns


@each_width
def test_what_comes_next_fits_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sit_at(monkeypatch, columns)
    options = parser().parse_args(["init", "--root", "/nowhere"])
    lines = init._next_steps(options, "/etc/wpa_supplicant/wpa_supplicant.conf").splitlines()
    assert max(map(len, lines)) <= max(columns, 46)  # the longest word
    assert [line[:5] for line in lines if line[2:3] > " "] == ["Next:", "  1. ", "  2. ", "  3. "]


def test_no_line_in_a_pipe_ends_in_blanks() -> None:
    file = io.StringIO()
    console = Console(file=file, width=120, markup=False, highlight=False, emoji=False)
    screen.show(build_status(stories.cable_active()), console)
    with screen.display(console) as draw:
        draw(build_status(stories.wifi_active()))
        draw(build_status(stories.refused()))
    past = history.History()
    timeline.show([past.event(entry) for entry in stories.cable_active().history], console)
    lines = file.getvalue().splitlines()
    assert len(lines) > 30
    assert [line for line in lines if line != line.rstrip()] == []

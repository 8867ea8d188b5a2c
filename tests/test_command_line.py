# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line as a whole: what a call imports, and what a wrong one is told."""

import os
import re
import subprocess
import sys
from importlib import import_module

import pytest
from wbond import version
from wbond_cli import arguments, exit_status
from wbond_cli.main import main

from tests.conftest import REPOSITORY

FOLDERS = [str(REPOSITORY / "helpers"), str(REPOSITORY / "generator")]


def imported_by(*modules: str) -> set[str]:
    """Return all modules that importing these takes."""
    script = (
        "import sys; sys.path[:0] = sys.argv[1:3]; import importlib\n"
        "for name in sys.argv[3:]: importlib.import_module(name)\n"
        "print(*sys.modules, sep='\\n')"
    )
    command = [sys.executable, "-I", "-c", script, *FOLDERS, *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_command_line_takes_no_verb() -> None:
    imported = imported_by("wbond_cli.main")
    assert {name for name in imported if name.startswith("wbond_cli.verbs.")} == set()
    assert not imported & {"rich", "json", "subprocess", "socket"}


@pytest.mark.parametrize("verb", ["status", "log", "up", "down", "wait"])
def test_verbs_that_programs_call_start_light(verb: str) -> None:
    """rich takes longer to import than all else that they take."""
    assert not imported_by(f"wbond_cli.verbs.{verb}") & {"rich", "pyudev"}


@pytest.mark.parametrize("verb", arguments.VERBS)
def test_every_verb_is_a_module(verb: str) -> None:
    assert callable(import_module(f"wbond_cli.verbs.{verb}").run)


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments.parse(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"wbond {version.VERSION}\n"


@pytest.mark.parametrize("verb", arguments.VERBS)
@pytest.mark.parametrize("option", ["--nonsense", "--yes=1"])
def test_a_wrong_option_is_answered_by_the_usage_of_its_verb(
    verb: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments.parse([verb, option])
    assert ended.value.code == exit_status.USAGE
    shown = capsys.readouterr().err
    assert shown.startswith(f"usage: wbond {verb} ")
    assert option.partition("=")[0] in shown.splitlines()[-1]


@pytest.mark.parametrize("argv", [["plan", "bond0"], ["plan", "--tree", "--diff"]])
def test_a_wrong_argument_as_well(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments.parse(argv)
    assert ended.value.code == exit_status.USAGE
    assert capsys.readouterr().err.startswith(f"usage: wbond {argv[0]} ")


def test_without_a_verb_they_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments.parse([])
    assert ended.value.code == exit_status.USAGE
    assert capsys.readouterr().err.startswith("usage: wbond [-h] [--version] VERB ...")


def test_a_wrong_call_has_an_exit_status_of_its_own() -> None:
    """A script tells it from what a verb has found."""
    numbers = {name: number for name, number in vars(exit_status).items() if name.isupper()}
    same = [name for name, number in numbers.items() if number == exit_status.USAGE]
    assert same == ["USAGE"]
    assert exit_status.USAGE == os.EX_USAGE
    assert exit_status.UNAVAILABLE == os.EX_UNAVAILABLE


def test_the_manual_page_has_each_exit_status() -> None:
    page = (REPOSITORY / "man/wbond.8.scd").read_text(encoding="utf-8")
    section = page.partition("# EXIT STATUS\n")[2].partition("\n# ")[0]
    numbers = {number for name, number in vars(exit_status).items() if name.isupper()}
    told = {int(number) for line in LISTED.findall(section) for number in line.split(", ")}
    assert told == numbers


LISTED = re.compile(r"^\*(\d+(?:, \d+)*)\*$", re.MULTILINE)


@pytest.mark.parametrize("before", ["--json", "--nonsense"])
def test_an_option_before_the_verb_is_answered_by_the_usage_of_the_whole(
    before: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments.parse([before, "status"])
    assert ended.value.code == exit_status.USAGE
    assert capsys.readouterr().err.startswith("usage: wbond [-h] [--version] VERB ...")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["statsu"], "the nearest is `wbond status`; `wbond help` names all"),
        (["help", "chekc"], "the nearest is `wbond check`; `wbond help` names all"),
        (["aply", "--yes"], "the nearest is `wbond apply`; `wbond help` names all"),
        (["x\x1b[2J"], "`wbond help` names all"),
    ],
)
def test_a_verb_that_there_is_not(
    typed: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(typed) == exit_status.USAGE
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("wbond: there is no verb ")
    assert second.strip() == told
    assert "\x1b" not in first


@pytest.mark.parametrize("verb", arguments.VERBS)
def test_help_is_that_of_the_option(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", verb]) == 0
    shown = capsys.readouterr().out
    with pytest.raises(SystemExit):
        arguments.parse([verb, "--help"])
    assert capsys.readouterr().out == shown
    assert shown.startswith(f"usage: wbond {verb} ")


def test_help_without_a_verb_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n    {verb} " in shown for verb in arguments.VERBS)

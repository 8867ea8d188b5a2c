# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line as a whole: what a call imports, and what a wrong one is told."""

import subprocess
import sys
from importlib import import_module

import pytest
from wbond import version
from wbond_cli import arguments

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


@pytest.mark.parametrize("verb", ["status", "log", "up", "down"])
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
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert shown.startswith(f"usage: wbond {verb} ")
    assert option.partition("=")[0] in shown.splitlines()[-1]


@pytest.mark.parametrize("argv", [["status", "bond0"], ["plan", "--tree", "--diff"]])
def test_a_wrong_argument_as_well(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments.parse(argv)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"usage: wbond {argv[0]} ")


def test_without_a_verb_they_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments.parse([])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: wbond [-h] [--version] VERB ...")

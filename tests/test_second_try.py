# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lab's second try: of a run in which some scenarios fail at first, or always."""

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import LAB

CONFTEST = """
import pytest, second_try

def pytest_addoption(parser):
    parser.addoption("--fresh", action="store_true")

def pytest_configure(config):
    config.addinivalue_line("markers", "in_order")

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    return second_try.protocol(item, nextitem)

def pytest_report_teststatus(report):
    return second_try.teststatus(report)

def pytest_sessionfinish(session):
    second_try.finish(session)

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    item.stash[second_try.FAILED] = outcome.get_result().failed

def pytest_terminal_summary(terminalreporter):
    for report in terminalreporter.stats.get("flaky", ()):
        terminalreporter.write_line("flaky: " + second_try.first_failure(report).splitlines()[-1])
"""
MODULE = """
import os, pytest
{mark}

class Guest:
    def __init__(self):
        self.told = []

@pytest.fixture(scope="module")
def guest():
    made = Guest()
    yield made
    with open("guests", "a") as file:
        file.write(" ".join(made.told) + "\\n")

def tries(name):
    with open(name, "a") as file:
        file.write("x")
    return os.path.getsize(name)
"""


class Run(NamedTuple):
    """How it ended, what it showed, and what each guest was told."""

    code: int
    shown: str
    guests: list[str]


def run(folder: Path, bodies: dict[str, str], *options: str, mark: str = "") -> Run:
    """Run scenarios, a body each, in one module."""
    (folder / "conftest.py").write_text(CONFTEST)
    text = MODULE.format(mark=mark)
    for name, body in bodies.items():
        text += f"\ndef test_{name}(guest):\n    guest.told.append({name!r})\n    {body}\n"
    (folder / "test_lab.py").write_text(text)
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, "test_lab.py"]
    done = subprocess.run(
        words, cwd=folder, env={"PYTHONPATH": str(LAB)}, capture_output=True, text=True
    )
    guests = (folder / "guests").read_text().splitlines()
    return Run(done.returncode, done.stdout + done.stderr, guests)


FLAKY = {name: f"assert tries('{name}-tries') > 1, '{name} was too slow'" for name in "bcd"}


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "by a worker"])
def test_what_passes_at_its_second_try_is_flaky_and_costs_nothing(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    done = run(tmp_path, {"a": "pass", "b": FLAKY["b"], "e": "pass"}, *options)
    assert done.code == 0, done.shown
    assert re.search(r"3 passed, 1 flaky in", done.shown), done.shown
    assert "flaky: " in done.shown
    # A fresh guest for the second try, and for what follows.
    assert done.guests == ["a b", "b e"]


def test_two_flaky_scenarios_pass_and_three_do_not(tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    done = run(tmp_path / "two", {"b": FLAKY["b"], "c": FLAKY["c"]})
    assert done.code == 0, done.shown
    (tmp_path / "three").mkdir()
    done = run(tmp_path / "three", FLAKY, "-n", "1")
    assert done.code == 1, done.shown
    assert "3 passed, 3 flaky in" in done.shown


def test_what_fails_twice_has_failed(tmp_path: Path) -> None:
    done = run(tmp_path, {"a": "assert tries('a') < 0, 'never'", "b": "pass"})
    assert done.code == 1
    assert "1 failed, 1 passed in" in done.shown
    assert "flaky" not in done.shown
    assert done.guests == ["a", "a", "b"]


def test_a_story_in_order_is_told_again_up_to_the_scenario_that_failed(tmp_path: Path) -> None:
    bodies = {"a": "pass", "b": FLAKY["b"], "e": "pass"}
    done = run(tmp_path, bodies, mark="pytestmark = pytest.mark.in_order")
    assert done.code == 0, done.shown
    assert done.guests == ["a b", "a b e"]
    (tmp_path / "guests").unlink()
    run(tmp_path, bodies, "--fresh", mark="pytestmark = pytest.mark.in_order")
    assert (tmp_path / "guests").read_text().splitlines() == ["a b e"]


def test_each_scenario_has_a_fresh_guest_where_that_is_asked_for(tmp_path: Path) -> None:
    assert run(tmp_path, {"a": "pass", "b": "pass"}, "--fresh").guests == ["a", "b"]

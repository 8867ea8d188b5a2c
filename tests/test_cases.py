# SPDX-License-Identifier: LGPL-2.1-or-later
"""Golden cases: for each folder of tests/cases, what the generator writes and what it says."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from wbond import plan
from wbond_udev import main as udev
from wbond_udev.match import Facts

from tests.conftest import REPOSITORY

GENERATOR = REPOSITORY / "generator" / "wbond-generator"


def run(case: Path, output: Path) -> str:
    """Run the generator as systemd does, but for the log; returns what it said."""
    words = [str(GENERATOR), "--root", str(case), str(output)]
    done = subprocess.run(words, env={}, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    return done.stderr


def tree(folder: Path) -> dict[str, str]:
    """Return all below a folder: texts of files, and where links lead (not what is there)."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}"
        elif path.is_file():
            found[name] = path.read_text(encoding="utf-8")
    return found


def said(case: Path) -> str:
    """Return the messages that are expected; a case without a `log` file has none."""
    log = case / "log"
    return log.read_text(encoding="utf-8") if log.exists() else ""


def update(case: Path, output: Path, log: str) -> None:
    """Make what has come out the expectation."""
    shutil.rmtree(case / "expected", ignore_errors=True)
    shutil.copytree(output, case / "expected", symlinks=True)
    (case / "log").unlink(missing_ok=True)
    if log:
        (case / "log").write_text(log, encoding="utf-8")


def test_the_case_comes_out_as_expected(
    case: Path, output: Path, request: pytest.FixtureRequest
) -> None:
    log = run(case, output)
    if request.config.getoption("--update-cases"):
        update(case, output, log)
    assert tree(output) == tree(case / "expected")
    assert log == said(case)


def test_of_ports_that_are_named_udev_reads_what_wbond_udev_would_say(
    case: Path, output: Path
) -> None:
    run(case, output)
    configured = udev.configuration(str(case))
    names = {port.name for bond in configured.bonds for port in bond.ports if port.literal}
    said = {name: list(udev.properties(configured, Facts(name, ""), "")) for name in names}
    folder = output / plan.PROPERTIES
    written = {path.name: path.read_text().splitlines() for path in folder.glob("*")}
    assert {
        name: [line.split("=", 1) for line in lines[1:]] for name, lines in written.items()
    } == {
        name: [list(pair) for pair in pairs]
        for name, pairs in said.items()
        if name.isascii() and "WBOND_UNIT" in dict(pairs)
    }


def test_every_case_says_what_it_shows(case: Path) -> None:
    first = (case / "README").read_text(encoding="utf-8").splitlines()[0]
    assert first.endswith(".")


def test_the_example_that_is_shipped_is_a_case() -> None:
    case = GENERATOR.parents[1] / "tests" / "cases" / "example"
    assert (case / "etc/wbond.conf").resolve() == REPOSITORY / "wbond.conf.example"

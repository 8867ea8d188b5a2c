# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond status, called."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wbond_cli.status import table

from tests.conftest import REPOSITORY, configured
from tests.namespaces import in_a_network_of_its_own
from tests.status.views import errors
from tests.terminal import Terminal

SCRIPT = REPOSITORY / "helpers/wbond"


def wbond(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(SCRIPT), *words]
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environ}
    return subprocess.run(command, capture_output=True, text=True, env=environ, check=False)


def test_nothing_configured(tmp_path: Path) -> None:
    done = wbond("status", "--root", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("wbond: no bond is configured\n       `sudo wbond init` writes")
    done = wbond("status", "--json", "--root", str(tmp_path))
    assert done.returncode == 2
    assert errors(json.loads(done.stdout)) == []


def test_a_bond_that_is_not_there(tmp_path: Path) -> None:
    root = configured(tmp_path, "[wbond-none]\nwired = nowhere0\nwireless =\n")
    done = wbond("status", "--root", str(root))
    assert (done.returncode, done.stderr) == (1, "")
    assert "! wbond-none is configured and not there" in done.stdout
    assert "nowhere0" in done.stdout
    assert "\x1b" not in done.stdout


TWO = "[wbond-none]\nwired = nowhere0\nwireless =\n[other]\nwired = nowhere1\nwireless =\n"


def test_only_the_bonds_that_are_named(tmp_path: Path) -> None:
    root = str(configured(tmp_path, TWO))
    done = wbond("status", "other", "--root", root)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("other  is not there\n")
    assert "wbond-none" not in done.stdout
    shown = json.loads(wbond("status", "--json", "other", "--root", root).stdout)
    assert errors(shown) == []
    assert [bond["name"] for bond in shown["bonds"]] == ["other"]


@pytest.mark.parametrize("words", [[], ["--json"], ["--watch"], ["--watch", "--json"]])
def test_a_bond_that_there_is_not_is_answered_by_those_there_are(
    tmp_path: Path, words: list[str]
) -> None:
    done = wbond("status", "other", "nope", *words, "--root", str(configured(tmp_path, TWO)))
    told = "wbond: there is no bond nope\n       known here: wbond-none, other\n"
    assert (done.returncode, done.stdout, done.stderr) == (64, "", told)


@pytest.mark.parametrize(("locale", "shown"), [("C.UTF-8", "bünd"), ("C", "b\\xfcnd")])
def test_it_keeps_to_the_signs_of_the_locale(tmp_path: Path, locale: str, shown: str) -> None:
    root = configured(tmp_path, "[bünd]\n")
    done = wbond("status", "--root", str(root), LC_ALL=locale)
    assert done.stdout.startswith(f"{shown}  is not there\n")


@pytest.mark.parametrize(("words", "draws"), [(["--json"], False), ([], True)])
def test_programs_that_ask_need_not_wait_for_what_draws(
    tmp_path: Path, words: list[str], draws: bool
) -> None:
    root = configured(tmp_path, "[wbond-none]\nwired = nowhere0\nwireless =\n")
    command = [sys.executable, "-I", "-X", "importtime", str(SCRIPT), "status", "--root", str(root)]
    done = subprocess.run([*command, *words], capture_output=True, text=True)
    assert done.returncode == 1
    assert ("rich.console" in done.stderr) is draws


WATCH = ("unshare", "--net", sys.executable, "-I", str(SCRIPT), "status", "--watch")
ENVIRON = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
ABSENT, OUTSIDE = (table.STATES[state][0] for state in ("absent", "outside"))


def watch(root: Path, *words: str) -> "subprocess.Popen[str]":
    """Start the watch of a bond with the port eth0, its output in a pipe."""
    configured(root, "[bond0]\nwired = eth0\nwireless =\n")
    command = [*WATCH, *words, "--root", str(root)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRON)


def plug(process: int) -> None:
    """Add eth0 to the network that a process is in."""
    enter = ["nsenter", "--net", f"--target={process}"]
    add = ["ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1"]
    subprocess.run([*enter, *add], check=True)


@in_a_network_of_its_own
def test_watching_sleeps_until_the_kernel_reports(tmp_path: Path) -> None:
    with watch(tmp_path, "--json") as process:
        assert process.stdout
        first = json.loads(process.stdout.readline())
        assert first["bonds"][0]["ports"][0]["state"] == "absent"
        assert any(sleeps(process.pid) for _ in range(3))
        plug(process.pid)
        second = json.loads(process.stdout.readline())
        assert second["bonds"][0]["ports"][0]["state"] == "outside"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert errors(second) == []


# Seconds. Who looks at the machine again and again, so that a person sees a change, does so at
# least every five. A busy machine only makes a poll come later, by far less than the rest.
QUIET = 7


def sleeps(process: int) -> bool:
    """Tell whether a process does not wake once: going to sleep anew is counted (proc(5)).

    Being kept waiting for a processor is counted elsewhere; the first time, it may still
    be on its way to sleep.
    """
    before = went_to_sleep(process)
    time.sleep(QUIET)
    return went_to_sleep(process) == before


def went_to_sleep(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])


@in_a_network_of_its_own
def test_a_watched_bond_that_goes_away_is_told(tmp_path: Path) -> None:
    (tmp_path / "run/wbond/bond0").mkdir(parents=True)
    with watch(tmp_path, "--json", "bond0") as process:
        assert process.stdout
        (bond,) = json.loads(process.stdout.readline())["bonds"]
        assert (bond["configured"], bond["kind"]) == (True, "none")
        (tmp_path / "etc/wbond.conf").write_text("[bond1]\n")
        (tmp_path / "run/wbond/bond0").rmdir()
        plug(process.pid)
        (bond,) = json.loads(process.stdout.readline())["bonds"]
        assert (bond["name"], bond["configured"], bond["kind"]) == ("bond0", False, "none")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


@in_a_network_of_its_own
def test_in_a_pipe_pictures_stand_one_below_the_other(tmp_path: Path) -> None:
    with watch(tmp_path) as process:
        assert process.stdout
        shown = read_until(process, ABSENT)
        plug(process.pid)
        shown += read_until(process, OUTSIDE)
        process.send_signal(signal.SIGINT)
        shown += process.stdout.read()
        assert process.wait(20) == 0
    assert "\x1b" not in shown
    first, *others = re.split(r"^(?=bond0  )", shown, flags=re.MULTILINE)[1:]
    (second,) = others
    assert shown == first + second
    assert first.endswith("\n\n")
    assert not first.endswith("\n\n\n")
    assert not second.endswith("\n\n")
    assert (ABSENT in first, OUTSIDE in first) == (True, False)
    assert OUTSIDE in second


def read_until(process: "subprocess.Popen[str]", text: str) -> str:
    """Return the lines up to the first with a text."""
    assert process.stdout
    shown = ""
    for line in process.stdout:
        shown += line
        if text in line:
            return shown
    raise AssertionError(f"ended without {text!r}: {shown!r}")


ALTERNATE, MAIN = "\x1b[?1049h", "\x1b[?1049l"  # xterm's screens


@in_a_network_of_its_own
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_on_a_terminal_the_last_picture_is_left(tmp_path: Path, number: int, status: int) -> None:
    configured(tmp_path, "[bond0]\nwired = eth0\nwireless =\n")
    with Terminal([*WATCH, "--root", str(tmp_path)], ENVIRON) as terminal:
        terminal.wait_for(ABSENT)
        plug(terminal.process.pid)
        terminal.wait_for(OUTSIDE)
        terminal.process.send_signal(number)
        assert terminal.end() == status
    before, _, rest = terminal.shown.partition(ALTERNATE)
    pictures, _, left = rest.partition(MAIN)
    assert before == ""
    assert ABSENT in pictures
    assert OUTSIDE in pictures
    assert {ALTERNATE, MAIN}.isdisjoint(left)
    assert "bond0" in left
    assert OUTSIDE in left
    assert terminal.shown.rfind("\x1b[?25h") > terminal.shown.rfind("\x1b[?25l")  # the cursor

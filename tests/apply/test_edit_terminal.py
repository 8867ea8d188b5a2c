# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond edit on a terminal, with an editor that writes what is typed."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from wbond_cli import exit_status

from tests.apply.laptop import FIRST, SECOND, Laptop
from tests.apply.test_edit import OFTEN, left
from tests.apply.test_editor import program
from tests.conftest import REPOSITORY
from tests.terminal import Terminal

SESSION = """
import os, sys
from wbond_cli.apply import current
from wbond_cli.check import runner
from wbond_cli.main import main
from wbond_net import wait_online
from wbond_net.deployed import snapshot
from wbond_net.kernel import sysfs
snapshot.ROOT, sysfs.SYSFS = sys.argv[1:3]
current.devices = list
runner.on_machine = lambda *_: []
wait_online.wait_for_all = lambda *_: {}
os.geteuid = lambda: 0
sys.exit(main(["edit"]))
"""
# It shows what it has, as editors do, and writes the lines that are typed, up to a dot.
EDITOR = """#!/bin/sh
test -t 0 && test -t 1 && test "$1" = -x && shift || exit 9
echo "editing $1"
sed -n '/^\\.$/q;p' >"$1"
"""


@pytest.fixture
def desk(at_desk: Laptop, tmp_path: Path) -> Iterator[Terminal]:
    """`wbond edit` on a terminal; the programs that apply calls do nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("systemctl", "systemd-run", "udevadm"):
        program(folder, name)
    folders = [str(REPOSITORY / "helpers"), str(REPOSITORY / "generator")]
    environ = {
        "PYTHONPATH": ":".join(folders),
        "PATH": f"{folder}:/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "EDITOR": f"'{program(tmp_path, 'my ed', EDITOR)}' -x",
    }
    words = [sys.executable, "-c", SESSION, str(at_desk.root), str(at_desk.machine.sysfs)]
    with Terminal(words, environ) as terminal:
        yield terminal


def test_a_person_corrects_an_error_and_keeps_the_change(at_desk: Laptop, desk: Terminal) -> None:
    desk.wait_for("editing ")
    desk.type(f"{OFTEN}.\n")
    desk.wait_for("keeps the former file: ")
    assert ":4:10: error" in desk.shown
    assert at_desk.conf.read_text() == FIRST
    desk.type("e\n")
    desk.type(f"{SECOND}.\n")
    desk.wait_for("s left")
    desk.type("y\n")
    assert desk.end() == 0
    assert at_desk.conf.read_text() == SECOND
    assert "The new configuration is in force, and stays." in desk.shown
    assert left(at_desk) == []


def test_ctrl_c_at_the_question_changes_nothing_and_says_where_the_copy_is(
    at_desk: Laptop, desk: Terminal
) -> None:
    desk.wait_for("editing ")
    desk.type(f"{OFTEN}.\n")
    desk.wait_for("keeps the former file: ")
    # As a person does who sees no answer: one that comes just before poll(2) waits for the next.
    while desk.process.poll() is None:
        desk.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            desk.process.wait(5)
    assert desk.end() == exit_status.INTERRUPTED
    (copy,) = left(at_desk)
    assert f"{copy}/etc/wbond.conf" in "".join(desk.shown.split())
    assert (copy / "etc/wbond.conf").read_text() == OFTEN
    assert at_desk.conf.read_text() == FIRST


def test_in_a_pipe_it_is_refused(laptop: Laptop) -> None:
    del laptop  # subprocess.run is its own; Popen is not
    command = [sys.executable, "-I", str(REPOSITORY / "helpers/wbond"), "edit"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as done:
        told = done.communicate()[1].decode()
    assert done.returncode == exit_status.REFUSED
    assert ("terminal" if os.geteuid() == 0 else "sudo") in told

# SPDX-License-Identifier: LGPL-2.1-or-later
"""A person at a terminal: questions, commands, and `wbond apply` on a real one."""

import os
import pty
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from wbond_cli import command, question
from wbond_cli.command import CommandRunner
from wbond_cli.output import Output
from wbond_net.deployed import snapshot

from tests.apply.laptop import FIRST, SECOND, Laptop
from tests.conftest import REPOSITORY


def test_a_line_is_read_from_a_terminal_and_its_end_is_seen() -> None:
    master, slave = pty.openpty()
    assert question.can_ask(slave)
    assert question.read_line(0.01, slave) == ""
    os.write(master, b"Y\n")
    answer = question.read_line(5, slave)
    assert answer is not None
    assert question.is_yes(answer)
    os.close(master)
    assert question.read_line(5, slave) is question.ENDED
    os.close(slave)
    assert not question.can_ask(slave)


def test_commands_do_not_hear_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    """A Ctrl-C is for wbond: it goes to the terminal's foreground process group."""
    runner = CommandRunner(Output())
    script = "test $(ps -o sid= -p $$) != $(ps -o sid= -p $PPID)"
    assert runner.attempt("sh", "-c", script)
    assert not runner.attempt("sh", "-c", "echo one >&2; echo two >&2; exit 3")
    assert "one; two" in capfd.readouterr().out
    assert not runner.attempt("no-such-program")
    assert "no-such-program is not installed" in capfd.readouterr().out


def test_what_is_shown_can_be_typed_again_and_hides_nothing() -> None:
    argv = ("systemctl", "stop", "--", r"wbond@a\x2db.service", "x\x1b[2J")
    assert command.as_typed(argv) == r"systemctl stop -- 'wbond@a\x2db.service' 'x\x1b[2J'"


def test_quiet_leaves_the_commands_out(laptop: Laptop, capsys: pytest.CaptureFixture[str]) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    assert laptop.apply("--yes", "--quiet") == 0
    assert "systemctl" not in capsys.readouterr().out


SESSION = """
import sys
from wbond_cli import arguments
from wbond_cli.apply import current
from wbond_cli.command import CommandRunner
from wbond_cli.output import Output
from wbond_cli.verbs import apply
from wbond_net import wait_online
from wbond_net.kernel import sysfs
sysfs.SYSFS = sys.argv[2]
current.devices = list
wait_online.wait_for_all = lambda *_: {}
options = arguments.parser().parse_args(["apply", "--timeout", "60"])
sys.exit(apply.apply(CommandRunner(Output()), sys.argv[1], options).status)
"""


@pytest.fixture
def session(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """`wbond apply` on a terminal, at its question; the programs it calls do nothing."""
    laptop.boot(FIRST)
    laptop.write(SECOND)
    programs = laptop.root / "bin"
    programs.mkdir()
    for name in ("systemctl", "systemd-run", "udevadm"):
        (programs / name).write_text("#!/bin/sh\nexit 0\n")
        (programs / name).chmod(0o755)
    folders = [str(REPOSITORY / "helpers"), str(REPOSITORY / "generator")]
    environ = os.environ | {"PYTHONPATH": ":".join(folders), "PATH": f"{programs}:/usr/bin:/bin"}
    words = [sys.executable, "-c", SESSION, str(laptop.root), str(laptop.machine.sysfs)]
    process, terminal = pty.fork()
    if process == 0:
        os.execve(sys.executable, words, environ)
    heard = b""
    while b"s left" not in heard:
        heard += os.read(terminal, 1024)
    yield terminal
    drain(terminal)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert code == (0 if laptop.conf.read_text() == SECOND else 1)


def drain(terminal: int) -> None:
    """Read until the other side has closed it, if it has not been closed here."""
    try:
        while os.read(terminal, 1024):
            pass
        os.close(terminal)
    except OSError:
        pass


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert true()


def test_a_session_that_hangs_up_takes_the_change_with_it(laptop: Laptop, session: int) -> None:
    os.close(session)
    wait_until(lambda: not laptop.has_snapshot(snapshot.ATTEMPTED))
    assert laptop.conf.read_text() == FIRST


@pytest.mark.parametrize(
    ("typed", "text"), [(b"y\n", SECOND), (b"n\n", FIRST), (b"\x03", FIRST), (b"\x1ay\n", SECOND)]
)
def test_what_is_typed_counts(laptop: Laptop, session: int, typed: bytes, text: str) -> None:
    """A Ctrl-C is a no; a Ctrl-Z does not make it forget the time."""
    os.write(session, typed)
    wait_until(lambda: not laptop.has_snapshot(snapshot.ATTEMPTED))
    assert laptop.conf.read_text() == text

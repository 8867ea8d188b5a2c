# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that the helpers run, and the line in the journal for each."""

import io
import os
import sys

import pytest
from wbond_net.kernel import command
from wbond_net.kernel.command import CommandError
from wbond_net.kernel.journal import say

BOTH = "import sys; sys.stdout.write('o' * 300000); sys.stderr.write('e' * 300000)"


def test_a_command_is_said_and_done(capfd: pytest.CaptureFixture[str]) -> None:
    command.run(sys.executable, "-c", "print('quiet')")
    assert capfd.readouterr().out == f"{sys.executable} -c print('quiet')\n"


def test_what_a_program_says_to_both_comes_whole() -> None:
    assert command.execute((sys.executable, "-c", BOTH)) == (0, "o" * 300000, "e" * 300000)


def test_a_program_reads_nothing() -> None:
    assert command.output("cat") == ""


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no such bond >&2; exit 3", "sh -c echo no such bond >&2; exit 3 …: no such bond"),
        ("exit 3", "sh -c exit 3 …: exit code 3"),
        ("kill -9 $$", "sh -c kill -9 $$ …: exit code -9"),
    ],
)
def test_a_failure_is_told_in_the_program_s_words(script: str, said: str) -> None:
    with pytest.raises(CommandError) as failed:
        command.run("sh", "-c", script)
    assert str(failed.value) == said
    assert command.output("sh", "-c", f"echo text; {script}") == ""
    assert command.execute(("sh", "-c", script))[0] != 0


def test_a_program_that_is_missing_is_told_and_leaves_nothing_open() -> None:
    before = os.listdir("/proc/self/fd")
    with pytest.raises(CommandError, match="wbond-nothing is not installed"):
        command.run("wbond-nothing")
    assert command.output("wbond-nothing") == ""
    assert os.listdir("/proc/self/fd") == before


def test_an_attempt_says_why_it_failed(capfd: pytest.CaptureFixture[str]) -> None:
    assert command.attempt(command.run, "true")
    assert not command.attempt(command.run, "false")
    assert capfd.readouterr().out.splitlines() == ["true", "false", "false …: exit code 1"]


def test_a_line_is_said_in_every_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="latin-1"))
    say("café …: no\nway")
    assert written.getvalue() == b"caf\xe9 \\u2026: no\\nway\n"

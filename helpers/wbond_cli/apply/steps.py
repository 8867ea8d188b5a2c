# SPDX-License-Identifier: LGPL-2.1-or-later
"""Carries steps out, shows each command as it is run, and outlives the terminal."""

import io
import os
import shlex
import signal
import sys
from collections.abc import Iterable

from wbond import escape

from wbond_cli import terminal
from wbond_cli.apply import current
from wbond_cli.apply.changes import Await, Run, Step

COMMAND_TIMEOUT = (
    90.0  # seconds; systemd's own for a unit to start or stop (DefaultTimeoutStartSec=)
)
AWAIT_TIMEOUT = 15.0  # seconds; a radio scans, associates and is authorised in less


class Failed(Exception):
    """A command failed; the text is its own words."""


class Voice:
    """What is said to the person; a terminal or a pipe that is gone is no fault."""

    def __init__(self, quiet: bool = False) -> None:
        """Leave out what is `minor` if quiet."""
        self._quiet, self._counting = quiet, False
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # a locale without UTF-8

    def minor(self, text: str) -> None:
        """Say what --quiet leaves out."""
        if not self._quiet:
            self.say(text)

    def say(self, text: str, end: str = "\n") -> None:
        """Write a line; hostile names were made printable by who calls."""
        before, self._counting = "\n" if self._counting else "", False
        # What is indented is a command, which stays in one line.
        lines = [
            line if line[:1] == " " else terminal.wrapped(line, sys.stdout)
            for line in text.split("\n")
        ]
        self._write(before + "\n".join(lines) + end)

    def count(self, text: str) -> None:
        """Write over what was counted last; only on a terminal."""
        if sys.stdout.isatty():
            self._counting = True
            self._write("\r" + text)

    def _write(self, text: str) -> None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:
            _silence()


def _silence() -> None:
    """Have what is still written go nowhere: the reader is gone (EPIPE, EIO)."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(null, stream.fileno())
        except (OSError, ValueError):
            pass
    os.close(null)


class Signals:
    """Remembers what would end this process, for a moment at which it may end."""

    CAUGHT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # Suspended, or stopped for reading or writing in the background, it could not keep its word.
    IGNORED = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)

    def __init__(self) -> None:
        """Take over the signals; `came` is the last one, 0 for none."""
        self.came = 0
        for number in self.CAUGHT:
            signal.signal(number, self._note)
        for number in self.IGNORED:
            signal.signal(number, signal.SIG_IGN)

    def _note(self, number: int, _frame: object) -> None:
        self.came = number


class Hands:
    """Runs commands. Without a controlling terminal, whose signals are not for them."""

    def __init__(self, voice: Voice) -> None:
        """Show commands by `voice`."""
        self.voice = voice

    def run(self, *argv: str) -> None:
        """Run a command to its end. Raises Failed."""
        import subprocess

        self.voice.minor(f"  {shown(argv)}")
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                start_new_session=True,
                timeout=COMMAND_TIMEOUT,
            )
        except FileNotFoundError:
            raise Failed(f"{argv[0]} is not installed") from None
        except subprocess.TimeoutExpired:
            raise Failed(f"{shown(argv)}: has not ended in {COMMAND_TIMEOUT:g} s") from None
        if done.returncode:
            words = done.stderr.decode("utf-8", "replace").strip() or f"exit {done.returncode}"
            raise Failed(f"{shown(argv)}: {_line(words)}")

    def attempt(self, *argv: str) -> bool:
        """Run a command that may fail; tells whether it succeeded."""
        try:
            self.run(*argv)
        except Failed as fault:
            self.voice.say(f"    {fault}")
            return False
        return True

    def wait(self, step: Await) -> None:
        """Wait until another port can take over; if none does, the step after is taken anyway."""
        self.voice.minor(f"  # {step.why}")
        if not current.wait_relieved(step.bond, step.port, AWAIT_TIMEOUT):
            self.voice.minor(f"    none does within {AWAIT_TIMEOUT:g} s")

    def take(self, step: Step) -> None:
        """Carry one step out. Raises Failed."""
        if isinstance(step, Await):
            self.wait(step)
        else:
            self.run(*step.argv)


def shown(argv: Iterable[str]) -> str:
    """Return a command as it can be typed again."""
    return shlex.join(escape.printable(word) for word in argv)


def described(step: Step) -> str:
    """Return a step for a list of what would be done."""
    return f"  {shown(step.argv)}\n      {step.why}" if isinstance(step, Run) else f"  # {step.why}"


def _line(text: str) -> str:
    return "; ".join(escape.printable(line) for line in text.splitlines())

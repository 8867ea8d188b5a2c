# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs programs, without a shell. There is one convention: output, or CommandError.

`run` is for what a program knows; a CommandRunner is for what it does, and shows it.
"""

import shlex
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO

from wbond import escape

from wbond_cli.output import Output

MISSING = 127  # the shell's exit status for a program that is not there
TIMED_OUT = 124  # that of timeout(1)
# Seconds; the default of systemd for a unit to start or to stop (DefaultTimeoutStartSec=).
TIMEOUT = 90.0

Run = Callable[..., str]


class CommandError(Exception):
    """A program failed; `message` is what it said, in one printable line.

    `status` is its exit status, MISSING or TIMED_OUT; `stdout` and `stderr` are what it printed
    all the same, not made printable.
    """

    def __init__(self, message: str, status: int = 1, stdout: str = "", stderr: str = "") -> None:
        """Take what is known of the failure."""
        super().__init__(message)
        self.message, self.status = message, status
        self.stdout, self.stderr = stdout, stderr


def run(
    *argv: str, timeout: float | None = None, own_session: bool = False, with_errors: bool = False
) -> str:
    """Run a program to its end; returns what it printed. Raises CommandError.

    Bytes that are no UTF-8 become surrogates. `timeout` is in seconds. In a session of its
    own, a program gets no signal of the terminal. `with_errors`: what it printed to standard
    error comes behind.

    The folders of root's programs are tried too: Debian's PATH for an ordinary user lacks them.
    """
    for program in (argv[0], f"/usr/sbin/{argv[0]}", f"/sbin/{argv[0]}"):
        try:
            done = subprocess.run(
                (program, *argv[1:]),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                start_new_session=own_session,
                timeout=timeout,
            )
        except FileNotFoundError:
            continue
        except OSError as error:
            raise CommandError(f"{argv[0]}: {error.strerror}", MISSING) from None
        except subprocess.TimeoutExpired:
            message = f"{argv[0]} has not ended in {timeout:g} s"
            raise CommandError(message, TIMED_OUT) from None
        return _checked(argv[0], done, with_errors)
    raise CommandError(f"{argv[0]} is not installed", MISSING)


@contextmanager
def started(*argv: str) -> Iterator[IO[bytes]]:
    """Start a program that goes on, give what it prints, and end it. Raises CommandError.

    In a session of its own, it gets no signal of the terminal; what it complains of is seen.
    """
    try:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True
        )
    except FileNotFoundError:
        raise CommandError(f"{argv[0]} is not installed", MISSING) from None
    except OSError as error:
        raise CommandError(f"{argv[0]}: {error.strerror}", MISSING) from None
    with process:
        assert process.stdout
        try:
            yield process.stdout
        finally:
            process.terminate()


def _checked(program: str, done: "subprocess.CompletedProcess[bytes]", with_errors: bool) -> str:
    stdout, stderr = (
        octets.decode("utf-8", "surrogateescape") for octets in (done.stdout, done.stderr)
    )
    if done.returncode == 0:
        return stdout + stderr if with_errors else stdout
    message = "; ".join(escape.printable(line) for line in stderr.strip().splitlines())
    message = message or f"{program} failed with exit status {done.returncode}"
    raise CommandError(message, done.returncode, stdout, stderr)


def as_typed(argv: Iterable[str]) -> str:
    """Return a command as it can be typed again."""
    return shlex.join(escape.printable(argument) for argument in argv)


class CommandRunner:
    """Runs commands that change something, each shown before it runs.

    In a session of their own: a Ctrl-C is for wbond, not for them.
    """

    def __init__(self, output: Output) -> None:
        """Show commands by `output`."""
        self.output = output

    def run(self, *argv: str) -> None:
        """Run a command to its end. Raises CommandError."""
        self.output.detail(f"  {as_typed(argv)}")
        try:
            run(*argv, timeout=TIMEOUT, own_session=True)
        except CommandError as error:
            if error.status == MISSING:
                raise
            raise CommandError(f"{as_typed(argv)}: {error.message}", error.status) from None

    def attempt(self, *argv: str) -> bool:
        """Run a command that may fail; tells whether it succeeded, and shows a failure."""
        try:
            self.run(*argv)
        except CommandError as error:
            self.output.line(f"    {error}")
            return False
        return True

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that the helpers run, without a shell: names are arguments, and always behind `dev`.

The module subprocess is left out: to import it takes as long as Python's own start.
"""

import os

from wbond_net.kernel.journal import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec

    P = ParamSpec("P")


class CommandError(Exception):
    """A program ended with an error, or is missing; the text says so in the program's words."""


def run(*command: str, given: str = "") -> None:
    """Say a command and run it, with `given` as its standard input. Raises CommandError."""
    say(" ".join(command))
    code, _, errors = execute(command, given)
    if code:
        reason = errors.strip() or f"exit code {code}"
        raise CommandError(f"{' '.join(command[:4])} …: {reason}")


def output(*command: str) -> str:
    """Return a command's standard output; empty when it failed or is missing."""
    try:
        code, text, _ = execute(command)
    except CommandError:
        return ""
    return "" if code else text


def attempt(act: "Callable[P, None]", *arguments: "P.args", **named: "P.kwargs") -> bool:
    """Do what may fail, by a command or by the kernel; a failure is said, and False returned."""
    try:
        act(*arguments, **named)
    except (CommandError, OSError) as error:
        say(str(error))
        return False
    return True


def execute(command: tuple[str, ...], given: str = "") -> tuple[int, str, str]:
    """Run a command to its end; returns exit code, standard output and standard error.

    `given` is what it reads from standard input.

    A code is negative where a signal has ended it. Raises CommandError when it is not installed.
    """
    # Files in memory, not pipes: a program that says much to both never waits to be read.
    names = ("stdin", "stdout", "stderr")
    texts = [os.memfd_create(name, os.MFD_CLOEXEC) for name in names]
    os.pwrite(texts[0], given.encode("utf-8", "surrogateescape"), 0)
    actions = [(os.POSIX_SPAWN_DUP2, text, number) for number, text in enumerate(texts)]
    try:
        process = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
        _, status = os.waitpid(process, 0)
        out, err = (_content(text) for text in texts[1:])
    except FileNotFoundError:
        raise CommandError(f"{command[0]} is not installed") from None
    finally:
        for text in texts:
            os.close(text)
    return os.waitstatus_to_exitcode(status), out, err


def _content(descriptor: int) -> str:
    size = os.fstat(descriptor).st_size
    return os.pread(descriptor, size, 0).decode("utf-8", "replace")

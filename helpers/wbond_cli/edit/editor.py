# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which editor a person wants, and how it is run on the terminal."""

import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from wbond import escape

from wbond_cli.errors import UserError

VARIABLES = ("SUDO_EDITOR", "VISUAL", "EDITOR")  # in the order of sudoedit, sudo(8)
PROGRAMS = ("sensible-editor", "editor", "nano", "vi")


def command(environ: Mapping[str, str]) -> list[str]:
    """Return the editor and its arguments, to which the file is added.

    Variables are taken apart as sudoedit does: words, with quotes, and no shell. Raises UserError
    if the editor is not there, or none is.
    """
    for variable in VARIABLES:
        if words := _words(variable, environ.get(variable, "")):
            return words
    for program in PROGRAMS:
        if path := shutil.which(program):
            return [path]
    raise UserError("no editor is installed", f"{' or '.join(VARIABLES)} may name one")


def _words(variable: str, value: str) -> list[str]:
    """Return the words of a variable; none where it names no editor."""
    try:
        words = shlex.split(value)
    except ValueError:
        raise UserError(f"{variable} has a quote that does not end", "name an editor") from None
    if words and not shutil.which(words[0]):
        message = f"the editor {escape.printable(words[0])}, of {variable}, is not installed"
        raise UserError(message, f"set {variable} to another one")
    return words


def run(argv: list[str], path: str) -> None:
    """Have a person edit a file, until the editor ends. Raises UserError if it fails."""
    name = escape.printable(argv[0])
    with _without_interrupts():
        try:
            status = subprocess.run([*argv, path], check=False).returncode
        except OSError as error:
            raise UserError(f"{name}: {error.strerror}; nothing is saved") from None
    if status:
        raise UserError(f"{name} has ended with exit status {status}; nothing is saved")


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Leave Ctrl-C and Ctrl-\\ to the editor, as system(3) does.

    By a handler: what is ignored, the editor would ignore as well (execve(2)).
    """
    former = {
        number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGQUIT)
    }
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)

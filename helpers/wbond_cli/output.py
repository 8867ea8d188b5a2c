# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a verb that changes something says while it works."""

import os
import sys
from typing import TextIO

from wbond_cli import terminal


class Output:
    """Lines on a stream; a terminal or a pipe that is gone is no error.

    Texts are printable: whoever calls has escaped hostile names.
    """

    def __init__(self, quiet: bool = False, stream: TextIO | None = None) -> None:
        """Leave details out if quiet; write to `stream`, standard output if none is given."""
        self._quiet, self._counting = quiet, False
        self._stream = stream or sys.stdout
        terminal.keep_to_locale()

    def detail(self, text: str) -> None:
        """Write a line that --quiet leaves out."""
        if not self._quiet:
            self.line(text)

    def line(self, text: str, end: str = "\n") -> None:
        """Write a text, broken to the terminal's width; an indented line is a command and stays."""
        before, self._counting = "\n" if self._counting else "", False
        lines = [
            line if line.startswith(" ") else terminal.wrapped(line, self._stream)
            for line in text.split("\n")
        ]
        self.write(before + "\n".join(lines) + end)

    def countdown(self, text: str) -> None:
        """Write over the last countdown; only on a terminal."""
        if self._stream.isatty():
            self._counting = True
            self.write("\r" + text)

    def write(self, text: str) -> None:
        """Write a text as it is."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            _discard_output()


def _discard_output() -> None:
    """Have what is still written go nowhere: the reader is gone (EPIPE, EIO)."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(null, stream.fileno())
        except (OSError, ValueError):
            pass
    os.close(null)

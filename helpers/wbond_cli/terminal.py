# SPDX-License-Identifier: LGPL-2.1-or-later
"""How things look: colour on a terminal, plain in a pipe, boxes of what the locale has."""

import io
import locale
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console


def keep_to_locale() -> None:
    """Have standard output and error write what the locale has signs for, and never fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            _keep_to_locale(stream)


def console(stream: TextIO | None = None) -> "Console":
    """Return a console that writes to `stream`, standard output if none is given.

    Nothing that is printed is taken for markup: names of interfaces are
    whatever somebody called them. NO_COLOR and COLUMNS are heeded (rich).
    """
    from rich.console import Console  # a third of a second where byte code is cold

    file = stream or sys.stdout
    if isinstance(file, io.TextIOWrapper):
        _keep_to_locale(file)
    return Console(file=file, markup=False, highlight=False, emoji=False)


def _keep_to_locale(file: io.TextIOWrapper) -> None:
    """Write nothing that the locale has no sign for: \\xNN in its place.

    In the locale C Python writes UTF-8 (PEP 540); a terminal there may not know it.
    """
    plain = locale.nl_langinfo(locale.CODESET) == "ANSI_X3.4-1968"  # glibc's name of ASCII
    file.reconfigure(encoding="ascii" if plain else file.encoding, errors="backslashreplace")


def room(console: "Console") -> int:
    """Return the columns there are: a terminal's, or COLUMNS; a pipe has no end of them."""
    return console.width if console.is_terminal or "COLUMNS" in os.environ else 1 << 16


def complain(text: str, remedy: str = "") -> None:
    """Say on standard error what is wrong, and what to do."""
    sys.stderr.write(f"wbond: {text}\n" + (f"       {remedy}\n" if remedy else ""))

# SPDX-License-Identifier: LGPL-2.1-or-later
"""How things look: colour on a terminal, plain in a pipe, boxes of what the locale has."""

import io
import locale
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_ENDLESS = 1 << 16  # columns
_BELOW = " " * len("wbond: ")


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
    return console.width if console.is_terminal or "COLUMNS" in os.environ else _ENDLESS


def complain(text: str, remedy: str = "") -> None:
    """Say on standard error what is wrong, and what to do."""
    lines = [wrapped(f"wbond: {text}", sys.stderr, _BELOW)]
    lines += [wrapped(_BELOW + remedy, sys.stderr, _BELOW)] if remedy else []
    sys.stderr.write("".join(f"{line}\n" for line in lines))


def wrapped(line: str, stream: TextIO, below: str = "") -> str:
    """Break a line to the width of the terminal, if `stream` is one; `below` begins the rest."""
    width = _width(stream)
    if len(line) <= width:
        return line
    return "\n".join(broken(line, width, "", below)) + line[len(line.rstrip()) :]


def broken(text: str, width: int, first: str, rest: str) -> list[str]:
    """Break a text at blanks; `first` begins its first line, `rest` each other.

    A command in `signs` stays whole, to be copied, as does what has no blank, a path.
    """
    import re
    import textwrap

    held = re.sub("`[^`]*`", lambda command: command[0].replace(" ", "\0"), text)
    lines = textwrap.wrap(
        held,
        max(width, 2 * len(rest) + 1),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\0", " ") for line in lines]


def _width(stream: TextIO) -> int:
    """Return the columns of a terminal, or COLUMNS; what is no terminal has no end of them."""
    import shutil

    try:
        return shutil.get_terminal_size().columns if stream.isatty() else _ENDLESS
    except ValueError:  # closed
        return _ENDLESS


def show(console: "Console", *parts: "RenderableType") -> None:
    """Print what fills columns; in a pipe without the blanks that fill the last one."""
    if console.is_terminal:
        console.print(*parts)
        return
    with console.capture() as captured:
        console.print(*parts)
    lines = captured.get().split("\n")
    console.file.write("\n".join(line.rstrip(" ") for line in lines))
    console.file.flush()

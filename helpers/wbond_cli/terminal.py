# SPDX-License-Identifier: LGPL-2.1-or-later
"""Output for people: colour on a terminal, plain in a pipe, and what the locale can show."""

import io
import locale
import os
import re
import sys
import textwrap
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_UNLIMITED = 1 << 16  # columns
_INDENT = " " * len("wbond: ")


def keep_to_locale() -> None:
    """Have standard output and error write what the locale can show, and never fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            _keep_to_locale(stream)


def console(stream: TextIO | None = None) -> "Console":
    """Return a console that writes to `stream`, standard output if none is given.

    Nothing that is printed is taken for markup: names of interfaces are
    whatever somebody called them. NO_COLOR and COLUMNS are heeded (rich).
    """
    # rich: 70 ms, a third of a second before it is in the page cache.
    from rich.console import Console

    file = stream or sys.stdout
    if isinstance(file, io.TextIOWrapper):
        _keep_to_locale(file)
    return Console(file=file, markup=False, highlight=False, emoji=False)


def _keep_to_locale(file: io.TextIOWrapper) -> None:
    """Write \\xNN in place of what the locale cannot show.

    In the locale C Python writes UTF-8 (PEP 540); a terminal there may not know it.
    """
    plain = locale.nl_langinfo(locale.CODESET) == "ANSI_X3.4-1968"  # glibc's name of ASCII
    file.reconfigure(encoding="ascii" if plain else file.encoding, errors="backslashreplace")


def columns(console: "Console") -> int:
    """Return the width of a terminal, or COLUMNS; a pipe has no limit."""
    return console.width if console.is_terminal or "COLUMNS" in os.environ else _UNLIMITED


def complain(text: str, remedy: str = "") -> None:
    """Write to standard error what is wrong, and what to do."""
    lines = [wrapped(f"wbond: {text}", sys.stderr, _INDENT)]
    lines += [wrapped(_INDENT + remedy, sys.stderr, _INDENT)] if remedy else []
    sys.stderr.write("".join(f"{line}\n" for line in lines))


def wrapped(line: str, stream: TextIO, indent: str = "") -> str:
    """Return a line broken to the width of the terminal, if `stream` is one.

    `indent` begins the lines after the first.
    """
    width = _width(stream)
    if len(line) <= width:
        return line
    return "\n".join(broken(line, width, "", indent)) + line[len(line.rstrip()) :]


def broken(text: str, width: int, first: str, rest: str) -> list[str]:
    """Break a text at blanks; `first` begins its first line, `rest` the others.

    A command in `backquotes` stays whole, to be copied, as does what has no blank, a path.
    """
    unbroken = re.sub("`[^`]*`", lambda command: command[0].replace(" ", "\0"), text)
    lines = textwrap.wrap(
        unbroken,
        max(width, 2 * len(rest) + 1),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\0", " ") for line in lines]


def _width(stream: TextIO) -> int:
    """Return the width of a terminal, or COLUMNS; what is no terminal has no limit."""
    # shutil: 3 ms, which calls that complain of nothing do without.
    import shutil

    try:
        return shutil.get_terminal_size().columns if stream.isatty() else _UNLIMITED
    except ValueError:  # closed
        return _UNLIMITED


def show(console: "Console", *parts: "RenderableType") -> None:
    """Print tables; in a pipe without the blanks that fill the last column."""
    if console.is_terminal:
        console.print(*parts)
        return
    with console.capture() as captured:
        console.print(*parts)
    lines = captured.get().split("\n")
    console.file.write("\n".join(line.rstrip(" ") for line in lines))
    console.file.flush()

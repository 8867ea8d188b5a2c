# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `wbond check` has to say, as data; how it is shown and what the exit status is."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from wbond import escape
from wbond.message import ERROR, NOTE, WARNING

from wbond_cli import terminal
from wbond_cli.exit_status import ERRORS, SUCCESS, WARNINGS

if TYPE_CHECKING:
    from rich.console import Console

EXIT = {ERROR: ERRORS, WARNING: WARNINGS, NOTE: SUCCESS}
_STYLES = {ERROR: "bold red", WARNING: "bold yellow", NOTE: "bold cyan"}
_INDENT = "    "
_CUT = "..."  # ASCII: the locale may have nothing else
# What `--json` shows; the manual says what they are.
FIELDS = (
    *("code", "severity", "file", "line", "column", "end_column"),
    *("section", "option", "text", "remedy"),
)


class Diagnostic(NamedTuple):
    """One thing found: its code, how grave it is, what it is, what to do; and where.

    Columns count characters of `source`, the line itself, from 1; the end is the
    one behind the last. Both are 0 where no part of a line is meant, and so is
    the line where no line is. Codes are stable: programs look for them.
    """

    code: str
    severity: str
    text: str
    remedy: str
    file: str = ""
    line: int = 0
    section: str = ""
    option: str = ""
    column: int = 0
    end_column: int = 0
    source: str = ""


def exit_status(found: Iterable[Diagnostic]) -> int:
    """Return 2 where there is an error, else 1 where there is a warning, else 0."""
    return max((EXIT[diagnostic.severity] for diagnostic in found), default=0)


def as_data(diagnostic: Diagnostic) -> dict[str, object]:
    """Return a diagnostic as `--json` shows it."""
    return {name: getattr(diagnostic, name) for name in FIELDS}


def show(console: "Console", found: Iterable[Diagnostic]) -> None:
    """Print diagnostics as a person reads them, a blank line behind each."""
    room = terminal.columns(console)
    for diagnostic in found:
        for text, style in _lines(diagnostic, room):
            _print(console, text, style)
        console.print()


def _print(console: "Console", text: str, style: str) -> None:
    """Print one line; of a heading only the word that says how grave it is has the colour."""
    from rich.text import Text

    line = Text(text)
    for severity, colour in _STYLES.items():
        if style == severity and (at := text.find(f"{severity}:")) >= 0:
            line.stylize(colour, at, at + len(severity) + 1)
    if style == "mark":
        line.stylize("bold green")
    console.print(line, soft_wrap=True)


def _lines(diagnostic: Diagnostic, room: int) -> list[tuple[str, str]]:
    """Return the lines of a diagnostic, each with what it is."""
    heading, *more = terminal.broken(_heading(diagnostic), room, "", _INDENT)
    lines = [(heading, diagnostic.severity), *((line, "") for line in more)]
    if diagnostic.source:
        width = diagnostic.end_column - diagnostic.column
        source, mark = excerpt(diagnostic.source, diagnostic.column, width, room - len(_INDENT))
        lines += [(_INDENT + source, ""), (_INDENT + mark, "mark")]
    if diagnostic.remedy:
        remedy = escape.printable(diagnostic.remedy)
        lines += [(line, "") for line in terminal.broken(remedy, room, _INDENT, _INDENT)]
    return lines


def _heading(diagnostic: Diagnostic) -> str:
    """FILE:LINE:COLUMN: severity: [section] option: text, with what there is of these."""
    numbers = [str(number) for number in (diagnostic.line, diagnostic.column) if number]
    where = ":".join([diagnostic.file, *numbers])
    about = f"[{diagnostic.section}]" if diagnostic.section else ""
    about = f"{about} {diagnostic.option}".strip()
    parts = (where, diagnostic.severity, about, diagnostic.text)
    return ": ".join(escape.printable(part) for part in parts if part)


def excerpt(source: str, column: int, width: int, room: int) -> tuple[str, str]:
    """Return the part of a line that fits, and a line that marks the characters meant."""
    from rich.cells import cell_len

    start, end = column - 1, column - 1 + max(width, 1)
    before, meant, after = map(_visible, (source[:start], source[start:end], source[end:]))
    spare = max(room - len(meant) - (len(_CUT) if after else 0), len(_CUT))
    if len(before) > spare:
        before = _CUT + before[len(before) - spare + len(_CUT) :]
    line = before + meant + after
    if len(line) > room > len(_CUT):
        line = line[: room - len(_CUT)] + _CUT
    mark = " " * cell_len(before) + "^" * max(cell_len(meant), 1)
    return line, mark[: max(room, 1)]


def _visible(text: str) -> str:
    return escape.printable(text.replace("\t", " "))


def summary(found: Iterable[Diagnostic]) -> str:
    """Count what was found: `2 errors, 1 note`; nothing where nothing was."""
    severities = [diagnostic.severity for diagnostic in found]
    counts = [(severities.count(severity), severity) for severity in (ERROR, WARNING, NOTE)]
    return ", ".join(f"{n} {what}{'s' if n > 1 else ''}" for n, what in counts if n)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `wbond check` has to say, as data; how it is shown and what the exit status is."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from wbond import escape

from wbond_cli import terminal

if TYPE_CHECKING:
    from rich.console import Console

ERROR, WARNING, NOTE = "error", "warning", "note"
EXIT = {ERROR: 2, WARNING: 1, NOTE: 0}
_STYLES = {ERROR: "bold red", WARNING: "bold yellow", NOTE: "bold cyan"}
_INDENT = "    "
_CUT = "..."  # ASCII: the locale may have nothing else


class Finding(NamedTuple):
    """One thing found: how grave, what, what to do; and where, as far as it is in a file.

    `column` counts characters of `source`, the line itself, from 1; `width` is
    how many of them are meant. Both are 0 where no part of a line is.
    """

    severity: str
    text: str
    remedy: str
    file: str = ""
    line: int = 0
    section: str = ""
    option: str = ""
    column: int = 0
    width: int = 0
    source: str = ""


def exit_status(found: Iterable[Finding]) -> int:
    """Return 2 where there is an error, else 1 where there is a warning, else 0."""
    return max((EXIT[finding.severity] for finding in found), default=0)


def as_data(finding: Finding) -> dict[str, object]:
    """Return a finding as `--json` shows it."""
    shown = ("severity", "file", "line", "column", "section", "option", "text", "remedy")
    return {name: getattr(finding, name) for name in shown}


def show(console: "Console", found: Iterable[Finding]) -> None:
    """Print findings as a person reads them, a blank line behind each."""
    room = terminal.columns(console)
    for finding in found:
        for text, style in _lines(finding, room):
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


def _lines(finding: Finding, room: int) -> list[tuple[str, str]]:
    """Return the lines of a finding, each with what it is."""
    heading, *more = terminal.broken(_heading(finding), room, "", _INDENT)
    lines = [(heading, finding.severity), *((line, "") for line in more)]
    if finding.column:
        source, mark = excerpt(finding.source, finding.column, finding.width, room - len(_INDENT))
        lines += [(_INDENT + source, ""), (_INDENT + mark, "mark")]
    if finding.remedy:
        remedy = escape.printable(finding.remedy)
        lines += [(line, "") for line in terminal.broken(remedy, room, _INDENT, _INDENT)]
    return lines


def _heading(finding: Finding) -> str:
    """FILE:LINE:COLUMN: severity: [section] option: text, with what there is of these."""
    numbers = [str(number) for number in (finding.line, finding.column) if number]
    where = ":".join([finding.file, *numbers])
    about = f"[{finding.section}]" if finding.section else ""
    about = f"{about} {finding.option}".strip()
    parts = (where, finding.severity, about, finding.text)
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


def summary(found: Iterable[Finding]) -> str:
    """Count what was found: `2 errors, 1 note`; nothing where nothing was."""
    severities = [finding.severity for finding in found]
    counts = [(severities.count(severity), severity) for severity in (ERROR, WARNING, NOTE)]
    return ", ".join(f"{n} {what}{'s' if n > 1 else ''}" for n, what in counts if n)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Problems of the configuration -> diagnostics; and comments that are part of a value."""

from collections.abc import Callable, Iterable, Iterator

from wbond import config, ini, messages, secrets
from wbond.ini import Document, Place, Problem

from wbond_cli.check.diagnostics import Diagnostic

Lines = Callable[[str], list[str]]  # of a file, by the name that its places have


def diagnostics(
    problems: Iterable[Problem], lines: Lines, document: Document
) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each problem of a document, in the order given, with its line."""
    hidden = secrets.columns(document, config.OPTIONS)
    for problem in problems:
        place = problem.place
        source = lines(place.file)[place.line - 1 : place.line] if place.column else []
        yield Diagnostic(
            code=problem.code,
            severity=messages.severity(problem),
            text=messages.text(problem),
            remedy=messages.remedy(problem),
            file=place.file,
            line=place.line,
            section=problem.section,
            option=problem.option,
            column=place.column,
            end_column=place.end,
            source=_without_secret(source[0], problem, hidden) if source else "",
        )


def _without_secret(line: str, problem: Problem, hidden: secrets.Lines) -> str:
    """Return a line that may be shown and sent to others, as long as before: no password in it."""
    known = config.OPTIONS
    if problem.code == "unknown-option" and messages.suggestion(problem):
        known |= {problem.value}  # a known one, misspelt
        return secrets.without(line, secrets.column(line, known))
    column = hidden.get((problem.place.file, problem.place.line))
    return secrets.without(line, secrets.column(line, known) if column is None else column)


def split(content: bytes) -> list[str]:
    """Return a file's lines as the parser counts them; what is not UTF-8 as surrogates."""
    lines = content.removeprefix(b"\xef\xbb\xbf").splitlines()
    return [line.decode("utf-8", "surrogateescape") for line in lines]


def comments(document: ini.Document) -> list[Problem]:
    """Return a problem for each `#` behind a value, where a comment was meant more likely.

    Not for a line that is a problem already: that one's remedy speaks of it.
    """
    known = {(problem.place.file, problem.place.line) for problem in document.problems}
    return [
        problem
        for section in document.sections.values()
        for option in section.options.values()
        for problem in _comments(section.name, option)
        if (problem.place.file, problem.place.line) not in known
    ]


def _comments(section: str, option: ini.Option) -> Iterator[Problem]:
    """Yield a problem for each line of a value that has such a sign."""
    for text, line, column in option.pieces:
        before = f" {text}"  # at each place, the character before it; the start is like a blank
        found = (at for at, sign in enumerate(text) if sign in "#;" and before[at].isspace())
        at = next(found, -1)
        if at >= 0:
            place = Place(option.place.file, line, column + at, column + len(text))
            yield Problem(place, "comment-after-value", section, option.name, text[at:])


def missing_bond(document: ini.Document, file: str) -> Problem:
    """Say that a configuration comes to nothing, and why; `file` is the one asked for, if any."""
    if document.sections or document.problems:
        return Problem(Place("", 0), "no-bond-section")
    code = "empty-configuration" if file else "no-configuration"
    return Problem(Place(file or f"/{ini.CONFIGURATION}", 0), code)

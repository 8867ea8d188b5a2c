# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which parts of a configuration may be a password: no message repeats them.

Passwords stand in wpa_supplicant.conf(5), and get into this file by mistake: as the value of an
option that is not wbond's, behind a name such as psk in a value, on a continuation line, or
alone on a line. Loaded only where something is wrong, as wbond.messages is.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from wbond.ini import Document, Option, Problem

Lines = dict[tuple[str, int], int]  # a column, by file and line
# What other programs call a password or a key, as a part of the name.
_NAMES = ("psk", "pass", "secret", "key", "pin", "wep")
_NONE = 0


def hide(document: "Document", problems: "Iterable[Problem]", known: "Collection[str]") -> None:
    """Put as many stars into problems in place of what may be a password.

    `known` are wbond's options.
    """
    hidden = columns(document, known)
    for problem in problems:
        column = hidden.get((problem.place.file, problem.place.line), _NONE)
        if column and problem.place.column >= column:
            problem.value = "*" * len(problem.value)
        elif at := _behind_name(problem.value):
            problem.value = without(problem.value, at)


def columns(document: "Document", known: "Collection[str]") -> Lines:
    """Return for each line of a value the column from which on it is hidden, 0 for none.

    Lines that are neither a section, an option nor a comment are in it, hidden as a whole.
    """
    found: Lines = {}
    for section in document.sections.values():
        for option in section.options.values():
            found |= _columns(option, known)
    for problem in document.problems:
        if problem.code == "not-an-assignment":
            found[problem.place.file, problem.place.line] = problem.place.column
    return found


def _columns(option: "Option", known: "Collection[str]") -> Lines:
    """Return the same for an option: behind the first sign of a password all is hidden."""
    found: Lines = {}
    hidden = not _may_be_shown(option.name, known)
    for text, line, column in option.pieces:
        at = 1 if hidden else _behind_name(text)
        hidden = at != _NONE
        found[option.place.file, line] = column + at - 1 if hidden else _NONE
    return found


def column(line: str, known: "Collection[str]") -> int:
    """Return the column from which on a line is hidden if it is looked at by itself; 0 for none."""
    content = line.lstrip()
    indent = len(line) - len(content)
    if content[:1] in ("[", "#", ";"):
        return _NONE
    end = min((at for at in (content.find("="), content.find(":")) if at > 0), default=0)
    if not end:
        return indent + 1
    value = content[end + 1 :].lstrip()
    at = _behind_name(value) if _may_be_shown(content[:end], known) else 1
    return len(line) - len(value) + at if at else _NONE


def without(text: str, column: int) -> str:
    """Return a text, as long as before, with stars from a column on; 0 changes nothing."""
    return text[: column - 1] + "*" * (len(text) - column + 1) if column else text


def _may_be_shown(option: str, known: "Collection[str]") -> bool:
    """Tell whether an option is one of wbond's, none of which has a secret."""
    return option.partition("[")[0].strip().lower() in known


def _behind_name(text: str) -> int:
    """Return the column of what a text assigns to the name of a secret; 0 where it does not."""
    for at, sign in enumerate(text):
        if sign in "=:":
            words = text[:at].lower().split()
            if words and any(name in words[-1] for name in _NAMES):
                value = text[at + 1 :].lstrip()
                return len(text) - len(value) + 1
    return _NONE

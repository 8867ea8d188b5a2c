# SPDX-License-Identifier: LGPL-2.1-or-later
"""Problems of the configuration -> findings: the words that are meant, and what to write instead.

The generator tells file and line, which is all that it has time for; the
column is looked up here, in the line itself.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from wbond import config, ini
from wbond.ini import Problem

from wbond_cli.check.diagnostics import ERROR, WARNING, Finding

Lines = Callable[[str], list[str]]  # of a file by the name that its problems have

# Nothing that was said is lost here: a line of two that say the same, a rounded number.
_LESSER = ("; this one is taken", " ms is used")
_PORTS_ONLY = (*config.PORT_LISTS, "kind", "priority")
_COMMENT = "A comment takes a line of its own: behind a value, # and ; are part of the value."
_NAMES = "`ip link` shows the names that there are; a glob such as en* takes all that it fits."
# What a text contains -> what to do. The first that fits holds.
_REMEDIES = (
    ("unknown option", "Take the line out; wbond.conf(5) lists the options."),
    ("lacks a host's name", "Write option[host] = value, the host as in /etc/hostname."),
    ("there is no section", "Name a section that there is, or take the parent out."),
    ("there is no bond", "Name a bond that has a section of its own, such as [bond0]."),
    ("interface name", f"Write a name of 1 to 15 bytes. {_NAMES}"),
    ("for an option;", f"Rename the interface, or leave it out. {_NAMES}"),
    ("can match no interface name", _NAMES),
    (" is a port of ", "Name it in one of the two bonds only."),
    ("is itself a bond", "Name a port here: a bond cannot be one."),
    ("is not a whole number", "Write the number alone, in digits and without a unit."),
    ("is none of", "Write one of these words."),
    ("is neither yes nor no", "Write yes or no."),
    ("cannot work with Wi-Fi", "Take the line out, or write active-backup."),
    ("is not an absolute path", "Write the whole path, from / on and without '..'."),
    ("'follow' changes", "Write active, or stable for one address that all ports have."),
    (
        "is no address of a single",
        "Write an address whose first byte is even, such as 02:00:00:12:34:56.",
    ),
    ("is not a MAC address", "Write six pairs of hexadecimal digits with colons between them."),
    ("is neither 'auto' nor", "Write auto, or the bytes as 00:04:12:34 and so on, type first."),
    ("is not a wpa_supplicant driver", "Write nl80211, or take the line out."),
    ("is not the name of a unit", "Write the whole name with its suffix, such as dhcpcd.service."),
    ("has no value", "Write a value behind the =, or take the line out."),
    ("is given twice", "Take one of the two lines out."),
    ("is no multiple of miimon", "Write the number that is used, or another multiple of miimon."),
    ("needs 'kind", "Write kind = wired or kind = wireless below the section's name."),
    ("needs a match_ option", "Say how the port is known, such as match_usb = 17ef:a387."),
    ("needs a name after", "Write a name of your choice behind the slash: [bond0/dock]."),
    ("stands before any section", "Put the bond's name above it: [bond0]."),
    ("is no section header", "Write the name in brackets, alone on its line: [bond0]."),
    ("is neither a section", "Write option = value, or begin the line with # for a comment."),
    ("is not UTF-8", "Save the file as UTF-8, or write this line anew."),
    ("control character", "Take the marked character out."),
    ("has a tab in it", "Take the tab out, or rename what it names."),
    ("more faults", "Mend those above first; this seems to be no wbond.conf."),
    ("Permission denied", "Run `sudo wbond check`, or let everybody read the file: chmod 0644."),
    ("No such file", "Remove the link, or make what it leads to."),
    ("is not a regular file", "Remove it, or put a file in its place."),
    ("is larger than", "Remove it; this seems to be no wbond.conf."),
)


def findings(problems: Iterable[Problem], lines: Lines) -> Iterator[Finding]:
    """Yield a finding for each problem, in the order given."""
    for problem in problems:
        number, column, width = mark(problem, lines(problem.place.file))
        source = lines(problem.place.file)[number - 1] if column else ""
        yield Finding(
            severity=WARNING if problem.text.endswith(_LESSER) else ERROR,
            text=problem.text,
            remedy=remedy(problem, source[column - 1 : column - 1 + width] if column else ""),
            file=problem.place.file,
            line=number,
            section=problem.section,
            option=problem.option,
            column=column,
            width=width,
            source=source,
        )


def split(content: bytes) -> list[str]:
    """Return a file's lines as the parser counts them; what is not UTF-8 as surrogates."""
    lines = content.removeprefix(b"\xef\xbb\xbf").splitlines()
    return [line.decode("utf-8", "surrogateescape") for line in lines]


def remedy(problem: Problem, meant: str) -> str:
    """Return what to do about a problem; `meant` is what is marked of the line."""
    text = problem.text
    if " #" in meant or " ;" in meant or meant[:1] in ("#", ";"):
        return _COMMENT
    if near := re.search(r"\(did you mean '(.*)'\?\)", text):
        return f"Write {near[1]} if that is what is meant; else take it out."
    if text.startswith("unknown option"):
        stem = problem.option.partition("[")[0]
        if stem in _PORTS_ONLY:
            return "It says something of a port: put it into a section such as [bond0/dock]."
        if stem in config.BOND_SETTINGS or stem in config.BOND_LISTS:
            return "It says something of the bond: put it into the bond's own section."
    return next((what for part, what in _REMEDIES if part in text), "See wbond.conf(5).")


def mark(problem: Problem, lines: list[str]) -> tuple[int, int, int]:
    """Return line, column (from 1) and width of what a problem is about; 0 where nothing is."""
    number = problem.place.line
    if not 0 < number <= len(lines):
        return number, 0, 0
    line = lines[number - 1]
    if spot := _unreadable(problem.text, line):
        return number, spot, 1
    if problem.option:
        for at, start in _value_lines(lines, number):
            if found := _in_value(problem, lines[at - 1], start):
                return at, *found
        return number, *_extent(line, 0, _name_end(line))
    if line.lstrip()[:1] == "[" and line.rstrip()[-1:] == "]":
        return number, *_in_header(problem.text, line)
    return number, *_extent(line, 0, len(line))


def _unreadable(text: str, line: str) -> int:
    """Return the column of what makes a line be skipped as a whole, 0 for other problems."""
    if "is not UTF-8" in text:
        odd = [at for at, c in enumerate(line, 1) if "\udc80" <= c <= "\udcff"]
    elif "control character" in text:
        kinds = [unicodedata.category(c) if c != "\t" else "" for c in line]
        odd = [at for at, kind in enumerate(kinds, 1) if kind in ("Cc", "Cn")]
    else:
        return 0
    return odd[0] if odd else 0


def _name_end(line: str) -> int:
    """Return where an assignment's name ends, as the parser has it (ini.py, assignment())."""
    lead = len(line) - len(line.lstrip())
    ends = [at for at in (line.find("=", lead), line.find(":", lead)) if at > lead]
    return min(ends, default=len(line))


def _value_lines(lines: list[str], number: int) -> Iterator[tuple[int, int]]:
    """Yield the lines that an option's value takes, each with where the value begins in it."""
    first = lines[number - 1]
    yield number, _name_end(first) + 1
    indent = len(first) - len(first.lstrip())
    for at in range(number + 1, len(lines) + 1):
        line = lines[at - 1]
        if not line.strip():
            return
        if line.lstrip()[0] in "#;":
            continue
        if len(line) - len(line.lstrip()) <= indent:
            return
        yield at, 0


def _in_value(problem: Problem, line: str, start: int) -> tuple[int, int] | None:
    """Find the words of a value that a problem quotes, or the number that it begins with."""
    stem = problem.option.partition("[")[0]
    entries = list(_entries(line, start))
    if stem not in config.BOND_LISTS and stem not in config.PORT_LISTS:
        entries = [(start + len(line[start:]) - len(line[start:].lstrip()), line[start:].strip())]
    for wanted in _quoted(problem.text):
        for at, entry in entries:
            if entry == wanted:
                return at + 1, len(entry)
    return None


def _entries(line: str, start: int) -> Iterator[tuple[int, str]]:
    for entry in re.finditer(r"\S+", line[start:]):
        yield start + entry.start(), entry[0]


def _quoted(text: str) -> Iterator[str]:
    """Yield what the first quotes may hold, the longest first: a value may hold quotes itself."""
    number = text.split(" ", 1)[0]
    if number.isdigit():
        yield number
    if text[:1] == "'":
        yield from (text[1:at] for at in range(len(text) - 1, 0, -1) if text[at] == "'")


def _in_header(text: str, line: str) -> tuple[int, int]:
    """Find the name that a problem is about among `[name:parent1:parent2]`; else all of it."""
    start = line.find("[") + 1
    inner = line[start : line.rfind("]")]
    if "is no section header" in text:
        return _extent(line, 0, len(line))
    missing = re.search(r"there is no (section|bond) \[(.*?)\](?: \(did|;)", text)
    spots = [(start + part.start(), part[0]) for part in re.finditer(r"[^:]+", inner)]
    if missing and missing[1] == "section":
        spots = [spot for spot in spots[1:] if spot[1].strip() == missing[2]] or spots
    at, name = spots[0]
    if missing and missing[1] == "bond":
        name = name.partition("/")[0]
    return _extent(line, at, at + len(name))


def _extent(line: str, start: int, end: int) -> tuple[int, int]:
    """Return column and width of a part of a line without the blanks around it."""
    part = line[start:end]
    lead = len(part) - len(part.lstrip())
    return start + lead + 1, max(len(part.strip()), 1)


def comments(document: ini.Document, lines: Lines) -> Iterator[Finding]:
    """Yield a warning for each `#` behind a value, where a comment was meant more likely."""
    told = {(problem.place.file, problem.place.line) for problem in document.problems}
    for section in document.sections.values():
        for option in section.options.values():
            place = option.place
            if (place.file, place.line) in told:
                continue
            for number, start in _value_lines(lines(place.file), place.line):
                line = lines(place.file)[number - 1]
                hits = [at for at, entry in _entries(line, start) if entry[0] in "#;"]
                if hits:
                    yield _comment(section.name, option, number, line, hits[0])


def _comment(section: str, option: ini.Option, number: int, line: str, at: int) -> Finding:
    column, width = _extent(line, at, len(line))
    text = f"'{line[at:].strip()}' is taken for part of the value"
    place = (option.place.file, number, section, option.name)
    return Finding(WARNING, text, _COMMENT, *place, column, width, line)

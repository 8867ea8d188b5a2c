# SPDX-License-Identifier: LGPL-2.1-or-later
"""The text level of the configuration: files -> sections and options with their places.

The dialect is the standard configparser's (sections, `=` or `:`, continuation
by indentation, full-line comments with # or ;) with the additions of
configparser-extended: `[child:parent1:parent2]` and `option[host]`. It is read
here by hand because configparser keeps no line numbers, gives up at the first
fault, and costs more to import than the generator may take in all.
"""

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

CONFIGURATION = "etc/wbond.conf"
# systemd's order of precedence: of files with one name the first is taken.
DROP_IN_DIRECTORIES = ("etc", "run", "usr/local/lib", "usr/lib")
SIZE_MAX = 1 << 20  # bytes; a larger file is no configuration
PROBLEMS_MAX = 40  # a file; rubbish must not flood the kernel's log


class Place:
    """Where something was said: file and line (0: the file as a whole)."""

    __slots__ = ("file", "line")

    def __init__(self, file: str, line: int) -> None:
        self.file, self.line = file, line

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Problem:
    """A fault of the user's: where, what is wrong, what is done instead."""

    __slots__ = ("option", "place", "section", "text")

    def __init__(self, place: Place, section: str, option: str, text: str) -> None:
        self.place, self.section, self.option, self.text = place, section, option, text

    def __str__(self) -> str:
        section = f" [{self.section}]" if self.section else ""
        option = f" {self.option}" if self.option else ""
        about = f"{section}{option}:" if section or option else ""
        return f"{self.place}:{about} {self.text}"


class Option:
    """One assignment: the value as written, lines of a continuation joined by a blank."""

    __slots__ = ("name", "place", "value")

    def __init__(self, name: str, value: str, place: Place) -> None:
        self.name, self.value, self.place = name, value, place


class Section:
    """A section of all files together; `options` by name, `option[host]` a name of its own."""

    __slots__ = ("name", "options", "parents", "place")

    def __init__(self, name: str, parents: tuple[str, ...], place: Place) -> None:
        self.name, self.parents, self.place = name, parents, place
        self.options: dict[str, Option] = {}


class Document:
    """All files read: sections in order of appearance, and what was wrong with the text."""

    __slots__ = ("_counts", "problems", "sections")

    def __init__(self) -> None:
        self.sections: dict[str, Section] = {}
        self.problems: list[Problem] = []
        self._counts: dict[str, int] = {}

    def problem(self, place: Place, section: str, option: str, text: "Callable[[], str]") -> None:
        """Note a problem; past PROBLEMS_MAX of a file only that there are more.

        `text` is asked for only if it is wanted: a suggestion takes its time.
        """
        count = self._counts[place.file] = self._counts.get(place.file, 0) + 1
        if count <= PROBLEMS_MAX:
            self.problems.append(Problem(place, section, option, text()))
        elif count == PROBLEMS_MAX + 1:
            more = "more faults in this file are not listed"
            self.problems.append(Problem(place, section, "", more))


def read(root: str) -> Document:
    """Read /etc/wbond.conf and its drop-ins below `root`. Never raises for what a file holds."""
    document = Document()
    for name in files(root):
        try:
            text = content(os.path.join(root, name))
        except (OSError, ValueError) as fault:
            reason = fault.strerror or str(fault) if isinstance(fault, OSError) else str(fault)
            told = Problem(Place("/" + name, 0), "", "", f"{reason}; the file is left out")
            document.problems.append(told)
            continue
        parse(text, "/" + name, document)
    return document


def files(root: str) -> list[str]:
    """List the files to read, in order, relative to `root`."""
    found = [CONFIGURATION] if os.path.lexists(os.path.join(root, CONFIGURATION)) else []
    drop_ins: dict[str, str] = {}
    for directory in DROP_IN_DIRECTORIES:
        folder = f"{directory}/wbond.conf.d"
        try:
            names = os.listdir(os.path.join(root, folder))
        except OSError:
            continue
        for name in names:
            # A name is written into SourcePath= and the log: one line each.
            if name.endswith(".conf") and name[0] != "." and name.isprintable():
                drop_ins.setdefault(name, f"{folder}/{name}")
    return found + [drop_ins[name] for name in sorted(drop_ins)]


def content(path: str) -> bytes:
    """Return a file's bytes; empty for a masked one (a link to /dev/null).

    Raises OSError, or ValueError with what is wrong. Never blocks on a FIFO.
    """
    if os.path.islink(path) and os.readlink(path) == "/dev/null":
        return b""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("is not a regular file")
        if status.st_size > SIZE_MAX:
            raise ValueError(f"is larger than {SIZE_MAX} bytes")
        content = b""
        while len(content) <= SIZE_MAX and (chunk := os.read(fd, SIZE_MAX + 1 - len(content))):
            content += chunk
        return content
    finally:
        os.close(fd)


class _Parser:
    """The state between two lines of one file."""

    __slots__ = ("document", "file", "headed", "indent", "option", "section", "seen")

    def __init__(self, file: str, document: Document) -> None:
        self.file, self.document = file, document
        self.headed = False
        self.section: Section | None = None
        self.option: Option | None = None
        self.indent = 0
        self.seen: set[tuple[str, str]] = set()

    def fault(self, number: int, text: str, option: str = "") -> None:
        """Note a problem of this file."""
        section = self.section.name if self.section else ""
        self.document.problem(Place(self.file, number), section, option, lambda: text)

    def skip(self, number: int, raw: bytes, text: str) -> None:
        """Leave a line out, and with it what belongs to it: a section, or a continuation."""
        self.fault(number, text)
        if raw.lstrip()[:1] == b"[":
            self.section = self.option = None
            self.headed = True
        elif self.option is None or _indent(raw) <= self.indent:
            self.indent = _indent(raw)
            self.option = Option("", "", Place(self.file, number))

    def line(self, number: int, line: str) -> None:
        """Take one line in."""
        content = line.strip()
        if not content:
            self.option = None
        elif content[0] in "#;":
            pass
        elif self.option and _indent(line) > self.indent:
            self.option.value = f"{self.option.value} {content}".strip()
        elif content[0] == "[":
            self.header(number, content)
        else:
            self.assignment(number, line, content)

    def header(self, number: int, content: str) -> None:
        """`[name]` or `[name:parent1:parent2]`."""
        self.section = self.option = None
        self.headed = True
        names = [name.strip() for name in content[1:-1].split(":")]
        if content[-1] != "]" or not all(names):
            self.fault(number, "is no section header such as [bond0]; skipped up to the next one")
            return
        name, parents = names[0], tuple(names[1:])
        self.section = self.document.sections.get(name)
        if self.section is None:
            self.section = Section(name, parents, Place(self.file, number))
            self.document.sections[name] = self.section
        elif parents:
            self.section.parents = parents

    def assignment(self, number: int, line: str, content: str) -> None:
        """`option = value`, `option: value` or `option[host] = value`."""
        self.option = None
        if self.section is None and self.headed:
            return
        end = min((at for at in (content.find("="), content.find(":")) if at > 0), default=0)
        if not end:
            self.fault(number, "is neither a section, an option nor a comment; the line is skipped")
            return
        name = _option_name(content[:end].lower())
        if self.section is None:
            self.fault(number, "stands before any section such as [bond0]; skipped", name)
            return
        if (self.section.name, name) in self.seen:
            self.fault(number, "is given twice; this one is taken", name)
        self.seen.add((self.section.name, name))
        self.indent = _indent(line)
        self.option = Option(name, content[end + 1 :].strip(), Place(self.file, number))
        self.section.options[name] = self.option


def _option_name(text: str) -> str:
    """Return `option` or `option[host]` without the blanks around either."""
    stem, bracket, host = text.partition("[")
    if bracket and host.rstrip()[-1:] == "]":
        return f"{stem.strip()}[{host.rstrip()[:-1].strip()}]"
    return text.strip()


def _indent(line: str | bytes) -> int:
    return len(line) - len(line.lstrip())


def _unfit(line: str) -> bool:
    """Tell whether a line holds a control character other than a tab, or a noncharacter.

    systemd takes neither in a unit (unichar_is_valid(), src/basic/utf8.c).
    """
    text = line.replace("\t", " ")
    if text.isprintable():
        return False
    codes = [ord(character) for character in text]
    return any(
        code < 0x20 or code == 0x7F or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
        for code in codes
    )


def parse(content: bytes, file: str, document: Document) -> None:
    """Add one file's text to `document`; later assignments win over those of earlier files."""
    parser = _Parser(file, document)
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError:
            parser.skip(number, raw, "is not UTF-8 text; the line is skipped")
            continue
        if _unfit(line):
            parser.skip(number, raw, "holds a control character; the line is skipped")
            continue
        parser.line(number, line)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The text level of the configuration: files -> sections and options with their places.

The dialect is the standard configparser's (sections, `=` or `:`, continuation
by indentation, full-line comments with # or ;) with the additions of
configparser-extended: `[child:parent1:parent2]` and `option[host]`. It is read
here by hand because configparser keeps no places, gives up at the first error,
and costs more to import than the generator may take in all.
"""

import os
import stat

from wbond import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

CONFIGURATION = "etc/wbond.conf"
# systemd's order of precedence: of files with one name the first is taken.
DROP_IN_DIRECTORIES = ("etc", "run", "usr/local/lib", "usr/lib")
HOST_NAME_MAX = 64  # gethostname(2)
SIZE_MAX = 1 << 20  # bytes; a larger file is no configuration
PROBLEMS_MAX = 40  # a file; rubbish must not flood the kernel's log


class Place:
    """Where something is written: a file, a line, and columns of it, all counted from 1.

    `end` is the column behind the last character. Columns are 0 where a line is
    meant as a whole, and the line is 0 where a file is.
    """

    __slots__ = ("column", "end", "file", "line")

    def __init__(self, file: str, line: int, column: int = 0, end: int = 0) -> None:
        self.file, self.line, self.column, self.end = file, line, column, end

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Problem:
    """Something that is wrong with a configuration, as data.

    `code` names it, `value` is the text that is wrong, at `place`. `arguments`
    is what the code's sentence needs besides. `effect` tells what is lost where
    the code leaves that open (messages.EFFECTS).
    """

    __slots__ = ("arguments", "code", "effect", "option", "place", "section", "value")

    def __init__(
        self,
        place: Place,
        code: str,
        section: str = "",
        option: str = "",
        value: str = "",
        effect: str = "",
        arguments: "dict[str, Any] | None" = None,
    ) -> None:
        self.place, self.code, self.section, self.option = place, code, section, option
        self.value, self.effect, self.arguments = value, effect, arguments or {}


class Option:
    """One assignment; `place` is its name's.

    `pieces` are what its lines say, each with line and column: several where the
    value is continued, joined by a blank.
    """

    __slots__ = ("name", "pieces", "place")

    def __init__(self, name: str, place: Place, pieces: "list[tuple[str, int, int]]") -> None:
        self.name, self.place, self.pieces = name, place, pieces

    @property
    def value(self) -> str:
        """Return the value as it is written."""
        if len(self.pieces) == 1:
            return self.pieces[0][0]
        return " ".join(text for text, _, _ in self.pieces if text)

    @property
    def value_place(self) -> Place:
        """Return the value's place; the name's where there is no value, or in several lines."""
        pieces = [piece for piece in self.pieces if piece[0]]
        if len(pieces) != 1:
            return self.place
        text, line, column = pieces[0]
        return Place(self.place.file, line, column, column + len(text))

    def entries(self) -> "Iterator[tuple[str, Place]]":
        """Yield the entries of a list, which blanks part, with their places."""
        for text, line, column in self.pieces:
            at = 0
            for entry in text.split():
                start = text.index(entry, at)
                at = start + len(entry)
                yield entry, Place(self.place.file, line, column + start, column + at)


class Section:
    """A section of all files together; `options` by name, `option[host]` a name of its own."""

    __slots__ = ("name", "options", "parents", "place")

    def __init__(self, name: str, parents: dict[str, Place], place: Place) -> None:
        self.name, self.parents, self.place = name, parents, place
        self.options: dict[str, Option] = {}


class Document:
    """All files read: sections in order of appearance, and what was wrong with the text."""

    __slots__ = ("_counts", "problems", "sections")

    def __init__(self) -> None:
        self.sections: dict[str, Section] = {}
        self.problems: list[Problem] = []
        self._counts: dict[str, int] = {}

    def problem(
        self,
        place: Place,
        error: ConfigError,
        section: str = "",
        option: str = "",
        value: str = "",
        effect: str = "",
    ) -> None:
        """Note a problem; past PROBLEMS_MAX of a file only that there are more."""
        count = self._counts[place.file] = self._counts.get(place.file, 0) + 1
        if count <= PROBLEMS_MAX:
            self.problems.append(
                Problem(place, error.code, section, option, value, effect, error.arguments)
            )
        elif count == PROBLEMS_MAX + 1:
            self.problems.append(Problem(Place(place.file, place.line), "too-many-problems"))


def read(root: str) -> Document:
    """Read /etc/wbond.conf and its drop-ins below `root`. Never raises for what a file holds."""
    document = Document()
    for name in files(root):
        read_file(os.path.join(root, name), "/" + name, document)
    return document


def read_file(path: str, name: str, document: Document) -> None:
    """Add a file to `document`; `name` is what its places call it. One unreadable is a problem."""
    try:
        text = content(path)
    except OSError as error:
        cause = ConfigError(_unreadable(error), reason=error.strerror)
        document.problem(Place(name, 0), cause)
    except ConfigError as error:
        document.problem(Place(name, 0), error)
    else:
        parse(text, name, document)


def _unreadable(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "permission-denied"
    return "file-not-found" if isinstance(error, FileNotFoundError) else "unreadable-file"


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
            if is_drop_in(name):
                drop_ins.setdefault(name, f"{folder}/{name}")
    return found + [drop_ins[name] for name in sorted(drop_ins)]


def is_drop_in(name: str) -> bool:
    """Tell whether a file of this name in wbond.conf.d is read."""
    # A name is written into SourcePath= and the log: one line each.
    return name.endswith(".conf") and name[0] != "." and name.isprintable()


def content(path: str) -> bytes:
    """Return a file's bytes; empty for a masked one (a link to /dev/null).

    Raises OSError, or ConfigError for what is no configuration. Never blocks on a FIFO.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            # Asked here, because most files that are looked for do not exist.
            if os.path.islink(path) and os.readlink(path) == "/dev/null":
                return b""
            raise ConfigError("not-a-regular-file")
        if status.st_size > SIZE_MAX:
            raise ConfigError("file-too-large", limit=SIZE_MAX)
        content = b""
        while len(content) <= SIZE_MAX and (chunk := os.read(fd, SIZE_MAX + 1 - len(content))):
            content += chunk
        return content
    finally:
        os.close(fd)


def hostname(root: str) -> str:
    """Return the static host name up to its first dot, or nothing (hostname(5))."""
    try:
        text = content(os.path.join(root, "etc/hostname"))
    except (OSError, ValueError):
        return ""
    lines = text.decode("utf-8", "replace").splitlines()
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return names[0].partition(".")[0][:HOST_NAME_MAX] if names else ""


def variants(hostname: str) -> "Iterator[str]":
    """`a_b_c` -> a_b_c, a_b, a: the order in which configparser-extended tries them."""
    variant = hostname.lower()
    while variant:
        yield variant
        variant = variant.rpartition("_")[0]


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

    def problem(self, code: str, place: Place, value: str, option: str = "") -> None:
        """Note a problem of this file."""
        section = self.section.name if self.section else ""
        self.document.problem(place, ConfigError(code), section, option, value)

    def skip(self, number: int, raw: bytes, code: str, before: str, odd: str) -> None:
        """Leave a line out because of `odd`, which stands behind `before`.

        What belongs to the line goes with it: a section, or a continuation.
        """
        column = len(before) + 1
        self.problem(code, Place(self.file, number, column, column + 1), odd)
        if raw.lstrip()[:1] == b"[":
            self.section = self.option = None
            self.headed = True
        elif self.option is None or _indent(raw) <= self.indent:
            self.indent = _indent(raw)
            self.option = Option("", Place(self.file, number), [])

    def line(self, number: int, line: str) -> None:
        """Take one line in."""
        content = line.strip()
        if not content:
            self.option = None
        elif content[0] in "#;":
            pass
        elif self.option and _indent(line) > self.indent:
            self.option.pieces.append((content, number, _indent(line) + 1))
        elif content[0] == "[":
            self.header(number, line, content)
        else:
            self.assignment(number, line, content)

    def header(self, number: int, line: str, content: str) -> None:
        """`[name]` or `[name:parent1:parent2]`."""
        self.section = self.option = None
        self.headed = True
        names = content[1:-1].split(":")
        if content[-1] != "]" or not all(map(str.strip, names)):
            self.problem("not-a-header", self.place(number, _indent(line), content), content)
            return
        found = []
        start = _indent(line) + 1
        for text in names:
            name = text.strip()
            found.append((name, self.place(number, start + _indent(text), name)))
            start += len(text) + 1
        (name, place), parents = found[0], dict(found[1:])
        self.section = self.document.sections.get(name)
        if self.section is None:
            self.section = self.document.sections[name] = Section(name, parents, place)
        elif parents:
            self.section.parents = parents

    def assignment(self, number: int, line: str, content: str) -> None:
        """`option = value`, `option: value` or `option[host] = value`."""
        self.option = None
        if self.section is None and self.headed:
            return
        indent = _indent(line)
        end = min((at for at in (content.find("="), content.find(":")) if at > 0), default=0)
        if not end:
            self.problem("not-an-assignment", self.place(number, indent, content), content)
            return
        written = content[:end].rstrip()
        name, place = _option_name(written.lower()), self.place(number, indent, written)
        if self.section is None:
            self.problem("option-outside-section", place, written, name)
            return
        if (self.section.name, name) in self.seen:
            self.problem("duplicate-option", place, written, name)
        self.seen.add((self.section.name, name))
        self.indent = indent
        text = content[end + 1 :]
        value = text.lstrip()
        piece = value, number, indent + end + 2 + len(text) - len(value)
        self.option = self.section.options[name] = Option(name, place, [piece])

    def place(self, number: int, start: int, text: str) -> Place:
        """Return the place of a text that begins behind `start` characters of its line."""
        return Place(self.file, number, start + 1, start + 1 + len(text))


def _option_name(text: str) -> str:
    """Return `option` or `option[host]` without the blanks around either."""
    stem, bracket, host = text.partition("[")
    if bracket and host.rstrip()[-1:] == "]":
        return f"{stem.strip()}[{host.rstrip()[:-1].strip()}]"
    return text.strip()


def _indent(line: str | bytes) -> int:
    return len(line) - len(line.lstrip())


def _odd_character(line: str) -> int:
    """Return where a control character other than a tab is, or a noncharacter; -1 without one.

    systemd takes neither in a unit (unichar_is_valid(), src/basic/utf8.c).
    """
    text = line.replace("\t", " ")
    if text.isprintable():
        return -1
    for at, character in enumerate(text):
        code = ord(character)
        if code < 0x20 or code == 0x7F or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
            return at
    return -1


def parse(content: bytes, file: str, document: Document) -> None:
    """Add one file's text to `document`; later assignments win over those of earlier files."""
    parser = _Parser(file, document)
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            text = raw[: error.start + 1].decode("utf-8", "surrogateescape")
            parser.skip(number, raw, "not-utf-8", text[:-1], text[-1])
            continue
        if (at := _odd_character(line)) >= 0:
            parser.skip(number, raw, "control-character", line[:at], line[at])
            continue
        parser.line(number, line)

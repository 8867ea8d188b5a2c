# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files of the syntax that systemd and NetworkManager share: sections, keys, values."""

from collections.abc import Iterator
from typing import NamedTuple

TRUE = ("1", "true", "yes", "on")
FALSE = ("0", "false", "no", "off")
Sections = dict[str, dict[str, list[str]]]  # of a file: section, key, all values given


class Entry(NamedTuple):
    """A line that gives a value."""

    section: str
    key: str
    value: str
    line: int


def entries(text: str) -> Iterator[Entry]:
    """Yield what is given, in its order."""
    section = ""
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        if line[:1] == "[":
            section = line.strip("[]")
        elif "=" in line and line[0] not in "#;":
            key, _, value = line.partition("=")
            yield Entry(section, key.strip(), value.strip(), number)


def sections(text: str) -> Sections:
    """Return what is given, by section and key."""
    found: Sections = {}
    for entry in entries(text):
        found.setdefault(entry.section, {}).setdefault(entry.key, []).append(entry.value)
    return found

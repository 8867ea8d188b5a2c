# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stanzas of /etc/network/interfaces that want the same interface: reported, never changed.

Files that it sources are read as well, others beside it are not. Source:
interfaces(5), and what ifquery of ifupdown 0.8.41 makes of it.
"""

import os

from wbond_net import regular_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "etc/network/interfaces"
KEYWORDS = ("auto", "iface", "no-auto-down")  # and allow-hotplug, allow-…: interfaces(5)
SOURCES = ("source", "source-directory")


def stanzas(interface: str, root: str = "/") -> list[str]:
    """Return the places, as FILE:LINE, where ifupdown is told to configure an interface."""
    return [
        f"{os.path.join(root, path)}:{number}"
        for path, number, words in lines(root)
        if _names(words, interface)
    ]


def lines(root: str) -> "Iterator[tuple[str, int, list[str]]]":
    """Yield path below the root, number and words of all lines; each file's once."""
    paths = [FILE]
    for path in paths:  # which grows
        for number, words in _read(os.path.join(root, path)):
            yield path, number, words
            if len(words) > 1 and words[0] in SOURCES:
                paths += [new for new in _sourced(root, path, *words[:2]) if new not in paths]


def _read(path: str) -> "Iterator[tuple[int, list[str]]]":
    """Yield number and words of each line; a comment is the only one that is never continued."""
    try:
        text = regular_file.read(path).decode("utf-8", "replace")
    except OSError:
        return
    numbered = enumerate(text.split("\n"), 1)
    for number, line in numbered:
        while line.endswith("\\") and line.lstrip()[0] != "#":
            line = line[:-1] + next(numbered, (0, ""))[1]
        yield number, line.split()


def _sourced(root: str, path: str, keyword: str, pattern: str) -> list[str]:
    """Return the files that a line means; a relative pattern is so to the folder of its file."""
    from glob import glob  # 0.3 ms, at each plug

    if "\0" in pattern:  # no file has such a name
        return []
    pattern = os.path.join("/", os.path.dirname(path), pattern)
    if keyword == "source-directory":
        pattern = os.path.join(pattern, "*")
    found = sorted(glob(os.path.normpath(pattern).lstrip("/"), root_dir=root))
    return [name for name in found if keyword == "source" or _is_plain(os.path.basename(name))]


def _is_plain(name: str) -> bool:
    """Tell whether a name is of letters, digits, `_` and `-`, as source-directory wants it."""
    return name.isascii() and name.replace("_", "a").replace("-", "a").isalnum()


def _names(words: list[str], interface: str) -> bool:
    keyword, *names = words or [""]
    if keyword == "iface":
        names = names[:1]
    return interface in names and (keyword in KEYWORDS or keyword.startswith("allow-"))

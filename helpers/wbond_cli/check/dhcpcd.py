# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which interfaces dhcpcd's configuration has it leave alone, as dhcpcd reads it.

Source: get_line() in src/common.c, parse_option() and splitv() in src/if-options.c, and
if_discover() in src/if.c of dhcpcd 10.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

_BLOCKS = ("interface", "ssid", "profile")  # behind these, an option is not of all interfaces


def leaves(text: str, name: str) -> bool:
    """Tell whether dhcpcd leaves an interface alone: it is denied, or not among those allowed."""
    options = list(_options(text))
    denied = [glob for option, globs in options if option == "denyinterfaces" for glob in globs]
    allowed = [glob for option, globs in options if option == "allowinterfaces" for glob in globs]
    if any(fnmatchcase(name, glob) for glob in denied):
        return True
    return bool(allowed) and not any(fnmatchcase(name, glob) for glob in allowed)


def _options(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the options of all interfaces, each with its list."""
    for line in text.splitlines():
        words = line.partition("#")[0].replace(",", " ").split()
        if words and words[0] in _BLOCKS:
            return
        if len(words) > 1 and line.lstrip()[0] != ";":
            yield words[0], words[1:]

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stanzas of /etc/network/interfaces that want the same interface: reported, never changed."""

import glob
import os

FILES = ("etc/network/interfaces", "etc/network/interfaces.d/*")
KEYWORDS = ("auto", "iface", "no-auto-down")  # and allow-hotplug, allow-…: interfaces(5)


def stanzas(interface: str, root: str = "/") -> list[str]:
    """Return the places, as FILE:LINE, where ifupdown is told to configure an interface."""
    found = []
    for pattern in FILES:
        for path in sorted(glob.glob(os.path.join(root, pattern))):
            found += [f"{path}:{number}" for number in _lines(path, interface)]
    return found


def _lines(path: str, interface: str) -> list[int]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return [number for number, line in enumerate(file, 1) if _names(line, interface)]
    except OSError:
        return []


def _names(line: str, interface: str) -> bool:
    keyword, *names = line.split() or [""]
    if keyword == "iface":
        names = names[:1]
    return interface in names and (keyword in KEYWORDS or keyword.startswith("allow-"))

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stanzas of /etc/network/interfaces that want the same interface: reported, never changed."""

import os

FILE, FOLDER = "etc/network/interfaces", "etc/network/interfaces.d"
KEYWORDS = ("auto", "iface", "no-auto-down")  # and allow-hotplug, allow-…: interfaces(5)


def stanzas(interface: str, root: str = "/") -> list[str]:
    """Return the places, as FILE:LINE, where ifupdown is told to configure an interface."""
    return [f"{path}:{number}" for path in _files(root) for number in _lines(path, interface)]


def _files(root: str) -> list[str]:
    folder = os.path.join(root, FOLDER)
    try:
        names = sorted(name for name in os.listdir(folder) if name[0] != ".")
    except OSError:
        names = []
    return [os.path.join(root, FILE), *(os.path.join(folder, name) for name in names)]


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

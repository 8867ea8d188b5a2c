# SPDX-License-Identifier: LGPL-2.1-or-later
"""Settings of one interface (Documentation/networking/ip-sysctl.rst); they go with it."""

import os

CONF = "/proc/sys/net/{family}/conf"
FAMILIES = ("ipv4", "ipv6")


def write(family: str, interface: str, name: str, value: str) -> None:
    """Set one; nothing where the kernel does without the family or the setting. Raises OSError."""
    try:
        with open(_path(family, interface, name), "w", encoding="ascii") as file:
            file.write(value)
    except FileNotFoundError:
        pass


def read(family: str, interface: str, name: str) -> str:
    """Return one; empty where there is none."""
    try:
        with open(_path(family, interface, name), encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def _path(family: str, interface: str, name: str) -> str:
    return os.path.join(CONF.format(family=family), interface, name)

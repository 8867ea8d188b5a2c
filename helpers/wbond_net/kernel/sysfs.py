# SPDX-License-Identifier: LGPL-2.1-or-later
"""Network interfaces as sysfs shows them (Documentation/ABI/testing/sysfs-class-net)."""

import os

SYSFS = "/sys/class/net"


def attribute(name: str, what: str) -> str:
    """Return a sysfs attribute of an interface without its newline; empty when there is none."""
    try:
        with open(os.path.join(SYSFS, name, what), encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def exists(name: str) -> bool:
    """Tell whether the interface is there."""
    return os.path.lexists(os.path.join(SYSFS, name))


def is_bond(name: str) -> bool:
    """Tell whether the interface is a bond of the kernel's bonding driver."""
    return os.path.isdir(os.path.join(SYSFS, name, "bonding"))


def is_radio(name: str) -> bool:
    """Tell a radio from a cable, also one whose driver has wireless extensions alone."""
    return exists(f"{name}/phy80211") or exists(f"{name}/wireless")


def is_up(name: str) -> bool:
    """Tell whether the interface is administratively up (IFF_UP, netdevice(7))."""
    return bool(int(attribute(name, "flags") or "0", 16) & 1)


def ports(bond: str) -> list[str]:
    """Return the bond's ports in the order in which they joined."""
    return attribute(bond, "bonding/slaves").split()


def master(name: str) -> str:
    """Return the name of the bond or bridge that the interface is a port of, or nothing."""
    try:
        return os.path.basename(os.readlink(os.path.join(SYSFS, name, "master")))
    except OSError:
        return ""

# SPDX-License-Identifier: LGPL-2.1-or-later
"""All programs whose configuration comes over, in the order in which they are asked."""

from collections.abc import Iterable

from wbond_cli.check.machine import Machine
from wbond_cli.imports import by_hand, ifupdown, netctl, netplan, networkd, networkmanager
from wbond_cli.imports.record import Found


def read(machine: Machine, wanted: Iterable[str]) -> Found:
    """Return what the programs named are configured to do; all, if none is named."""
    found, names = Found(machine), set(wanted)

    def asked(name: str) -> bool:
        return not names or name in names

    if asked("by-hand"):
        by_hand.read(found)
    from_yaml = asked("netplan") and netplan.read(found)
    if asked("networkmanager"):
        networkmanager.read(found, without_netplan=from_yaml)
    if asked("networkd"):
        networkd.read(found, without_netplan=from_yaml)
    if asked("netctl"):
        netctl.read(found)
    if asked("ifupdown"):
        ifupdown.read(found)
    return found

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The network adapters of a machine, without udev and below any root."""

import os
from typing import NamedTuple

from wbond_udev import adapter
from wbond_udev.match import WIRELESS, Facts

from wbond_cli.check.machine import Machine

FOLDER = "sys/class/net"
_NET_ADDR_PERM = "0"  # linux/netdevice.h; the sysfs attribute `addr_assign_type`


class Adapter(NamedTuple):
    """A cable or a radio. `plugged`: may be pulled, so that another may have its name tomorrow.

    `old_radio`: its driver has wireless extensions alone, and no nl80211.
    """

    facts: Facts
    plugged: bool
    blocked: str  # the rfkill switch that blocks it: "", "soft", "hard"
    old_radio: bool = False


def adapters(machine: Machine) -> list[Adapter]:
    """Return hardware and radios in the order in which the kernel found them."""
    found = []
    for name in machine.names(FOLDER):
        folder = os.path.join(machine.root, FOLDER, name)
        if adapter.kind(folder) and (not machine.running or adapter.is_station(folder)):
            index = adapter.attribute(folder, "ifindex")
            order = int(index) if index.isdecimal() else 0
            found.append((order, _adapter(machine, folder, name, index)))
    return [one for _, one in sorted(found)]


def _adapter(machine: Machine, folder: str, name: str, index: str) -> Adapter:
    mac = _own_address(machine, folder, index)
    radio = adapter.kind(folder) == WIRELESS
    return Adapter(
        facts=adapter.facts(folder, name, lambda key: _udev_property(machine, index, key), mac),
        plugged=_plugged(list(adapter.parents(folder))),
        blocked=_blocked(machine, name),
        old_radio=radio and not os.path.isdir(os.path.join(folder, "phy80211")),
    )


def _own_address(machine: Machine, folder: str, index: str) -> str:
    """Return the address that an adapter was made with, as far as it can be known."""
    noted = _udev_property(machine, index, "WBOND_ADDRESS")
    if machine.running and index.isdigit():
        return adapter.own_address(int(index), noted)
    present = adapter.attribute(folder, "address")
    if adapter.attribute(folder, "addr_assign_type") == _NET_ADDR_PERM:
        return present
    return adapter.attribute(folder, "phy80211/macaddress") or noted or present


def _udev_property(machine: Machine, index: str, name: str) -> str:
    """Return what udev's database has of a device (udev's src/libsystemd/sd-device, `n3`)."""
    for line in machine.attribute(f"run/udev/data/n{index}").splitlines():
        if line.startswith(f"E:{name}="):
            return line.partition("=")[2]
    return ""


def _plugged(parents: list[str]) -> bool:
    """Tell whether a device can be pulled: firmware says so, or it is USB and nothing denies it.

    Source: sysfs-bus-usb and sysfs-bus-pci (`removable`) in the kernel's Documentation/ABI.
    """
    if any(adapter.attribute(folder, "removable") == "removable" for folder in parents):
        return True
    nearest = next(filter(adapter.usb, parents), None)
    return nearest is not None and adapter.attribute(nearest, "removable") != "fixed"


def _blocked(machine: Machine, name: str) -> str:
    for switch in machine.names(f"{FOLDER}/{name}/phy80211"):
        for how in ("hard", "soft"):
            if switch.startswith("rfkill") and (
                machine.attribute(f"{FOLDER}/{name}/phy80211/{switch}/{how}") == "1"
            ):
                return how
    return ""

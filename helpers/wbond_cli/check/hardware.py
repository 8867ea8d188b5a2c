# SPDX-License-Identifier: LGPL-2.1-or-later
"""The network adapters of a machine by sysfs, in the terms in which ports are matched.

wbond-udev sees the same with udev's eyes (wbond_udev.device); this works
without udev and as an ordinary user, below any root.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

from wbond_udev.match import VIRTUAL, WIRED, WIRELESS, Facts

from wbond_cli.check.machine import Machine

FOLDER = "sys/class/net"
_ARPHRD_ETHER = "1"  # linux/if_arp.h; the sysfs attribute `type`
_NET_ADDR_PERM = "0"  # linux/netdevice.h; the sysfs attribute `addr_assign_type`


class Adapter(NamedTuple):
    """A cable or a radio. `plugged`: may be pulled, so its name may be another's tomorrow."""

    facts: Facts
    plugged: bool
    blocked: str  # the rfkill switch that blocks it: "", "soft", "hard"


def adapters(machine: Machine) -> list[Adapter]:
    """Return hardware and radios in the order in which the kernel found them."""
    found = []
    for name in machine.names(FOLDER):
        if kind := _kind(machine, name):
            index = machine.attribute(f"{FOLDER}/{name}/ifindex")
            order = int(index) if index.isdecimal() else 0
            found.append((order, _adapter(machine, name, kind, index)))
    return [adapter for _, adapter in sorted(found)]


def _adapter(machine: Machine, name: str, kind: str, index: str) -> Adapter:
    parents = list(_parents(machine, name))
    return Adapter(
        facts=Facts(
            name=name,
            kind=kind,
            mac=_permanent_address(machine, name, index),
            driver=_target(machine, f"{FOLDER}/{name}/device/driver"),
            path=_udev_property(machine, index, "ID_PATH"),
            usb=next(filter(None, map(_usb, parents)), ""),
        ),
        plugged=_plugged(parents),
        blocked=_blocked(machine, name),
    )


def _kind(machine: Machine, name: str) -> str:
    """Tell cables and radios from all else, as wbond_udev.device does."""
    if machine.exists(f"{FOLDER}/{name}/phy80211"):
        return WIRELESS
    if machine.attribute(f"{FOLDER}/{name}/type") != _ARPHRD_ETHER:
        return VIRTUAL
    if not machine.exists(f"{FOLDER}/{name}/device"):
        return VIRTUAL
    events = machine.attribute(f"{FOLDER}/{name}/uevent").splitlines()
    return VIRTUAL if any(line.startswith("DEVTYPE=") for line in events) else WIRED


def _permanent_address(machine: Machine, name: str, index: str) -> str:
    """Return the address that an adapter was made with, as far as it can be known."""
    if machine.running and index.isdigit():
        from wbond_net.kernel import rtnetlink

        with rtnetlink.Socket(0) as netlink:
            found = netlink.links().get(int(index))
        return found.perm_address if found else ""
    if machine.attribute(f"{FOLDER}/{name}/addr_assign_type") == _NET_ADDR_PERM:
        return machine.attribute(f"{FOLDER}/{name}/address")
    return machine.attribute(f"{FOLDER}/{name}/phy80211/macaddress")


def _target(machine: Machine, path: str) -> str:
    try:
        return os.path.basename(os.readlink(os.path.join(machine.root, path)))
    except OSError:
        return ""


def _udev_property(machine: Machine, index: str, name: str) -> str:
    """Return what udev's database has of a device (udev's src/libsystemd/sd-device, `n3`)."""
    for line in machine.attribute(f"run/udev/data/n{index}").splitlines():
        if line.startswith(f"E:{name}="):
            return line.partition("=")[2]
    return ""


def _parents(machine: Machine, name: str) -> Iterator[str]:
    """Yield the folders in sysfs of an adapter's device and all that it hangs on."""
    top = os.path.realpath(os.path.join(machine.root, "sys/devices"))
    path = os.path.realpath(os.path.join(machine.root, FOLDER, name, "device"))
    while path.startswith(top + "/"):
        yield path
        path = os.path.dirname(path)


def _attribute(folder: str, name: str) -> str:
    return Machine(folder).attribute(name)


def _usb(folder: str) -> str:
    """Return `vendor:product` of a USB adapter, as lsusb(8) shows it."""
    numbers = [_attribute(folder, name) for name in ("idVendor", "idProduct")]
    return ":".join(numbers) if all(numbers) else ""


def _plugged(parents: list[str]) -> bool:
    """Tell whether a device can be pulled: firmware says so, or it is USB and nothing denies it.

    Source: sysfs-bus-usb and sysfs-bus-pci (`removable`) in the kernel's Documentation/ABI.
    """
    if any(_attribute(folder, "removable") == "removable" for folder in parents):
        return True
    nearest = next(filter(_usb, parents), None)
    return nearest is not None and _attribute(nearest, "removable") != "fixed"


def _blocked(machine: Machine, name: str) -> str:
    for switch in machine.names(f"{FOLDER}/{name}/phy80211"):
        for how in ("hard", "soft"):
            if switch.startswith("rfkill") and (
                machine.attribute(f"{FOLDER}/{name}/phy80211/{switch}/{how}") == "1"
            ):
                return how
    return ""

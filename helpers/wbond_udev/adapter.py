# SPDX-License-Identifier: LGPL-2.1-or-later
"""The facts of a network device, read from its folder in sysfs: for udev's helper and for people.

Needs neither udev nor root; what udev knows besides is asked for by a function.
"""

import os

from wbond_udev.match import VIRTUAL, WIRED, WIRELESS, Facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_ARPHRD_ETHER = "1"  # linux/if_arp.h; the sysfs attribute `type`
_DEVICES = "/sys/devices/"


def named(environ: "Mapping[str, str]") -> Facts:
    """Return name and kind of the device whose event this process serves, and nothing else.

    `WBOND_NAME` is the name that the device is to have, where udev has not
    renamed it yet. Raises KeyError where the environment is not that of an event.
    """
    folder = f"/sys{environ['DEVPATH']}"
    return Facts(_name(environ), kind(folder))


def seen(environ: "Mapping[str, str]") -> Facts:
    """Return of the same device what costs more: driver, USB ids, whether it is a station."""
    folder = f"/sys{environ['DEVPATH']}"
    return facts(folder, _name(environ), lambda _: "", station=is_station(folder))


def _name(environ: "Mapping[str, str]") -> str:
    return environ.get("WBOND_NAME") or environ["INTERFACE"]


def facts(
    folder: str, name: str, udev: "Callable[[str], str]", mac: str = "", station: bool = True
) -> Facts:
    """Return the facts of a device.

    `folder` is its own in sysfs, below any root; `name` is the one that it is to
    have. `udev` returns a property of udev's database, or nothing. A radio that is
    no `station` counts among the virtual devices.
    """
    return Facts(
        name=name,
        kind=kind(folder) if station else VIRTUAL,
        mac=mac,
        driver=_driver(folder) or udev("ID_NET_DRIVER"),
        path=udev("ID_PATH"),
        usb=next(filter(None, map(usb, parents(folder))), ""),
    )


def kind(folder: str) -> str:
    """Tell cables and radios from all else, as far as sysfs tells: see also `is_station`.

    A bridge, a VLAN, a modem and their like have a DEVTYPE (SET_NETDEV_DEVTYPE()
    in their drivers); what has no parent is made by software. A monitor is no
    Ethernet (ARPHRD_IEEE80211_RADIOTAP). Radios whose driver has wireless extensions
    alone have no phy80211, but `wireless` (netdev_register_kobject()).
    """
    if attribute(folder, "type") != _ARPHRD_ETHER:
        return VIRTUAL
    if any(os.path.isdir(os.path.join(folder, name)) for name in ("phy80211", "wireless")):
        return WIRELESS
    if not os.path.lexists(os.path.join(folder, "device")):
        return VIRTUAL
    lines = attribute(folder, "uevent").splitlines()
    return VIRTUAL if any(line.startswith("DEVTYPE=") for line in lines) else WIRED


def is_station(folder: str) -> bool:
    """Tell whether a device of this machine is no access point or the like; True for no radio."""
    index = attribute(folder, "ifindex")
    if kind(folder) != WIRELESS or not index.isdecimal():
        return True
    # Its socket: 5 ms, which cables and radios that are named do without.
    from wbond_net.kernel import nl80211

    return nl80211.is_station(int(index))


def parents(folder: str) -> "Iterator[str]":
    """Yield the folders of an adapter's device and of all that it hangs on, from below."""
    path = os.path.realpath(os.path.join(folder, "device"))
    top, below, _ = path.rpartition(_DEVICES)
    while below and len(path) > len(top) + len(below):
        yield path
        path = os.path.dirname(path)


def usb(folder: str) -> str:
    """Return `vendor:product` of a USB device, as lsusb(8) shows it; nothing for another."""
    numbers = [attribute(folder, name) for name in ("idVendor", "idProduct")]
    return ":".join(numbers) if all(numbers) else ""


def attribute(folder: str, name: str) -> str:
    """Return the text of an attribute without blanks around it, nothing where there is none."""
    try:
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def own_address(index: int, noted: str) -> str:
    """Return the address that an adapter was made with, which a shared one may hide.

    Where the kernel knows none, as of docks that pass the laptop's on, that is the one which
    wbond-udev has `noted` in udev's database, before it set any; else the present one.
    """
    from wbond_net.kernel import rtnetlink  # its sockets cost start-up time, and few need them

    with rtnetlink.Socket(0) as netlink:
        found = netlink.links().get(index)
    return (found.perm_address or noted or found.address) if found else ""


def _driver(folder: str) -> str:
    try:
        return os.path.basename(os.readlink(os.path.join(folder, "device", "driver")))
    except OSError:
        return ""

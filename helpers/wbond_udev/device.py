# SPDX-License-Identifier: LGPL-2.1-or-later
"""A device as udev knows it while it handles an event -> the facts that ports are matched by."""

import os
from collections.abc import Mapping

import pyudev

from wbond_udev.match import VIRTUAL, WIRED, WIRELESS, Facts

_ARPHRD_ETHER = b"1"  # linux/if_arp.h; the sysfs attribute `type`


def from_environment(environ: Mapping[str, str], with_address: bool) -> Facts:
    """Return the facts of the device whose event this process serves.

    `WBOND_NAME` is the name that the device is to have, where udev has not
    renamed it yet. Raises pyudev.DeviceNotFoundError when it is gone.
    """
    device = pyudev.Devices.from_environment(pyudev.Context())
    return facts(device, environ.get("WBOND_NAME") or device.sys_name, with_address)


def all_there() -> list[Facts]:
    """Return the facts of all network devices, addresses included, outside of any event."""
    found = []
    for device in pyudev.Context().list_devices(subsystem="net"):
        try:
            found.append(facts(device, device.sys_name, with_address=True))
        except KeyError:  # unplugged at this moment
            continue
    return found


def facts(device: pyudev.Device, name: str, with_address: bool) -> Facts:
    """Return the facts of a device of the subsystem net; the address only if asked for."""
    return Facts(
        name=name,
        kind=_kind(device),
        mac=permanent_address(int(device.properties["IFINDEX"])) if with_address else "",
        driver=_driver(device),
        path=_text(device, "ID_PATH"),
        usb=_usb(device),
    )


def _kind(device: pyudev.Device) -> str:
    """Tell cables and radios from all else.

    A bridge, a VLAN, a modem and their like have a DEVTYPE (SET_NETDEV_DEVTYPE()
    in their drivers); what has no parent is made by software.
    """
    if os.path.isdir(os.path.join(device.sys_path, "phy80211")):
        return WIRELESS
    hardware = os.path.lexists(os.path.join(device.sys_path, "device"))
    ethernet = device.attributes.get("type", b"").strip() == _ARPHRD_ETHER
    return WIRED if hardware and ethernet and not device.device_type else VIRTUAL


def _driver(device: pyudev.Device) -> str:
    """Return the name of the driver, by udev's own property or the parent's."""
    try:
        link = os.readlink(os.path.join(device.sys_path, "device", "driver"))
    except OSError:
        return _text(device, "ID_NET_DRIVER")
    return os.path.basename(link)


def _text(device: pyudev.Device, name: str) -> str:
    """Return a property; nothing for one that is no text, which no pattern can mean."""
    try:
        return str(device.properties.get(name, ""))
    except UnicodeDecodeError:
        return ""


def _usb(device: pyudev.Device) -> str:
    """Return `vendor:product` of a USB adapter, as lsusb(8) shows it."""
    parent = device.find_parent("usb", "usb_device")
    if parent is None:
        return ""
    numbers = [parent.attributes.get(name, b"") for name in ("idVendor", "idProduct")]
    return ":".join(number.decode("ascii", "replace").strip() for number in numbers)


def permanent_address(index: int) -> str:
    """Return the address that an adapter was made with; the present one may be aligned."""
    from wbond_net.kernel import rtnetlink  # its sockets cost start-up time, and few need them

    with rtnetlink.Socket(0) as netlink:
        found = netlink.links().get(index)
    return found.perm_address if found else ""

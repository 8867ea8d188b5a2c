# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices as udev knows them -> the facts that ports are matched by."""

from collections.abc import Mapping

import pyudev
from wbond_net.kernel import udev_database

from wbond_udev import adapter
from wbond_udev.match import Facts


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
    folder = device.sys_path
    mac = ""
    if with_address:
        # Not the event's properties: those of the database are none of them.
        noted = udev_database.properties_at(folder).get("WBOND_ADDRESS", "")
        mac = adapter.own_address(int(device.properties["IFINDEX"]), noted)
    station = adapter.is_station(folder)
    return adapter.facts(folder, name, lambda key: _property(device, key), mac, station)


def _property(device: pyudev.Device, name: str) -> str:
    """Return a property; nothing for one that is no text, which no pattern can mean."""
    try:
        return str(device.properties.get(name, ""))
    except UnicodeDecodeError:
        return ""

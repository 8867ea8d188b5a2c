# SPDX-License-Identifier: LGPL-2.1-or-later
"""What wbond-udev has noted of network devices, read from udev's database.

A file for each device, `n` and the interface's index, with a line `E:KEY=VALUE` for each property
that a rule has set: device_get_device_id() and device_update_db(), systemd's src/libsystemd/
sd-device/. It is read directly because one udevadm a device is what all ports waited for at boot.
"""

import os

from wbond import units

from wbond_net.kernel import sysfs

DATA = "/run/udev/data"
_SET = "WBOND_SET_"  # precedes what is to be set in the environment of the port's unit


def properties(interface: str) -> dict[str, str]:
    """Return the properties that rules have set for an interface; none where it is gone."""
    return properties_at(os.path.join(sysfs.SYSFS, interface))


def properties_at(path: str) -> dict[str, str]:
    """Return the properties that rules have set for the network device at a path in sysfs."""
    try:
        with open(os.path.join(path, "ifindex"), encoding="ascii") as file:
            index = int(file.read())
    except (OSError, ValueError):
        return {}
    return _read(f"n{index}")


def settings(interface: str) -> dict[str, str]:
    """Return rank and settings of a port that is not named literally, as its unit's environment."""
    found = properties(interface)
    return {
        name.removeprefix(_SET): value for name, value in found.items() if name.startswith(_SET)
    }


def ports(bond: str) -> list[str]:
    """Return the units of all ports of a bond whose devices are there.

    The property is no other's than a port's. udev keeps the files of devices that are there alone,
    but removes one late where it is busy, and a port whose device has gone is not started: the
    start would wait for the device.
    """
    try:
        names = sorted(name for name in os.listdir(DATA) if name.startswith("n"))
    except OSError:
        return []
    noted = [found for found in map(_read, names) if found.get("WBOND_BOND") == bond]
    ports = [found["WBOND_UNIT"] for found in noted if "WBOND_UNIT" in found]
    return [port for port in ports if sysfs.exists(units.instance_name(port))]


def _read(name: str) -> dict[str, str]:
    """Return the properties in a file of the database; none where there is no such file."""
    try:
        with open(os.path.join(DATA, name), encoding="utf-8", errors="surrogateescape") as file:
            lines = [line[2:].rstrip("\n") for line in file if line.startswith("E:")]
    except OSError:
        return {}
    return {key: value for key, _, value in (line.partition("=") for line in lines)}

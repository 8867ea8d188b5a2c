# SPDX-License-Identifier: LGPL-2.1-or-later
"""What wbond-udev has noted of a device in udev's database, read back by udevadm(8)."""

import os

from wbond_net.kernel import link

_SET = "WBOND_SET_"  # precedes what is to be set in the environment of the port's unit


def properties(interface: str) -> dict[str, str]:
    """Return the udev properties of a network interface; none where it is gone."""
    return properties_at(os.path.join(link.SYSFS, interface))


def properties_at(path: str) -> dict[str, str]:
    """Return the udev properties of the device at a path in sysfs; none where it is gone."""
    lines = link.output("udevadm", "info", "--query=property", f"--path={path}").splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def settings(interface: str) -> dict[str, str]:
    """Return rank and settings of a port that is not named literally, as its unit's environment."""
    found = properties(interface)
    return {
        name.removeprefix(_SET): value for name, value in found.items() if name.startswith(_SET)
    }


def units(bond: str) -> list[str]:
    """Return the units of all ports of a bond whose devices are there."""
    found = [properties(name) for name in sorted(os.listdir(link.SYSFS))]
    return [one["WBOND_UNIT"] for one in found if one.get("WBOND_BOND") == bond]

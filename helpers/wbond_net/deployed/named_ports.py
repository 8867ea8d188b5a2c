# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ports that are named literally, as wbond-generator has linked them to their devices."""

import os

from wbond import units

from wbond_net.kernel import sysfs

GENERATED = f"/{units.GENERATED}"


def present(bond: str) -> list[str]:
    """Return the units of a bond's ports whose devices are there."""
    own = tuple(units.port_template(bond, role).removesuffix(".service") for role in units.ROLES)
    found = []
    for folder in _listed(GENERATED):
        interface = units.interface(folder)
        if interface and sysfs.exists(interface):
            links = _listed(os.path.join(GENERATED, folder))
            found += [unit for unit in links if unit.startswith(own)]
    return found


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []

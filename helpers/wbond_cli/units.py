# SPDX-License-Identifier: LGPL-2.1-or-later
"""Names of the units that a bond and its ports have, as systemctl takes them."""

from wbond import escape, plan


def bond_unit(bond: str) -> str:
    """Name the unit that makes the bond."""
    return _instance("wbond", bond)


def watch_unit(bond: str) -> str:
    """Name the unit of the bond's wbond-watch."""
    return _instance("wbond-watch", bond)


def client_unit(client: str, bond: str) -> str:
    """Name the unit of a DHCP client of the bond."""
    return _instance(client, bond)


def port_unit(bond: str, kind: str, interface: str) -> str:
    """Name the unit of a port; `kind` is wired or wireless."""
    return f"{plan.port_unit(bond, kind, interface)}.service"


def _instance(template: str, bond: str) -> str:
    return f"{template}@{escape.unit_instance(bond)}.service"

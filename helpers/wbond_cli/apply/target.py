# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a configuration comes to on the hardware that is there; pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from wbond import clients, config, plan, units
from wbond_udev import match
from wbond_udev.match import Facts

TEMPLATES = (*(f"{unit}.service" for unit in plan.UNIT_SETTINGS), "bond0-supplicant@.service")


class Port(NamedTuple):
    """A device that is a port: its bond, and all that its unit and udev know of it.

    `prio` is the kernel's, a higher one is preferred. `mac_policy` is the bond's `mac`,
    `settings` are what the unit acts by, none for a cable. `own_address` is the one that the
    adapter was made with, empty where none is known.
    """

    bond: str
    unit: str
    prio: int
    mac_policy: str
    settings: tuple[tuple[str, str], ...]
    literal: bool
    own_address: str

    @property
    def fixed_while_joined(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        """Return what changes only if the port leaves and joins again."""
        return self.unit, self.mac_policy, self.settings


class TargetState(NamedTuple):
    """Bonds with their effective settings, by name; ports by interface.

    `dhcp4` and `dhcp6` are the templates of the units that serve these families, or `none`.
    """

    bonds: Mapping[str, Mapping[str, str]]
    ports: Mapping[str, Port]


def defaults(template: Callable[[str], str]) -> dict[str, str]:
    """Return the options' defaults, which the units hold; `template` returns a unit's text."""
    values = {}
    for name in TEMPLATES:
        for line in template(name).splitlines():
            if line.startswith("Environment="):
                variable, _, value = line.removeprefix("Environment=").partition("=")
                values[plan.option(variable)] = value
    return values


def target_state(
    wanted: config.Config,
    devices: Iterable[Facts],
    default: Mapping[str, str],
    installed: "clients.Installed",
) -> TargetState:
    """Return what a configuration makes of the devices and clients that are there."""
    bonds = {
        bond.name: {**default, **plan.settings(bond), **_units(bond, installed)}
        for bond in wanted.bonds
    }
    ports = {}
    for device in devices:
        if found := match.find(wanted, device):
            bond, port = found
            ports[device.name] = _port(bond, port, device, bonds[bond.name])
    return TargetState(bonds, ports)


def _units(bond: config.Bond, installed: "clients.Installed") -> dict[str, str]:
    choices = clients.choose(bond.settings, installed)
    return {option: choice.unit for option, choice in choices.items()}


def _port(
    bond: config.Bond, configured: config.Port, device: Facts, inherited: Mapping[str, str]
) -> Port:
    names = plan.PORT_SETTINGS if configured.role == units.SUPPLICANT else ()
    effective = {**inherited, **configured.settings}
    return Port(
        bond=bond.name,
        unit=units.port(bond.name, configured.role, device.name),
        prio=next(prio for port, prio in plan.prios(bond) if port is configured),
        mac_policy=inherited["mac"],
        settings=tuple((name, effective[name]) for name in names),
        literal=configured.literal,
        own_address=device.mac,
    )

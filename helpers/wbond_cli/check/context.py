# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine and the bonds that it is to have: what every check looks at."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from wbond import clients, units
from wbond.clients import Choice
from wbond.config import Bond, Config, Port
from wbond_udev import match
from wbond_udev.match import WIRED, WIRELESS, Facts

from wbond_cli.check import hardware
from wbond_cli.check.diagnostics import Diagnostic
from wbond_cli.check.hardware import Adapter
from wbond_cli.check.machine import Machine


class Context(NamedTuple):
    """`adapters` are the present ones."""

    machine: Machine
    config: Config
    adapters: list[Adapter]

    def places(self) -> Iterator[tuple[Adapter, tuple[Bond, Port]]]:
        """Yield the present adapters that are ports, each with its bond and port."""
        for adapter in self.adapters:
            if found := match.find(self.config, adapter.facts):
                yield adapter, found

    def ports(self) -> Iterator[tuple[Bond, Port]]:
        """Yield every port of the configuration."""
        for bond in self.config.bonds:
            for port in bond.ports:
                yield bond, port

    def interfaces(self) -> dict[str, str]:
        """Return the names of ports, present or named literally, and of bonds; what each is."""
        found = {bond.name: "bond" for bond in self.config.bonds}
        found |= {port.name: port.kind for _, port in self.ports() if port.literal}
        return found | {adapter.facts.name: port.kind for adapter, (_, port) in self.places()}

    def facts(self) -> list[Facts]:
        """Return these interfaces in the order of their names, with what is known of each."""
        present = {adapter.facts.name: adapter.facts for adapter in self.adapters}
        found = sorted(self.interfaces().items())
        return [present.get(name, Facts(name, kind)) for name, kind in found]

    def wants_radio(self) -> bool:
        """Tell whether a radio may ever be a port."""
        return any(port.kind == WIRELESS for _, port in self.ports())

    def has_radio(self) -> bool:
        """Tell whether a radio is to be a port now: one is present, or named literally."""
        return WIRELESS in self.interfaces().values()

    def authenticated_cables(self) -> Iterator[tuple[Bond, Port]]:
        """Yield the ports that are cables with 802.1X."""
        for bond, port in self.ports():
            if port.kind == WIRED and port.role == units.SUPPLICANT:
                yield bond, port

    def wants(self, option: str) -> bool:
        """Tell whether a bond is served by a DHCP client of this option."""
        return any(bond.settings.get(option) != clients.NONE for bond in self.config.bonds)

    def clients(self, bond: Bond) -> dict[str, Choice]:
        """Return which client serves each family of a bond, and why."""
        return clients.choose(bond.settings, lambda program: bool(self.machine.which(program)))


Check = Callable[[Context], Iterator[Diagnostic]]


def gather(machine: Machine, config: Config) -> Context:
    """Look at the hardware, once for all checks."""
    return Context(machine, config, hardware.adapters(machine))

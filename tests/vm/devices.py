# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is plugged into a guest, cable, dock and Wi-Fi sticks, and the servers around it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from channels import Monitor
from hardware import DOCK_MAC


class Guest(Protocol):
    """What they are plugged into; see machine.Machine."""

    monitor: Monitor

    def run(self, *argv: str) -> str:
        """Run a command in it."""


class Cable(NamedTuple):
    """The laptop's cable, pulled and plugged in at QEMU's card."""

    guest: Guest

    def pull(self) -> None:
        """Take the carrier away."""
        self.guest.monitor("set_link", name="card", up=False)

    def plug(self) -> None:
        """Give the carrier back."""
        self.guest.monitor("set_link", name="card", up=True)


class Dock(NamedTuple):
    """A dock with a network card on USB, and a cable in it to the same switch."""

    guest: Guest

    def plug(self) -> None:
        """Plug the dock in."""
        self._plug(1)

    def plug_into_nothing(self) -> None:
        """Plug it in without a cable; it has a link all the same."""
        self._plug(2)

    def _plug(self, hub: int) -> None:
        monitor = self.guest.monitor
        monitor("netdev_add", type="hubport", id="dock", hubid=hub)
        device = {"driver": "usb-net", "id": "dock", "netdev": "dock", "mac": DOCK_MAC}
        monitor("device_add", bus="xhci.0", **device)

    def pull(self) -> None:
        """Pull the dock, as it is."""
        self.guest.monitor("device_del", id="dock")
        self.guest.monitor("netdev_del", id="dock")


class Radios(NamedTuple):
    """Wi-Fi sticks."""

    guest: Guest

    def plug(self, name: str, address: str) -> None:
        """Plug one in; `name` is that of the stick, not of its interface."""
        self.guest.run("lab-radio", "plug", name, address)

    def pull(self, name: str) -> None:
        """Pull it, whatever it does."""
        self.guest.run("lab-radio", "pull", name)

    def plug_all(self, addresses: Mapping[str, str]) -> None:
        """Plug several in, as fast as it goes."""
        words = [word for pair in addresses.items() for word in pair]
        self.guest.run("lab-radio", "plug", *words)

    def pull_all(self, names: Iterable[str]) -> None:
        """Pull several, as fast as it goes."""
        self.guest.run("lab-radio", "pull", *names)


class Server(NamedTuple):
    """A server of the world."""

    guest: Guest
    unit: str

    def start(self) -> None:
        """Start it."""
        self.guest.run("systemctl", "start", self.unit)

    def stop(self) -> None:
        """Stop it."""
        self.guest.run("systemctl", "stop", self.unit)

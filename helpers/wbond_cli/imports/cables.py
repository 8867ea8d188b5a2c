# SPDX-License-Identifier: LGPL-2.1-or-later
"""802.1X on cables: each has a section of wbond.conf, and a file of its own for wpa_supplicant.

A file that is there stays as it is.
"""

import re
from typing import NamedTuple

from wbond import escape
from wbond.config import Config
from wbond.message import ERROR

from wbond_cli.check import supplicant
from wbond_cli.check.hardware import Adapter
from wbond_cli.check.machine import Machine
from wbond_cli.errors import UserError
from wbond_cli.imports.record import Authentication, Connection, Found, Given, where
from wbond_cli.wifi import network_file, saved
from wbond_cli.wifi.saved import Saved

BY_HAND = "write it by hand, see 802.1x.md"
FOLDER = "/etc/wpa_supplicant"
LISTED = 200  # the priority of an entry of `wired`, wbond.conf(5)
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")


class Cable(NamedTuple):
    """A cable, by its interface or the MAC address of its device, and how it authenticates.

    `priority` is what puts it before entries of `wired` that it stood before; 0 for none.
    """

    interface: str
    mac: str
    priority: int
    authentication: Authentication

    @property
    def shown(self) -> str:
        """Return what people call it."""
        return escape.printable(self.interface or self.mac)

    @property
    def name(self) -> str:
        """Return the name of its section, and of its file."""
        own = self.interface or self.mac.replace(":", "")
        return f"cable-{own}" if _PLAIN.fullmatch(own) else f"cable-{own.encode().hex()}"

    @property
    def path(self) -> str:
        """Return the file that wpa_supplicant reads for it."""
        return f"{FOLDER}/{self.name}.conf"


class File(NamedTuple):
    """A file for a cable; `text` is nothing where one is there already."""

    cable: Cable
    file: Saved
    text: str


def choose(
    found: Found, connections: list[Connection], ports: list[str], adapters: list[Adapter]
) -> list[Cable]:
    """Return the cables with 802.1X; `ports` are the bond's cables as `wired` would have them.

    A connection that names neither an interface nor a device is that of the only cable.
    """
    chosen: dict[str, Cable] = {}
    for one in connections:
        if one.authentication is None:
            continue
        cable = _cable(one, one.authentication, ports, adapters)
        first = chosen.get(cable.shown) if cable else None
        if cable and not first:
            chosen[cable.shown] = cable
            continue
        why = "it does not say for which cable it is"
        if first:
            place = where(first.authentication.file, first.authentication.line)
            why = f"{first.shown} has 802.1X by {place} already"
        given = Given("802.1X", "", one.authentication.file, one.authentication.line)
        found.leave(given, f"{why}: {BY_HAND}")
    return _ranked(list(chosen.values()), ports)


def _cable(
    one: Connection, authentication: Authentication, ports: list[str], adapters: list[Adapter]
) -> Cable | None:
    """Return the cable that a connection is for, None where it does not say so."""
    mac = one.device.value.strip().lower().replace("-", ":") if one.device else ""
    if one.device and not one.interfaces:
        there = [adapter.facts.name for adapter in adapters if adapter.facts.mac == mac]
        if there and there[0] in ports:
            return Cable(there[0], "", 0, authentication)
        return Cable("", mac, 0, authentication) if _MAC.fullmatch(mac) else None
    named = [name for name in ports if not escape.is_glob(name)]
    own = [name for name in one.interfaces or named if name in named]
    return Cable(own[0], "", 0, authentication) if len(own) == 1 else None


def _ranked(cables: list[Cable], ports: list[str]) -> list[Cable]:
    """Return the cables, those before all entries that stay in `wired` with a higher priority."""
    order = [cable.interface for cable in cables]
    stays = [number for number, name in enumerate(ports) if name not in order]
    places = {name: number for number, name in enumerate(ports)}
    leading = [one for one in cables if stays and places.get(one.interface, stays[0]) < stays[0]]
    leading.sort(key=lambda one: -places[one.interface])
    priorities = {one.interface: LISTED + number for number, one in enumerate(leading, 1)}
    return [one._replace(priority=priorities.get(one.interface, 0)) for one in cables]


def section(bond: str, cable: Cable) -> str:
    """Return a cable's section of wbond.conf."""
    source = where(cable.authentication.file, cable.authentication.line)
    match = f"match_name = {cable.interface}" if cable.interface else f"match_mac = {cable.mac}"
    lines = [f"# 802.1X, from {source}.", f"[{bond}/{cable.name}]", "kind = wired", match]
    lines += [f"priority = {cable.priority}"] if cable.priority else []
    return "\n".join([*lines, f"supplicant_conf = {cable.path}"]) + "\n"


def has_section(config: Config, cable: Cable) -> bool:
    """Tell whether a configuration has 802.1X for a cable."""
    wanted = ("match_name", cable.interface) if cable.interface else ("match_mac", cable.mac)
    return any(
        wanted[1] in port.matches.get(wanted[0], ()) and "supplicant_conf" in port.settings
        for bond in config.bonds
        for port in bond.ports
    )


def files(machine: Machine, cables: list[Cable]) -> list[File]:
    """Return what is to be written. Raises UserError for what cannot be."""
    found = []
    for cable in cables:
        file = saved.read(machine, cable.path)
        if file.octets is not None:
            found.append(File(cable, file, ""))
            continue
        saved.require_editable(file)
        text = network_file.of_cable(cable.authentication.fields)
        for wrong in supplicant.diagnostics(file.name, text):
            if wrong.severity == ERROR:
                said = f"wpa_supplicant would refuse {file.name}: {wrong.text}; nothing is written"
                raise UserError(said, "docs/802.1x.md tells how to write it by hand.")
        found.append(File(cable, file, text))
    return found

# SPDX-License-Identifier: LGPL-2.1-or-later
"""802.1X on cables: each has a section of wbond.conf, and a file of its own for wpa_supplicant.

A file that is there stays as it is.
"""

from typing import NamedTuple

from wbond import escape
from wbond.message import ERROR

from wbond_cli.check import supplicant
from wbond_cli.check.machine import Machine
from wbond_cli.errors import UserError
from wbond_cli.imports.record import Authentication, Connection, Found, Given, where
from wbond_cli.wifi import network_file, saved
from wbond_cli.wifi.saved import Saved

BY_HAND = "802.1X on a cable is written by hand, see 802.1x.md"
FOLDER = "/etc/wpa_supplicant"


class Cable(NamedTuple):
    """A cable, what its section is called, and how it authenticates."""

    interface: str
    name: str
    authentication: Authentication

    @property
    def path(self) -> str:
        """Return the file that wpa_supplicant reads for it."""
        return f"{FOLDER}/{self.name}.conf"


class File(NamedTuple):
    """A file for a cable; `text` is nothing where one is there already."""

    cable: Cable
    file: Saved
    text: str


def choose(found: Found, connections: list[Connection], ports: list[str]) -> list[Cable]:
    """Return the cables with 802.1X; `ports` are the bond's cables as `wired` would have them.

    A connection that names no interface is that of the only cable.
    """
    named = [name for name in ports if not escape.is_glob(name)]
    chosen: dict[str, Cable] = {}
    for one in connections:
        if one.authentication is None:
            continue
        own = [name for name in one.interfaces or named if name in named]
        if len(own) != 1 or own[0] in chosen:
            place = Given("802.1X", "", one.authentication.file, one.authentication.line)
            found.leave(place, f"it is not clear of which cable it is; {BY_HAND}")
            continue
        number = len(chosen) + 1
        name = "cable" if number == 1 else f"cable{number}"
        chosen[own[0]] = Cable(own[0], name, one.authentication)
    return list(chosen.values())


def section(bond: str, cable: Cable) -> str:
    """Return a cable's section of wbond.conf."""
    source = where(cable.authentication.file, cable.authentication.line)
    options = ("kind = wired", f"match_name = {cable.interface}", f"supplicant_conf = {cable.path}")
    return "\n".join([f"# 802.1X, from {source}.", f"[{bond}/{cable.name}]", *options]) + "\n"


def files(machine: Machine, cables: list[Cable]) -> list[File]:
    """Return what is to be written. Raises UserError for what cannot be."""
    found = []
    for cable in cables:
        file = saved.read(machine, cable.path)
        text = "" if file.octets is not None else network_file.of_cable(cable.authentication.fields)
        saved.require_editable(file)
        for wrong in supplicant.diagnostics(file.name, text):
            if wrong.severity == ERROR:
                text = f"wpa_supplicant would refuse {file.name}: {wrong.text}; nothing is written"
                raise UserError(text, "docs/802.1x.md tells how it is written by hand.")
        found.append(File(cable, file, text))
    return found

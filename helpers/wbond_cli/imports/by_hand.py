# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bond that ArchWiki's "Wireless bonding" has people make: units, and options of modprobe."""

import re
from itertools import pairwise

from wbond import escape
from wbond_udev.match import WIRELESS

from wbond_cli.imports import files, supplicant_file
from wbond_cli.imports.networkmanager import BONDING, bonding_option
from wbond_cli.imports.record import BOND, Connection, Found, Given, Settings

PROGRAM = "units written by hand"
UNIT = re.compile(r"(?P<bond>[A-Za-z0-9_.]{1,15})-supplicant@(?P<port>.+)\.service")
FOLDERS = ("etc/systemd/system", "usr/local/lib/systemd/system")


def read(found: Found) -> None:
    """Read the instances that are enabled, their template, and the options of the module."""
    bonds: dict[str, Connection] = {}
    for unit in sorted(set(found.machine.enabled())):
        match = UNIT.fullmatch(unit)
        path = found.machine.unit(f"{match['bond']}-supplicant@.service") if match else ""
        if match and path.startswith(FOLDERS):
            _take(found, bonds, match["bond"], escape.instance_text(match["port"]), path)
    for connection in bonds.values():
        _modprobe(found, connection)
    found.connections += bonds.values()


def _take(found: Found, bonds: dict[str, Connection], bond: str, radio: str, path: str) -> None:
    if not radio or "/" in radio:
        return
    text = files.text(found, path, PROGRAM)
    entries = list(files.sections(text, path))
    if bond not in bonds:
        connection = bonds[bond] = Connection(BOND, bond, files.shown(path), 0)
        connection.interfaces = [bond]
        connection.ports = _cables(text, bond)
    bonds[bond].ports.append(radio)
    port = Connection(WIRELESS, radio, files.shown(path), 0)
    port.interfaces, port.owner = [radio], bond
    for given in entries:
        words = given.value.split()
        if given.key == "service.execstart" and "wpa_supplicant" in given.value:
            for flag, value in pairwise(words):
                if flag == "-c":
                    name = value.strip("\"'").replace("%i", radio).replace("%I", radio)
                    port.networks += supplicant_file.networks(found, name, PROGRAM)
        elif given.key in ("unit.conflicts", "unit.onfailure"):
            option = "conflicts" if given.key == "unit.conflicts" else "on_failure"
            bonds[bond].options[option] = given
    found.connections.append(port)


def _cables(text: str, bond: str) -> list[str]:
    """Return the cables: what `ETH` is, and what commands enslave by name."""
    found = re.findall(r"^Environment=\s*[\"']?ETH=([^\s\"']+)", text, re.MULTILINE)
    found += re.findall(r"\bip link set (?:dev )?(\S+) (?:down )?master \S+", text)
    found += re.findall(r"\bifenslave \S+ (\S+)", text)
    return [name for name in dict.fromkeys(found) if name != bond and not re.search(r"[%$]", name)]


def _modprobe(found: Found, connection: Connection) -> None:
    """Take the options of the module bonding, which are those of every bond (modprobe.d(5))."""
    for path in files.names(found, "etc/modprobe.d", ".conf"):
        text = found.machine.read(path)
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split()
            if words[:2] != ["options", "bonding"]:
                continue
            found.files.setdefault(files.shown(path), PROGRAM)
            given = [
                Given(key, value, files.shown(path), number)
                for key, _, value in (word.partition("=") for word in words[2:])
            ]
            for one in Settings(given).entries:
                if one.key not in ("max_bonds",):
                    bonding_option(found, connection, one, one.key, BONDING)

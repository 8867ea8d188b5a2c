# SPDX-License-Identifier: LGPL-2.1-or-later
"""Connections -> one bond: its ports, its options, the networks; and what none of these has."""

import re
from typing import NamedTuple

from wbond import ConfigError, config, escape, values
from wbond.plan import FIRST_BOND
from wbond_udev.match import WIRED, WIRELESS

from wbond_cli.check import hardware
from wbond_cli.check.hardware import Adapter
from wbond_cli.imports import addressing, cables
from wbond_cli.imports.cables import Cable
from wbond_cli.imports.record import BOND, Connection, Found, Given, Left, Network
from wbond_cli.init import draft

_RESELECT = {"0": "always", "1": "better", "2": "failure"}
_DEFAULTS = {"miimon": str(config.DEFAULT_MIIMON), "updelay": "0", "downdelay": "0"}


class Option(NamedTuple):
    """An option of the bond, and where it was found."""

    name: str
    entries: list[str]
    sources: list[Given]


class Draft(NamedTuple):
    """A bond, the networks of its radios, its cables with 802.1X, and the connections that it takes
    the place of.
    """

    bond: str
    options: list[Option]
    networks: list[Network]
    cables: list[Cable]
    connections: list[Connection]


def choose(found: Found) -> Draft:
    """Make one bond of what was found, and note what it cannot have."""
    adapters = hardware.adapters(found.machine)
    bond = _bond(found, adapters)
    _leave_ports_of_others(found, bond)
    kinds = {kind: _of_kind(found, bond, kind) for kind in (WIRED, WIRELESS)}
    ports = {kind: _ports(found, bond, kind, kinds[kind], adapters) for kind in kinds}
    options = [option for option in ports.values() if option.entries or bond]
    options += _excluded(found, bond, options)
    if bond:
        options += _bonding(found, bond)
    parts = [bond] if bond else [*kinds[WIRED], *kinds[WIRELESS]]
    options += [Option(*option) for option in addressing.options(found, parts)]
    taken = [*([bond] if bond else []), *kinds[WIRED], *kinds[WIRELESS]]
    checked = [one for one in (_checked(found, option) for option in options) if one]
    checked, authenticated = _authenticated(found, kinds[WIRED], checked, adapters)
    networks = _networks(found, kinds[WIRELESS])
    return Draft(_name(bond), _with_a_client(checked), networks, authenticated, taken)


def _name(bond: Connection | None) -> str:
    """Return the bond's name; another one for what would be no header of a section."""
    name = (bond.interfaces or [bond.name])[0] if bond else FIRST_BOND
    plain = name.isascii() and re.fullmatch(r"[A-Za-z0-9_.-]+", name) and name != "DEFAULT"
    try:
        return values.interface_name(name) if plain else FIRST_BOND
    except ConfigError:
        return FIRST_BOND


# --- which bond ----------------------------------------------------------------------


def _bond(found: Found, adapters: list[Adapter]) -> Connection | None:
    """Return the bond that comes over, the first one that wbond can be."""
    chosen = None
    for bond in [one for one in found.connections if one.kind == BOND]:
        if chosen:
            _leave(found, bond, "one bond comes over; a section of its name makes a second one")
        elif not _suits(found, bond, adapters):
            _leave(found, bond, "it is of cables alone, in a mode that no radio can be in")
        else:
            chosen = bond
    return chosen


def _suits(found: Found, bond: Connection, adapters: list[Adapter]) -> bool:
    """Tell whether a bond may be wbond's; one with a radio may, whatever its mode is called."""
    mode = bond.options.pop("mode", None)
    if mode is None or mode.value.lower() in ("active-backup", "1"):
        return True
    kinds = [_kind(found, name, adapters) for name in bond.ports]
    kinds += [one.kind for one in found.connections if one.owner in bond.names]
    if WIRELESS in kinds:
        found.leave(mode, "with a radio only active-backup works, so that is used")
        return True
    return False


def _leave(found: Found, connection: Connection, why: str) -> None:
    place = Given(escape.printable(connection.name), "", connection.file, connection.line)
    found.leave(place, why)


def _leave_ports_of_others(found: Found, bond: Connection | None) -> None:
    """Take out what is a port of a bridge, or of a bond that stays."""
    own = bond.names | set(bond.interfaces) if bond else set()
    lost = [one for one in found.connections if one.kind == BOND and one is not bond]
    theirs = {name for one in lost for name in one.ports}
    for one in list(found.connections):
        foreign = one.owner and one.owner not in own
        if one.kind != BOND and (foreign or (theirs and theirs & set(one.interfaces))):
            _leave(found, one, "it is a port of something that stays")
            found.connections.remove(one)
            found.excluded += one.interfaces
    found.excluded += sorted(theirs)


# --- its ports -----------------------------------------------------------------------


def _of_kind(found: Found, bond: Connection | None, kind: str) -> list[Connection]:
    """Return the connections of a kind, the preferred first; beside a bond, of radios all."""
    of_kind = [one for one in found.connections if one.kind == kind]
    if bond and kind == WIRED:
        names = {name for port in bond.ports for name in _interfaces(found, port)}
        for one in [one for one in of_kind if not (one.owner or names & set(one.interfaces))]:
            if one.own or one.interfaces:
                _leave(found, one, f"it is no port of {bond.name}, and stays as it is")
                found.excluded += one.interfaces
        of_kind = [one for one in of_kind if one.owner or names & set(one.interfaces)]
    return sorted(of_kind, key=lambda one: -one.preference)


def _interfaces(found: Found, port: str) -> list[str]:
    """Return what a bond's port is called: netplan names definitions, not interfaces."""
    for one in found.connections:
        if one.kind != BOND and one.name == port and one.interfaces:
            return one.interfaces
    return [port]


def _kind(found: Found, name: str, adapters: list[Adapter]) -> str:
    """Return what a port is: by the hardware, by a connection of its own, by its name."""
    for adapter in adapters:
        if adapter.facts.name == name:
            return adapter.facts.kind
    for one in found.connections:
        if name in one.interfaces and one.kind != BOND:
            return one.kind
    return WIRELESS if name.startswith("wl") else WIRED


def _ports(
    found: Found,
    bond: Connection | None,
    kind: str,
    connections: list[Connection],
    adapters: list[Adapter],
) -> Option:
    own = [name for port in (bond.ports if bond else []) for name in _interfaces(found, port)]
    named = [name for name in own if _kind(found, name, adapters) == kind]
    names = [*named, *(name for one in connections for name in one.interfaces)]
    for one in connections:
        if not all(map(_is_port, one.interfaces)):
            _leave(found, one, "wbond.conf cannot have the name of its interface")
    names = list(dict.fromkeys(name for name in names if _is_port(name)))
    is_told = bond is not None and bool(bond.ports) and (bool(named) or kind == WIRED)
    if not is_told and (not names or any(not one.interfaces for one in connections)):
        chosen = draft.choose(adapters, kind)
        names = list(dict.fromkeys([*names, *chosen.names]))
    if bond and (primary := bond.options.get("primary")):
        first = _interfaces(found, primary.value)
        names = sorted(names, key=lambda name: name not in first)
    sources = [Given(kind, "", one.file, one.line) for one in ([bond] if bond else connections)]
    return Option(kind, names, sources)


def _is_port(name: str) -> bool:
    if escape.is_glob(name):
        try:
            return bool(values.port_name(name)) and name.isprintable() and " " not in name
        except ConfigError:
            return False
    return draft.usable(name) and " " not in name


def _authenticated(
    found: Found, connections: list[Connection], options: list[Option], adapters: list[Adapter]
) -> tuple[list[Option], list[Cable]]:
    """Return the cables with 802.1X, and the options without them: each has a section."""
    ports = [name for option in options if option.name == WIRED for name in option.entries]
    chosen = cables.choose(found, connections, ports, adapters)
    own = {cable.interface for cable in chosen}
    rest = [
        option._replace(entries=[name for name in option.entries if name not in own])
        if option.name == WIRED
        else option
        for option in options
    ]
    return rest, chosen


def _excluded(found: Found, bond: Connection | None, ports: list[Option]) -> list[Option]:
    """Keep globs from what another program goes on with."""
    names = [name for name in dict.fromkeys(found.excluded) if _is_port(name)]
    listed = {name for option in ports for name in option.entries}
    fits = [name for name in names if any(escape.fits(name, glob) for glob in listed - {name})]
    return [Option("exclude", fits, [])] if fits else []


def _bonding(found: Found, bond: Connection) -> list[Option]:
    options = []
    for name, given in bond.options.items():
        value = given.value.strip()
        if name == "primary":
            continue
        if name in _DEFAULTS:
            value = value.removesuffix("ms")
        elif name == "primary_reselect":
            value = _RESELECT.get(value, value)
        elif name == "peer_notif" and value == "1":
            continue  # the kernel's default, which wbond's is better than
        if name in _DEFAULTS and value == _DEFAULTS[name]:
            continue  # as by default
        options.append(Option(name, value.split(), [given]))
    return options


# --- what comes of them --------------------------------------------------------------


def _checked(found: Found, option: Option) -> Option | None:
    """Return an option with the entries that wbond.conf takes; notes the others."""
    reader = config.BOND_LISTS.get(option.name) or config.BOND_SETTINGS[option.name]
    good = []
    for number, entry in enumerate(option.entries):
        source = option.sources[min(number, len(option.sources) - 1)] if option.sources else None
        try:
            if not entry or not entry.isascii() or not entry.isprintable():
                raise ConfigError("empty-value")
            good.append(reader(entry))
        except ConfigError:
            if source:
                found.leave(source, f"`{option.name}` in wbond.conf does not take this value")
    good = list(dict.fromkeys(good))
    is_ports = option.name in config.DEFAULT_PORTS
    return option._replace(entries=good) if good or is_ports else None


def _with_a_client(options: list[Option]) -> list[Option]:
    """Return the options; the bond keeps its DHCP client where no address has come over."""
    entries = [entry for option in options if option.name == "address" for entry in option.entries]
    if any(":" not in entry for entry in entries):
        return options
    return [option for option in options if option.name != "dhcp4"]


def _networks(found: Found, radios: list[Connection]) -> list[Network]:
    """Return the networks, each once: that of the first connection."""
    networks: dict[bytes, Network] = {}
    for network in (network for one in radios for network in one.networks):
        first = networks.setdefault(network.ssid, network)
        if first is not network and first.fields != network.fields:
            why = f"{first.file} has a network of the same name, which comes over"
            found.left.append(Left(network.file, network.line, "ssid", why))
    return list(networks.values())

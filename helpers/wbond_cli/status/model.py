# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is known of the bonds, made of what was read; all of it pure.

Facts make a picture; a picture makes advice, an exit status, and, elsewhere, a
table or a JSON object.
"""

import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from wbond import config, escape, units
from wbond_net import wait_online
from wbond_net.clients.leases import Lease
from wbond_net.kernel import bond_state, rtnetlink
from wbond_net.kernel.rtnetlink import Link

from wbond_cli.journal import reader
from wbond_cli.journal.reader import Entry

MII = ("up", "going down", "down", "going back")  # BOND_LINK_*, bond_slave_link_status()
WIRED, WIRELESS = "wired", "wireless"


# --- facts --------------------------------------------------------------------


class Association(NamedTuple):
    """A radio's: the network's name, printable, signal in dBm, frequency in MHz, rate in Mb/s."""

    ssid: str
    signal: int | None = None
    frequency: float | None = None
    rate: float | None = None


class Unit(NamedTuple):
    """A unit by systemd's words, and the environment that drop-ins and template give it."""

    name: str
    load: str = "loaded"
    active: str = "inactive"
    sub: str = "dead"
    result: str = "success"
    status: str = ""
    reload_due: bool = False
    environment: Mapping[str, str] = {}


class Facts(NamedTuple):
    """All that was read, at the time `time` (s since 1970); names are the kernel's own.

    `radios` are interfaces, `noted` is the bond that udev's database gives an
    interface that is in none, `common` a bond's address where its ports are
    aligned to one. `faults` say what could not be read and what to do.
    """

    time: float
    config: config.Config
    made: Sequence[str] = ()
    links: Mapping[int, Link] = {}
    addresses: Sequence[rtnetlink.Address] = ()
    radios: frozenset[str] = frozenset()
    noted: Mapping[str, str] = {}
    associations: Mapping[str, Association] = {}
    speeds: Mapping[str, int] = {}
    blocked: frozenset[str] = frozenset()
    units: Mapping[str, Unit] = {}
    common: Mapping[str, str] = {}
    leases: Mapping[str, Sequence[Lease]] = {}
    history: Sequence[Entry] = ()
    faults: Sequence["Advice"] = ()


# --- the picture --------------------------------------------------------------


class Advice(NamedTuple):
    """What is wrong, and what to do; `remedy` may be empty."""

    text: str
    remedy: str = ""


class Seat(NamedTuple):
    """A port's place in a bond: its kind, and the interface, None where there is none."""

    name: str
    kind: str
    link: Link | None


class Port(NamedTuple):
    """A port, or what should be one.

    `state` is one of: active, standby, waiting (it carries, and is not yet
    authorised or operational), no-carrier, down; and of those that are in no
    bond: blocked (by rfkill), outside, absent. `rank` is 1 for the most
    preferred, None where it is in no bond. `speed` is in Mb/s.
    """

    name: str
    kind: str
    state: str
    active: bool
    carrier: bool
    serves: bool
    rank: int | None = None
    priority: int | None = None
    primary: bool = False
    mii: str = ""
    failures: int | None = None
    since: float | None = None
    address: str = ""
    refused: bool = False
    speed: int | None = None
    association: Association | None = None
    master: str = ""
    unit: Unit = Unit("")

    @property
    def joined(self) -> bool:
        """Tell whether it is in the bond."""
        return self.failures is not None


class Address(NamedTuple):
    """An address of the bond's.

    `source` is one of: dhcp4, dhcp6, advertisement (a router's), link (link-local),
    static. `until` is in seconds since 1970, None where there is no end to it.
    """

    text: str
    prefixlen: int
    source: str
    until: float | None
    routable: bool
    tentative: bool
    duplicate: bool
    deprecated: bool = False
    lease: Lease | None = None


class Bond(NamedTuple):
    """A bond. `kind` is what the interface of its name is: bond, other, or none."""

    name: str
    configured: bool
    kind: str
    up: bool = False
    carrier: bool = False
    address: str = ""
    policy: str = "active"
    common: str = ""
    active: str = ""
    since: float | None = None
    ports: tuple[Port, ...] = ()
    addresses: tuple[Address, ...] = ()
    units: tuple[Unit, ...] = ()

    @property
    def online(self) -> bool:
        """Tell whether it has an active port that carries, and an address that reaches far."""
        carries = any(port.active and port.carrier for port in self.ports)
        return self.up and carries and any(address.routable for address in self.addresses)


class Picture(NamedTuple):
    """All bonds at a time (s since 1970); `problems` are the configuration's."""

    time: float
    bonds: tuple[Bond, ...]
    problems: tuple[str, ...] = ()
    faults: tuple[Advice, ...] = ()


# --- facts make a picture -----------------------------------------------------


def names(wishes: config.Config, made: Sequence[str]) -> list[str]:
    """Return the bonds: those of the configuration, then others that wbond has made."""
    return list(dict.fromkeys([*(bond.name for bond in wishes.bonds), *made]))


def wish(wishes: config.Config, name: str) -> config.Bond | None:
    """Return what the configuration says of a bond."""
    return next((bond for bond in wishes.bonds if bond.name == name), None)


def interface(links: Mapping[int, Link], name: str) -> Link | None:
    """Return the interface of that name."""
    return next((link for link in links.values() if link.name == name), None)


def seats(facts: Facts, name: str) -> list[Seat]:
    """Return a bond's ports: those that are in, and those that the configuration means.

    Which interface is meant by a glob or a match_ option, udev has noted.
    """
    bond, wanted = interface(facts.links, name), wish(facts.config, name)
    literal = {port.name: port.kind for port in (wanted.ports if wanted else []) if port.literal}
    members = [link for link in facts.links.values() if bond and link.master == bond.ifindex]
    found = {link.name: Seat(link.name, _kind(facts, link.name), link) for link in members}
    for other in [*literal, *(port for port, owner in facts.noted.items() if owner == name)]:
        kind = literal.get(other) or _kind(facts, other)
        link = interface(facts.links, other)
        found[other] = Seat(other, kind, found[other].link if other in found else link)
    return list(found.values())


def _kind(facts: Facts, name: str) -> str:
    return WIRELESS if name in facts.radios else WIRED


def port_unit(bond: str, seat: Seat) -> str:
    """Name a port's unit."""
    return units.port(bond, seat.kind, seat.name)


def bond_units(name: str) -> tuple[str, ...]:
    """Name a bond's own units: itself, its watch, the DHCP clients."""
    instance = escape.unit_instance(name)
    stems = ("wbond", "wbond-watch", "dhclient", "dhcp6c")
    return tuple(f"{stem}@{instance}.service" for stem in stems)


def paint(facts: Facts) -> Picture:
    """Return the picture that the facts come to."""
    bonds = tuple(_bond(facts, name) for name in names(facts.config, facts.made))
    problems = tuple(escape.printable(str(problem)) for problem in facts.config.problems)
    return Picture(facts.time, bonds, problems, tuple(facts.faults))


def _bond(facts: Facts, name: str) -> Bond:
    link = interface(facts.links, name)
    is_bond = link is not None and link.bond is not None
    kind = "none" if link is None else "bond" if is_bond else "other"
    configured = wish(facts.config, name) is not None
    history = reader.life(facts.history, name)
    ports = _ports(facts, name, link if is_bond else None, history)
    active = next((port for port in ports if port.active), None)
    bond = Bond(name, configured, kind, ports=ports, units=_units(facts, name))
    bond = bond._replace(policy=policy(facts, name), common=facts.common.get(name, ""))
    if link is None or not is_bond:
        return bond
    since = active.since if active else reader.idle_since(history)
    return bond._replace(
        up=link.up,
        carrier=link.carrier,
        address=link.address,
        active=active.name if active else "",
        since=since,
        addresses=tuple(_addresses(facts, name, link)),
    )


def policy(facts: Facts, name: str) -> str:
    """Return the bond's `mac`: the unit's, which is what was carried out, else the file's."""
    unit = facts.units.get(bond_units(name)[0])
    wanted = wish(facts.config, name)
    said = wanted.settings.get("mac", "active") if wanted else "active"
    return unit.environment.get("MAC", said) if unit else said


def _units(facts: Facts, name: str) -> tuple[Unit, ...]:
    """Return the bond's own units, without a DHCP client that it is not to have."""
    own = bond_units(name)
    watch = facts.units.get(own[1])
    unwanted = {
        unit
        for unit, setting in ((own[2], "DHCP4"), (own[3], "DHCP6"))
        if watch and watch.environment.get(setting) == "none"
    }
    return tuple(facts.units[unit] for unit in own if unit in facts.units and unit not in unwanted)


def _ports(
    facts: Facts, name: str, bond: Link | None, history: Sequence[Entry]
) -> tuple[Port, ...]:
    """Return the ports, the most preferred first, behind them those that are in no bond."""
    found = [_port(facts, name, seat, bond, history) for seat in seats(facts, name)]
    joined = [port for port in found if port.joined]
    ranked = [port._replace(rank=_rank(port, joined)) for port in joined]
    ranked.sort(key=lambda port: port.rank or 0)
    return (*ranked, *(port for port in found if not port.joined))


def _rank(port: Port, joined: Sequence[Port]) -> int:
    """Rank as the kernel does: the primary, then priority (bond_find_best_slave())."""
    key = (port.primary, port.priority or 0)
    return 1 + sum((other.primary, other.priority or 0) > key for other in joined)


def _port(facts: Facts, name: str, seat: Seat, bond: Link | None, history: Sequence[Entry]) -> Port:
    unit = facts.units.get(port_unit(name, seat), Unit(port_unit(name, seat), load=""))
    link = seat.link
    if link is None:
        return Port(seat.name, seat.kind, "absent", False, False, False, unit=unit)
    if bond is None or bond.bond is None or link.slave is None or link.master != bond.ifindex:
        condition = "blocked" if seat.name in facts.blocked else "outside"
        master = facts.links[link.master].name if link.master in facts.links else ""
        return Port(
            *(seat.name, seat.kind, condition, False, link.has_carrier, False),
            address=link.address,
            master=master,
            unit=unit,
        )
    serves = bond_state.Port(link, seat.name in facts.radios).is_operational
    active = bond.bond.active == link.ifindex
    condition = _condition(link, active, serves)
    common = facts.common.get(name, "")
    return Port(
        *(seat.name, seat.kind, condition, active, link.has_carrier, serves),
        priority=link.slave.prio,
        primary=bond.bond.primary == link.ifindex,
        mii=MII[link.slave.mii_status] if link.slave.mii_status < len(MII) else "",
        failures=link.slave.link_failures,
        since=reader.since(history, seat.name, _plain(condition)),
        address=link.address,
        refused=bool(common) and link.address != common,
        speed=facts.speeds.get(seat.name),
        association=facts.associations.get(seat.name),
        unit=unit,
    )


def _condition(link: Link, active: bool, serves: bool) -> str:
    if active:
        return "active"
    if not link.has_carrier:
        return "no-carrier" if link.up else "down"
    return "standby" if serves else "waiting"


def _plain(condition: str) -> str:
    """Return which of the journal's three conditions a port is in."""
    return {"waiting": "standby", "down": "no-carrier"}.get(condition, condition)


def _addresses(facts: Facts, name: str, bond: Link) -> list[Address]:
    """Return the bond's addresses: IPv4 first, those that reach farther first."""
    leases = {lease.address: lease for lease in facts.leases.get(name, ())}
    dhcp6c = facts.units.get(bond_units(name)[3])
    asks = dhcp6c is not None and dhcp6c.active == "active"
    own = [address for address in facts.addresses if address.ifindex == bond.ifindex]
    own.sort(key=lambda address: (address.family, address.scope, address.octets))
    return [
        Address(
            text=address.text,
            prefixlen=address.prefixlen,
            source=_source(address, leases, asks),
            until=None if address.valid is None else facts.time + address.valid,
            routable=wait_online.routable(address),
            tentative=address.tentative,
            duplicate=address.dadfailed,
            deprecated=address.deprecated,
            lease=leases.get(address.text),
        )
        for address in own
    ]


def _source(address: rtnetlink.Address, leases: Mapping[str, Lease], dhcp6c: bool) -> str:
    """Tell where an address comes from, as far as the kernel knows.

    dhclient-script gives a leased one its lifetime, and router advertisements
    have one; dhcp6c adds its own as /128 without any.
    """
    if address.scope != rtnetlink.SCOPE_UNIVERSE:
        return "link"
    if ":" not in address.text:
        return "dhcp4" if address.text in leases or not address.permanent else "static"
    if not address.permanent:
        return "advertisement"
    return "dhcp6" if dhcp6c and address.prefixlen == 128 else "static"


# --- a picture makes advice and an exit status --------------------------------


def exit_status(picture: Picture) -> int:
    """Return 0 when every bond configured is online, 1 when one is not, 2 when there is none."""
    configured = [bond for bond in picture.bonds if bond.configured]
    if not configured:
        return 2
    return 0 if all(bond.online for bond in configured) else 1


def advice(bond: Bond) -> list[Advice]:
    """Return what is wrong with a bond and what to do next, the gravest first."""
    found = _of_bond(bond)
    missing = bond_units(bond.name)[0] if bond.kind == "none" else ""
    for unit in (*bond.units, *(port.unit for port in bond.ports)):
        if unit.name == missing:
            continue
        if unit.active == "failed":
            result = f" ({unit.result})" if unit.result not in ("", "success", "exit-code") else ""
            found.append(Advice(f"{unit.name} has failed{result}", _status(unit.name)))
        elif (unit.active, unit.sub) == ("activating", "auto-restart"):
            found.append(Advice(f"{unit.name} ends and is started anew", _journal(unit.name)))
    for port in bond.ports:
        found += _of_port(bond, port)
    for address in bond.addresses:
        if address.duplicate:
            text = f"{address.text} is in use by another host"
            found.append(Advice(text, "find that host, or restart the client that asked for it"))
    if any(unit.reload_due for unit in (*bond.units, *(port.unit for port in bond.ports))):
        # Never a restart of the bond, which would cut the session that this is read in.
        remedy = "sudo wbond apply, or, if that finds nothing to do, systemctl daemon-reload"
        found.append(Advice("the configuration was edited since it was read", remedy))
    return found


def _of_bond(bond: Bond) -> list[Advice]:
    name, unit = escape.printable(bond.name), bond_units(bond.name)[0]
    if bond.kind == "other":
        remedy = f"give the bond another name, or delete {name} and {_command('start', unit)}"
        return [Advice(f"{name} is there and is no bond; it is left alone", remedy)]
    if bond.kind == "none":
        return [_missing(bond, unit)] if bond.configured else []
    if not bond.configured:
        text = f"{name} is in no configuration any more"
        return [Advice(text, f"{_command('stop', unit)} removes it")]
    if not bond.up:
        return [Advice(f"{name} is down", _command("restart", unit))]
    if not bond.active:
        return [_idle(bond)]
    return [] if bond.online else [_without_address(bond)]


def _missing(bond: Bond, unit: str) -> Advice:
    """A unit that systemd does not know, or has never started, is another matter than a failed."""
    text = f"{escape.printable(bond.name)} is configured and not there"
    known = next((found for found in bond.units if found.name == unit), None)
    if known and (known.load, known.active) == ("loaded", "inactive"):
        # It says so, and what to do, where systemd has yet to read the file.
        return Advice(text, f"sudo wbond up {shlex.quote(escape.printable(bond.name))}")
    return Advice(text, f"{_status(unit)}, and wbond check")


def _idle(bond: Bond) -> Advice:
    joined = [port for port in bond.ports if port.joined]
    if not joined:
        return Advice("it has no ports", "wbond check tells what the configuration means")
    radios = [port for port in joined if port.kind == WIRELESS]
    if not radios:
        return Advice("no port carries", "plug the cable in")
    return Advice(
        "no port carries", f"plug a cable in; of the radio: {_journal(radios[0].unit.name)}"
    )


def _without_address(bond: Bond) -> Advice:
    active = next((port for port in bond.ports if port.active), None)
    if active and not active.carrier:
        return Advice("the active port has lost its carrier, and none takes over", "")
    clients = [unit for unit in bond.units if unit.name.startswith(("dhclient@", "dhcp6c@"))]
    unit = clients[0].name if clients else bond_units(bond.name)[1]
    return Advice("it has no address that reaches beyond the link", _journal(unit))


def _of_port(bond: Bond, port: Port) -> list[Advice]:
    name = escape.printable(port.name)
    if port.state == "blocked":
        return [Advice(f"{name} is blocked by rfkill", "rfkill unblock wifi, or its switch")]
    if port.state == "outside":
        return _outside(bond, port)
    found = []
    if port.kind == WIRELESS and port.carrier and not port.serves:
        text = f"{name} is associated and not authorised; the password may be wrong"
        found.append(Advice(text, _journal(port.unit.name)))
    if port.refused:
        text = f"{name} has {port.address}, not the common address {bond.common}"
        remedy = "it works with its own; its driver may have refused: "
        found.append(Advice(text, remedy + _journal(port.unit.name)))
    return found


def _outside(bond: Bond, port: Port) -> list[Advice]:
    name = escape.printable(port.name)
    if bond.kind != "bond":
        return []
    if port.master:
        owner = escape.printable(port.master)
        return [Advice(f"{name} is a port of {owner}; it is left alone", "take it out there")]
    if port.unit.active == "inactive":
        text = f"{name} is there and has not joined: its unit is stopped"
        return [Advice(text, _command("start", port.unit.name))]
    return [Advice(f"{name} is there and has not joined", _status(port.unit.name))]


def _command(verb: str, unit: str) -> str:
    return f"systemctl {verb} {shlex.quote(unit)}"


def _status(unit: str) -> str:
    return _command("status", unit)


def _journal(unit: str) -> str:
    return f"journalctl -b -u {shlex.quote(unit)}"

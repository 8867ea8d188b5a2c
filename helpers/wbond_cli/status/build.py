# SPDX-License-Identifier: LGPL-2.1-or-later
"""Facts -> the status of the bonds; all of it pure."""

import socket
from collections.abc import Mapping, Sequence

from wbond import clients, config, escape, messages, units
from wbond_net import wait_online
from wbond_net.clients.leases import Lease
from wbond_net.kernel import bond_state, default_routes, rtnetlink, uapi, uppers
from wbond_net.kernel.rtnetlink import Link
from wbond_net.watch.path.ports import OFF, WAITING
from wbond_net.watch.path.record import Record

from wbond_cli.journal import reader
from wbond_cli.journal.reader import Entry
from wbond_cli.status.model import (
    WIRED,
    WIRELESS,
    Address,
    Bond,
    Facts,
    Names,
    Path,
    Port,
    PortSlot,
    Route,
    Status,
    Unit,
)

UNJUDGED = "unjudged"  # a path where there is no router to ask
MII = ("up", "going down", "down", "going back")  # BOND_LINK_*, bond_slave_link_status()


def build_status(facts: Facts) -> Status:
    """Return the status that the facts come to."""
    bonds = tuple(_bond(facts, name) for name in bond_names(facts))
    problems = tuple(escape.printable(messages.line(problem)) for problem in facts.config.problems)
    left_out = {name: escape.printable(why) for name, why in facts.left_out.items()}
    return Status(facts.time, bonds, problems, tuple(facts.faults), tuple(facts.asked), left_out)


def bond_names(facts: Facts) -> list[str]:
    """Return the bonds that are asked for; else the configuration's, then others wbond has made."""
    known = [*(bond.name for bond in facts.config.bonds), *facts.made]
    return list(dict.fromkeys(facts.asked or known))


def expected_ports(facts: Facts, name: str) -> list[PortSlot]:
    """Return a bond's ports: those that are in, and those that the configuration means.

    udev's database says which interface a glob or a match_ option means.
    """
    bond, configured = rtnetlink.link_by_name(facts.links, name), _configured(facts, name)
    ports = configured.ports if configured else []
    literal = {port.name: port.kind for port in ports if port.literal}
    members = [link for link in facts.links.values() if bond and link.master == bond.ifindex]
    slots = {link.name: PortSlot(link.name, _kind(facts, link.name), link) for link in members}
    for port in [*literal, *(other for other, owner in facts.claimed.items() if owner == name)]:
        kind = literal.get(port) or _kind(facts, port)
        link = slots[port].link if port in slots else rtnetlink.link_by_name(facts.links, port)
        slots[port] = PortSlot(port, kind, link)
    return list(slots.values())


def port_unit(facts: Facts, bond: str, slot: PortSlot) -> str:
    """Name a port's unit."""
    authenticated = slot.kind == WIRELESS or slot.name in facts.authenticated
    role = units.SUPPLICANT if authenticated else units.WIRED
    return units.port(bond, role, slot.name)


def bond_units(name: str) -> tuple[str, ...]:
    """Name a bond's own units: itself, its watch, the DHCP clients."""
    templates = (units.BOND, units.WATCH, *clients.UNITS)
    return tuple(units.instance(template, name) for template in templates)


def mac_policy(facts: Facts, name: str) -> str:
    """Return the bond's `mac`: the unit's, which was carried out, else the file's."""
    unit = facts.units.get(units.instance(units.BOND, name))
    configured = _configured(facts, name)
    policy = configured.settings.get("mac", "active") if configured else "active"
    return unit.environment.get("MAC", policy) if unit else policy


def _awaited(facts: Facts, name: str) -> str:
    """Return the bond's `wait_online`; a bond that is not configured is to have an address."""
    configured = _configured(facts, name)
    return wait_online.awaited(configured.settings if configured else {})


def _configured(facts: Facts, name: str) -> config.Bond | None:
    """Return what the configuration says of a bond."""
    return next((bond for bond in facts.config.bonds if bond.name == name), None)


def _kind(facts: Facts, name: str) -> str:
    return WIRELESS if name in facts.radios else WIRED


def _bond(facts: Facts, name: str) -> Bond:
    link = rtnetlink.link_by_name(facts.links, name)
    is_bond = link is not None and link.bond is not None
    kind = "none" if link is None else "bond" if is_bond else "other"
    history = reader.life(facts.history, name)
    ports = _ports(facts, name, link if is_bond else None, history)
    bond = Bond(
        *(name, _configured(facts, name) is not None, kind),
        policy=mac_policy(facts, name),
        shared_mac=facts.shared_macs.get(name, ""),
        ports=ports,
        units=_units(facts, name),
        clients=clients_of(facts, name),
    )
    if link is None or not is_bond:
        return bond
    active = next((port for port in ports if port.active), None)
    return bond._replace(
        up=link.up,
        carrier=link.carrier,
        address=link.address,
        active=active.name if active else "",
        since=active.since if active else reader.idle_since(history),
        addresses=tuple(_addresses(facts, name, link)),
        routes=tuple(_routes(facts, name, link)),
        missing=tuple(_missing(facts, name, link)),
        awaited=_awaited(facts, name),
        names=facts.names.get(name, Names()),
        routers=facts.paths.get(name, Record()).routers,
    )


def clients_of(facts: Facts, name: str) -> dict[str, str]:
    """Return the bond's DHCP clients by option, as its watch starts them."""
    watch = facts.units.get(units.instance(units.WATCH, name))
    told = watch.environment if watch else {}
    return {
        option: client.name
        for option in clients.OPTIONS
        for client in clients.of(option)
        if told.get(option.upper(), clients.of(option)[0].unit) == client.unit
    }


def _units(facts: Facts, name: str) -> tuple[Unit, ...]:
    """Return the bond's own units, without a DHCP client that it is not to have."""
    wanted = {clients.named(client).unit for client in clients_of(facts, name).values()}
    templates = (units.BOND, units.WATCH, *(unit for unit in clients.UNITS if unit in wanted))
    own = (units.instance(template, name) for template in templates)
    return tuple(facts.units[unit] for unit in own if unit in facts.units)


def _ports(
    facts: Facts, name: str, bond: Link | None, history: Sequence[Entry]
) -> tuple[Port, ...]:
    """Return the ports, the most preferred first, behind them those that are in no bond."""
    ports = [_port(facts, name, slot, bond, history) for slot in expected_ports(facts, name)]
    joined = [port for port in ports if port.joined]
    placed = [port._replace(position=_position(port, joined)) for port in joined]
    placed.sort(key=lambda port: port.position or 0)
    return (*placed, *(port for port in ports if not port.joined))


def _position(port: Port, joined: Sequence[Port]) -> int:
    """Order as the kernel does: the primary, then by prio (bond_find_best_slave())."""
    key = (port.primary, port.prio or 0)
    return 1 + sum((other.primary, other.prio or 0) > key for other in joined)


def _port(
    facts: Facts, name: str, slot: PortSlot, bond: Link | None, history: Sequence[Entry]
) -> Port:
    unit_name = port_unit(facts, name, slot)
    unit = facts.units.get(unit_name, Unit(unit_name, load=""))
    link = slot.link
    if link is None:
        return Port(slot.name, slot.kind, "absent", False, False, False, unit=unit)
    if bond is None or bond.bond is None or link.slave is None or link.master != bond.ifindex:
        return _port_outside(facts, slot, link, unit)
    is_operational = bond_state.Port(link, slot.name in facts.radios).is_operational
    is_active = bond.bond.active == link.ifindex
    port_state = _state(link, is_active, is_operational)
    shared_mac = facts.shared_macs.get(name, "")
    return Port(
        *(slot.name, slot.kind, port_state, is_active, link.has_carrier, is_operational),
        prio=link.slave.prio,
        primary=bond.bond.primary == link.ifindex,
        mii=MII[link.slave.mii_status] if link.slave.mii_status < len(MII) else "",
        failures=link.slave.link_failures,
        since=reader.since(history, slot.name, _state_in_journal(port_state)),
        address=link.address,
        refused=bool(shared_mac) and link.address != shared_mac,
        speed=facts.speeds.get(slot.name),
        association=facts.associations.get(slot.name),
        path=_path(facts, name, link.ifindex),
        unit=unit,
    )


def _path(facts: Facts, name: str, index: int) -> Path | None:
    """Return what the watch knows of the path behind a port that lets frames through."""
    known = facts.paths.get(name, Record())
    for path in known.paths:
        if path.ifindex == index and path.state not in (OFF, WAITING):
            return Path(path.state if known.routers else UNJUDGED, path.since)
    return None


def _port_outside(facts: Facts, slot: PortSlot, link: Link, unit: Unit) -> Port:
    """Return a port that is there and has not joined."""
    port_state = "blocked" if slot.name in facts.blocked else "outside"
    master = facts.links[link.master].name if link.master in facts.links else ""
    return Port(
        *(slot.name, slot.kind, port_state, False, link.has_carrier, False),
        address=link.address,
        master=master,
        unit=unit,
    )


def _state(link: Link, is_active: bool, is_operational: bool) -> str:
    if is_active:
        return "active"
    if not link.has_carrier:
        return "no-carrier" if link.up else "down"
    return "standby" if is_operational else "waiting"


def _state_in_journal(port_state: str) -> str:
    """Return which of the three states that the journal tells apart a port is in."""
    return {"waiting": "standby", "down": "no-carrier"}.get(port_state, port_state)


def _addresses(facts: Facts, name: str, bond: Link) -> list[Address]:
    """Return the addresses of the bond, then those of the interfaces above it.

    IPv4 first, those that reach farther first.
    """
    leases = {lease.address: lease for lease in facts.leases.get(name, ())}
    own = _list(facts, name, "address")
    units_of = (
        facts.units.get(units.instance(client.unit, name)) for client in clients.of("dhcp6")
    )
    has_dhcp6 = any(unit.active == "active" for unit in units_of if unit)
    places = {link.ifindex: link.name for link in uppers.above(bond, facts.links)}
    order = [bond.ifindex, *places]
    found = [address for address in facts.addresses if address.ifindex in order]
    found.sort(key=lambda address: (address.family, address.scope, address.octets))
    found.sort(key=lambda address: order.index(address.ifindex))
    return [
        Address(
            text=address.text,
            prefixlen=address.prefixlen,
            source=_source(address, leases, has_dhcp6, _configured_as(address) in own),
            until=None if address.valid is None else facts.time + address.valid,
            routable=wait_online.routable(address),
            tentative=address.tentative,
            duplicate=address.dadfailed,
            deprecated=address.deprecated,
            lease=leases.get(address.text),
            above=places.get(address.ifindex, ""),
            configured=_configured_as(address) in own,
        )
        for address in found
    ]


def _list(facts: Facts, name: str, option: str) -> tuple[str, ...]:
    """Return what the configuration lists for a bond."""
    configured = _configured(facts, name)
    return configured.lists.get(option, ()) if configured else ()


def _configured_as(address: rtnetlink.Address) -> str:
    return f"{address.text}/{address.prefixlen}"


def _missing(facts: Facts, name: str, bond: Link) -> list[str]:
    """Return the configured addresses that the bond does not have."""
    there = {_configured_as(one) for one in facts.addresses if one.ifindex == bond.ifindex}
    return [text for text in _list(facts, name, "address") if text not in there]


def _routes(facts: Facts, name: str, bond: Link) -> list[Route]:
    """Return the default routes by the bond, then those by interfaces above it."""
    places = {link.ifindex: link.name for link in uppers.above(bond, facts.links)}
    order = [bond.ifindex, *places]
    found = [route for route in facts.routes if route.ifindex in order]
    found.sort(key=lambda route: order.index(route.ifindex))
    return [
        Route(
            gateway=route.gateway,
            metric=route.metric,
            source=_source_of_route(facts, name, route),
            ipv6=route.family == socket.AF_INET6,
            above=places.get(route.ifindex, ""),
        )
        for route in found
    ]


def _source_of_route(facts: Facts, name: str, route: default_routes.Route) -> str:
    """Tell where a route comes from: dhclient-script sets it as a person does, by ip(8)."""
    is_ipv6 = route.family == socket.AF_INET6
    if route.protocol == uapi.RTPROT_STATIC and route.gateway in _list(facts, name, "gateway"):
        return "static"
    if is_ipv6:
        by_router = route.protocol in (uapi.RTPROT_RA, uapi.RTPROT_KERNEL)
        return "advertisement" if by_router else "other"
    leased = [of for lease in facts.leases.get(name, ()) for *_, of in lease.routes]
    dhclient = facts.units.get(units.instance(clients.named("dhclient").unit, name))
    by_script = route.gateway in leased or (dhclient is not None and dhclient.active == "active")
    if route.protocol == uapi.RTPROT_DHCP or (route.protocol == uapi.RTPROT_BOOT and by_script):
        return "dhcp4"
    return "other"


def _source(
    address: rtnetlink.Address, leases: Mapping[str, Lease], has_dhcp6: bool, configured: bool
) -> str:
    """Tell where an address comes from, as far as the kernel knows.

    dhclient-script and dhcpcd give a leased one its lifetime, and router advertisements
    have one; dhcp6c adds its own without any. Those by DHCPv6 are /128, and no others.
    """
    if configured and address.permanent:
        return "static"
    if address.scope != rtnetlink.SCOPE_UNIVERSE:
        return "link"
    if ":" not in address.text:
        return "dhcp4" if address.text in leases or not address.permanent else "static"
    if has_dhcp6 and address.prefixlen == 128:
        return "dhcp6"
    return "static" if address.permanent else "advertisement"

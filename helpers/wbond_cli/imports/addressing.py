# SPDX-License-Identifier: LGPL-2.1-or-later
"""Addresses and names of several connections -> those of one bond.

A bond is in one network at a time, whichever port it uses. Where one connection has a static
address and another one DHCP, it gets both, and the router is what DHCP says.
"""

from wbond_udev.match import WIRELESS

from wbond_cli.imports.record import DHCP, NONE, STATIC, UNSAID, Connection, Found, Given

Options = list[tuple[str, list[str], list[Given]]]


def options(found: Found, connections: list[Connection]) -> Options:
    """Return name, entries and sources of each option that these come to."""
    parts = _common(found, connections)
    made: Options = []
    for family in (4, 6):
        made += _client(found, parts, family)
    addresses = _first(found, parts)
    for name, entries in (
        ("address", addresses),
        ("gateway", _gateways(found, parts)),
        ("nameservers", [given for one in parts for given in one.nameservers]),
        ("search", [given for one in parts for given in one.search]),
    ):
        if entries:
            made.append(_list(name, entries))
    made += _single(found, "metric", [one.metric for one in parts if one.metric])
    made += _single(found, "mac", [one.mac for one in parts if one.mac])
    return made


def _single(found: Found, name: str, entries: list[Given]) -> Options:
    """Return the option for the first of several values; the others are noted."""
    for given in entries[1:]:
        if given.value != entries[0].value:
            found.leave(given, f"a bond has one {name}: that of the preferred connection")
    return [_list(name, entries[:1])] if entries else []


def _list(name: str, entries: list[Given]) -> tuple[str, list[str], list[Given]]:
    return name, [given.value for given in entries], entries


def _common(found: Found, connections: list[Connection]) -> list[Connection]:
    """Return the connections whose settings can hold for all networks.

    Of several that a cable or a radio may have, one for each network, it is the first.
    """
    kept: list[Connection] = []
    for one in connections:
        rivals = [other for other in kept if other.kind == one.kind]
        roams = one.kind == WIRELESS and sum(other.kind == WIRELESS for other in connections) > 1
        if not rivals and not roams:
            kept.append(one)
            continue
        for given in [*one.own, *filter(None, (one.metric, one.mac))]:
            found.leave(given, "it holds for one network alone; a bond has one for all")
    if roaming := [one for one in connections if one.kind == WIRELESS and one not in kept]:
        kept.append(_by_dhcp(roaming[0]))
    return kept


def _by_dhcp(one: Connection) -> Connection:
    """Return a connection that has what the networks give."""
    plain = Connection(one.kind, one.name, one.file, one.line)
    plain.methods = {4: DHCP, 6: UNSAID}
    return plain


def _client(found: Found, parts: list[Connection], family: int) -> Options:
    """Have no DHCP client where no connection has one."""
    said = [one.methods[family] for one in parts if one.methods[family] != UNSAID]
    if not said or DHCP in said or (family == 6 and len(said) < len(parts)):
        return []
    if family == 6 and set(said) == {NONE}:
        for one in parts:
            place = Given("IPv6", "", one.file, one.line)
            found.leave(place, "DHCPv6 is off; what routers advertise is used all the same")
    return [(f"dhcp{family}", ["none"], [])]


def _first(found: Found, parts: list[Connection]) -> list[Given]:
    """Return the addresses of the first connection that has some, of each family."""
    chosen: list[Given] = []
    for family in (4, 6):
        sets = [[a for a in one.addresses if (":" in a.value) == (family == 6)] for one in parts]
        sets = [own for own in sets if own]
        chosen += sets[0] if sets else []
        known = {given.value for given in chosen}
        for given in (given for own in sets[1:] for given in own if given.value not in known):
            found.leave(given, "a bond has the same address on every port: that of the first")
    return chosen


def _gateways(found: Found, parts: list[Connection]) -> list[Given]:
    """Return a router of each family, where no network says by DHCP which it is."""
    chosen = []
    for family in (4, 6):
        of_family = [
            (one, given)
            for one in parts
            for given in one.gateways
            if (":" in given.value) == (family == 6)
        ]
        by_dhcp = family == 4 and any(one.methods[4] == DHCP for one in parts)
        for number, (one, given) in enumerate(of_family):
            if by_dhcp and one.methods[4] == STATIC:
                found.leave(given, "another connection has its router by DHCP, and so has the bond")
            elif number == 0:
                chosen.append(given)
            elif given.value != of_family[0][1].value:
                found.leave(given, "a bond has one router of a family: the first")
    return chosen

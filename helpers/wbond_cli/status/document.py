# SPDX-License-Identifier: LGPL-2.1-or-later
"""A status as programs read it; status.schema.json says what each part means.

Times are texts by RFC 3339, durations are seconds.
"""

from collections.abc import Mapping

from wbond import clients, escape

from wbond_cli import formatting
from wbond_cli.status.advice import advice
from wbond_cli.status.model import Address, Advice, Bond, Names, Port, Route, Status, Unit

VERSION = 1  # of the schema; grows when something is taken out or gets another meaning

Value = Mapping[str, object]


def status_to_dict(status: Status) -> Value:
    """Return all of a status as what json.dumps() takes."""
    return {
        "version": VERSION,
        "time": formatting.timestamp(status.time),
        "exit_status": status.exit_status,
        "bonds": [_bond(bond, status.time) for bond in status.bonds],
        "problems": list(status.problems),
        "faults": [_advice(fault) for fault in status.faults],
        "left_out": [
            {"name": _name(name), "reason": reason} for name, reason in status.left_out.items()
        ],
    }


def _name(text: str) -> str:
    """Return a name as it is, or, if it is no Unicode, with escapes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return escape.printable(text)
    return text


def _bond(bond: Bond, now: float) -> Value:
    return {
        "name": _name(bond.name),
        "configured": bond.configured,
        "kind": bond.kind,
        "online": bond.online,
        "up": bond.up,
        "carrier": bond.carrier,
        "active": _name(bond.active) or None,
        **_since(bond.since, now),
        "mac": {
            "address": bond.address or None,
            "policy": _name(bond.policy),
            "common": bond.shared_mac or None,
            "refused_by": [_name(port.name) for port in bond.ports if port.refused],
        },
        "ports": [_port(port, now) for port in bond.ports],
        "addresses": [_address(address, now) for address in bond.addresses],
        "routes": [_route(route) for route in bond.routes],
        "names": _names(bond.names),
        "clients": {option: bond.clients.get(option) for option in clients.OPTIONS},
        "routers": [{"address": address, "mac": mac or None} for address, mac in bond.routers],
        "units": [_unit(unit) for unit in bond.units],
        "advice": [_advice(item) for item in advice(bond)],
    }


def _since(moment: float | None, now: float) -> Value:
    """Return a beginning; the clock may have been set back since."""
    if moment is None:
        return {"since": None, "lasted": None}
    return {"since": formatting.timestamp(moment), "lasted": round(max(0.0, now - moment), 3)}


def _port(port: Port, now: float) -> Value:
    return {
        "name": _name(port.name),
        "role": port.kind,
        "state": port.state,
        "joined": port.joined,
        "active": port.active,
        "carrier": port.has_carrier,
        "serves": port.is_operational,
        "mii_status": port.mii or None,
        "position": port.position,
        "prio": port.prio,
        # Names of 0.1 for these two, which the schema declares deprecated.
        "rank": port.position,
        "priority": port.prio,
        "primary": port.primary,
        "link_failures": port.failures,
        **_since(port.since, now),
        "address": port.address or None,
        "speed": port.speed,
        "radio": port.association._asdict() if port.association else None,
        "path": {"state": port.path.state, **_since(port.path.since, now)} if port.path else None,
        "master": _name(port.master) or None,
        "unit": _unit(port.unit) if port.unit.load else None,
    }


def _address(address: Address, now: float) -> Value:
    until, lease = address.until, address.lease
    return {
        "address": address.text,
        "prefix_length": address.prefixlen,
        "source": address.source,
        "configured": address.configured,
        "above": _name(address.above) or None,
        "routable": address.routable,
        "tentative": address.tentative,
        "duplicate": address.duplicate,
        "deprecated": address.deprecated,
        "until": None if until is None else formatting.timestamp(until),
        "left": None if until is None else round(until - now),
        "server": lease.server or None if lease else None,
        "renewal": formatting.timestamp(lease.renew) if lease and lease.renew is not None else None,
    }


def _route(route: Route) -> Value:
    return {
        "family": "ipv6" if route.ipv6 else "ipv4",
        "gateway": route.gateway or None,
        "metric": route.metric,
        "source": route.source,
        "above": _name(route.above) or None,
    }


def _names(names: Names) -> Value:
    return {
        "servers": [
            {"address": _name(server), "sources": sources}
            for server, sources in names.servers.items()
        ],
        "search": [
            {"domain": domain, "sources": sources} for domain, sources in names.domains.items()
        ],
        "published": names.published.sink or None,
        "fault": names.published.fault or None,
    }


def _unit(unit: Unit) -> Value:
    return {
        "name": unit.name,
        "active_state": unit.active,
        "sub_state": unit.sub,
        "result": unit.result,
        "status": unit.status or None,
        "reload_due": unit.reload_due,
    }


def _advice(item: Advice) -> Value:
    return {"text": item.text, "remedy": item.remedy or None}

# SPDX-License-Identifier: LGPL-2.1-or-later
"""A picture as programs read it; status.schema.json says what each part means.

Times are texts by RFC 3339, durations are seconds.
"""

from collections.abc import Mapping

from wbond import escape

from wbond_cli import formatting
from wbond_cli.status import model
from wbond_cli.status.model import Address, Advice, Bond, Picture, Port, Unit

VERSION = 1  # of the schema; grows when something is taken out or gets another meaning

Value = Mapping[str, object]


def whole(found: Picture) -> Value:
    """Return all of a picture as what json.dumps() takes."""
    return {
        "version": VERSION,
        "time": formatting.timestamp(found.time),
        "exit_status": model.exit_status(found),
        "bonds": [_bond(bond, found.time) for bond in found.bonds],
        "problems": list(found.problems),
        "faults": [_advice(fault) for fault in found.faults],
    }


def name(text: str) -> str:
    """Return a name as it is, or, where it is no Unicode, with escapes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return escape.printable(text)
    return text


def _bond(bond: Bond, now: float) -> Value:
    return {
        "name": name(bond.name),
        "configured": bond.configured,
        "kind": bond.kind,
        "online": bond.online,
        "up": bond.up,
        "carrier": bond.carrier,
        "active": name(bond.active) or None,
        **_since(bond.since, now),
        "mac": {
            "address": bond.address or None,
            "policy": name(bond.policy),
            "common": bond.common or None,
            "refused_by": [name(port.name) for port in bond.ports if port.refused],
        },
        "ports": [_port(port, now) for port in bond.ports],
        "addresses": [_address(address, now) for address in bond.addresses],
        "units": [_unit(unit) for unit in bond.units],
        "advice": [_advice(one) for one in model.advice(bond)],
    }


def _since(moment: float | None, now: float) -> Value:
    """Return a beginning; the clock may have been set back since."""
    if moment is None:
        return {"since": None, "lasted": None}
    return {"since": formatting.timestamp(moment), "lasted": round(max(0.0, now - moment), 3)}


def _port(port: Port, now: float) -> Value:
    return {
        "name": name(port.name),
        "role": port.kind,
        "state": port.state,
        "joined": port.joined,
        "active": port.active,
        "carrier": port.carrier,
        "serves": port.serves,
        "mii_status": port.mii or None,
        "rank": port.rank,
        "priority": port.priority,
        "primary": port.primary,
        "link_failures": port.failures,
        **_since(port.since, now),
        "address": port.address or None,
        "speed": port.speed,
        "radio": port.association._asdict() if port.association else None,
        "master": name(port.master) or None,
        "unit": _unit(port.unit) if port.unit.load else None,
    }


def _address(address: Address, now: float) -> Value:
    until, lease = address.until, address.lease
    return {
        "address": address.text,
        "prefix_length": address.prefixlen,
        "source": address.source,
        "routable": address.routable,
        "tentative": address.tentative,
        "duplicate": address.duplicate,
        "deprecated": address.deprecated,
        "until": None if until is None else formatting.timestamp(until),
        "left": None if until is None else round(until - now),
        "server": lease.server or None if lease else None,
        "renewal": formatting.timestamp(lease.renew) if lease and lease.renew is not None else None,
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


def _advice(one: Advice) -> Value:
    return {"text": one.text, "remedy": one.remedy or None}

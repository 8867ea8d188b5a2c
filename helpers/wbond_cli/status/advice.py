# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is wrong with a bond, and what to do about it; pure."""

import shlex

from wbond import clients, escape, units
from wbond_net import wait_online

from wbond_cli.status.model import WIRELESS, Advice, Bond, Port, Unit


def advice(bond: Bond) -> list[Advice]:
    """Return what is wrong with a bond and what to do next, the gravest first."""
    all_units = (*bond.units, *(port.unit for port in bond.ports))
    items = _about_bond(bond)
    # The advice on a missing bond names its unit already.
    named = units.instance(units.BOND, bond.name) if bond.kind == "none" else ""
    for unit in all_units:
        if unit.name != named:
            items += _about_unit(unit)
    for port in bond.ports:
        items += _about_port(bond, port)
    if bond.up and bond.missing:
        text = f"it has no {', '.join(bond.missing)}, which the configuration gives it"
        own = units.instance(units.BOND, bond.name)
        items.append(Advice(text, f"{_systemctl('reload', own)}; {_journal(own)} tells why not"))
    for address in bond.addresses:
        if address.duplicate:
            text = f"{address.text} is in use by another host"
            items.append(Advice(text, "find that host, or restart the client that asked for it"))
    if bond.names.published.fault:
        items.append(
            Advice(f"names are not published: {bond.names.published.fault}", "wbond check")
        )
    if any(unit.reload_due for unit in all_units):
        # Never a restart of the bond, which would cut the session that this is read in.
        remedy = "sudo wbond apply, or, if that finds nothing to do, systemctl daemon-reload"
        items.append(Advice("the configuration was edited since it was read", remedy))
    return items


def _about_bond(bond: Bond) -> list[Advice]:
    name, unit = escape.printable(bond.name), units.instance(units.BOND, bond.name)
    if bond.kind == "other":
        remedy = f"give the bond another name, or delete {name} and {_systemctl('start', unit)}"
        return [Advice(f"{name} is there and is no bond; it is left alone", remedy)]
    if bond.kind == "none":
        return [_missing(bond, unit)] if bond.configured else []
    if not bond.configured:
        text = f"{name} is in no configuration any more"
        return [Advice(text, f"{_systemctl('stop', unit)} removes it")]
    if not bond.up:
        return [Advice(f"{name} is down", _systemctl("restart", unit))]
    if not bond.active:
        return [_idle(bond)]
    if bond.online:
        return _about_waiting(bond)
    # With an address, it is the active port that does not let frames through: see _about_port().
    active = next(port for port in bond.ports if port.active)
    has_address = any(address.routable for address in bond.addresses)
    return [] if active.has_carrier and has_address else [_without_address(bond)]


def _missing(bond: Bond, unit: str) -> Advice:
    """Tell a unit that has failed from one that systemd does not know or has never started."""
    text = f"{escape.printable(bond.name)} is configured and not there"
    known = next((candidate for candidate in bond.units if candidate.name == unit), None)
    if known and (known.load, known.active) == ("loaded", "inactive"):
        # `wbond up` says what to do if systemd has yet to read the file.
        return Advice(text, f"sudo wbond up {shlex.quote(escape.printable(bond.name))}")
    return Advice(text, f"{_systemctl('status', unit)}, and wbond check")


def _idle(bond: Bond) -> Advice:
    joined = [port for port in bond.ports if port.joined]
    if not joined:
        return Advice("it has no ports", "wbond check tells what the configuration means")
    radios = [port for port in joined if port.kind == WIRELESS]
    if not radios:
        return Advice("no port has a link", "plug the cable in")
    journal = _journal(radios[0].unit.name)
    return Advice("no port has a link", f"plug a cable in; of the radio: {journal}")


def _without_address(bond: Bond) -> Advice:
    active = next((port for port in bond.ports if port.active), None)
    if active and not active.has_carrier:
        return Advice("the active port has lost its carrier, and none takes over")
    served = [unit for unit in bond.units if units.template(unit.name) in clients.UNITS]
    unit = served[0].name if served else units.instance(units.WATCH, bond.name)
    return Advice("it has no address that reaches beyond the link", _journal(unit))


def _about_waiting(bond: Bond) -> list[Advice]:
    """Tell of a boot that waits for an address where there will be none."""
    above = {address.above for address in bond.addresses if address.routable}
    if bond.awaited != wait_online.ADDRESS or "" in above:
        return []
    name, where = escape.printable(bond.name), ", ".join(map(escape.printable, sorted(above)))
    text = f"at boot, network-online.target waits for an address on {name} (above it: {where})"
    return [Advice(text, "wait_online = link in /etc/wbond.conf, then sudo wbond apply")]


def _about_unit(unit: Unit) -> list[Advice]:
    if unit.active == "failed":
        result = f" ({unit.result})" if unit.result not in ("", "success", "exit-code") else ""
        return [Advice(f"{unit.name} has failed{result}", _systemctl("status", unit.name))]
    if (unit.active, unit.sub) == ("activating", "auto-restart"):
        return [Advice(f"{unit.name} ends and is started again", _journal(unit.name))]
    return []


def _about_port(bond: Bond, port: Port) -> list[Advice]:
    name = escape.printable(port.name)
    if port.state == "blocked":
        return [Advice(f"{name} is blocked by rfkill", "rfkill unblock wifi, or its switch")]
    if port.state == "outside":
        return _outside(bond, port)
    items = []
    if port.kind == WIRELESS and port.has_carrier and not port.is_operational:
        text = f"{name} is associated and not authorised; the password may be wrong"
        items.append(Advice(text, _journal(port.unit.name)))
    if _may_lack_authorisation(bond, port):
        text = f"{name} has not led to the router yet; the switch may not have authorised it"
        items.append(Advice(text, f"the password may be wrong: {_journal(port.unit.name)}"))
    elif port.path and port.path.state == "dead":
        text = f"{name} has a link and leads nowhere: the router does not answer there"
        items.append(Advice(text, "look at what is behind it, the switch or the access point"))
    if port.refused:
        text = f"{name} has {port.address}, not the common address {bond.shared_mac}"
        remedy = "it works with its own; its driver may have refused: "
        items.append(Advice(text, remedy + _journal(port.unit.name)))
    return items


def _may_lack_authorisation(bond: Bond, port: Port) -> bool:
    """Tell a cable with 802.1X that is asked, and by which the router has not answered.

    The kernel knows no more of it. Ports that rank below the active one are not asked.
    """
    supplicant = units.port(bond.name, units.SUPPLICANT, port.name)
    if port.kind == WIRELESS or port.unit.name != supplicant or not port.path:
        return False
    active = next((other for other in bond.ports if other.active), None)
    better = active and port.position and active.position and port.position < active.position
    return port.path.state == "dead" or bool(better and port.path.state == "unknown")


def _outside(bond: Bond, port: Port) -> list[Advice]:
    name = escape.printable(port.name)
    if bond.kind != "bond":
        return []
    if port.master:
        owner = escape.printable(port.master)
        return [Advice(f"{name} is a port of {owner}; it is left alone", "take it out there")]
    if port.unit.active == "inactive":
        text = f"{name} is there and has not joined: its unit is stopped"
        return [Advice(text, _systemctl("start", port.unit.name))]
    text = f"{name} is there and has not joined"
    return [Advice(text, _systemctl("status", port.unit.name))]


def _systemctl(verb: str, unit: str) -> str:
    return f"systemctl {verb} {shlex.quote(unit)}"


def _journal(unit: str) -> str:
    return f"journalctl -b -u {shlex.quote(unit)}"

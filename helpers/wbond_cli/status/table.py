# SPDX-License-Identifier: LGPL-2.1-or-later
"""A status as a person reads it: lines for each bond, a table of its ports, advice.

Nothing is cut off: what does not fit is folded, and on a narrow terminal the
table becomes a list. All is ASCII but names.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from wbond import clients, escape, units

from wbond_cli import formatting
from wbond_cli.status.advice import advice
from wbond_cli.status.model import Address, Advice, Bond, Names, Port, Route, Status, Unit

NARROW, WIDE = 70, 100  # columns: from where on the ports are a table, a radio has one line
STATES = {
    "active": ("active", "bold green"),
    "standby": ("stands by", "green"),
    "waiting": ("not ready", "yellow"),
    "no-carrier": ("no carrier", "yellow"),
    "down": ("down", "red"),
    "blocked": ("blocked", "red"),
    "outside": ("not joined", "red"),
    "absent": ("not there", "dim"),
}
PATHS = {
    "proven": "leads to the router",
    "suspect": "no router answers",
    "dead": "leads nowhere",
    "foreign": "leads to another network",
    "held": "leads to the router, held back",
    "unknown": "path not known",
    "unjudged": "no router to ask",
}
SOURCES = {
    "dhcp4": "lease",
    "dhcp6": "lease",
    "advertisement": "router advertisement",
    "link": "link-local",
    "static": "no lease",
}
CONFIGURED = "static"
ROUTES = {
    "dhcp4": "by DHCP",
    "advertisement": "router advertisement",
    "static": CONFIGURED,
    "other": "set by something else",
}


# Who says that a server is one, where the source's name is no program's; and where it is published.
NAMED_BY = {"static": "wbond.conf", "ra": "router"}
SINKS = {
    "resolved": ("published by systemd-resolved", ""),
    "resolvconf": ("published by resolvconf", ""),
    "file": ("published in resolv.conf", ""),
    "none": ("not published (dns = none)", ""),
}


class Style(NamedTuple):
    """Columns, encoding, and whether durations are shown: they age where nothing is redrawn."""

    width: int
    encoding: str = "utf-8"
    durations: bool = True

    def shown(self, text: str) -> str:
        """Return a text as it will be printed, so that a table knows its width."""
        octets = escape.printable(text).encode(self.encoding, "backslashreplace")
        return octets.decode(self.encoding)


def style(console: Console, durations: bool = True) -> Style:
    """Return what a console has."""
    return Style(console.width, console.encoding, durations)


def render_status(status: Status, style: Style) -> Group:
    """Return all of a status."""
    blocks = [_bond(bond, status.time, style) for bond in status.bonds]
    general = list(status.faults)
    if status.problems:
        count = len(status.problems)
        text = f"the configuration has {count} fault{'s' if count > 1 else ''}"
        general.insert(0, Advice(text, "wbond check names them"))
    if general:
        blocks.append(_advice(general))
    if status.left_out:
        blocks.append(_left_out(status.left_out))
    parts: list[RenderableType] = []
    for block in blocks:
        parts += [Text(), block] if parts else [block]
    return Group(*parts)


def _bond(bond: Bond, now: float, style: Style) -> RenderableType:
    parts: list[RenderableType] = [_headline(bond, now, style)]
    grid = _grid()
    for key, value in _properties(bond, now, style):
        grid.add_row(key, value)
    if grid.row_count:
        parts.append(Padding(grid, (0, 0, 0, 2), expand=False))
    if bond.ports:
        parts += [Text(), _ports(bond, now, style)]
    if items := advice(bond):
        parts += [Text(), _advice(items)]
    return Group(*parts)


def _grid() -> Table:
    """Return a table of keys and values without lines; a value that is too long is folded."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def _headline(bond: Bond, now: float, style: Style) -> Text:
    text, colour = _bond_state(bond)
    line = Text(escape.printable(bond.name), style="bold")
    line.append("  ")
    line.append(text, style=colour)
    line.append(_since(bond.since, now, style), style="not bold")
    return line


def _bond_state(bond: Bond) -> tuple[str, str]:
    """Return a bond's state, and its colour."""
    if bond.kind != "bond":
        return ("is not there" if bond.kind == "none" else "is no bond"), "red"
    active = next((port for port in bond.ports if port.active), None)
    if active is None:
        return ("has no active port" if bond.ports else "has no ports"), "red"
    text = f"{escape.printable(active.name)} ({active.kind}) is active"
    return text, "green" if bond.online else "yellow"


def _since(moment: float | None, now: float, style: Style) -> str:
    if moment is None:
        return ""
    lasted = f" ({formatting.duration(now - moment)})" if style.durations and now >= moment else ""
    return f" since {formatting.clock(moment, now)}{lasted}"


def _properties(bond: Bond, now: float, style: Style) -> list[tuple[str, Text]]:
    properties = [_address(address, now, style) for address in bond.addresses]
    properties += [_route(route, style) for route in bond.routes]
    properties += [("router", _router(*router)) for router in bond.routers]
    if bond.address:
        properties.append(("MAC", _mac(bond)))
    if bond.names.servers or bond.names.domains:
        properties += _names(bond.names)
    if listed := _units(bond):
        properties.append(("units", listed))
    return properties


def _address(address: Address, now: float, style: Style) -> tuple[str, Text]:
    line = Text(f"{address.text}/{address.prefixlen}  ")
    if address.above:
        line.append(f"on {style.shown(address.above)}: ")
    line.append(CONFIGURED if address.configured else SOURCES[address.source])
    if address.source == "dhcp6" and address.until is None:
        line.append(" by dhcp6c, which sets no end")
    if address.lease and address.lease.server:
        line.append(f" of {address.lease.server}")
    if address.until is not None:
        left = f" ({formatting.duration(address.until - now)} left)" if style.durations else ""
        line.append(f" until {formatting.clock(address.until, now)}{left}")
    if address.duplicate:
        line.append(", duplicate", style="red")
    elif address.tentative:
        line.append(", tentative", style="yellow")
    elif address.deprecated:
        line.append(", deprecated", style="dim")
    return ("IPv6" if ":" in address.text else "IPv4"), line


def _router(address: str, mac: str) -> Text:
    line = Text(escape.printable(address))
    line.append(f"  {escape.printable(mac)}" if mac else "  has not answered", style="dim")
    return line


def _route(route: Route, style: Style) -> tuple[str, Text]:
    via = f"via {route.gateway}" if route.gateway else "direct"
    where = f"on {style.shown(route.above)}: " if route.above else ""
    line = f"default {via}  {where}metric {route.metric}, {ROUTES[route.source]}"
    return "route", Text(line)


def _names(names: Names) -> list[tuple[str, Text]]:
    """Return lines of the servers and of the domains, each with who says so."""
    lines = [("names", _said(names.servers)), ("search", _said(names.domains))]
    lines = [(key, line) for key, line in lines if line]
    text, colour = SINKS.get(names.published.sink, ("not published", "yellow"))
    if names.published.fault:
        text, colour = "not published", "yellow"
    lines[0][1].append("; ").append(text, style=colour)
    return lines


def _said(values: Mapping[str, Sequence[str]]) -> Text:
    said = (
        f"{value} ({', '.join(NAMED_BY.get(source, source) for source in sources)})"
        for value, sources in values.items()
    )
    return Text(escape.printable(", ".join(said)))


def _mac(bond: Bond) -> Text:
    line = Text(f"{bond.address}  mac = {escape.printable(bond.policy)}")
    if not bond.shared_mac:
        return line
    refusing = [port for port in bond.ports if port.refused]
    line.append(f", all ports have {bond.shared_mac}" if not refusing else "")
    for port in refusing:
        text = f", not taken by {escape.printable(port.name)}: {port.address}"
        line.append(text, style="yellow")
    return line


def _units(bond: Bond) -> Text:
    """Group the units by their state: most are active, and the others are to be seen."""
    own = [*bond.units, *(port.unit for port in bond.ports if port.state != "absent")]
    groups: dict[str, list[Unit]] = {}
    for unit in own:
        if unit.load:
            groups.setdefault(unit.active, []).append(unit)
    line = Text()
    for state, members in groups.items():
        line.append("; " if line else "")
        line.append(state, style={"active": "green", "failed": "red"}.get(state, "yellow"))
        line.append(": " + " ".join(_unit(bond, unit) for unit in members))
    return line


def _unit(bond: Bond, unit: Unit) -> str:
    """Return a unit's name; behind that of a client for either family, which it serves."""
    name, client = unit.name.removesuffix(".service"), units.template(unit.name)
    if client not in clients.UNITS or len(clients.named(client).options) == 1:
        return name
    options = [o for o, served in bond.clients.items() if clients.named(served).unit == client]
    families = ", ".join(option.replace("dhcp", "IPv") for option in options)
    return f"{name} ({families})" if families else name


def _ports(bond: Bond, now: float, style: Style) -> RenderableType:
    if style.width < NARROW:
        return Group(*(_listed(port, now, style) for port in bond.ports))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in ("", "port", "kind", "pos", "state", "since", "failures", "link"):
        is_number = heading in ("pos", "failures")
        table.add_column(heading, justify="right" if is_number else "left", overflow="fold")
    for port in bond.ports:
        table.add_row(
            _mark(port),
            _name(port, style),
            port.kind,
            _count(port.position),
            _state(port),
            formatting.clock(port.since, now) if port.since else "-",
            _count(port.failures),
            _separated((*_link(port, style), *_path(port, now)), style),
        )
    return table


def _mark(port: Port) -> Text:
    """Mark the active port, also where there is no colour."""
    return Text("*", style=STATES["active"][1]) if port.active else Text(" ")


def _name(port: Port, style: Style) -> Text:
    return Text(style.shown(port.name), style=STATES["active"][1] if port.active else "")


def _count(number: int | None) -> str:
    return "-" if number is None else str(number)


def _state(port: Port) -> Text:
    text, colour = STATES[port.state]
    if port.active and not port.has_carrier:
        return Text(f"{text}, no carrier", style="red")
    return Text(text, style=colour)


def _link(port: Port, style: Style) -> tuple[str, ...]:
    """Return what is known of the medium: a cable's speed, a radio's network and its numbers."""
    if port.association is None:
        return (formatting.rate(port.speed),) if port.speed else ()
    radio = port.association
    numbers = [f"{radio.signal} dBm"] if radio.signal is not None else []
    numbers += [formatting.rate(radio.rate)] if radio.rate is not None else []
    parts = [f'"{style.shown(radio.ssid)}"']
    parts += [", ".join(numbers)] if numbers else []
    parts += ["802.11b's rates too"] if radio.legacy_rates else []
    parts += ["not authorised"] if port.has_carrier and not port.is_operational else []
    return tuple(parts)


def _path(port: Port, now: float) -> tuple[str, ...]:
    """Return where a port leads to, as far as the watch knows, and since when."""
    if port.path is None:
        return ()
    return (f"{PATHS[port.path.state]} since {formatting.clock(port.path.since, now)}",)


def _separated(parts: Sequence[str], style: Style) -> str:
    return (", " if style.width >= WIDE else "\n").join(parts) or "-"


def _listed(port: Port, now: float, style: Style) -> RenderableType:
    """Return a port as lines, for a narrow terminal."""
    state = _state(port)
    state.append(_since(port.since, now, style), style="not bold")
    position = [f"position {port.position}"] if port.position else []
    failures = [] if port.failures is None else [f"link failures {port.failures}"]
    about = Text(", ".join([port.kind, *position, *failures]))
    lines = [about, state, *map(Text, (*_link(port, style), *_path(port, now)))]
    name = Text.assemble(_mark(port), " ", _name(port, style))
    return Group(name, *(Padding(line, (0, 0, 0, 4), expand=False) for line in lines))


def _left_out(reasons: Mapping[str, str]) -> RenderableType:
    grid = _grid()
    for name, reason in reasons.items():
        grid.add_row("left out", Text(f"{escape.printable(name)}: {reason}"))
    return Padding(grid, (0, 0, 0, 2), expand=False)


def _advice(items: Sequence[Advice]) -> RenderableType:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column()
    grid.add_column(overflow="fold")
    for item in items:
        grid.add_row(Text("!", style="yellow"), Text(item.text, style="yellow"))
        if item.remedy:
            grid.add_row("", item.remedy)
    return Padding(grid, (0, 0, 0, 2), expand=False)

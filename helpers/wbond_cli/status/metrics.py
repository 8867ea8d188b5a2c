# SPDX-License-Identifier: LGPL-2.1-or-later
"""A status as metrics in Prometheus's text format, version 0.0.4, for node_exporter.

https://prometheus.io/docs/instrumenting/exposition_formats/: a metric's samples are together,
below its HELP and TYPE; label values escape \\, " and line feeds.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from wbond import escape
from wbond.version import VERSION

from wbond_cli.status.advice import advice
from wbond_cli.status.model import Bond, Port, Status

GAUGE, COUNTER = "gauge", "counter"
PORT_STATES = (
    *("active", "standby", "waiting", "no-carrier", "down", "blocked", "outside", "absent"),
)
PATH_STATES = ("proven", "suspect", "dead", "foreign", "held", "unknown", "unjudged")

Sample = tuple[Mapping[str, str], float]


class Metric(NamedTuple):
    """A metric: its name, what it is, its type, and its samples."""

    name: str
    help: str
    kind: str
    samples: Iterable[Sample]


def text(status: Status, failovers: Mapping[str, int] | None) -> str:
    """Return the metrics of a status; `failovers` of each bond, None if they are not known."""
    metrics = [*_general(status), *_of_bonds(status), *_of_ports(status)]
    if failovers is not None:
        metrics.append(_failovers(status, failovers))
    return "".join(_lines(metric) for metric in metrics)


def _lines(metric: Metric) -> str:
    """Return a metric's lines; none without a sample, and no two of the same labels."""
    samples: dict[str, float] = {_labels(labels): value for labels, value in metric.samples}
    if not samples:
        return ""
    head = f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {metric.kind}\n"
    return head + "".join(
        f"{metric.name}{labels} {_number(value)}\n" for labels, value in samples.items()
    )


def _labels(labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    """Escape a label's value. Control characters and what is no UTF-8 become printable before."""
    return escape.printable(value).replace("\\", r"\\").replace('"', r"\"")


def _number(value: float) -> str:
    """Return a number; times to the millisecond, where the shortest text would have an exponent."""
    return str(int(value)) if value == int(value) else f"{value:.3f}"


def _general(status: Status) -> Iterator[Metric]:
    yield Metric("wbond_info", "The version of wbond.", GAUGE, [({"version": VERSION}, 1)])
    problems = len(status.problems)
    yield Metric(
        *("wbond_configuration_problems", "Problems of the configuration.", GAUGE),
        [({}, problems)],
    )


def _of_bonds(status: Status) -> Iterator[Metric]:
    bonds = [({"bond": bond.name}, bond) for bond in status.bonds]
    yield Metric(
        "wbond_bond_online",
        "Whether the active port lets frames through and the bond has the address it is to have.",
        GAUGE,
        [(labels, bond.online) for labels, bond in bonds],
    )
    yield Metric(
        *("wbond_bond_configured", "Whether the configuration has the bond.", GAUGE),
        [(labels, bond.configured) for labels, bond in bonds],
    )
    yield Metric(
        *("wbond_bond_up", "Whether the bond is there and up.", GAUGE),
        [(labels, bond.up) for labels, bond in bonds],
    )
    yield Metric(
        *("wbond_bond_carrier", "Whether the bond has carrier.", GAUGE),
        [(labels, bond.carrier) for labels, bond in bonds],
    )
    yield Metric(
        "wbond_bond_active_since_timestamp_seconds",
        "Since when the active port has been active, or none has.",
        GAUGE,
        [(labels, bond.since) for labels, bond in bonds if bond.since is not None],
    )
    yield Metric(
        *("wbond_bond_problems", "What wbond status says is wrong with the bond.", GAUGE),
        [(labels, len(advice(bond))) for labels, bond in bonds],
    )
    yield from _of_addresses(status)


def _of_addresses(status: Status) -> Iterator[Metric]:
    yield Metric(
        "wbond_bond_routable_addresses",
        "Addresses that reach beyond the link, of the bond or an interface above it.",
        GAUGE,
        [
            ({"bond": bond.name, "family": family}, _routable(bond, family))
            for bond in status.bonds
            for family in ("ipv4", "ipv6")
        ],
    )
    yield Metric(
        "wbond_bond_address_expiry_timestamp_seconds",
        "When an address ends unless it is renewed.",
        GAUGE,
        [
            (
                {
                    "bond": bond.name,
                    "interface": address.above or bond.name,
                    "address": f"{address.text}/{address.prefixlen}",
                    "source": address.source,
                },
                address.until,
            )
            for bond in status.bonds
            for address in bond.addresses
            if address.until is not None
        ],
    )


def _routable(bond: Bond, family: str) -> int:
    is_ipv6 = family == "ipv6"
    return sum(address.routable and (":" in address.text) == is_ipv6 for address in bond.addresses)


def _of_ports(status: Status) -> Iterator[Metric]:
    ports = [
        ({"bond": bond.name, "port": port.name}, port)
        for bond in status.bonds
        for port in bond.ports
    ]
    yield Metric(
        *("wbond_port_info", "What the port is, wired or wireless.", GAUGE),
        [({**labels, "kind": port.kind}, 1) for labels, port in ports],
    )
    yield Metric(
        *("wbond_port_active", "Whether the port is the active one of its bond.", GAUGE),
        [(labels, port.active) for labels, port in ports],
    )
    yield Metric(
        *("wbond_port_operational", "Whether the port lets frames through.", GAUGE),
        [(labels, port.is_operational) for labels, port in ports],
    )
    yield Metric(
        *("wbond_port_state", "1 for the state that the port is in, 0 for the others.", GAUGE),
        _states(ports, PORT_STATES, lambda port: port.state),
    )
    yield Metric(
        "wbond_port_path_state",
        "1 for what is known of the port's path to the router, 0 for the others.",
        GAUGE,
        _states(ports, PATH_STATES, lambda port: port.path.state if port.path else ""),
    )
    yield Metric(
        "wbond_port_link_failures_total",
        "Losses of the link that the kernel has counted since the port joined.",
        COUNTER,
        [(labels, port.failures) for labels, port in ports if port.failures is not None],
    )
    yield Metric(
        *("wbond_port_signal_dbm", "The signal of a radio that is connected.", GAUGE),
        [
            (labels, port.association.signal)
            for labels, port in ports
            if port.association and port.association.signal is not None
        ],
    )


def _states(
    ports: Iterable[tuple[Mapping[str, str], Port]],
    states: Iterable[str],
    state_of: Callable[[Port], str],
) -> list[Sample]:
    """Return a sample for each state that a port can be in; none for a port in no state."""
    return [
        ({**labels, "state": state}, state == state_of(port))
        for labels, port in ports
        if state_of(port)
        for state in states
    ]


def _failovers(status: Status, failovers: Mapping[str, int]) -> Metric:
    return Metric(
        "wbond_bond_failovers_total",
        "Changes of the active port that the journal of this boot has.",
        COUNTER,
        [
            ({"bond": bond.name}, failovers.get(escape.printable(bond.name), 0))
            for bond in status.bonds
        ],
    )

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `wbond status` knows: the facts that were read, and the status that they come to."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from wbond import config
from wbond_net import wait_online
from wbond_net.clients.leases import Lease
from wbond_net.kernel import default_routes, rtnetlink
from wbond_net.kernel.rtnetlink import Link
from wbond_net.names.records import Published, Record
from wbond_net.watch.path import record

from wbond_cli import exit_status
from wbond_cli.journal.reader import Entry

WIRED, WIRELESS = "wired", "wireless"


class Advice(NamedTuple):
    """What is wrong, and what to do; `remedy` may be empty."""

    text: str
    remedy: str = ""


class Association(NamedTuple):
    """A radio's: the network's name, printable, signal in dBm, frequency in MHz, rate in Mb/s.

    `legacy_rates`: 802.11b's rates are used although the option of this name says no.
    """

    ssid: str
    signal: int | None = None
    frequency: float | None = None
    rate: float | None = None
    legacy_rates: bool = False


class Unit(NamedTuple):
    """A unit in systemd's terms, and the environment that drop-ins and template give it."""

    name: str
    load: str = "loaded"
    active: str = "inactive"
    sub: str = "dead"
    result: str = "success"
    status: str = ""
    reload_due: bool = False
    environment: Mapping[str, str] = {}


class Route(NamedTuple):
    """A default route of the bond's, or of the bridge or VLAN above it that `above` names.

    `source` is one of: dhcp4, advertisement (a router's), static (`gateway`), other. `gateway` is
    empty where there is none.
    """

    gateway: str
    metric: int
    source: str
    ipv6: bool = False
    above: str = ""


class Names(NamedTuple):
    """What the sources say of a bond's names, and where these are published."""

    records: tuple[Record, ...] = ()
    published: Published = Published()

    @property
    def servers(self) -> Mapping[str, Sequence[str]]:
        """Return the servers in their order, each with its sources."""
        return _by_value((record.source, record.servers) for record in self.records)

    @property
    def domains(self) -> Mapping[str, Sequence[str]]:
        """Return the domains in their order, each with its sources."""
        return _by_value((record.source, record.domains) for record in self.records)


def _by_value(said: Iterable[tuple[str, Iterable[str]]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for source, values in said:
        for value in values:
            found.setdefault(value, []).append(source)
    return found


class Facts(NamedTuple):
    """All that was read, at the time `time` (s since 1970); names are the kernel's own.

    `made` are the bonds that wbond has made, `radios` are interfaces, `authenticated` cables with
    802.1X. `claimed` is the bond that udev's database gives an interface that is in none.
    `shared_macs` are addresses of bonds whose ports are all to have one. `left_out` says why an
    interface is no port that would be one. `faults` say what could not be read and what to do.
    `asked` are the bonds that are asked for, none for all.
    """

    time: float
    config: config.Config
    made: Sequence[str] = ()
    links: Mapping[int, Link] = {}
    addresses: Sequence[rtnetlink.Address] = ()
    routes: Sequence[default_routes.Route] = ()
    radios: frozenset[str] = frozenset()
    authenticated: frozenset[str] = frozenset()
    claimed: Mapping[str, str] = {}
    left_out: Mapping[str, str] = {}
    associations: Mapping[str, Association] = {}
    speeds: Mapping[str, int] = {}
    blocked: frozenset[str] = frozenset()
    units: Mapping[str, Unit] = {}
    shared_macs: Mapping[str, str] = {}
    leases: Mapping[str, Sequence[Lease]] = {}
    names: Mapping[str, Names] = {}
    paths: Mapping[str, record.Record] = {}
    history: Sequence[Entry] = ()
    faults: Sequence[Advice] = ()
    asked: Sequence[str] = ()


class Path(NamedTuple):
    """What the watch knows of the path behind a port, and since when (s since 1970).

    `state` is one of: proven, suspect, dead, foreign, held, unknown, and unjudged, where there is
    no router to ask.
    """

    state: str
    since: float


class PortSlot(NamedTuple):
    """A port that a bond has or is to have: its kind, and the interface, None if it is absent."""

    name: str
    kind: str
    link: Link | None


class Port(NamedTuple):
    """A port, or what should be one.

    `state` is one of: active, standby, waiting (it has carrier, and is not yet
    authorised or operational), no-carrier, down; and of those that are in no
    bond: blocked (by rfkill), outside, absent. `position` is 1 for the most
    preferred, None if it is in no bond; `prio` is the kernel's. `speed` is in Mb/s.
    """

    name: str
    kind: str
    state: str
    active: bool
    has_carrier: bool
    is_operational: bool
    position: int | None = None
    prio: int | None = None
    primary: bool = False
    mii: str = ""
    failures: int | None = None
    since: float | None = None
    address: str = ""
    refused: bool = False
    speed: int | None = None
    association: Association | None = None
    path: Path | None = None
    master: str = ""
    unit: Unit = Unit("")

    @property
    def joined(self) -> bool:
        """Tell whether it is in the bond."""
        return self.failures is not None


class Address(NamedTuple):
    """An address of the bond's, or of the bridge or VLAN above it that `above` names.

    `source` is one of: dhcp4, dhcp6, advertisement (a router's), link (link-local),
    static. `configured` tells one that the configuration names. `until` is in seconds since 1970,
    None if it never ends.
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
    above: str = ""
    configured: bool = False


class Bond(NamedTuple):
    """A bond. `kind` is what the interface of its name is: bond, other, or none.

    `policy` is its `mac`, `shared_mac` the address that all ports are to have, if any. `awaited`
    is its `wait_online`: with `link` or `no`, it is online without an address. `missing` are
    configured addresses that it does not have. `clients` are its DHCP clients by the option that
    has chosen them. `routers` are those whose answers prove paths, with their MAC addresses.
    """

    name: str
    configured: bool
    kind: str
    up: bool = False
    carrier: bool = False
    address: str = ""
    policy: str = "active"
    shared_mac: str = ""
    active: str = ""
    since: float | None = None
    ports: tuple[Port, ...] = ()
    addresses: tuple[Address, ...] = ()
    routes: tuple[Route, ...] = ()
    missing: tuple[str, ...] = ()
    units: tuple[Unit, ...] = ()
    clients: Mapping[str, str] = {}
    awaited: str = wait_online.ADDRESS
    names: Names = Names()
    routers: tuple[tuple[str, str], ...] = ()

    @property
    def online(self) -> bool:
        """Tell whether its active port is operational and it has the address it is to have.

        One on a bridge or a VLAN above it will do.
        """
        gets_through = any(port.active and port.is_operational for port in self.ports)
        reaches = any(address.routable for address in self.addresses)
        return self.up and gets_through and (reaches or self.awaited != wait_online.ADDRESS)


class Status(NamedTuple):
    """Bonds at a time (s since 1970): those that were `asked` for, all if none was.

    `problems` are the configuration's. `left_out` are interfaces that are no ports although the
    configuration fits them, and why.
    """

    time: float
    bonds: tuple[Bond, ...]
    problems: tuple[str, ...] = ()
    faults: tuple[Advice, ...] = ()
    asked: tuple[str, ...] = ()
    left_out: Mapping[str, str] = {}

    @property
    def exit_status(self) -> int:
        """Return whether every bond asked for, or configured, is online, as an exit status."""
        wanted = [bond for bond in self.bonds if bond.configured or bond.name in self.asked]
        if not wanted:
            return exit_status.NOT_CONFIGURED
        is_online = all(bond.online for bond in wanted)
        return exit_status.SUCCESS if is_online else exit_status.NOT_ONLINE

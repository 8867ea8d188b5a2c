# SPDX-License-Identifier: LGPL-2.1-or-later
"""States of a laptop as `wbond status` finds them, for the tests of how it tells them."""

import socket
import time
from typing import Any

from wbond import config, ini
from wbond_cli.journal.reader import Entry
from wbond_cli.status import collect
from wbond_cli.status.model import Association, Facts, Unit
from wbond_net.clients.leases import Lease
from wbond_net.kernel import uapi
from wbond_net.kernel.default_routes import Route
from wbond_net.kernel.rtnetlink import Link
from wbond_net.watch.path import record

from tests import reports

address, bond, port = reports.address, reports.bond, reports.port
CARD, RADIO, MACS, DORMANT = reports.CABLE, reports.RADIO, reports.MACS, reports.DORMANT

# A day on which there is no change of clocks, 14:06:20 by the host's own time.
NOW = time.mktime((2026, 7, 30, 14, 6, 20, 0, 0, -1))
OUT: dict[str, Any] = {"master": 0, "slave": None}  # of a port that is in no bond
TWO = "[bond0]\nwired = enp0s10\nwireless = wlp3s0\n"


def configured(text: str = TWO) -> config.Config:
    """Return a configuration."""
    document = ini.Document()
    ini.parse(text.encode(), "/etc/wbond.conf", document)
    return config.interpret(document, "laptop")


LEASED = address("192.0.2.100", valid=18_731)
ADDRESSES = (
    address("fe80::5054:ff:fe12:3456", 64),
    LEASED,
    address("2001:db8::5054:ff:fe12:3456", 64, 86_400),
    address("2001:db8::1000", 128),
)
LEASES = {"bond0": (Lease("192.0.2.100", "192.0.2.1", NOW + 3_600),)}
ROUTES = (
    Route(reports.BOND, socket.AF_INET, "192.0.2.1", 0, uapi.RTPROT_BOOT),
    Route(reports.BOND, socket.AF_INET6, "fe80::1", 1024, uapi.RTPROT_RA),
    Route(77, socket.AF_INET, "203.0.113.1", 600, uapi.RTPROT_DHCP),
)


def units(**changes: Unit) -> dict[str, Unit]:
    """Return bond0's units, all active; `changes` by the part before the @."""
    found = {
        stem: Unit(f"{stem}@bond0.service", "loaded", "active", "running")
        for stem in ("wbond", "wbond-watch", "dhclient", "dhcp6c")
    }
    found["wired"] = Unit("bond0-wired@enp0s10.service", "loaded", "active", "exited")
    found["supplicant"] = Unit("bond0-supplicant@wlp3s0.service", "loaded", "active", "running")
    return {unit.name: unit for unit in (found | changes).values()}


def entry(ago: float, event: str, name: str = "", former: str = "", **changes: Any) -> Entry:
    """Make an entry of the journal, `ago` seconds old."""
    return Entry(NOW - ago, "boot", "bond0", event, name, former)._replace(**changes)


HISTORY = (
    entry(7_460, "watching"),
    entry(7_458, "port-joined", "wlp3s0"),
    entry(7_455, "carrier-gained", "wlp3s0"),
    entry(7_403, "port-joined", "enp0s10"),
    entry(7_400, "carrier-gained", "enp0s10"),
    entry(7_400, "active", "enp0s10"),
)


def facts(*links: Link, **changes: Any) -> Facts:
    """Return what is found with these interfaces: all else is as it should be."""
    found = Facts(
        time=NOW,
        config=configured(),
        made=("bond0",),
        links={link.ifindex: link for link in links},
        addresses=ADDRESSES,
        routes=ROUTES,
        radios=frozenset({"wlp3s0"}),
        associations={"wlp3s0": Association("Home net", -52, 5180.0, 866.7)},
        speeds={"enp0s10": 1000},
        units=units(),
        leases=LEASES,
        history=HISTORY,
    )
    return found._replace(**changes)


def cable_active(**changes: Any) -> Facts:
    """The cable is active, the radio stands by."""
    return facts(bond(CARD), port(CARD, state=0), port(RADIO, link_failures=3), **changes)


def wifi_active(**changes: Any) -> Facts:
    """The cable has been pulled."""
    pulled = (entry(60, "carrier-lost", "enp0s10"), entry(60, "failover", "wlp3s0", "enp0s10"))
    links = bond(RADIO), port(CARD, carries=False, link_failures=1), port(RADIO, state=0)
    return facts(*links, **{"history": (*HISTORY, *pulled), "speeds": {}, **changes})


def no_link(**changes: Any) -> Facts:
    """Neither cable nor network."""
    lost = (
        entry(12.4, "carrier-lost", "enp0s10"),
        entry(12.4, "no-carrier", "", "enp0s10"),
        entry(20, "carrier-lost", "wlp3s0"),
    )
    links = bond(), port(CARD, carries=False), port(RADIO, carries=False)
    own = {"history": (*HISTORY, *lost), "associations": {}, "speeds": {}}
    return facts(*links, **{**own, **changes})


def bond_missing(**changes: Any) -> Facts:
    """The bond's unit has failed; its ports are there."""
    failed = Unit("wbond@bond0.service", "loaded", "failed", "failed", "exit-code")
    links = (
        port(CARD, **OUT),
        port(RADIO, carries=False, **OUT),
    )
    own = {"made": (), "addresses": (), "history": (), "units": units(wbond=failed)}
    return facts(*links, **{**own, **changes})


def refused(**changes: Any) -> Facts:
    """All ports are to have the card's address, and the radio's driver would not have it."""
    aligned = units()["wbond@bond0.service"]._replace(environment={"MAC": "enp0s10"})
    own = {"units": units(wbond=aligned), "shared_macs": {"bond0": MACS[CARD]}}
    return cable_active(**{**own, **changes})


def bridged(**changes: Any) -> Facts:
    """The bond is a port of a bridge, which has the address; on the bridge stands a VLAN."""
    bridge = Link(20, "br0", 1, True, 6, MACS[CARD], "", 0, "bridge", None, None)
    vlan = bridge._replace(ifindex=21, name="br0.5", kind="vlan", lower=20)
    found = (
        address("192.0.2.7", ifindex=20),
        address("fe80::1", 64),
        address("198.51.100.7", ifindex=21),
        address("203.0.113.7", ifindex=77),
    )
    links = bond(CARD, master=20), port(CARD, state=0), port(RADIO), bridge, vlan
    return facts(*links, **{"addresses": found, "leases": {}, **changes})


def path_dead(**changes: Any) -> Facts:
    """The cable has a link, and leads nowhere."""
    paths = record.Record(
        (("192.0.2.1", "02:aa:00:00:00:01"), ("fe80::1", "")),
        (record.Path(CARD, "dead", NOW - 60), record.Path(RADIO, "proven", NOW - 60)),
    )
    links = bond(RADIO), port(CARD, prio=20 - 5000), port(RADIO, state=0)
    return facts(*links, **{"paths": {"bond0": paths}, **changes})


HOSTILE = ("ünïcödé-näm", "wl\udcff[red]\x1b]0;", "a-name-of-15-by")


def hostile(**changes: Any) -> Facts:
    """Names and networks are called by somebody who means ill."""
    cable, radio, third = HOSTILE
    links = (
        bond(CARD),
        port(CARD, name=cable, state=0),
        port(RADIO, name=radio),
        port(RADIO, name=third, ifindex=4, carries=False),
    )
    # As iw shows it: an escape sequence, markup, and what turns the reading direction.
    ssid = collect.ssid(r"\x1b[2J[bold]\xe2\x80\xae日本語 32 octets")
    own = {
        "config": configured("[bond0]\nwired =\nwireless =\n"),
        "radios": frozenset({radio}),
        "associations": {radio: Association(ssid, -91, 2412.0, 1.0)},
        "speeds": {cable: 2500},
        "history": (),
    }
    return facts(*links, **{**own, **changes})


STORIES = {
    story.__name__: story
    for story in (
        cable_active,
        wifi_active,
        no_link,
        bond_missing,
        refused,
        bridged,
        path_dead,
        hostile,
    )
}

LEASE_FILE = """\
default-duid "\\000\\004...";
lease {
  interface "bond0";
  fixed-address 192.0.2.7;
  option dhcp-lease-time 7200;
  option dhcp-server-identifier 192.0.2.9;
  renew 3 2026/07/29 12:00:00;
  expire 3 2026/07/29 13:00:00;
}
lease {
  interface "bond0";
  fixed-address 192.0.2.100;
  option subnet-mask 255.255.255.0;
  option dhcp-lease-time 4294967295;
  option dhcp-server-identifier 192.0.2.1;
  option domain-name "a } b";
  renew epoch 1785412800; # Thu Jul 30 12:00:00 2026
  expire never;
}
lease {
  interface "bond0";
  fixed-address 192.0.2.101;
  renew never;
}
lease {
  fixed-address 192.0.2.102;
"""

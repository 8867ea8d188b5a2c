# SPDX-License-Identifier: LGPL-2.1-or-later
"""Addresses from the configuration, beside DHCP and alone; and the metrics of two bonds."""

import json
import re
from typing import Any

import pytest
from guests import Resume
from laptop import BOND, CARD, CONFIGURATION, RADIO, SMALLEST, Laptop

OWN4, OWN6, OTHER6 = "192.0.2.10", "2001:db8:0:1::10", "2001:db8:0:1::11"
BESIDE = f"{SMALLEST}address = {OWN4}/24 {OWN6}/64\n"
ALONE = f"{BESIDE}gateway = 192.0.2.1 fe80::1\ndhcp4 = none\ndhcp6 = none\n"
CHANGED = ALONE.replace(f"{OWN6}/64", f"{OTHER6}/64 198.51.100.10/24")
SEEN = "/run/lab/announced"


@pytest.fixture(scope="module")
def laptop(resume: Resume) -> Laptop:
    return resume()


def entries(laptop: Laptop, *wanted: str) -> list[dict[str, Any]]:
    """Return what `ip` says of those of these addresses that the bond has."""
    (link,) = json.loads(laptop.run("ip", "-json", "address", "show", "dev", BOND))
    return [entry for entry in link["addr_info"] if entry["local"] in wanted]


def usable6(laptop: Laptop) -> list[str]:
    return [str(entry["local"]) for entry in laptop.addresses(6)]


def defaults(laptop: Laptop, family: int) -> dict[str, list[tuple[str, int]]]:
    """Return protocol and metric of the default routes of each interface."""
    found: dict[str, list[tuple[str, int]]] = {}
    for route in json.loads(laptop.run("ip", "-json", f"-{family}", "route", "show", "default")):
        entry = (str(route.get("protocol", "boot")), int(route.get("metric", 0)))
        found.setdefault(route["dev"], []).append(entry)
    return found


def put_into_force(laptop: Laptop, configuration: str) -> None:
    laptop.write(CONFIGURATION, configuration)
    laptop.run("wbond", "apply", "--yes", timeout=180)


def announcements(laptop: Laptop, began: float, *wanted: str) -> dict[str, float]:
    """Return how many seconds after `began` the world has heard each of these addresses first."""
    found: dict[str, float] = {}
    for line in laptop.read(SEEN).splitlines():
        for address in wanted:
            ip = re.escape(address)
            words = rf"Announcement {ip},|who-has {ip}.* tell {ip},|advertisement,.* tgt is {ip},"
            when = float(line.partition(" ")[0]) - began
            if when >= 0 and re.search(words, line):
                found.setdefault(address, when)
    return found


def test_beside_dhcp_alone_and_changed_in_use(laptop: Laptop) -> None:
    laptop.wait_both()
    laptop.wait_both6()
    lease, tcp = laptop.address(4), laptop.traffic("tcp")
    put_into_force(laptop, BESIDE)
    found = [str(entry["local"]) for entry in laptop.addresses(4)]
    assert sorted(found) == sorted([lease, OWN4])
    laptop.wait_for("IPv6's own address to be found unique", lambda: OWN6 in usable6(laptop), 10)
    assert laptop.is_active("dhclient@bond0.service")
    assert tcp.report()["broken"] == ""

    put_into_force(laptop, ALONE)
    assert [entry["local"] for entry in laptop.addresses(4)] == [OWN4]
    assert not laptop.is_active("dhclient@bond0.service")
    assert defaults(laptop, 4) == {BOND: [("static", 0)]}
    assert ("static", 1024) in defaults(laptop, 6)[BOND]
    laptop.wait_for(
        "the router behind the gateway", lambda: ("ra", 1025) in defaults(laptop, 6)[BOND]
    )
    assert laptop.ping()

    tcp = laptop.traffic("tcp")
    kept = entries(laptop, OWN4)
    put_into_force(laptop, CHANGED)
    assert entries(laptop, OWN4) == kept
    assert [entry["local"] for entry in entries(laptop, OWN6, OTHER6)] == [OTHER6]
    assert tcp.report()["broken"] == ""
    put_into_force(laptop, ALONE)


def test_a_failover_keeps_and_announces_them(laptop: Laptop) -> None:
    put_into_force(laptop, ALONE)
    laptop.wait_port(CARD)
    laptop.wait_for("the radio to associate", laptop.authorised)
    laptop.wait_for("IPv6's address", lambda: OWN6 in usable6(laptop))
    tcp = laptop.traffic("tcp")
    listen = f"exec ip netns exec world tcpdump -l -nn -tt -i br0 'arp or icmp6' >{SEEN}"
    laptop.run("systemd-run", "--unit=lab-heard", "sh", "-c", listen)
    laptop.wait_for("what listens", lambda: "listening" in laptop.journal("-u", "lab-heard"))
    began = float(laptop.run("date", "+%s.%N"))
    laptop.cable.pull()
    laptop.wait_port(RADIO)
    laptop.wait_for(
        "both addresses announced",
        lambda: announcements(laptop, began, OWN4, OWN6).keys() == {OWN4, OWN6},
    )
    heard = announcements(laptop, began, OWN4, OWN6)
    print(f"announced after {heard} s")
    assert max(heard.values()) < 1.5  # as the cable is pulled after the clock is read
    own = entries(laptop, OWN4, OWN6)
    assert [entry["local"] for entry in own] == [OWN4, OWN6]
    assert not any(entry.get("tentative") or entry.get("dadfailed") for entry in own)
    laptop.wait_for("the world to answer", laptop.ping)
    assert tcp.report()["broken"] == ""
    laptop.cable.plug()
    laptop.wait_port(CARD)
    laptop.run("systemctl", "stop", "lab-heard")


def test_they_are_there_when_the_bond_is_up_and_no_port_is(laptop: Laptop) -> None:
    put_into_force(laptop, ALONE)
    laptop.run("systemctl", "stop", "wbond@bond0.service")
    assert laptop.result("test", "-e", "/sys/class/net/bond0").rc == 1
    assert laptop.result("ip", "route", "get", "192.0.2.1").rc != 0
    laptop.cable.pull()
    laptop.access_point.stop()
    laptop.run("systemctl", "start", "wbond@bond0.service")
    assert [entry["local"] for entry in entries(laptop, OWN4, OWN6)] == [OWN4, OWN6]
    bind = "import socket; socket.socket(socket.AF_INET6).bind(('2001:db8:0:1::10', 7))"
    laptop.run("python3", "-c", bind)
    before = laptop.show("wbond@bond0.service", "Before").split()
    assert "network.target" in before
    # Online is a bond that has its address, once a port lets frames through.
    online = ("/usr/lib/wbond/helpers/wbond-wait-online", "--timeout", "0", BOND)
    assert laptop.result(*online).rc == 1
    laptop.cable.plug()
    laptop.wait_for("to be online", lambda: laptop.result(*online).rc == 0)
    laptop.access_point.start()
    assert laptop.ping()


def used(laptop: Laptop) -> str:
    """Return the interface of the route to elsewhere."""
    (route,) = json.loads(laptop.run("ip", "-json", "route", "get", "203.0.113.1"))
    return str(route["dev"])


TWO = f"[bond0]\nwired = {CARD}\nwireless =\n[wifi]\nwired =\nwireless = {RADIO}\n"


def test_bonds_with_dhcp_have_default_routes_with_metrics_of_their_own(laptop: Laptop) -> None:
    put_into_force(laptop, TWO)
    wanted4 = {BOND: [("boot", 0)], "wifi": [("boot", 2000)]}
    laptop.wait_for("both IPv4 default routes", lambda: defaults(laptop, 4) == wanted4)
    wanted6 = {BOND: [("ra", 1024)], "wifi": [("ra", 2000)]}
    laptop.wait_for("both IPv6 default routes", lambda: defaults(laptop, 6) == wanted6)
    shown = json.loads(laptop.result("wbond", "status", "--json").out)
    told = {
        bond["name"]: [(r["gateway"], r["metric"], r["source"]) for r in bond["routes"]]
        for bond in shown["bonds"]
    }
    (router,) = {gateway for gateway, _, source in told["wifi"] if source == "advertisement"}
    assert told == {
        BOND: [("192.0.2.1", 0, "dhcp4"), (router, 1024, "advertisement")],
        "wifi": [("192.0.2.1", 2000, "dhcp4"), (router, 2000, "advertisement")],
    }
    laptop.cable.pull()
    laptop.wait_for("the world to answer over the other bond", laptop.ping)
    laptop.cable.plug()
    laptop.wait_for("the first bond again", lambda: used(laptop) == BOND)
    put_into_force(laptop, TWO.replace("wireless =\n", "wireless =\nmetric = 3000\n", 1))
    laptop.wait_for(
        "the former routes of bond0 behind the other's",
        lambda: (
            (defaults(laptop, 4)[BOND], defaults(laptop, 6)[BOND])
            == ([("boot", 3000)], [("ra", 3000)])
        ),
    )
    assert used(laptop) == "wifi"
    laptop.run("systemctl", "stop", "dhclient@wifi.service")
    assert "wifi" not in defaults(laptop, 4)

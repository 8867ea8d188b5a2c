# SPDX-License-Identifier: LGPL-2.1-or-later
"""The network behind the ports: a wrong password, no access point, another place."""

import ipaddress
import json
import re
from collections.abc import Iterable

import pytest
from guests import Resume
from laptop import CARD, CONFIGURATION, FILES, PORT_UNITS, RADIO, SMALLEST, Laptop
from sticks import STICK_MAC, wait_stick

# The better radio has the wrong password.
TWO_RADIOS = f"""[bond0]
wired = {CARD}
wireless =
[bond0/better]
kind = wireless
match_name = {RADIO}
priority = 150
supplicant_conf = /etc/wpa_supplicant/wrong.conf
[bond0/stick]
kind = wireless
match_mac = {STICK_MAC}
priority = 100
"""


@pytest.fixture(scope="module")
def laptop(resume: Resume) -> Laptop:
    return resume()


def test_a_wrong_psk_costs_the_cable_nothing_and_is_mended_by_reload(laptop: Laptop) -> None:
    laptop.wait_both()
    path, unit = "/etc/wpa_supplicant/wpa_supplicant.conf", PORT_UNITS[1]
    pid = laptop.show(unit, "MainPID")
    udp = laptop.traffic("udp")
    laptop.write(path, FILES[path].replace("correct", "incorrect"), 0o600)
    laptop.run("systemctl", "reload", unit)
    laptop.wait_for("the radio to fall out", lambda: not laptop.authorised())
    laptop.wait_for(
        "wpa_supplicant's words for it",
        lambda: "pre-shared key may be incorrect" in laptop.journal("-u", unit),
    )
    assert laptop.active_port() == CARD
    laptop.write(path, FILES[path], 0o600)
    laptop.run("systemctl", "reload", unit)
    laptop.wait_both()
    assert udp.report()["lost"] == 0
    assert laptop.show(unit, "MainPID") == pid


def test_of_two_radios_the_one_with_the_right_psk_has_the_traffic(laptop: Laptop) -> None:
    path = "/etc/wpa_supplicant/wpa_supplicant.conf"
    wrong = FILES[path].replace("correct", "incorrect")
    laptop.write("/etc/wpa_supplicant/wrong.conf", wrong, 0o600)
    laptop.take_up({CONFIGURATION: TWO_RADIOS})
    laptop.radios.plug("stick", STICK_MAC)
    wait_stick(laptop)
    laptop.cable.pull()
    laptop.wait_port("wlan0")
    laptop.wait_for("the world to answer", laptop.ping)
    udp, before = laptop.traffic("udp"), refusals(laptop)
    laptop.wait_for("the other one to try again", lambda: refusals(laptop) >= before + 2)
    assert udp.report()["lost"] <= 2
    assert laptop.active_port() == "wlan0"
    laptop.cable.plug()
    laptop.wait_port(CARD)
    laptop.radios.pull("stick")
    laptop.take_up({CONFIGURATION: SMALLEST})


def refusals(laptop: Laptop) -> int:
    """Return how often the radio has been refused for its password."""
    return laptop.journal("-u", PORT_UNITS[1]).count("pre-shared key may be incorrect")


def test_an_access_point_that_vanishes_and_returns_needs_no_hand(laptop: Laptop) -> None:
    laptop.wait_both()
    laptop.cable.pull()
    laptop.wait_port(RADIO)
    laptop.wait_for("the world to answer over the radio", laptop.ping)
    address = laptop.address(4)
    laptop.access_point.stop()
    laptop.wait_for("no active port", lambda: laptop.active_port() == "")
    laptop.wait_status("no port has a link")
    laptop.access_point.start()
    laptop.wait_port(RADIO, 120)
    laptop.wait_for("the world to answer", laptop.ping, 120)
    assert laptop.address(4) == address
    laptop.cable.plug()
    laptop.wait_port(CARD)


DNSMASQ = "/etc/lab/dnsmasq.conf"
HOME = "2001:db8::"
ELSEWHERE = {"192.0.2.": "198.51.100.", HOME: "2001:db8:2::"}


def leave(laptop: Laptop) -> None:
    """Go out of reach of cable and access point."""
    laptop.cable.pull()
    laptop.access_point.stop()
    laptop.wait_for("no active port", lambda: laptop.active_port() == "")


def set_network(laptop: Laptop, servers: str) -> None:
    """Have cable and access point lead to a network whose servers know nobody yet."""
    laptop.dhcp.stop()
    laptop.write(DNSMASQ, servers)
    (net,) = re.findall(r"option:router,(\S+)", servers)
    (net6,) = re.findall(r"range=([^,\s]+::)", servers)
    laptop.shell(
        f"""
        rm -f /run/lab/leases
        ip -netns world address flush dev br0 scope global
        ip -netns world address add {net}/24 dev br0
        ip -netns world address add {net6}1/64 dev br0 nodad
        """
    )
    laptop.dhcp.start()


def wait_network(laptop: Laptop, prefixes: Iterable[str]) -> None:
    """Wait until the addresses by DHCP, one of each version, have these prefixes."""
    laptop.wait_for(
        f"addresses of {prefixes}, and no others",
        lambda: (
            [a.startswith(tuple(prefixes)) for a in (laptop.address(), *laptop.leased6())]
            == [True, True]
        ),
    )


def wait_router_s(laptop: Laptop, prefix: str) -> None:
    """Wait until a router's prefix is the one for new connections, and no other is."""
    network = ipaddress.ip_network(f"{prefix}/64")

    def used() -> bool:
        told = [a for a in laptop.addresses(6) if a["prefixlen"] == network.prefixlen]
        fresh = [str(a["local"]) for a in told if not a.get("deprecated")]
        (route,) = json.loads(laptop.run("ip", "-json", "-6", "route", "get", "2001:db8:ffff::1"))
        sources = [*fresh, route["prefsrc"]]
        return [ipaddress.ip_address(source) in network for source in sources] == [True, True]

    laptop.wait_for(f"new connections from {prefix}", used, 30.0)


def solicitations(laptop: Laptop) -> int:
    """Count how often the router was asked."""
    return laptop.read("/run/lab/dnsmasq.log").count("RTR-SOLICIT(br0)")


def test_in_another_network_it_asks_for_addresses_again(laptop: Laptop) -> None:
    laptop.wait_both()
    laptop.wait_for("DHCPv6's address", laptop.has_lease)
    here = there = laptop.read(DNSMASQ)
    for prefix, other in ELSEWHERE.items():
        there = there.replace(prefix, other)
    leave(laptop)
    set_network(laptop, there)
    asked = solicitations(laptop)
    laptop.access_point.start()
    wait_network(laptop, ELSEWHERE.values())
    wait_router_s(laptop, ELSEWHERE[HOME])
    # The kernel by itself does not (addrconf_notify()).
    assert solicitations(laptop) > asked
    assert "default via 198.51.100.1 dev bond0" in laptop.run("ip", "route")
    ping = ("ping", "-c", "1", "-W", "1", "198.51.100.1")
    laptop.wait_for("that network to answer", lambda: laptop.result(*ping).rc == 0)
    # And back, to the cable.
    leave(laptop)
    set_network(laptop, here)
    laptop.cable.plug()
    wait_network(laptop, ELSEWHERE)
    wait_router_s(laptop, HOME)
    laptop.access_point.start()
    laptop.wait_both()
    laptop.wait_for("the world to answer", laptop.ping)

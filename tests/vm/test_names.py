# SPDX-License-Identifier: LGPL-2.1-or-later
"""Names: exactly the servers of the present network, wherever they are published."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from laptop import BOND, CARD, CONFIGURATION, RADIO, SMALLEST, Laptop
from test_networks import DNSMASQ, ELSEWHERE, leave, set_network, wait_network

# With the script of Debian's that writes resolv.conf itself.
DHCP6C = """profile default {
    send ia-na 1;
    request domain-name-servers, domain-name;
    script "/etc/wide-dhcpv6/dhcp6c-script";
};
id-assoc na 1 { };
"""
DNS = """
port=53
no-resolv
no-hosts
domain=home.lab
dhcp-option=option:dns-server,192.0.2.1
dhcp-option=option6:dns-server,[2001:db8::1]
dhcp-option=option6:domain-search,home.lab
host-record=door.home.lab,192.0.2.77
"""


class Clients(NamedTuple):
    """Programs that ask DHCP servers: their units, what they are called as sources, and the
    configuration that wants them.
    """

    units: tuple[str, ...]
    sources: tuple[str, ...]
    configuration: str = ""


CLIENTS = {
    "dhclient-dhcp6c": Clients(("dhclient", "dhcp6c"), ("dhclient", "dhcp6c")),
    "dhcpcd": Clients(
        ("wbond-dhcpcd",),
        ("dhcpcd4", "dhcpcd6"),
        f"{SMALLEST}dhcp4 = dhcpcd\ndhcp6 = dhcpcd\n",
    ),
}
PACKAGES = {"file": "", "resolved": "systemd-resolved", "resolvconf": "openresolv"}
OTHER_PAIRS = [
    (sink, clients)
    for sink in PACKAGES
    for clients in CLIENTS
    if (sink, clients) != ("resolved", "dhclient-dhcp6c")
]
RESOLV_CONF = "/etc/resolv.conf"


class Place(NamedTuple):
    """A network: its servers' configuration, what it says of names, a host known there alone."""

    dnsmasq: str
    servers: list[str]
    domain: str
    door: str


def places(dnsmasq: str) -> tuple[Place, Place]:
    """Return the network at home, and another."""
    here = there = dnsmasq.replace("port=0\n", "") + DNS
    for former, other in {**ELSEWHERE, "home.lab": "office.lab"}.items():
        there = there.replace(former, other)
    home = Place(here, ["192.0.2.1", "2001:db8::1"], "home.lab", "192.0.2.77")
    servers = ["198.51.100.1", "2001:db8:2::1"]
    return home, Place(there, servers, "office.lab", "198.51.100.77")


def published(laptop: Laptop, sink: str) -> tuple[list[str], list[str]]:
    """Return the servers and the domains where programs look for them."""
    if sink == "resolved":
        assert laptop.result("resolvectl", "status", BOND).rc == 0
        shown = [laptop.run("resolvectl", what, BOND) for what in ("dns", "domain")]
        servers, domains = (text.partition("):")[2].split() for text in shown)
        return servers, domains
    lines = [line.split() for line in laptop.read(RESOLV_CONF).splitlines()]
    servers = [words[1] for words in lines if words[:1] == ["nameserver"]]
    return servers, [name for words in lines if words[:1] == ["search"] for name in words[1:]]


def wait_names(laptop: Laptop, sink: str, place: Place) -> None:
    """Wait until exactly a network's names are published, and they work."""
    laptop.wait_for(
        f"the servers of {place.domain} alone",
        lambda: (
            (found := published(laptop, sink)) is not None
            and sorted(found[0]) == place.servers
            and found[1] == [place.domain]
        ),
        60.0,
    )
    # The first lookup finds it. How long that takes is not told here: where the radio loses the
    # query, the resolver asks again after five seconds (resolv.conf(5), timeout).
    found = laptop.result("getent", "ahostsv4", "door")
    assert found.out.startswith(place.door), (found, published(laptop, sink))


def reloads(laptop: Laptop, unit: str) -> Callable[[], bool]:
    """Return what reloads a unit, and tells whether it did."""
    return lambda: laptop.result("systemctl", "reload", unit).rc == 0


def kind(laptop: Laptop) -> tuple[str, str]:
    """Return where resolv.conf leads, and what is in it."""
    return laptop.result("readlink", RESOLV_CONF).out, laptop.read(RESOLV_CONF)


def test_the_names_are_those_of_the_present_network(own_laptop: Laptop) -> None:
    roam(own_laptop, "resolved", CLIENTS["dhclient-dhcp6c"])


@pytest.mark.parametrize(("sink", "clients"), OTHER_PAIRS)
def test_with_other_clients_and_publishers_as_well(
    own_laptop: Laptop, sink: str, clients: str
) -> None:
    roam(own_laptop, sink, CLIENTS[clients])


def roam(laptop: Laptop, sink: str, asking: Clients) -> None:
    """Go to another network and back, and look at the names on the way."""
    units = [f"{name}@{BOND}.service" for name in asking.units]
    laptop.wait_both()
    if asking.configuration:
        laptop.take_up({CONFIGURATION: asking.configuration})
    if package := PACKAGES[sink]:
        laptop.shell(f"dpkg -i /opt/lab/{package}_*.deb", timeout=180)
    if sink == "resolved":  # the bus has read its policy before dpkg made the user that it names
        laptop.shell("systemctl reload dbus; systemctl restart systemd-resolved")
    before = kind(laptop)
    home, office = places(laptop.read(DNSMASQ))
    laptop.write("/etc/wide-dhcpv6/dhcp6c.conf", DHCP6C)
    set_network(laptop, home.dnsmasq)
    laptop.run("systemctl", "restart", *units)
    wait_names(laptop, sink, home)
    laptop.wait_for(
        "each source to say so",
        lambda: set(laptop.run("ls", f"/run/wbond/{BOND}/dns").split()) >= {*asking.sources, "ra"},
    )
    laptop.cable.pull()
    laptop.wait_port(RADIO)
    wait_names(laptop, sink, home)
    for _ in range(3):
        for unit in units:  # one may just start again, for the radio's MAC address
            laptop.wait_for(f"{unit} to reload", reloads(laptop, unit))
        wait_names(laptop, sink, home)
    leave(laptop)
    assert published(laptop, sink)[0] == home.servers  # nothing carries: they stay
    set_network(laptop, office.dnsmasq)
    laptop.access_point.start()
    wait_network(laptop, ELSEWHERE.values())
    wait_names(laptop, sink, office)
    leave(laptop)
    set_network(laptop, home.dnsmasq)
    laptop.cable.plug()
    wait_network(laptop, ELSEWHERE)
    laptop.wait_port(CARD)
    wait_names(laptop, sink, home)
    assert kind(laptop)[0] == before[0]
    laptop.run("systemctl", "stop", f"wbond@{BOND}.service", timeout=90)
    assert kind(laptop) == before
    laptop.access_point.start()
    laptop.run("wbond", "up", BOND, timeout=120)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The path behind a link that stays up: a second switch between the cable and the router."""

import json
import re
import statistics

import pytest
from guests import Resume
from laptop import BOND, CARD, CONFIGURATION, DOCK_SECTION, RADIO, SMALLEST, Laptop
from paths import (
    CUT,
    NEIGHBOUR,
    UNDER_WAY,
    download,
    listen,
    mend,
    plug_into_spanning_tree,
    pull_from_spanning_tree,
    put_neighbour,
    states,
    with_switch,
)
from test_networks import DNSMASQ

# Sends after a time without traffic until somebody answers, and tells how long that took (ms).
FIRST_WORDS = """
import socket, time
world = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
world.connect(("192.0.2.1", 7))
world.settimeout(0.1)
begin = time.monotonic()
while time.monotonic() < begin + 20:
    try:
        world.send(b"anybody there")
        world.recv(64)
        break
    except OSError:
        pass
print(round((time.monotonic() - begin) * 1000))
"""
# A router's advertisement with timers in ms (RFC 4861, 4.2); as the world's, it tells of DHCPv6.
ADVERTISEMENT = """
import socket, struct, sys
router = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
index = socket.if_nametoindex("br0")
router.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
router.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
reachable, retransmission = map(int, sys.argv[1:])
words = 134, 0, 0, 64, 0xC0, 1800, reachable, retransmission
router.sendto(struct.pack("!BBHBBHII", *words), ("ff02::1", 0, 0, index))
"""


@pytest.fixture(scope="module")
def laptop(resume: Resume) -> Laptop:
    """A laptop whose cable leads to the router by a switch of its own."""
    return with_switch(resume())


def cut_under_traffic(laptop: Laptop) -> tuple[int, int]:
    """Cut the path and mend it; returns how many packets were lost on either occasion."""
    udp = laptop.traffic("udp")
    laptop.shell(CUT)
    laptop.wait_port(RADIO, 10)
    laptop.wait_for("the path to be dead", lambda: states(laptop)[CARD] == "dead")
    lost = udp.report()
    udp = laptop.traffic("udp")
    mend(laptop)
    returned = udp.report()
    print("cut under UDP:", lost, "mended:", returned)
    return lost["lost"], returned["lost"]


def test_a_path_that_dies_under_traffic_is_left_and_taken_again(laptop: Laptop) -> None:
    # 200 packets a second. The one processor that is emulated also plays the world: now and then
    # it is late for all of it, so the limit is for the one in the middle.
    lost, returned = zip(*(cut_under_traffic(laptop) for _ in range(3)), strict=True)
    assert statistics.median(lost) <= 150
    assert max(lost) <= 300
    assert max(returned) <= UNDER_WAY
    history = " ".join(laptop.run("wbond", "log").split())  # its lines are wrapped
    assert "where no router has answered for 3" in history


def test_requests_and_answers_go_on(laptop: Laptop) -> None:
    tcp = laptop.traffic("tcp")
    laptop.shell(CUT)
    laptop.wait_port(RADIO, 10)
    laptop.wait_for("the world to answer over the radio", laptop.ping)
    stream = tcp.report()
    print("cut under requests and answers over TCP:", stream)
    assert (stream["broken"], stream["lost"]) == ("", 0)
    mend(laptop)


def test_a_download_goes_on(laptop: Laptop) -> None:
    pause = download(laptop, 6, CUT)
    print("cut under a download, ms:", pause)
    assert pause <= 1000
    mend(laptop)


def test_after_a_time_without_traffic_the_first_words_get_through(laptop: Laptop) -> None:
    laptop.write("/root/first-words.py", FIRST_WORDS)
    laptop.wait_for(
        "the router to be stale", lambda: "STALE" in laptop.run("ip", "neigh", "show", "192.0.2.1")
    )
    laptop.shell(CUT)
    took = int(laptop.run("python3", "/root/first-words.py"))
    print("first words, ms:", took)
    assert took <= 600
    mend(laptop)


def cut_under_pings(laptop: Laptop, target: str) -> int:
    """Cut the path while a host is asked 50 times a second; returns how many got no answer."""
    ping = f"ping -q -n -i 0.02 -c 200 -W 1 {target}"
    shown = laptop.run("sh", "-c", f"(sleep 1; {CUT}) & {ping}; wait")
    (sent, received) = map(int, re.findall(r"(\d+) (?:packets transmitted|received)", shown))
    laptop.wait_port(RADIO, 10)
    return sent - received


def test_a_neighbour_that_is_no_router_is_missed_as_well(laptop: Laptop) -> None:
    put_neighbour(laptop)
    lost = cut_under_pings(laptop, NEIGHBOUR)
    print("cut under pings to a neighbour, lost of 200:", lost)
    assert lost <= 40
    mend(laptop)


def test_ipv6_alone_has_its_path_as_well(laptop: Laptop) -> None:
    route = laptop.run("ip", "-4", "route", "show", "default").strip()
    laptop.run("ip", "-4", "route", "delete", "default")
    lost = cut_under_pings(laptop, "2001:db8::1")
    print("cut under pings by IPv6, lost of 200:", lost)
    assert lost <= 40
    mend(laptop)
    laptop.run("ip", "route", "replace", *route.split())


def test_a_router_that_is_dead_moves_nothing(laptop: Laptop) -> None:
    before = laptop.journal("-t", "wbond-watch").count("leaves")
    # Its link goes on: with it, the router would lose its IPv6 addresses for good.
    laptop.shell("ip netns exec world tc qdisc add dev br0 root netem loss 100%")
    laptop.result("ping", "-c", "60", "-i", "0.2", "-W", "1", "192.0.2.1")
    assert laptop.active_port() == CARD
    laptop.shell("ip netns exec world tc qdisc delete dev br0 root")
    laptop.wait_for("the world to answer", laptop.ping)
    journal = laptop.journal("-t", "wbond-watch")
    assert "no router answers, on no port" in journal
    assert journal.count("leaves") == before


@pytest.mark.parametrize("forward_delay", [5, 15])
def test_spanning_tree_costs_nothing_on_return(laptop: Laptop, forward_delay: int) -> None:
    pull_from_spanning_tree(laptop, forward_delay)
    udp = laptop.traffic("udp")
    plug_into_spanning_tree(laptop)
    laptop.wait_port(CARD)
    laptop.wait_for("the cable's path to be proven", lambda: states(laptop)[CARD] == "proven")
    report = udp.report()
    print("return behind spanning tree:", report)
    assert report["lost"] <= 2


def test_a_dock_behind_spanning_tree_costs_nothing(laptop: Laptop) -> None:
    pull_from_spanning_tree(laptop)
    laptop.write(CONFIGURATION, f"[{BOND}]\nwired = {CARD}\nwireless = {RADIO}\n{DOCK_SECTION}")
    laptop.run("systemctl", "daemon-reload")
    udp = laptop.traffic("udp")
    # Its cable leads to the switch by the same way as the card's.
    dock = laptop.plug_dock()
    laptop.wait_ranked(dock)
    listen(laptop)
    assert laptop.active_port() == RADIO
    laptop.wait_port(dock)
    report = udp.report()
    print("dock behind spanning tree:", report)
    assert report["lost"] <= 2
    laptop.pull_dock()
    laptop.wait_port(RADIO)
    laptop.write(CONFIGURATION, SMALLEST)
    laptop.run("systemctl", "daemon-reload")
    laptop.cable.plug()
    laptop.wait_port(CARD)


def timers(laptop: Laptop, name: str) -> list[int]:
    """Return a timer of the bond's neighbours, IPv4's and IPv6's, in ms."""
    tables = json.loads(laptop.run("ip", "-json", "ntable", "show", "dev", "bond0"))
    return [table[name] for table in tables]


def test_timers_that_a_router_advertises_do_not_hold(laptop: Laptop) -> None:
    laptop.write("/root/advertise.py", ADVERTISEMENT)
    laptop.world("python3", "/root/advertise.py", "30000", "2000")
    laptop.wait_for("the kernel to take them", lambda: timers(laptop, "retrans")[1] == 2000)
    laptop.wait_for(
        "the watch to put its own back", lambda: timers(laptop, "base_reachable") == [300, 300]
    )
    laptop.world("python3", "/root/advertise.py", "30000", "1000")
    laptop.wait_for("the kernel to take them", lambda: timers(laptop, "retrans")[1] == 1000)


def test_a_frozen_watch_leaves_failover_to_the_kernel(laptop: Laptop) -> None:
    freeze = ("systemctl", "kill", "--kill-whom=main")
    laptop.run(*freeze, "--signal=STOP", "wbond-watch@bond0.service")
    laptop.cable.pull()
    laptop.wait_port(RADIO, 10)
    assert laptop.ping()
    laptop.run(*freeze, "--signal=CONT", "wbond-watch@bond0.service")
    laptop.cable.plug()
    laptop.wait_port(CARD)


def test_the_kernel_has_its_order_back_when_the_watch_ends(laptop: Laptop) -> None:
    assert "Primary Slave: None" in laptop.bonding()
    laptop.run("systemctl", "restart", "wbond-watch@bond0.service")
    assert "Primary Slave: None" in laptop.bonding()
    laptop.run("systemctl", "stop", "wbond-watch@bond0.service")
    assert f"Primary Slave: {CARD} (primary_reselect always)" in laptop.bonding()
    assert timers(laptop, "base_reachable") == [30000, 30000]
    laptop.run("systemctl", "start", "wbond-watch@bond0.service")
    laptop.wait_for("the watch to have the order", lambda: "Slave: None" in laptop.bonding())


def leased_from(laptop: Laptop, servers: str) -> None:
    """Have the DHCP server configured, and asked anew."""
    laptop.dhcp.stop()
    laptop.write(DNSMASQ, servers)
    laptop.dhcp.start()
    laptop.run("systemctl", "restart", "dhclient@bond0.service")


def asked(laptop: Laptop) -> list[str]:
    """Return whose answers count."""
    lines = [line.split() for line in laptop.read("/run/wbond/bond0/path").splitlines()]
    return [line[1] for line in lines if line[0] == "router" and line[2] != "-"]


def test_in_a_network_without_a_router_the_dhcp_server_is_asked(laptop: Laptop) -> None:
    home = laptop.read(DNSMASQ)
    servers = re.sub(r"option:router,\S+", "option:router", home).replace("4,1800", "4,0")
    leased_from(laptop, servers)
    routes = ("show", "default", "dev", "bond0")
    laptop.wait_for(
        "no router",
        lambda: not any(laptop.run("ip", way, "route", *routes) for way in ("-4", "-6")),
    )
    laptop.wait_for("the server to be asked", lambda: asked(laptop) == ["192.0.2.1"])
    lost = cut_under_pings(laptop, "192.0.2.1")
    print("cut under pings to the DHCP server, lost of 200:", lost)
    assert lost <= 40
    laptop.wait_for("the path to be dead", lambda: states(laptop)[CARD] == "dead")
    mend(laptop)
    leased_from(laptop, home)
    laptop.wait_for("the routers to be asked", lambda: len(asked(laptop)) == 2)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Routers, switches and access points at fault: what moves the traffic, and what does not."""

import pytest
from guests import Resume
from laptop import CARD, CONFIGURATION, RADIO, SMALLEST, Laptop
from paths import CUT, MEND, NEIGHBOUR, mend, moves, put_neighbour, states, with_switch

RADIO_FIRST = f"""[bond0]
wired = {CARD}
wireless =
[bond0/first]
kind = wireless
match_name = {RADIO}
priority = 300
"""
# The access point bridges nothing; out of the bridge it would answer for the router itself.
DEAF = """
bridge -n world link set dev ap0 locked on learning off
ip -netns world link set dev ap0 type bridge_slave fdb_flush
"""
WELL = "bridge -n world link set dev ap0 locked off learning on"
# Another machine with the router's address, behind the cable's switch.
ELSEWHERE = """
ip netns add elsewhere
ip -netns switch link add dev other0 type veth peer name router netns elsewhere
ip -netns elsewhere link set dev router address 02:00:00:00:09:09 up
ip -netns elsewhere address add 192.0.2.1/24 dev router
ip -netns switch link set dev other0 master acc up
"""
# What the router says goes through netem(8); a filter chooses what is meant.
TC = "ip netns exec world tc"
SORTED = f"""
{TC} qdisc add dev br0 root handle 1: prio bands 3 priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
{TC} qdisc add dev br0 parent 1:3 handle 30: netem loss {{loss}}
{TC} filter add dev br0 parent 1: protocol {{protocol}} prio 1 u32 match u32 0 0 flowid 1:3
"""
HALF_OF_ARP = SORTED.format(loss="50%", protocol="arp")
DEAF_TO_IPV6 = SORTED.format(loss="100%", protocol="ipv6")
# Neighbour advertisements (ICMPv6, type 136), one a second.
FEW_ADVERTISEMENTS = f"""
{TC} qdisc add dev br0 root handle 1: prio
{TC} filter add dev br0 parent 1: protocol ipv6 u32 match u8 58 0xff at 6 \\
    match u8 136 0xff at 40 police pkts_rate 1 pkts_burst 1 conform-exceed drop/ok
"""
SLOW_AND_LOSSY = f"{TC} qdisc add dev br0 root netem delay 400ms loss 20%"
AS_BEFORE = f"{TC} qdisc del dev br0 root"


@pytest.fixture(scope="module")
def laptop(resume: Resume) -> Laptop:
    """A laptop whose cable leads to the router by a switch of its own."""
    return with_switch(resume())


def talk(laptop: Laptop, seconds: int, target: str = "192.0.2.1") -> int:
    """Ask a host five times a second; returns how many got an answer."""
    words = ("ping", "-q", "-n", "-i", "0.2", "-c", str(5 * seconds), "-W", "1", target)
    shown = laptop.result(*words, timeout=seconds + 60.0).out
    return int(shown.partition(" received")[0].rpartition(" ")[2])


@pytest.mark.parametrize(
    "fault",
    [HALF_OF_ARP, DEAF_TO_IPV6, FEW_ADVERTISEMENTS, SLOW_AND_LOSSY],
    ids=["half of ARP", "no IPv6", "few neighbour advertisements", "slow, lossy"],
)
def test_a_router_that_is_bad_at_answering_is_not_left(laptop: Laptop, fault: str) -> None:
    laptop.wait_port(CARD)
    before = moves(laptop)
    laptop.shell(fault)
    # IPv6 is spoken as well, so that its silence is noticed.
    ping6 = ("ping", "-q", "-i", "0.2", "-c", "90", "2001:db8::1")
    laptop.run("systemd-run", "--collect", *ping6)
    answered = talk(laptop, 20)
    laptop.shell(AS_BEFORE)
    assert answered > 0
    assert moves(laptop) == before
    assert laptop.active_port() == CARD


def test_a_neighbour_that_sleeps_for_two_seconds_moves_nothing(laptop: Laptop) -> None:
    put_neighbour(laptop)
    laptop.wait_for("the neighbour to answer", lambda: talk(laptop, 1, NEIGHBOUR) == 5)
    before = moves(laptop)
    nap = "ip -netns world link set dev to-peer nomaster; sleep 2; "
    nap += "ip -netns world link set dev to-peer master br0"
    laptop.run("systemd-run", "--unit=lab-nap", "sh", "-c", nap)
    answered = talk(laptop, 8, NEIGHBOUR)
    print(f"of 40 questions across a nap of 2 s, {answered} were answered")
    assert answered >= 20
    assert moves(laptop) == before


def test_a_cable_that_leads_to_another_router_is_not_taken_back(laptop: Laptop) -> None:
    laptop.wait_port(CARD)
    laptop.shell(CUT)
    assert talk(laptop, 3) > 0
    laptop.wait_port(RADIO, 10)
    laptop.shell(ELSEWHERE)
    laptop.wait_for("the other router to be seen", lambda: states(laptop)[CARD] == "foreign")
    assert talk(laptop, 2) == 10
    assert laptop.active_port() == RADIO
    assert "leads to another network" in " ".join(laptop.run("wbond", "status").split())
    laptop.shell("ip netns delete elsewhere")
    mend(laptop)  # it is asked each minute


def test_both_paths_dead_cost_few_moves_and_frames(laptop: Laptop) -> None:
    laptop.wait_port(CARD)
    before = moves(laptop)
    tcpdump = "timeout 60 ip netns exec switch tcpdump -nn -i far0 'arp or icmp6'"
    listen = f"{tcpdump} >/run/lab/asked; true"
    laptop.run("systemd-run", "--unit=lab-asked", "sh", "-c", listen)
    laptop.wait_for("what listens", lambda: "listening" in laptop.journal("-u", "lab-asked"))
    laptop.shell(f"{CUT}\n{DEAF}")
    assert talk(laptop, 55) == 0
    laptop.wait_for("the minute to end", lambda: not laptop.is_active("lab-asked.service"))
    asked = len(laptop.read("/run/lab/asked").splitlines())
    print(f"both paths dead for a minute under traffic: {asked} frames by the cable")
    assert moves(laptop) - before <= 4
    # The better port is asked for each router each second, as long as its silence is new.
    assert asked <= 240
    laptop.run("systemd-run", "--collect", "ping", "-q", "-i", "0.2", "-c", "50", "192.0.2.1")
    laptop.shell(WELL)
    took = laptop.wait_port(RADIO, 5)
    print(f"the radio's path is back, and has the traffic after {took:.1f} s")
    mend(laptop)
    # dhclient may have given up meanwhile.
    laptop.wait_for("the world to answer", laptop.ping)


def test_a_path_that_comes_and_goes_is_held_back(laptop: Laptop) -> None:
    laptop.wait_port(CARD)
    before = moves(laptop)
    flap = f"for i in 1 2 3 4 5 6 7 8; do {CUT}; sleep 3; {MEND}; sleep 3; done"
    laptop.run("systemd-run", "--unit=lab-flaps", "sh", "-c", flap)
    answered = talk(laptop, 50)
    made = moves(laptop) - before
    print(f"a path that flaps for 48 s: {made} moves, {answered} of 250 answered")
    assert made <= 6
    assert answered >= 200
    # Held back for minutes; a link that is new has nothing to its account but its reputation.
    laptop.run("systemctl", "restart", "wbond-watch@bond0.service")
    mend(laptop)


def test_an_access_point_that_bridges_nothing_is_left_for_the_cable(laptop: Laptop) -> None:
    laptop.take_up({CONFIGURATION: RADIO_FIRST})
    laptop.wait_port(RADIO)
    lost = []
    for _ in range(2):  # more moves within a minute are too many
        laptop.wait_for("the radio's path", lambda: states(laptop)[RADIO] == "proven")
        udp = laptop.traffic("udp")
        laptop.shell(DEAF)
        laptop.wait_port(CARD, 10)
        laptop.wait_for("the path to be dead", lambda: states(laptop)[RADIO] == "dead")
        flow = udp.report()
        print("the access point bridges nothing:", flow)
        lost.append(flow["lost"])
        laptop.shell(WELL)
        laptop.wait_port(RADIO)
    # A radio that sleeps has half a second for its answer, a cable less (docs/path.md).
    assert min(lost) <= 190
    laptop.take_up({CONFIGURATION: SMALLEST})
    laptop.wait_port(CARD)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The path behind a link that stays up: a second switch between the cable and the router."""

import json
import re
import statistics

import pytest
from guests import Resume
from laptop import CARD, RADIO, Laptop
from paths import CUT, NEIGHBOUR, UNDER_WAY, mend, put_neighbour, states, with_switch

# Reads what the world sends as fast as it can, cuts the way, and tells the longest pause (ms).
DOWNLOAD = f"""
import os, socket, subprocess, sys, threading, time
server = '''
import socket
stream, _ = socket.create_server(("", 8)).accept()
stream.setsockopt(socket.SOL_SOCKET, 47, 1 << 20)  # SO_MAX_PACING_RATE, bytes a second
while True:
    stream.send(bytes(1 << 14))
'''
world = subprocess.Popen(["ip", "netns", "exec", "world", sys.executable, "-c", server])
stream = socket.socket()
while stream.connect_ex(("192.0.2.1", 8)):
    stream.close()
    stream = socket.socket()
threading.Timer(2.0, os.system, ["{CUT}"]).start()
longest, last, end = 0.0, time.monotonic(), time.monotonic() + 6
while last < end:
    assert stream.recv(1 << 16)
    longest, last = max(longest, time.monotonic() - last), time.monotonic()
world.kill()
print(round(longest * 1000))
"""
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
    laptop.write("/root/download.py", DOWNLOAD)
    pause = int(laptop.run("python3", "/root/download.py"))
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
    laptop.shell("ip -netns world link set dev br0 down")
    laptop.result("ping", "-c", "60", "-i", "0.2", "-W", "1", "192.0.2.1")
    assert laptop.active_port() == CARD
    laptop.shell("ip -netns world link set dev br0 up")
    laptop.wait_for("the world to answer", laptop.ping)
    journal = laptop.journal("-t", "wbond-watch")
    assert "no router answers, on no port" in journal
    assert journal.count("leaves") == before


def test_spanning_tree_costs_nothing_on_return(laptop: Laptop) -> None:
    laptop.shell("ip -netns switch link set dev acc type bridge stp_state 1 forward_delay 500")
    laptop.wait_for("the world to answer", lambda: laptop.ping(1), 60)
    laptop.cable.pull()
    laptop.wait_port(RADIO)
    laptop.wait_for("the world to answer over the radio", laptop.ping)
    udp = laptop.traffic("udp")
    laptop.cable.plug()
    laptop.wait_port(CARD)
    laptop.wait_for("the cable's path to be proven", lambda: states(laptop)[CARD] == "proven")
    report = udp.report()
    print("return behind spanning tree:", report)
    assert report["lost"] <= 2


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
    timers = json.loads(laptop.run("ip", "-json", "ntable", "show", "dev", "bond0"))
    assert [table["base_reachable"] for table in timers] == [30000, 30000]
    laptop.run("systemctl", "start", "wbond-watch@bond0.service")
    laptop.wait_for("the watch to have the order", lambda: "Slave: None" in laptop.bonding())

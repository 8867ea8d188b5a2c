# SPDX-License-Identifier: LGPL-2.1-or-later
"""Docks, and other cables, come and go while traffic flows."""

import time

import pytest
from guests import Resume
from hardware import DOCK_MAC
from laptop import BOND, CARD, DOCK_SECTION, RADIO, Laptop
from sticks import CONFIGURATION, quiet, wait_gone


@pytest.fixture(scope="module")
def laptop(resume: Resume) -> Laptop:
    laptop = resume({"/etc/wbond.conf": CONFIGURATION})
    laptop.wait_both()
    return laptop


def test_a_dock_that_is_plugged_takes_over_and_hands_back(laptop: Laptop) -> None:
    tcp = laptop.traffic("tcp")
    udp = laptop.traffic("udp")
    name = laptop.plug_dock()
    laptop.wait_port(name)
    assert laptop.link(BOND)["address"] == DOCK_MAC
    laptop.wait_ranked(name)
    laptop.wait_for("the world to answer over the dock", laptop.ping)
    time.sleep(2)
    laptop.pull_dock()
    laptop.wait_port(CARD)
    laptop.wait_for("the world to answer", laptop.ping)
    time.sleep(2)
    stream, flow = tcp.report(), udp.report()
    print(f"dock plugged and pulled: {flow['lost']} packets lost, {flow['silence_ms']} ms silence")
    assert stream["broken"] == ""
    assert flow["lost"] < 400
    quiet(laptop)


def stand_by_and_leave(laptop: Laptop) -> None:
    """Plug and pull a dock that is not preferred: the cable in the card loses no packet."""
    udp = laptop.traffic("udp")
    laptop.plug_dock()
    time.sleep(1)
    assert laptop.active_port() == CARD
    laptop.pull_dock()
    assert udp.report()["lost"] == 0


def test_a_dock_ranked_below_the_card_carries_while_the_card_cannot(laptop: Laptop) -> None:
    laptop.wait_both()
    configuration = f"[{BOND}]\nwired = {CARD}\nwireless = {RADIO} wl*\n{DOCK_SECTION}"
    laptop.write("/etc/wbond.conf", configuration)
    laptop.run("systemctl", "daemon-reload")
    tcp = laptop.traffic("tcp")
    stand_by_and_leave(laptop)
    laptop.cable.pull()
    laptop.wait_port(RADIO)
    name = laptop.plug_dock()
    laptop.wait_port(name)
    laptop.wait_ranked(name)
    laptop.wait_for("the world to answer over the dock", laptop.ping)
    laptop.cable.plug()
    laptop.wait_port(CARD)
    laptop.pull_dock()
    assert tcp.report()["broken"] == ""
    laptop.write("/etc/wbond.conf", CONFIGURATION)
    laptop.run("systemctl", "daemon-reload")
    quiet(laptop)


def test_what_only_looks_like_a_cable_is_no_port(laptop: Laptop) -> None:
    """QEMU's USB card is a Linux USB gadget, by its id, and always has a link."""
    laptop.wait_both()
    laptop.write("/etc/wbond.conf", f"[{BOND}]\n")
    laptop.run("wbond", "apply", "--yes", timeout=120)
    laptop.dock.plug_into_nothing()
    laptop.wait_for("the card", laptop.dock_name)
    laptop.run("udevadm", "settle")
    card = f"/sys/class/net/{laptop.dock_name()}"
    said = laptop.run("udevadm", "info", "-q", "property", "-p", card)
    assert "WBOND_LEFT_OUT=it is a Linux USB gadget and only looks like a cable\n" in said
    laptop.cable.pull()
    laptop.wait_port(RADIO)
    laptop.run("systemctl", "restart", f"wbond@{BOND}.service")
    laptop.wait_port(RADIO)
    laptop.wait_for("the world to answer over the radio", laptop.ping)
    assert sorted(laptop.ports()) == [CARD, RADIO]
    laptop.cable.plug()
    laptop.wait_port(CARD)
    laptop.dock.pull()
    laptop.write("/etc/wbond.conf", CONFIGURATION)
    laptop.run("wbond", "apply", "--yes", timeout=120)
    quiet(laptop)


def test_a_preferred_cable_takes_over_when_it_has_carrier(laptop: Laptop) -> None:
    """Played by a virtual one: QEMU's USB card tells nothing of its carrier."""
    laptop.wait_both()
    laptop.write("/etc/wbond.conf", f"[{BOND}]\nwired = late0 {CARD}\nwireless = {RADIO} wl*\n")
    laptop.run("wbond", "apply", "--yes", timeout=120)
    udp = laptop.traffic("udp")
    laptop.shell(
        "ip link add dev late0 type veth peer name far1;"
        " ip link set dev far1 netns world; ip -netns world link set dev far1 master br0"
    )
    laptop.wait_for("the cable without carrier", lambda: "late0" in laptop.ports())
    laptop.wait_ranked("late0")
    time.sleep(1)
    assert laptop.active_port() == CARD
    assert udp.report()["lost"] == 0
    laptop.run("ip", "-netns", "world", "link", "set", "dev", "far1", "up")
    laptop.wait_port("late0")
    laptop.wait_for("the world to answer over it", laptop.ping)
    laptop.run("ip", "-netns", "world", "link", "delete", "dev", "far1")
    laptop.wait_port(CARD)
    laptop.write("/etc/wbond.conf", CONFIGURATION)
    laptop.run("wbond", "apply", "--yes", timeout=120)
    wait_gone(laptop, f"{BOND}-wired@late0.service")
    laptop.wait_both()
    quiet(laptop)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Suspend and resume: traffic returns by itself."""

import time
from collections.abc import Callable

import pytest
from channels import CommandFailed, GuestLost
from guests import Boot, Resume
from laptop import CARD, DOCK_SECTION, FILES, RADIO, Laptop

STICK_MAC = "02:00:00:00:05:01"
# Gone before any process of the laptop has had its turn: as near as a radio without a plug comes.
PULL_ON_WAKING = """#!/bin/sh
[ "$1" = pre ] || [ ! -e /run/pull ] || lab-radio pull stick
"""


SET_UP = {
    "/etc/wbond.conf": f"[bond0]\nwired = {CARD}\nwireless = {RADIO} wl*\n{DOCK_SECTION}",
    # Its power button wakes it, and does no more.
    "/etc/systemd/logind.conf.d/button.conf": "[Login]\nHandlePowerKey=ignore\n",
}


@pytest.fixture(scope="module")
def laptop(resume: Resume) -> Laptop:
    laptop = resume(SET_UP)
    laptop.run("systemctl", "try-reload-or-restart", "systemd-logind.service")
    laptop.wait_both()
    return laptop


def sleep(
    laptop: Laptop, meanwhile: Callable[[], object] = lambda: None, depth: str = "s2idle"
) -> None:
    """Suspend, do something to the sleeping laptop, wake it."""
    laptop.suspend(depth)
    time.sleep(2)
    meanwhile()
    laptop.wake(depth)
    # It has slept as well, being in the same machine, and is not told that it had to stop.
    laptop.access_point.stop()
    laptop.access_point.start()


def sleep_and_find(laptop: Laptop, move: Callable[[], object], back: Callable[[], object]) -> None:
    """Sleep, and find the cable pulled or plugged in on waking.

    The driver of a real card looks at its link when it wakes; virtio_net's
    virtnet_restore() does not, and is told by the move there and back.
    """
    sleep(laptop, move)
    back()
    move()


def test_with_the_cable(laptop: Laptop) -> None:
    address = laptop.address()
    sleep(laptop)
    laptop.wait_both()
    laptop.wait_for("the world to answer", laptop.ping)
    assert laptop.address() == address


def test_on_wifi_alone(laptop: Laptop) -> None:
    laptop.cable.pull()
    laptop.wait_port(RADIO)
    laptop.wait_for("the world to answer", laptop.ping)
    sleep(laptop)
    laptop.wait_port(RADIO, 90)
    laptop.wait_for("the world to answer", laptop.ping, 90)
    laptop.cable.plug()
    laptop.wait_both()


def test_the_cable_is_pulled_in_the_night(laptop: Laptop) -> None:
    laptop.wait_both()
    sleep_and_find(laptop, laptop.cable.pull, laptop.cable.plug)
    laptop.wait_port(RADIO, 90)
    laptop.wait_for("the world to answer", laptop.ping, 90)
    laptop.cable.plug()
    laptop.wait_both()


def test_a_dock_is_pulled_in_the_night(laptop: Laptop) -> None:
    laptop.plug_dock()
    sleep(laptop, laptop.dock.pull)
    laptop.wait_for("the bond without it", lambda: len(laptop.ports()) == 2, 90)
    laptop.wait_both()
    laptop.wait_for("the world to answer", laptop.ping)
    assert laptop.run("systemctl", "--failed", "--plain", "--no-legend") == ""


def test_a_stick_is_pulled_in_the_night_while_it_carries(laptop: Laptop) -> None:
    laptop.write("/usr/lib/systemd/system-sleep/pull", PULL_ON_WAKING, 0o755)
    laptop.radios.plug("stick", STICK_MAC)
    laptop.wait_for("the stick in the bond", lambda: "wlan0" in laptop.ports())
    laptop.wait_for("the stick to associate", lambda: laptop.authorised("wlan0"), 90)
    laptop.cable.pull()
    laptop.run("systemctl", "stop", f"bond0-supplicant@{RADIO}.service")
    laptop.wait_port("wlan0")
    laptop.write("/run/pull", "")
    sleep_and_find(laptop, laptop.cable.plug, laptop.cable.pull)
    laptop.wait_for("the bond without it", lambda: laptop.ports() == [CARD])
    laptop.wait_port(CARD)
    laptop.wait_for("the world to answer", laptop.ping)
    laptop.run("systemctl", "start", f"bond0-supplicant@{RADIO}.service")
    laptop.wait_both()
    assert laptop.run("systemctl", "--failed", "--plain", "--no-legend") == ""


def sleep_in_ram(laptop: Laptop) -> None:
    """Tell the story of one night under a TCP stream."""
    laptop.wait_both()
    address = laptop.address()
    tcp = laptop.traffic("tcp")
    sleep(laptop, depth="deep")
    laptop.wait_both()
    laptop.wait_for("the world to answer", laptop.ping)
    assert laptop.address() == address
    assert tcp.report()["broken"] == ""
    assert "PM: suspend entry (deep)" in laptop.journal("-k")


NIGHTS = 5


def test_to_ram_with_both_ports(boot: Boot) -> None:
    for _ in range(NIGHTS):
        laptop = boot(files=FILES | SET_UP, s3=True)
        laptop.booted()
        try:
            sleep_in_ram(laptop)
            return
        except (AssertionError, CommandFailed, GuestLost):
            if not laptop.is_lost():
                raise
            print("QEMU has lost the guest on waking; another one sleeps")
    pytest.fail("no guest has woken")

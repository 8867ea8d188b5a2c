# SPDX-License-Identifier: LGPL-2.1-or-later
"""Suspend to RAM and resume: traffic returns by itself."""

import time
from collections.abc import Callable

import pytest
from laptop import CARD, FILES, RADIO, Laptop


@pytest.fixture(scope="module")
def laptop(boot: Callable[..., Laptop]) -> Laptop:
    laptop = boot(
        files=FILES | {"/etc/wbond.conf": f"[bond0]\nwired = {CARD}\nwireless = {RADIO} wl*\n"}
    )
    laptop.booted()
    laptop.wait_both()
    return laptop


def sleep(laptop: Laptop, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Suspend, do something to the sleeping laptop, wake it."""
    laptop.suspend()
    time.sleep(2)
    meanwhile()
    laptop.wake()


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
    sleep(laptop, laptop.cable.pull)
    laptop.wait_port(RADIO, 90)
    laptop.wait_for("the world to answer", laptop.ping, 90)
    laptop.cable.plug()
    laptop.wait_both()


def test_a_dock_is_pulled_in_the_night(laptop: Laptop) -> None:
    laptop.dock.plug()
    laptop.wait_for("the dock in the bond", lambda: len(laptop.ports()) == 3)
    sleep(laptop, laptop.dock.pull)
    laptop.wait_for("the bond without it", lambda: len(laptop.ports()) == 2, 90)
    laptop.wait_both()
    laptop.wait_for("the world to answer", laptop.ping)
    assert laptop.run("systemctl", "--failed", "--plain", "--no-legend") == ""

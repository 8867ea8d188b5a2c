# SPDX-License-Identifier: LGPL-2.1-or-later
"""Radios are blocked and unblocked, while they run and at boot."""

import time

import pytest
from guests import Resume
from laptop import CARD, RADIO, Laptop
from sticks import CONFIGURATION, have_stick, quiet, wait_gone


@pytest.fixture(scope="module")
def laptop(resume: Resume) -> Laptop:
    laptop = resume({"/etc/wbond.conf": CONFIGURATION})
    laptop.wait_both()
    return laptop


def test_a_radio_that_is_blocked_and_unblocked_returns_by_itself(laptop: Laptop) -> None:
    laptop.wait_both()
    udp = laptop.traffic("udp")
    laptop.rfkill("block")
    laptop.wait_for("the radio to fall out", lambda: not laptop.authorised())
    laptop.rfkill("unblock")
    laptop.wait_for("the radio to be back", laptop.authorised, 90)
    assert udp.report()["lost"] == 0
    laptop.rfkill("block")
    laptop.run("systemctl", "restart", f"bond0-supplicant@{RADIO}.service")
    time.sleep(3)
    assert RADIO not in laptop.ports()
    assert laptop.is_active(f"bond0-supplicant@{RADIO}.service")
    laptop.rfkill("unblock")
    laptop.wait_both()
    quiet(laptop)


def test_two_radios_that_are_blocked_for_seconds_both_return(laptop: Laptop) -> None:
    have_stick(laptop)
    radios = (RADIO, "wlan0")
    udp = laptop.traffic("udp")
    laptop.rfkill("block", *radios)
    laptop.wait_for("both to be down", lambda: not any(map(laptop.authorised, radios)))
    time.sleep(3)
    laptop.rfkill("unblock", *radios)
    laptop.wait_for("both to be back", lambda: all(map(laptop.authorised, radios)), 60)
    assert udp.report()["lost"] == 0
    laptop.radios.pull("stick")
    wait_gone(laptop)
    quiet(laptop)


BLOCK = f"""[Unit]
DefaultDependencies=no
After=sys-subsystem-net-devices-{RADIO}.device
Before=bond0-supplicant@{RADIO}.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=sh -c 'rfkill block $$(cat /sys/class/net/{RADIO}/phy80211/rfkill*/index)'
"""


def test_a_radio_that_is_blocked_at_boot_joins_when_it_is_unblocked(laptop: Laptop) -> None:
    wants = f"/etc/systemd/system/bond0-supplicant@{RADIO}.service.d"
    laptop.write("/etc/systemd/system/block.service", BLOCK)
    laptop.run("mkdir", wants)
    laptop.write(f"{wants}/block.conf", "[Unit]\nWants=block.service\n")
    laptop.reboot()
    laptop.booted()
    laptop.wait_online()
    assert laptop.ports() == [CARD]
    unit = f"bond0-supplicant@{RADIO}.service"
    assert laptop.is_active(unit)
    assert f"{RADIO} is blocked by rfkill" in laptop.journal("-b", "-u", unit)
    quiet(laptop)
    laptop.rfkill("unblock")
    laptop.wait_both()
    quiet(laptop)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-hotplug: the port's unit is started, whatever has become of the device meanwhile."""

import pytest
from wbond_net import hotplug

from tests.fake import Machine

UNIT = "bond0-supplicant@wlan0.service"
START = f"systemctl start --no-block -- {UNIT}"


def plug(machine: Machine) -> str:
    folder = machine.add("wlan0")
    machine.note("wlan0", f"WBOND_UNIT={UNIT}\n")
    return str(folder)


def test_a_port_is_started(machine: Machine) -> None:
    assert hotplug.main([plug(machine)]) == 0
    assert machine.ran == [START]


def test_a_device_that_has_gone_is_no_failure(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hotplug.main([f"{machine.sysfs}/wlan0"]) == 0
    assert machine.ran == []
    assert capsys.readouterr().out == f"{machine.sysfs}/wlan0: the device has gone\n"


def test_a_device_that_is_no_port_is_told(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hotplug.main([str(machine.add("wlan0"))]) == 1
    assert "wlan0 is no port" in capsys.readouterr().err


def test_what_systemd_refuses_is_told(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.refused[START] = "Connection refused"
    assert hotplug.main([plug(machine)]) == 1
    assert "Connection refused" in capsys.readouterr().err


def test_it_tells_how_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    assert hotplug.main([]) == 2
    assert capsys.readouterr().err.startswith("usage:")


def test_a_port_s_unit_is_started_by_its_name_while_its_device_is_there(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    unit = r"bond0-wired@my\x2dveth.service"
    assert hotplug.main([unit]) == 0
    assert machine.ran == []
    assert capsys.readouterr().out == f"{unit}: the device has gone\n"
    machine.add("my-veth")
    assert hotplug.main([unit]) == 0
    assert machine.ran == [f"systemctl start --no-block -- {unit}"]

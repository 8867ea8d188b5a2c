# SPDX-License-Identifier: LGPL-2.1-or-later
"""udev's database, as udevd writes it below /run/udev/data."""

import pytest
from wbond_net.kernel import udev_database

from tests.fake import Machine

RADIO = "wlp3s0"
# Of a radio on Debian 13, shortened, and with a value that has a sign of its own.
FILE = """\
I:2461843
E:ID_NET_DRIVER=iwlwifi
E:ID_PATH=pci-0000:00:14.3
E:ID_X=a=b
E:ID_EMPTY=
E:WBOND_BOND=bond0
E:WBOND_UNIT=bond0-supplicant@wlp3s0.service
E:WBOND_SET_PRIORITY=70
G:systemd
Q:systemd
V:1
"""


@pytest.fixture
def noted(machine: Machine) -> Machine:
    machine.add("lo")
    machine.add(RADIO)
    (machine.udev / f"n{machine.index(RADIO)}").write_text(FILE)
    return machine


def test_properties_are_those_of_the_interface_s_index(noted: Machine) -> None:
    found = udev_database.properties(RADIO)
    assert found == udev_database.properties_at(str(noted.sysfs / RADIO))
    assert (found["ID_X"], found["ID_EMPTY"], len(found)) == ("a=b", "", 7)
    assert udev_database.properties("lo") == {}
    assert udev_database.properties("gone0") == {}


def test_a_port_s_unit_has_what_was_noted_for_it(noted: Machine) -> None:
    assert udev_database.settings(RADIO) == {"PRIORITY": "70"}


def test_units_are_those_of_the_bond_s_ports(noted: Machine) -> None:
    (noted.udev / "n99").write_bytes(b"E:WBOND_BOND=bond0\nE:\xff\nE:ID_X=\xff\n")
    (noted.udev / "b8:0").write_text("E:WBOND_BOND=bond0\nE:WBOND_UNIT=no.service\n")
    assert udev_database.ports("bond0") == ["bond0-supplicant@wlp3s0.service"]
    assert udev_database.ports("bond1") == []


def test_a_port_whose_device_has_gone_is_left_out_while_udev_still_has_it(noted: Machine) -> None:
    (noted.sysfs / RADIO).rename(noted.sysfs / "wlan0")
    assert udev_database.ports("bond0") == []


def test_without_udev_there_are_no_ports(noted: Machine) -> None:
    for path in noted.udev.iterdir():
        path.unlink()
    noted.udev.rmdir()
    assert udev_database.ports("bond0") == []
    assert udev_database.properties(RADIO) == {}

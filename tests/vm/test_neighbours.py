# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bonding module that was there before, and bonds that are not wbond's."""

import pytest
from guests import Resume
from laptop import CARD, Laptop

ROUND_ROBIN = ("max_bonds=1", "mode=balance-rr", "miimon=1000")


@pytest.fixture(scope="module")
def laptop(resume: Resume) -> Laptop:
    laptop = resume()
    laptop.run("systemctl", "stop", "wbond@bond0.service")
    laptop.run("modprobe", "-r", "bonding")
    laptop.run("modprobe", "bonding", *ROUND_ROBIN)
    laptop.run("systemctl", "start", "wbond@bond0.service")
    return laptop


def test_a_round_robin_bond0_without_ports_is_adopted_with_every_option(laptop: Laptop) -> None:
    # What the module was loaded with is what a bond has that nobody has set up.
    laptop.run("ip", "link", "add", "dev", "bare0", "type", "bond")
    bare = laptop.link("bare0")["linkinfo"]["info_data"]
    laptop.run("ip", "link", "delete", "dev", "bare0")
    assert (bare["mode"], bare["miimon"]) == ("balance-rr", 1000)
    assert "adopted" in laptop.journal("-u", "wbond@bond0.service")
    laptop.wait_both()
    details = laptop.link("bond0")["linkinfo"]["info_data"]
    assert details["mode"] == "active-backup"
    assert details["miimon"] == 100
    assert details["fail_over_mac"] == "active"
    assert details["num_peer_notif"] == 5
    # The iproute2 of Debian 12 does not show it.
    assert details.get("peer_notif_delay", 300) == 300
    assert laptop.ping()


def test_a_foreign_bond0_with_ports_is_refused_and_untouched(laptop: Laptop) -> None:
    laptop.run("systemctl", "stop", "wbond@bond0.service")
    laptop.shell(
        "ip link add dev bond0 type bond mode broadcast; ip link add dev port0 type dummy;"
        " ip link set dev port0 master bond0; ip address add 198.51.100.1/24 dev bond0"
    )
    before = laptop.run("ip", "-d", "address", "show", "dev", "bond0"), laptop.bonding()
    assert laptop.result("systemctl", "start", "wbond@bond0.service").rc != 0
    said = laptop.journal("-u", "wbond@bond0.service")
    assert "bond0 is there and has ports (port0)" in said
    assert "Stop what made it" in said
    assert (laptop.run("ip", "-d", "address", "show", "dev", "bond0"), laptop.bonding()) == before
    assert not laptop.is_active(f"bond0-wired@{CARD}.service")
    laptop.shell("ip link delete dev bond0; ip link delete dev port0")
    laptop.run("systemctl", "reset-failed")
    laptop.run("systemctl", "start", "wbond@bond0.service")
    laptop.wait_both()


def test_a_start_that_fails_leaves_no_bond(laptop: Laptop) -> None:
    laptop.run("systemctl", "stop", "wbond@bond0.service")
    dropin = "/run/systemd/system/wbond@bond0.service.d/fails.conf"
    laptop.write(dropin, "[Service]\nExecStartPost=false\n")
    laptop.run("systemctl", "daemon-reload")
    assert laptop.result("systemctl", "start", "wbond@bond0.service").rc != 0
    assert laptop.result("test", "-e", "/sys/class/net/bond0").rc != 0
    laptop.run("rm", dropin)
    laptop.run("systemctl", "daemon-reload")
    laptop.run("systemctl", "reset-failed")


def test_an_interface_of_that_name_that_is_no_bond_is_refused(laptop: Laptop) -> None:
    laptop.run("systemctl", "stop", "wbond@bond0.service")
    laptop.shell("ip link add dev bond0 type dummy")
    assert laptop.result("systemctl", "start", "wbond@bond0.service").rc != 0
    assert "bond0 is there and is no bond" in laptop.journal("-u", "wbond@bond0.service")
    laptop.shell("ip link delete dev bond0; systemctl reset-failed")

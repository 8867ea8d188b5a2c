# SPDX-License-Identifier: LGPL-2.1-or-later
"""A person's hands on units, and processes that die: ports, clients, all of wbond."""

import time
from functools import partial

import pytest
from guests import Resume
from laptop import CARD, LISTING, PORT_UNITS, RADIO, UNITS, Laptop

MOST_EXPOSED = 25  # tenths; systemd-networkd has 28


@pytest.fixture(scope="module")
def laptop(resume: Resume) -> Laptop:
    return resume()


def test_every_unit_is_in_a_sandbox(laptop: Laptop) -> None:
    words = ("systemd-analyze", "security", "--no-pager", f"--threshold={MOST_EXPOSED}")
    assert laptop.run(*words, *UNITS).count("Overall exposure") == len(UNITS)


def has_new_process(laptop: Laptop, unit: str, former: str) -> bool:
    return laptop.show(unit, "MainPID") not in ("0", former) and laptop.is_active(unit)


def test_killed_processes_are_back_by_themselves(laptop: Laptop) -> None:
    laptop.wait_both()
    address = laptop.address(4)
    udp = laptop.traffic("udp")
    former = {unit: laptop.show(unit, "MainPID") for unit in UNITS[2:6]}
    laptop.run("kill", "-KILL", *former.values())
    for unit, process in former.items():
        laptop.wait_for(
            f"{unit} with a new process", partial(has_new_process, laptop, unit, process)
        )
    laptop.wait_both()
    laptop.wait_for("DHCPv6's address", laptop.has_lease)
    assert udp.report()["lost"] == 0
    assert laptop.address(4) == address


def test_with_all_of_wbond_dead_the_kernel_fails_over(laptop: Laptop) -> None:
    laptop.wait_both()
    address = laptop.address(4)
    dead = list(UNITS[3:6])
    for unit in dead:
        laptop.write(f"/run/systemd/system/{unit}.d/dead.conf", "[Service]\nRestart=no\n")
    laptop.run("systemctl", "daemon-reload")
    laptop.run("systemctl", "kill", "--signal=KILL", *dead)
    laptop.wait_for("their death", lambda: not any(laptop.is_active(unit) for unit in dead))
    laptop.cable.pull()
    laptop.wait_port(RADIO, 10)
    laptop.wait_for("the world to answer over the radio", laptop.ping)
    laptop.cable.plug()
    laptop.wait_port(CARD, 10)
    assert laptop.ping()
    assert laptop.address(4) == address
    for unit in dead:
        laptop.run("rm", "-r", f"/run/systemd/system/{unit}.d")
    laptop.run("systemctl", "daemon-reload")
    laptop.run("systemctl", "start", *dead)


def restart(laptop: Laptop, *units: str) -> None:
    """Restart units, and see that each is another run of it."""
    before = [laptop.show(unit, "InvocationID") for unit in units]
    laptop.run("systemctl", "restart", *units)
    assert not set(before).intersection(laptop.show(unit, "InvocationID") for unit in units)


@pytest.mark.parametrize("port", [CARD, RADIO])
def test_a_port_can_be_stopped_started_and_restarted(laptop: Laptop, port: str) -> None:
    laptop.wait_both()
    unit = PORT_UNITS[port == RADIO]
    other = RADIO if port == CARD else CARD
    restart(laptop, unit)
    laptop.wait_both()
    laptop.run("systemctl", "stop", unit)
    assert laptop.ports() == [other]
    laptop.wait_port(other)
    laptop.wait_for("the world to answer", laptop.ping)
    # What might bring it back, and a moment for it.
    for action in ("change", "add"):
        laptop.run("udevadm", "trigger", "-c", action, "--settle", f"/sys/class/net/{port}")
    laptop.run("systemctl", "daemon-reload")
    time.sleep(3)
    assert laptop.ports() == [other]
    assert laptop.link(port)["address"] == laptop.link(port).get(
        "permaddr", laptop.link(port)["address"]
    )
    laptop.run("systemctl", "start", unit)
    laptop.wait_both()
    assert LISTING.format(active=CARD) in laptop.bonding()
    # A radio's rates are given back, and iw has not been refused.
    said = laptop.journal("-u", unit)
    assert (f"iw dev {port} set bitrates\n" in said) is (port == RADIO)
    assert "command failed" not in said


def test_the_clients_can_be_stopped_started_and_restarted(laptop: Laptop) -> None:
    clients = ("dhclient@bond0.service", "dhcp6c@bond0.service")
    laptop.wait_both()
    restart(laptop, *clients)
    laptop.wait_both()
    laptop.wait_for("DHCPv6's address", laptop.has_lease)
    laptop.run("systemctl", "stop", *clients)
    assert laptop.address(4) == ""
    assert laptop.run("ip", "-4", "route") == ""
    assert not laptop.has_lease()
    # The watch does not bring back what a person has stopped, not even when it is new itself.
    laptop.run("systemctl", "restart", "wbond-watch@bond0.service")
    time.sleep(3)
    assert not any(map(laptop.is_active, clients))
    laptop.run("systemctl", "start", *clients)
    laptop.wait_both()
    laptop.wait_for("DHCPv6's address", laptop.has_lease)


def test_dhcp6c_is_stopped_without_a_server_and_waits_for_none(laptop: Laptop) -> None:
    unit = "dhcp6c@bond0.service"
    laptop.wait_both()
    laptop.wait_for("DHCPv6's address", laptop.has_lease)
    laptop.dhcp.stop()
    laptop.run("systemctl", "stop", unit)
    assert not laptop.has_lease()
    said = laptop.journal("-u", unit)
    assert "no server has confirmed the release" in said
    # Its own word, after thirty seconds.
    assert "no responses were received" not in said
    assert laptop.show(unit, "Result") == "success"
    laptop.dhcp.start()
    laptop.run("systemctl", "start", unit)
    laptop.wait_for("DHCPv6's address", laptop.has_lease)


def test_reload_of_dhclient_confirms_the_lease_and_keeps_the_address(laptop: Laptop) -> None:
    laptop.wait_both()
    address = laptop.address(4)
    before = laptop.read("/run/lab/dnsmasq.log").count("DHCPACK")
    udp = laptop.traffic("udp")
    laptop.run("systemctl", "reload", "dhclient@bond0.service")
    laptop.wait_for(
        "another acknowledgement",
        lambda: laptop.read("/run/lab/dnsmasq.log").count("DHCPACK") > before,
    )
    assert udp.report()["lost"] == 0
    assert laptop.address(4) == address

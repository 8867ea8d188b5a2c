# SPDX-License-Identifier: LGPL-2.1-or-later
"""One MAC address for all ports, where `mac` asks for it: on both paths, at failover, at claims."""

import json
import time

import pytest
from guests import Resume
from hardware import CARD_MAC, DOCK_MAC
from laptop import BOND, CARD, RADIO, SMALLEST, SUPPLICANT, Laptop
from machine import WORLD

COMMON = "02:00:00:aa:bb:cc"
RADIO_MAC = "02:00:00:00:00:00"
STICK_MAC = "02:00:00:00:05:01"
STATION_MAC = "02:00:00:00:06:01"


@pytest.fixture(scope="module")
def laptop(resume: Resume) -> Laptop:
    files = {"/etc/wbond.conf": f"{SMALLEST}mac = {COMMON}\n[bond0/stick]\n"}
    files["/etc/wbond.conf"] += "kind = wireless\nmatch_mac = 02:00:00:00:05:*\n"
    laptop = resume(files)
    laptop.wait_both()
    return laptop


def behind(laptop: Laptop) -> str:
    """Return the port of the switch behind which it takes the common address to be."""
    table = json.loads(laptop.world("bridge", "-json", "fdb", "show", "br", "br0"))
    return str(next((entry["ifname"] for entry in table if entry["mac"] == COMMON), ""))


def stations(laptop: Laptop) -> str:
    return laptop.world("iw", "dev", "ap0", "station", "dump")


def test_the_world_sees_one_address_on_both_paths(laptop: Laptop) -> None:
    assert {laptop.link(name)["address"] for name in (BOND, CARD, RADIO)} == {COMMON}
    assert f"Station {COMMON}" in stations(laptop)
    assert laptop.ping()
    assert behind(laptop) == "far0"
    laptop.wait_for(
        "the lease to be confirmed with it",
        lambda: laptop.read("/run/lab/leases").count(COMMON) == 1,
    )


def test_a_failover_changes_no_address_and_needs_no_lease(laptop: Laptop) -> None:
    pid, address = laptop.show("dhclient@bond0.service", "MainPID"), laptop.address()
    tcp = laptop.traffic("tcp")
    laptop.cable.pull()
    laptop.wait_port(RADIO, 10)
    laptop.wait_for("the world to answer over the radio", laptop.ping)
    assert behind(laptop) == "ap0"
    laptop.cable.plug()
    laptop.wait_port(CARD, 10)
    laptop.wait_for("the world to answer over the cable", laptop.ping)
    assert behind(laptop) == "far0"
    assert tcp.report()["broken"] == ""
    assert laptop.link(BOND)["address"] == COMMON
    assert (laptop.show("dhclient@bond0.service", "MainPID"), laptop.address()) == (pid, address)


def reassociate(laptop: Laptop) -> int:
    """Have the radio associate again while traffic only comes in; returns the packets lost."""
    listener = laptop.traffic("listen")
    sender = laptop.traffic("send", laptop.address(), inside=WORLD)
    time.sleep(1)
    laptop.run("wpa_cli", "-i", RADIO, "disconnect")
    laptop.wait_for("the radio to fall out", lambda: not laptop.authorised())
    laptop.run("wpa_cli", "-i", RADIO, "reconnect")
    laptop.wait_for("the radio to be back", laptop.authorised)
    time.sleep(2)
    sent = sender.report()["sent"]
    time.sleep(0.5)
    return int(sent) - int(listener.report()["seen"])


def test_what_an_access_point_leads_astray_comes_in_all_the_same(laptop: Laptop) -> None:
    laptop.wait_both()
    # So that nothing goes out for the sake of the neighbour table.
    laptop.world("ip", "neigh", "replace", laptop.address(), "lladdr", COMMON, "dev", "br0")
    lost = reassociate(laptop)
    assert behind(laptop) == "far0", "the watch has announced it there"
    laptop.run("systemctl", "stop", "wbond-watch@bond0.service")
    alone = reassociate(laptop)
    assert behind(laptop) == "ap0"
    laptop.run("systemctl", "start", "wbond-watch@bond0.service")
    laptop.world("ip", "neigh", "del", laptop.address(), "dev", "br0")
    print(f"packets lost at a re-association: {lost}; without the watch: {alone}")
    # Under emulation, access point, supplicant and traffic share one processor.
    assert max(lost, alone) < 50


def test_a_station_of_the_same_access_point_reaches_the_host(laptop: Laptop) -> None:
    """The access point sends to the radio what is meant for its address, and it stands by."""
    laptop.wait_both()
    laptop.radios.plug("station", STATION_MAC)
    laptop.wait_for("the station", lambda: laptop.result("ip", "link", "show", "wlan0").rc == 0)
    laptop.run("udevadm", "settle")
    laptop.shell(
        "ip netns add station; iw phy $(cat /sys/class/net/wlan0/phy80211/name) set netns name "
        "station; ip -netns station address add 192.0.2.9/24 dev wlan0"
    )
    station = ("ip", "netns", "exec", "station")
    # Without a control interface, whose socket would be that of the next stick.
    configuration = "/etc/wpa_supplicant/station.conf"
    laptop.write(configuration, SUPPLICANT[SUPPLICANT.index("network=") :], 0o600)
    supplicant = laptop.spawn(*station, "wpa_supplicant", "-i", "wlan0", "-c", configuration)
    reached = (*station, "ping", "-c", "1", "-W", "1", "192.0.2.1")
    laptop.wait_for("the world to answer it", lambda: laptop.result(*reached).rc == 0)
    assert laptop.active_port() == CARD
    ping = (*station, "ping", "-q", "-c", "20", "-i", "0.05", "-W", "1", laptop.address())
    assert " 0% packet loss" in laptop.result(*ping).out
    supplicant.stop()
    # There: a radio is found in its own namespace alone (hwsim_del_radio_nl()).
    laptop.run(*station, "lab-radio", "pull", "station")
    laptop.run("ip", "netns", "delete", "station")


def test_an_aligned_stick_can_be_replugged(laptop: Laptop) -> None:
    for _ in range(2):
        laptop.radios.plug("stick", STICK_MAC)
        laptop.wait_for("the stick in the bond", lambda: "wlan0" in laptop.ports())
        laptop.wait_for("the stick to associate", lambda: laptop.authorised("wlan0"), 90)
        assert laptop.link("wlan0")["address"] == COMMON
        assert laptop.link("wlan0")["permaddr"] == STICK_MAC
        laptop.radios.pull("stick")
        laptop.wait_for("the stick gone", lambda: "wlan0" not in laptop.ports())


def test_a_stick_is_aligned_before_anything_is_bound_to_it(laptop: Laptop) -> None:
    unit = "bond0-supplicant@wlan0.service"
    laptop.run("systemctl", "mask", "--runtime", unit)
    laptop.radios.plug("stick", STICK_MAC)
    laptop.wait_for("udev to align it", lambda: laptop.link("wlan0")["address"] == COMMON)
    assert "wlan0" not in laptop.ports()
    laptop.radios.pull("stick")
    laptop.run("systemctl", "unmask", "--runtime", unit)


def test_ports_that_leave_have_their_own_address_again(laptop: Laptop) -> None:
    laptop.run("systemctl", "stop", "wbond@bond0.service")
    assert laptop.link(CARD)["address"] == CARD_MAC
    assert laptop.link(RADIO)["address"] == RADIO_MAC


def test_the_dock_whose_address_all_take_may_come_later(resume: Resume) -> None:
    dock = "dock0"
    configuration = f"[bond0]\nwired = {dock} {CARD}\nwireless = {RADIO}\nmac = {dock}\n"
    name = f"[Match]\nPermanentMACAddress={DOCK_MAC}\n\n[Link]\nName={dock}\n"
    laptop = resume()
    laptop.write("/etc/systemd/network/10-dock.link", name)
    laptop.run("udevadm", "control", "--reload")
    laptop.take_up({"/etc/wbond.conf": configuration})
    laptop.wait_both()

    def seen(*names: str) -> set[str]:
        return {str(laptop.link(name)["address"]) for name in names}

    assert seen(BOND, CARD) == {CARD_MAC}
    tcp = laptop.traffic("tcp")
    laptop.dock.plug()
    laptop.wait_port(dock)
    laptop.wait_for("one address", lambda: seen(BOND, dock, CARD, RADIO) == {DOCK_MAC}, 90)
    laptop.wait_for("the radio to associate", laptop.authorised)
    assert f"Station {DOCK_MAC}" in stations(laptop)
    laptop.dock.pull()
    laptop.wait_port(CARD)
    laptop.wait_for("the world to answer", laptop.ping)
    assert seen(BOND, CARD, RADIO) == {DOCK_MAC}
    assert tcp.report()["broken"] == ""
    laptop.reboot()
    laptop.booted()
    laptop.wait_both()
    assert seen(BOND, CARD, RADIO) == {DOCK_MAC}, "remembered, for boots without the dock"

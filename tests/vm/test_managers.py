# SPDX-License-Identifier: LGPL-2.1-or-later
"""NetworkManager and systemd-networkd run beside wbond, as distributions set them up."""

import re
import statistics
import time
from collections.abc import Callable
from datetime import datetime

import pytest
from laptop import BOND, CARD, FILES, RADIO, Laptop

STARTED = "[Unit]\nWants=NetworkManager.service systemd-networkd.service\n"
INTERFACES = f"auto lo\niface lo inet loopback\n\nallow-hotplug {RADIO}\niface {RADIO} inet dhcp\n"
STICK_MAC = "02:00:00:00:05:01"


@pytest.fixture(scope="module")
def laptop(boot: Callable[..., Laptop]) -> Laptop:
    laptop = boot(
        files=FILES
        | {
            "/etc/wbond.conf": f"[bond0]\nwired = {CARD}\nwireless = {RADIO} wl*\n",
            "/etc/systemd/system/multi-user.target.d/managers.conf": STARTED,
            "/etc/network/interfaces": INTERFACES,
        }
    )
    laptop.booted()
    laptop.wait_both()
    return laptop


def states(laptop: Laptop) -> dict[str, str]:
    """Return NetworkManager's states by device."""
    shown = laptop.run("nmcli", "-t", "-f", "DEVICE,STATE", "device").splitlines()
    return dict(line.split(":", 1) for line in shown)


def networkd(laptop: Laptop, name: str) -> str:
    """Return networkd's set-up state of a link."""
    shown = laptop.run("networkctl", "--no-pager", "--no-legend", "list", name).split()
    return shown[-1]


def test_they_run_and_leave_bond_and_ports_alone(laptop: Laptop) -> None:
    for manager in ("NetworkManager", "systemd-networkd"):
        assert laptop.is_active(f"{manager}.service")
    seen = states(laptop)
    assert {name: seen[name] for name in (BOND, CARD, RADIO)} == dict.fromkeys(
        (BOND, CARD, RADIO), "unmanaged"
    )
    assert {networkd(laptop, name) for name in (BOND, CARD, RADIO)} == {"unmanaged"}


def test_nothing_flaps_at_plug_and_failover(laptop: Laptop) -> None:
    udp = laptop.spawn("lab-traffic", "udp")
    laptop.radios.plug("stick", STICK_MAC)
    laptop.wait_for("the stick in the bond", lambda: "wlan0" in laptop.ports())
    laptop.wait_for("the stick to associate", lambda: laptop.authorised("wlan0"), 90)
    assert states(laptop)["wlan0"] == "unmanaged"
    assert udp.report()["lost"] == 0
    laptop.cable.pull()
    laptop.wait_port(RADIO, 10)
    laptop.wait_for("the world to answer", laptop.ping)
    laptop.cable.plug()
    laptop.wait_port(CARD, 10)
    laptop.radios.pull("stick")
    laptop.wait_for("the stick gone", lambda: "wlan0" not in laptop.ports())
    time.sleep(2)
    assert states(laptop)[BOND] == "unmanaged"
    assert len(laptop.addresses(4)) == 1
    failures = laptop.bonding().count("Link Failure Count: 0")
    assert failures >= 1


def test_ifupdown_s_stanza_is_told(laptop: Laptop) -> None:
    said = laptop.journal("-u", f"bond0-supplicant@{RADIO}.service")
    assert f"/etc/network/interfaces:4: ifupdown configures {RADIO} as well" in said


LINE = re.compile(r"^\[(\S+)\] (.*)$", re.MULTILINE)
PLUGS = 3


def joining(laptop: Laptop, bond: str) -> tuple[int, int]:
    """Plug and pull a stick; returns the ms from its first sight to enslaved, and to associated.

    By the kernel's messages, with the times at which they were read in the guest.
    """
    monitor = laptop.spawn("ip", "-ts", "-o", "monitor", "link")
    time.sleep(1)
    laptop.radios.plug("stick", STICK_MAC)
    laptop.wait_for("the stick in the bond", lambda: "wlan0" in laptop.ports(bond), 120)
    laptop.wait_for("the stick to associate", lambda: laptop.authorised("wlan0"), 120)
    time.sleep(1)
    seen = [
        (datetime.fromisoformat(when), text)
        for when, text in LINE.findall(monitor.stop())
        if "wlan0: " in text
    ]
    laptop.radios.pull("stick")
    laptop.wait_for("the stick gone", lambda: "wlan0" not in laptop.ports(bond))
    time.sleep(3)
    enslaved = next(when for when, text in seen if f"master {bond} " in text)
    associated = next(
        when for when, text in seen if f"master {bond} " in text and "state UP" in text
    )
    begin = seen[0][0]
    return (
        round((enslaved - begin).total_seconds() * 1000),
        round((associated - begin).total_seconds() * 1000),
    )


def medians(laptop: Laptop, bond: str) -> tuple[float, float]:
    """Return the medians of some plugs, in ms."""
    taken = [joining(laptop, bond) for _ in range(PLUGS)]
    return statistics.median(t[0] for t in taken), statistics.median(t[1] for t in taken)


def test_a_stick_joins_sooner_than_in_a_bond_of_network_manager(laptop: Laptop) -> None:
    ours = medians(laptop, BOND)
    # Sticks are NetworkManager's from now on.
    laptop.write("/etc/wbond.conf", f"[bond0]\nwired = {CARD}\nwireless = {RADIO}\n")
    bond = ("type", "bond", "ifname", "nm0", "con-name", "nm0")
    quiet = ("ipv4.method", "disabled", "ipv6.method", "disabled")
    laptop.run("nmcli", "connection", "add", *bond, "bond.options", "mode=active-backup", *quiet)
    port = ("type", "wifi", "ifname", "wlan0", "con-name", "port", "ssid", "lab")
    keys = ("wifi-sec.key-mgmt", "wpa-psk", "wifi-sec.psk", "correct horse")
    laptop.run("nmcli", "connection", "add", *port, "master", "nm0", *keys)
    laptop.run("nmcli", "connection", "up", "nm0")
    theirs = medians(laptop, "nm0")
    laptop.run("nmcli", "connection", "delete", "nm0", "port")
    print(f"stick enslaved, associated (ms): wbond {ours}, NetworkManager {theirs}")
    assert ours[0] < theirs[0]
    assert ours[1] < theirs[1]


def test_ports_that_leave_the_configuration_are_theirs_again(laptop: Laptop) -> None:
    laptop.run("systemctl", "stop", "wbond@bond0.service")
    laptop.run("rm", "/etc/wbond.conf")
    laptop.run("systemctl", "daemon-reload")
    laptop.run("udevadm", "trigger", "--settle", "-s", "net")
    properties = laptop.run("udevadm", "info", "-q", "property", "-p", f"/sys/class/net/{CARD}")
    assert "NM_UNMANAGED" not in properties
    assert "ID_NET_MANAGED_BY" not in properties
    # It looks at these when it first sees a device.
    laptop.run("systemctl", "restart", "NetworkManager.service")
    laptop.wait_for(
        "NetworkManager to manage the card",
        lambda: states(laptop).get(CARD, "unmanaged") != "unmanaged",
    )

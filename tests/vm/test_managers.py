# SPDX-License-Identifier: LGPL-2.1-or-later
"""NetworkManager and systemd-networkd run beside wbond, as distributions set them up."""

import re
import time

import pytest
from guests import Boot
from laptop import BOND, CARD, FILES, RADIO, Laptop

STARTED = "[Unit]\nWants=NetworkManager.service systemd-networkd.service\n"
AWAITED = "[Unit]\nWants=NetworkManager-wait-online.service\n"
NETWORKD_WAIT_ONLINE = "systemd-networkd-wait-online"
# Of the second stick, because NetworkManager leaves what stands there alone for that reason.
INTERFACES = "auto lo\niface lo inet loopback\n\nallow-hotplug wlan1\niface wlan1 inet dhcp\n"
STICKS = {"stick": "02:00:00:00:05:01", "second": "02:00:00:00:05:02"}
# From systemd 254 on networkd is told by udev whose a device is; before, no file may match.
EVERYTHING = {
    "bookworm": {},
    "trixie": {
        "/etc/systemd/network/50-all.network": f"[Match]\nName=en* wl* {BOND}\n\n"
        "[Network]\nDHCP=yes\n"
    },
}


@pytest.fixture(scope="module")
def laptop(boot: Boot, release: str) -> Laptop:
    laptop = boot(
        files=FILES
        | EVERYTHING[release]
        | {
            "/etc/wbond.conf": f"[bond0]\nwired = {CARD}\nwireless = {RADIO} wl*\n",
            "/etc/systemd/system/multi-user.target.d/managers.conf": STARTED,
            "/etc/systemd/system/network-online.target.d/managers.conf": AWAITED,
            "/etc/network/interfaces": INTERFACES,
        }
    )
    laptop.booted()
    laptop.wait_both()
    return laptop


def networkd(laptop: Laptop, name: str) -> str:
    """Return networkd's set-up state of a link."""
    shown = laptop.run("networkctl", "--no-pager", "--no-legend", "list", name).split()
    return shown[-1]


def failures(laptop: Laptop) -> dict[str, int]:
    """Return how often each port has lost its link, by the kernel's count."""
    found = re.findall(
        r"^Slave Interface: (\S+)$.*?^Link Failure Count: (\d+)$",
        laptop.bonding(),
        re.MULTILINE | re.DOTALL,
    )
    return {port: int(count) for port, count in found}


def test_they_run_and_leave_bond_and_ports_alone(laptop: Laptop) -> None:
    for manager in ("NetworkManager", "systemd-networkd"):
        assert laptop.is_active(f"{manager}.service")
    seen = laptop.network_manager_s()
    assert {name: seen[name] for name in (BOND, CARD, RADIO)} == dict.fromkeys(
        (BOND, CARD, RADIO), "unmanaged"
    )
    assert {networkd(laptop, name) for name in (BOND, CARD, RADIO)} == {"unmanaged"}


def test_a_wait_online_that_manages_nothing_ends_at_once_or_is_told(laptop: Laptop) -> None:
    # NetworkManager's waits for its own start alone (nm-online(1), --wait-for-startup).
    assert laptop.show("NetworkManager-wait-online.service", "Result") == "success"
    assert laptop.is_active("NetworkManager-wait-online.service")
    waits = laptop.result(f"/usr/lib/systemd/{NETWORKD_WAIT_ONLINE}", "--timeout=5")
    assert waits.rc == 1
    laptop.run("systemctl", "enable", f"{NETWORKD_WAIT_ONLINE}.service")
    told = laptop.run("wbond", "check", check=False, timeout=120)
    assert f"{NETWORKD_WAIT_ONLINE}.service is enabled, and systemd-networkd manages no" in told
    laptop.run("systemctl", "disable", f"{NETWORKD_WAIT_ONLINE}.service")


def test_nothing_flaps_at_plug_and_failover(laptop: Laptop) -> None:
    udp = laptop.traffic("udp")
    laptop.radios.plug("stick", STICKS["stick"])
    laptop.wait_for("the stick in the bond", lambda: "wlan0" in laptop.ports())
    laptop.wait_for("the stick to associate", lambda: laptop.authorised("wlan0"), 90)
    laptop.wait_for(
        "NetworkManager to leave the stick",
        lambda: laptop.network_manager_s().get("wlan0") == "unmanaged",
    )
    assert udp.report()["lost"] == 0
    laptop.cable.pull()
    laptop.wait_port(RADIO, 10)
    laptop.wait_for("the world to answer", laptop.ping)
    laptop.cable.plug()
    laptop.wait_port(CARD, 10)
    laptop.radios.pull("stick")
    laptop.wait_for("the stick gone", lambda: "wlan0" not in laptop.ports())
    time.sleep(2)
    assert {laptop.network_manager_s()[name] for name in (BOND, CARD, RADIO)} == {"unmanaged"}
    assert {networkd(laptop, name) for name in (BOND, CARD, RADIO)} == {"unmanaged"}
    assert len(laptop.addresses(4)) == 1
    assert failures(laptop) == {CARD: 1, RADIO: 0}


def test_ifupdown_s_stanza_is_told(laptop: Laptop) -> None:
    laptop.radios.plug_all(STICKS)
    laptop.wait_for("the second stick in the bond", lambda: "wlan1" in laptop.ports())
    said = laptop.journal("-u", "bond0-supplicant@wlan1.service")
    assert "/etc/network/interfaces:4: ifupdown configures wlan1 as well" in said
    laptop.radios.pull_all(STICKS)
    laptop.wait_for("both to be gone", lambda: len(laptop.ports()) == 2)


def test_ports_that_leave_the_configuration_are_theirs_again(laptop: Laptop) -> None:
    laptop.run("rm", "-f", "/etc/systemd/network/50-all.network")
    laptop.run("networkctl", "reload")
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
        lambda: laptop.network_manager_s().get(CARD, "unmanaged") != "unmanaged",
    )

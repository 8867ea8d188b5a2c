# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the documents tell to do is done, as they tell it: moving in, looking around, moving out."""

import re
import shlex
from collections.abc import Iterator

import pytest
from guests import Guests
from laptop import BOND, CARD, DHCP6C, DOCK_SECTION, RADIO, SUPPLICANT, Laptop
from machine import Snapshot

from tests import test_docs

SYSTEM = "/etc/systemd/system"
pytestmark = pytest.mark.in_order
STICKS = {"stick": "02:00:00:00:05:01", "second": "02:00:00:00:05:02"}
PROFILE = "/etc/NetworkManager/system-connections/lab.nmconnection"

# A bond as made by hand: a unit that makes it and runs wpa_supplicant, one for each DHCP client.
BY_HAND = f"""[Unit]
Description=Bond of {CARD} and %I, made by hand
BindsTo=sys-subsystem-net-devices-%i.device
After=sys-subsystem-net-devices-%i.device

[Service]
ExecStartPre=ip link add dev {BOND} type bond
ExecStartPre=ip link set dev {BOND} up
ExecStartPre=ip link set dev {CARD} down
ExecStartPre=ip link set dev {CARD} master {BOND}
ExecStartPre=ip link set dev %I down
ExecStartPre=ip link set dev %I master {BOND}
ExecStartPre=ip link set dev {BOND} type bond primary {CARD}
ExecStart=wpa_supplicant -i %I -D nl80211 -c /etc/wpa_supplicant/wpa_supplicant.conf
ExecReload=wpa_cli -i %I reconfigure
ExecStopPost=ip link delete dev {BOND}

[Install]
WantedBy=multi-user.target
"""
CLIENT_BY_HAND = """[Unit]
Description=DHCP on %I, set up by hand
BindsTo=sys-subsystem-net-devices-%i.device
After=sys-subsystem-net-devices-%i.device

[Service]
ExecStart={command}

[Install]
WantedBy=sys-subsystem-net-devices-%i.device
"""
FILES_BY_HAND = {
    f"{SYSTEM}/bond0-supplicant@.service": BY_HAND,
    f"{SYSTEM}/dhclient@.service": CLIENT_BY_HAND.format(
        command="dhclient -d -pf /run/dhclient-%i.pid %I"
    ),
    f"{SYSTEM}/dhcp6c@.service": CLIENT_BY_HAND.format(
        command="dhcp6c -f -p /run/dhcp6c-%i.pid -P default -c /etc/wide-dhcpv6/dhcp6c.conf %I"
    ),
    "/etc/modprobe.d/bonding.conf": "options bonding max_bonds=0 miimon=100 mode=active-backup"
    " fail_over_mac=active\n",
    "/etc/wpa_supplicant/wpa_supplicant.conf": SUPPLICANT,
    "/etc/wide-dhcpv6/dhcp6c.conf": DHCP6C,
}
PROFILE_TEXT = """[connection]
id=lab
type=wifi

[wifi]
ssid=lab

[wifi-security]
key-mgmt=wpa-psk
psk=correct horse
"""


# Takes the last of its words, the file: systemd 257 puts a line's number before it.
EDITOR = """#!/bin/sh
for file; do :; done
exec sed -i '2r /run/drop-in' "$file"
"""


def told(page: str, part: str = "") -> Iterator[list[str]]:
    """Yield the commands of a page's blocks, or of those with a text in them, in their order."""
    for block in test_docs.IN_DOCUMENTS:
        if block.info == "sh" and block.place.startswith(f"{page}:") and part in block.text:
            yield from filter(None, map(test_docs.words_of, block.text.splitlines()))


def file(page: str, info: str = "ini wbond.conf") -> str:
    """Return the one file of a kind that a page tells to write."""
    (text,) = (
        block.text
        for block in test_docs.IN_DOCUMENTS
        if block.info == info and block.place.startswith(f"{page}:")
    )
    return text


def follow(laptop: Laptop, page: str) -> None:
    """Run what a page tells to run; every command succeeds."""
    for words in told(page):
        if words == ["reboot"]:
            laptop.reboot()
            laptop.booted()
        else:
            laptop.run(*words, timeout=120)


@pytest.fixture(scope="module")
def laptop(guests: Guests, installed: Snapshot) -> Laptop:
    """A laptop with a bond that was made by hand, and with wbond's programs.

    The clients start when a port is in use: dhclient reads the MAC address once, and made by hand
    nothing else keeps it from reading the one that the bond had without any port.
    """
    laptop = guests.resume(installed)
    laptop.write_all(FILES_BY_HAND)
    laptop.run("systemctl", "daemon-reload")
    laptop.run("systemctl", "enable", "--now", f"{BOND}-supplicant@{RADIO}")
    laptop.wait_port(CARD)
    laptop.run("systemctl", "enable", "--now", f"dhclient@{BOND}", f"dhcp6c@{BOND}")
    return laptop


def test_from_the_wiki_s_units(laptop: Laptop) -> None:
    laptop.wait_both()
    laptop.write("/etc/wbond.conf", file("docs/from-the-wiki.md"))
    follow(laptop, "docs/from-the-wiki.md")
    laptop.fail_over_and_back()
    assert laptop.run("systemctl", "--failed", "--plain", "--no-legend") == ""
    # "It takes only the radio out of the bond and back in; the bond stays up."
    udp = laptop.traffic("udp")
    laptop.run("systemctl", "restart", f"{BOND}-supplicant@{RADIO}.service")
    laptop.wait_both()
    assert udp.report()["lost"] == 0


# What documents tell to run and this scenario does not, and where it is run.
NOT_HERE = {
    r"(apt (install|purge)|make) ": "in the scenarios of the package, of installation, and below",
    r"rm |systemctl disable .*bond0|reboot$": "in those of moving in and out",
    r"systemctl (disable|enable) NetworkManager|nmcli ": "in that of moving in",
    r"wbond init": "in that of moving in",
    r"wbond import": "in the scenario of importing",
    r"wbond wifi (add|select|forget) |wpa_cli save_config": "in the scenario of Wi-Fi networks",
    r"(systemctl status bond0-supplicant@|wpa_cli -i )enp0s10": "in the scenario of 802.1X",
    r"wbond edit": "asks on a terminal, in the scenario of editing",
    r"systemctl enable --now wbond-metrics.timer": "systemd-analyze has verified it, in unit tests",
    r"ip link delete |wbond (up|down)": "below",
    r"systemctl edit ": "asks for what to write, below",
    r"rfkill ": "below",
    r"resolvectl ": "in the scenario of names, where systemd-resolved is installed",
    r"wbond apply( --timeout 60| --confirm)?$": "in those of the command",
    r"wbond (status --watch|log --follow)": "does not end by itself, in those of the command",
}
# By another name here.
DOCK = "enp0s20f0u1"


def commands() -> list[list[str]]:
    """Return the commands in the documents that can be run here, each once."""
    found = []
    for _, command in test_docs.COMMANDS:
        words = test_docs.words_of(command)
        named = any(re.match(pattern, " ".join(words)) for pattern in NOT_HERE)
        if not named and words not in found:
            found.append(words)
    return found


def test_what_the_documents_tell_to_run_runs(laptop: Laptop) -> None:
    configuration = f"[{BOND}]\nwired = {CARD} en*\nwireless = {RADIO} wl*\n{DOCK_SECTION}"
    laptop.write("/etc/wbond.conf", configuration)
    laptop.run("wbond", "apply", "--yes", timeout=120)
    laptop.wait_both()
    laptop.radios.plug_all(STICKS)
    sticks = ("wlan0", "wlan1")
    laptop.wait_for("both to associate", lambda: all(map(laptop.authorised, sticks)))
    dock = laptop.plug_dock()
    assert len(commands()) >= 28
    failed = []
    for words in commands():
        result = laptop.result(*(word.replace(DOCK, dock) for word in words), timeout=120)
        if result.rc:
            failed.append(f"{' '.join(words)}: exit {result.rc}, {result.err or result.out[-200:]}")
    assert failed == []
    laptop.pull_dock()
    laptop.radios.pull_all(STICKS)
    laptop.wait_for("both to be gone", lambda: len(laptop.ports()) == 2)
    laptop.wait_both()


def test_a_radio_that_is_blocked_is_shown_and_unblocked(laptop: Laptop) -> None:
    listed, unblock = (
        test_docs.words_of(text) for _, text in test_docs.COMMANDS if "rfkill " in text
    )
    laptop.rfkill("block")
    laptop.wait_for("the radio to fall out", lambda: not laptop.authorised())
    assert "Soft blocked: yes" in laptop.run(*listed)
    laptop.run(*unblock)
    laptop.wait_for("the radio to be back", laptop.authorised)
    assert "Soft blocked: yes" not in laptop.run(*listed)


def test_the_boot_can_be_told_to_wait_for_less(laptop: Laptop) -> None:
    page, unit = "docs/troubleshooting.md", f"wbond-wait-online@{BOND}.service"
    (edit,) = told(page, "systemctl edit")
    laptop.write("/run/drop-in", file(page, "ini drop-in"))
    # Below the second line, systemctl says, is what a person writes.
    laptop.write("/root/editor", EDITOR, 0o755)
    editor = "SYSTEMD_EDITOR=/root/editor"
    laptop.run("script", "-qec", shlex.join(["env", editor, *edit]), "/dev/null")
    assert "--timeout 10 " in laptop.show(unit, "ExecStart")
    laptop.run("systemctl", "restart", unit)
    laptop.run("systemctl", "revert", unit)
    assert "--timeout 30 " in laptop.show(unit, "ExecStart")


def test_what_another_has_made_of_that_name_is_cleared_away(laptop: Laptop) -> None:
    laptop.run("wbond", "down", "--yes", timeout=120)
    laptop.run("ip", "link", "add", "dev", BOND, "type", "dummy")
    assert laptop.result("wbond", "up").rc
    for words in told("docs/troubleshooting.md", "ip link delete"):
        laptop.run(*words, timeout=120)
    laptop.wait_both()


def connected(laptop: Laptop) -> set[str]:
    """Return the devices that NetworkManager has connected."""
    states = laptop.network_manager_s().items()
    return {device for device, state in states if state == "connected"}


def init(laptop: Laptop) -> None:
    """Do what the documents tell for a first configuration, with the names of other networks."""
    said = [test_docs.words_of(text) for _, text in test_docs.COMMANDS if "wbond init" in text]
    for words in [*said, ["wbond", "init", "--ssid", "lab"]]:
        laptop.run("rm", "-f", "/etc/wbond.conf", "/etc/wpa_supplicant/wpa_supplicant.conf")
        laptop.shell(f"{shlex.join(words)} < /run/passphrase")


def test_back_to_network_manager_and_from_it_again(laptop: Laptop) -> None:
    page = "docs/from-networkmanager.md"
    laptop.write(PROFILE, PROFILE_TEXT, 0o600)
    laptop.run("rm", "/etc/wbond.conf", "/etc/wpa_supplicant/wpa_supplicant.conf")
    laptop.run("systemctl", "enable", "NetworkManager")
    laptop.reboot()
    laptop.booted()
    laptop.wait_for("NetworkManager on both", lambda: {CARD, RADIO} <= connected(laptop))
    laptop.write("/run/passphrase", "correct horse\n", 0o600)
    init(laptop)
    laptop.write("/etc/wbond.conf", file(page))
    follow(laptop, page)
    laptop.reboot()
    laptop.booted()
    assert not laptop.is_active("NetworkManager.service")
    laptop.fail_over_and_back()
    laptop.run("wbond", "status")


def test_how_to_undo_it(laptop: Laptop) -> None:
    undo = list(told("README.md", "make uninstall"))
    assert len(undo) == 4
    for words in undo:
        laptop.shell(f"cd /root/wbond; {shlex.join(words)}")
    units = ("systemctl", "list-units", "--all", "--plain", "--no-legend", "*wbond*.service")
    assert laptop.run(*units) == ""
    assert laptop.result("test", "-e", f"/sys/class/net/{BOND}").rc == 1
    left = laptop.result("find", "/etc", "/usr", "/var/lib", "-xdev", "-name", "*wbond*").out
    assert left == ""

# SPDX-License-Identifier: LGPL-2.1-or-later
"""`wbond import`: from what another program was told to a bond, no password typed."""

from collections.abc import Mapping
from typing import NamedTuple

import pytest
from laptop import CARD, CONFIGURATION, RADIO, SUPPLICANT, Laptop

NETWORKS = "/etc/wpa_supplicant/wpa_supplicant.conf"
PROFILE = "/etc/NetworkManager/system-connections/lab.nmconnection"
PASSWORD = "correct horse"
PROFILE_TEXT = f"""[connection]
id=lab
uuid=1b8c6d4a-0a51-4b0a-9d4e-6f2a1f2c9a01
type=wifi
interface-name={RADIO}
autoconnect-priority=5

[wifi]
mode=infrastructure
ssid=lab

[wifi-security]
key-mgmt=wpa-psk
psk={PASSWORD}

[ipv4]
method=auto

[ipv6]
addr-gen-mode=stable-privacy
method=auto
"""

NETCTL = "Interface={interface}\nConnection={kind}\nIP=dhcp\n"
NETWORKD = "[Match]\nName={}\n[Network]\nDHCP=yes\n"
UNIT = f"""[Unit]
Requires=sys-subsystem-net-devices-%i.device
After=sys-subsystem-net-devices-%i.device
[Service]
Environment=ETH={CARD}
ExecStartPre=/usr/bin/ip link add name bond0 type bond
ExecStartPre=/usr/bin/ip link set dev ${{ETH}} master bond0
ExecStart=/usr/bin/wpa_supplicant -D nl80211 -i %I -b bond0 -c {NETWORKS}
ExecStopPost=-/usr/bin/ip link delete bond0
[Install]
WantedBy=multi-user.target
"""
OWN_UNIT = "/etc/systemd/system/bond0-supplicant@.service"


class Source(NamedTuple):
    """The files of a program, and what the import tells to do to switch it off."""

    files: Mapping[str, str]
    switch_off: str = ""


SOURCES = {
    "netplan": Source(
        {
            "/etc/netplan/01-lab.yaml": f"""network:
  version: 2
  ethernets:
    {CARD}: {{dhcp4: true, dhcp6: true}}
  wifis:
    {RADIO}:
      dhcp4: true
      access-points:
        lab: {{password: {PASSWORD}}}
"""
        }
    ),
    "networkd": Source(
        {
            "/etc/systemd/network/20-wired.network": NETWORKD.format(CARD),
            "/etc/systemd/network/25-radio.network": NETWORKD.format(RADIO),
            f"/etc/wpa_supplicant/wpa_supplicant-{RADIO}.conf": SUPPLICANT,
        },
    ),
    "ifupdown": Source(
        {
            "/etc/network/interfaces": f"""auto lo
iface lo inet loopback
allow-hotplug {CARD}
iface {CARD} inet dhcp
allow-hotplug {RADIO}
iface {RADIO} inet dhcp
    wpa-ssid lab
    wpa-psk {PASSWORD}
"""
        },
        "rm /etc/network/interfaces",
    ),
    "netctl": Source(
        {
            "/etc/netctl/cable": NETCTL.format(interface=CARD, kind="ethernet"),
            "/etc/netctl/radio": NETCTL.format(interface=RADIO, kind="wireless")
            + f"Security=wpa\nESSID=lab\nKey='{PASSWORD}'\n",
        }
    ),
    "by-hand": Source(
        {OWN_UNIT: UNIT, NETWORKS: SUPPLICANT},
        f"systemctl disable bond0-supplicant@{RADIO}; rm {OWN_UNIT}",
    ),
}


def test_a_network_of_networkmanager_s_becomes_one_of_the_bond_s(own_laptop: Laptop) -> None:
    laptop = own_laptop
    laptop.wait_both()
    laptop.write(PROFILE, PROFILE_TEXT, 0o600)
    laptop.run("rm", CONFIGURATION, NETWORKS)
    laptop.run("systemctl", "enable", "NetworkManager")

    dry = laptop.run("wbond", "import", "--from", "networkmanager", "--dry-run")
    assert laptop.result("test", "-e", CONFIGURATION).rc == 1
    said = laptop.run("wbond", "import", "--from", "networkmanager")
    assert "network lab, WPA2/WPA3" in said
    assert "systemctl disable NetworkManager" in said
    assert laptop.run("stat", "-c", "%a %U", NETWORKS).strip() == "600 root"
    assert f"wireless = {RADIO}" in laptop.read(CONFIGURATION)
    # A second call finds all there, and changes nothing.
    before = laptop.read(CONFIGURATION), laptop.read(NETWORKS)
    assert laptop.result("wbond", "import", "--from", "networkmanager").rc == 1
    assert (laptop.read(CONFIGURATION), laptop.read(NETWORKS)) == before
    laptop.run("systemctl", "disable", "NetworkManager")
    assert laptop.result("wbond", "check").rc < 2

    assert PASSWORD not in dry + said + laptop.journal()

    laptop.reboot()
    laptop.booted()
    laptop.wait_both()
    assert sorted(laptop.ports()) == sorted((CARD, RADIO))
    assert not laptop.is_active("NetworkManager.service")
    laptop.fail_over_and_back()
    assert PASSWORD not in laptop.journal()


@pytest.mark.parametrize("program", SOURCES)
def test_what_another_program_was_told_boots_as_a_bond(own_laptop: Laptop, program: str) -> None:
    laptop, source = own_laptop, SOURCES[program]
    laptop.wait_both()
    laptop.run("rm", CONFIGURATION, NETWORKS)
    laptop.write_all(source.files)
    if program == "by-hand":
        laptop.run("systemctl", "enable", f"bond0-supplicant@{RADIO}")
    said = laptop.run("wbond", "import", "--from", program)
    laptop.shell(source.switch_off)
    assert laptop.result("wbond", "check").rc < 2
    laptop.reboot()
    laptop.booted()
    laptop.wait_both()
    assert sorted(laptop.ports()) == sorted((CARD, RADIO))
    laptop.fail_over_and_back()
    assert PASSWORD not in said + laptop.journal()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""`wbond import`: from NetworkManager with a saved network to a bond, no password typed."""

from laptop import CARD, CONFIGURATION, RADIO, Laptop

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

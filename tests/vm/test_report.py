# SPDX-License-Identifier: LGPL-2.1-or-later
"""`wbond report` on a machine full of secrets: none of them is in it, and all else is."""

from laptop import BOND, CARD, RADIO, Laptop

PSK = "planted [wpa] passphrase"
IDENTITY = "planted-identity@example.org"
COMMENT = "planted-in-a-comment"
TOKEN = "planted-token-of-a-unit"
KEYFILE_PSK = "planted psk of networkmanager"
PLANTED = (PSK, IDENTITY, COMMENT, TOKEN, KEYFILE_PSK)

NETWORKS = f"""
# {COMMENT}
network={{
    ssid="elsewhere"
    psk="{PSK}"
    disabled=1
}}
network={{
    ssid="office"
    key_mgmt=WPA-EAP
    eap=PEAP
    identity="{IDENTITY}"
    password="planted-password"
    disabled=1
}}
"""
KEYFILE = f"[wifi]\nssid=cafe\n[wifi-security]\nkey-mgmt=wpa-psk\npsk={KEYFILE_PSK}\n"
SUPPLICANT = "/etc/wpa_supplicant/wpa_supplicant.conf"
PROFILE = "/etc/NetworkManager/system-connections/cafe.nmconnection"
DROP_IN = f"/etc/systemd/system/wbond-watch@{BOND}.service.d/token.conf"


def test_a_report_has_everything_but_what_is_secret(own_laptop: Laptop) -> None:
    laptop = own_laptop
    laptop.wait_both()
    former = laptop.read(SUPPLICANT)
    laptop.write(SUPPLICANT, former + NETWORKS, 0o600)
    laptop.run("mkdir", "-p", PROFILE.rpartition("/")[0], DROP_IN.rpartition("/")[0])
    laptop.write(PROFILE, KEYFILE, 0o600)
    laptop.write(DROP_IN, f"[Service]\nEnvironment=API_TOKEN={TOKEN}\n")
    laptop.run("systemctl", "daemon-reload")
    # By a unit of wbond's name, so that its entries are among those of wbond's units.
    said = " / ".join(set(PLANTED) - {COMMENT})  # what a file's comments say, no program says
    laptop.run("systemd-run", "--wait", "--unit=wbond-planted", "echo", said)
    laptop.run("journalctl", "--sync")
    assert PSK in laptop.journal("-u", "wbond-planted")

    laptop.run("wbond", "report", "--output", "/root/report.txt", timeout=300)
    assert laptop.run("stat", "-c", "%a", "/root/report.txt") == "600\n"
    report = laptop.read("/root/report.txt")
    for secret in (*PLANTED, "planted-password"):
        assert secret not in report
    networks = [line.partition("=")[2] for line in former.splitlines() if "psk=" in line]
    assert networks
    for psk in networks:
        assert psk.strip('"') not in report
    for kept in (f"Slave Interface: {CARD}", f"E: INTERFACE={RADIO}", "wbond@bond0.service", BOND):
        assert kept in report
    assert f"===== {DROP_IN}" in report or f"# {DROP_IN}" in report

    address = laptop.address()
    assert address in report
    anonymous = laptop.run("wbond", "report", "--anonymous", "-o", "-", timeout=300)
    for known in (*PLANTED, address, laptop.link(CARD)["address"], 'ssid="lab"'):
        assert known not in anonymous

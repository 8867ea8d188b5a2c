# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verb `report`: what is planted in every place is nowhere in it, and the rest still is."""

import json
import os
import re
import shlex
from pathlib import Path

import pytest
from wbond_cli.check.machine import Machine
from wbond_cli.command import MISSING, CommandError
from wbond_cli.report import document
from wbond_cli.report.redaction import Redaction
from wbond_cli.report.sources import Section
from wbond_cli.verbs import report

HEX_PSK = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
SUPPLICANT = r"""
ctrl_interface=DIR=/run/wpa_supplicant
country=DE
wps_nfc_dev_pw_id=forgotten-field
network={
    ssid="home"
    #psk="in a comment"
    # it was hunter-two before
    psk="cor.r*ct (h[o]rse"
    key_mgmt=WPA-PSK
}
network={
    ssid="office"
    key_mgmt=WPA-EAP
    eap=PEAP
    identity="jane@corp.example"
    anonymous_identity="anon-outer"
    password="quo\"te'd secret"
    phase1="peaplabel=0 pin=12345670"
    private_key="pkcs11:object=x?pin-value=pkcs-pin"
    private_key_passwd="key-passwd"
}
network={
    ssid="hex"
    psk=HEX_PSK
    wep_key0="wepwe"
    wep_key1=7765706b6579
    sae_password=P"sae\x21word"
    password=hash:0123456789abcdef0123456789abcdef
    pasword="misspelt-field"
    a line that is no field
}
blob-base64-client={
    QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=
}
""".replace("HEX_PSK", HEX_PSK)
KEYFILE = """\
[connection]
id=Cafe
type=wifi
[wifi]
ssid=Cafe
[wifi-security]
key-mgmt=wpa-psk
psk=nm psk with blanks
psk-flags=0
[802-1x]
identity=nm-identity
password-raw=110;109;45;98;121;116;101;115;
[vpn-secrets]
Xauth=unknown-secret
"""
PLANTED = [
    "in a comment",
    "cor.r*ct (h[o]rse",
    "jane@corp.example",
    "anon-outer",
    "quo\\\"te'd secret",
    "12345670",
    "pkcs-pin",
    "key-passwd",
    HEX_PSK,
    "wepwe",
    "7765706b6579",
    "wepkey",
    "sae\\x21word",
    "sae!word",
    "0123456789abcdef0123456789abcdef",
    "misspelt-field",
    "a line that is no field",
    "forgotten-field",
    "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=",
    "nm psk with blanks",
    "nm-identity",
    "nm-bytes",
    "unknown-secret",
    "typed-in-the-wrong-file",
    "ifupdown psk",
    "netplan-secret",
    "wireguard-key=",
    "ddns-secret",
    "from-the-environment",
    "on-the-command-line",
    "proxy-user:proxy-password",
    "told-to-wpa-cli",
    "bearer-token",
    "MIIEpAIBAAKCAQEA",
]


class Programs:
    """Stand for all programs; each prints what it was given, others are missing."""

    def __init__(self, **printed: str) -> None:
        self.printed = printed

    def __call__(self, *argv: str, **_: object) -> str:
        name = Path(argv[3] if argv[2:3] == ("-I",) else argv[0]).name
        if name not in self.printed:
            raise CommandError(f"{name} is not installed", MISSING)
        return self.printed[name]


def journal() -> str:
    """Return entries that repeat every secret, in the ways in which programs do."""
    lines = [f"Nov 28 02:00:00.000001 wpa_supplicant[7]: read {text} there" for text in PLANTED]
    lines += [f"Nov 28 02:00:01.000001 sudo[8]: {shlex.quote(text)}" for text in PLANTED]
    lines += [f"Nov 28 02:00:02.000001 x[9]: {text.encode().hex(' ')}" for text in PLANTED[:20]]
    lines += [f"Nov 28 02:00:02.000001 x[9]: {text.encode().hex()}" for text in PLANTED[:20]]
    lines += [
        f"Nov 28 02:00:03.000001 x[9]: {text[:5]}\nNov 28 02:00:03.000002 x[9]: {text[5:]}"
        for text in PLANTED
        if len(text) >= 8
    ]
    lines += [f"x[9]: first {text[:4]}\n      {text[4:]}" for text in PLANTED if len(text) >= 8]
    lines += ['x[9]: wpa_cli -i wlp3s0 set_network 0 psk "only-here said"']
    lines += ["x[9]: wpa_passphrase home only-here-too", "x[9]: key=pass-phrase: 'only here 3'"]
    lines += [
        "x[9]: https://only-here-4:x@proxy/ --password only-here-5",
        'x[9]: {"psk": "only-6"}',
    ]
    return "\n".join(lines) + "\n"


UNIT = """\
# /etc/systemd/system/wbond@bond0.service.d/x.conf
[Service]
Environment="WPA_PSK=from-the-environment" "MIIMON=100"
Environment=https_proxy=http://proxy-user:proxy-password@192.0.2.9:3128
ExecStart=/usr/local/bin/helper --password on-the-command-line --verbose
ExecStartPost=/sbin/wpa_cli set_network 0 psk '"told-to-wpa-cli"'
Environment=API_TOKEN=bearer-token
"""
IP = """\
2: enp0s10: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500
    link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff permaddr 52:54:00:12:34:57
    inet 198.51.100.7/24 brd 198.51.100.255 scope global bond0
    inet6 fe80::5054:ff:fe12:3456/64 scope link
    inet6 2001:db8::7/128 scope global
    inet 127.0.0.1/8 scope host lo
"""
UDEV = "E: ID_NET_NAME_MAC=enx525400123456\nE: ID_SERIAL_SHORT=SN-4711\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "etc/wbond.conf": "# lines by mistake\n[bond0]\nwired = enp0s10\n"
        "search = corp.example\npsk = typed-in-the-wrong-file\nmiimom = 50\n",
        "etc/wpa_supplicant/wpa_supplicant.conf": SUPPLICANT,
        "etc/NetworkManager/system-connections/Cafe.nmconnection": KEYFILE,
        "etc/network/interfaces": "iface wlan0 inet dhcp\n  wpa-psk ifupdown psk\n  wpa-ssid x\n",
        "etc/netplan/1.yaml": 'wifis:\n  wl0:\n    password: "netplan-secret"\n',
        "etc/systemd/network/wg.netdev": "[WireGuard]\nPrivateKey=wireguard-key=\n",
        "etc/dhcp/dhclient.conf": 'key ddns {\n  secret "ddns-secret";\n}\n',
        "etc/hostname": "janes-laptop\n",
        "etc/machine-id": "c0ffee00c0ffee00c0ffee00c0ffee00\n",
        "etc/resolv.conf": "search corp.example\nnameserver 192.0.2.1\n",
        "run/wbond/bond0/dns/dhclient": "nameserver 192.0.2.1\n",
        "run/wbond/bond0/note": "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA",
        "proc/net/bonding/bond0": "Slave Interface: enp0s10\nHW addr: 52:54:00:12:34:56\n",
        "sys/class/net/enp0s10/ifindex": "2\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def made(root: Path, anonymous: bool = False) -> str:
    status = json.dumps({"bonds": [{"ssid": "home", "secret": "cor.r*ct (h[o]rse"}]}, indent=2)
    programs = Programs(
        wbond=status,
        systemctl="wbond@bond0.service loaded active exited x\n" + UNIT,
        journalctl=journal(),
        ip=IP,
        udevadm=UDEV,
        iw="Interface wlp3s0\n\tssid home\n\tSSID: home\n",
    )
    return report.made(Machine(str(root)), programs, anonymous)


@pytest.mark.parametrize("anonymous", [False, True])
def test_no_secret_is_in_it_wherever_it_was(root: Path, anonymous: bool) -> None:
    text = made(root, anonymous)
    squeezed = re.sub(r"\n(?:[^\n]*?\]: |\s*)", "", text)
    for planted in [*PLANTED, "hunter-two", "only-6", "only-here", "only here"]:
        assert planted not in text, planted
        assert planted not in squeezed, planted
        assert planted.encode().hex(" ") not in text, planted
        assert planted.encode().hex() not in text.lower(), planted


def test_the_rest_is_in_it(root: Path) -> None:
    text = made(root)
    for kept in (
        'ssid="home"',
        "key_mgmt=WPA-PSK",
        "country=DE",
        "psk-flags=0",
        "wired = enp0s10",
        "iface wlan0 inet dhcp",
        "nameserver 192.0.2.1",
        "Slave Interface: enp0s10",
        "inet 198.51.100.7/24",
        "E: ID_SERIAL_SHORT=SN-4711",
        "ExecStart=/usr/local/bin/helper --password <secret-",
        "rfkill is not installed",
        'phase1="peaplabel=0 pin=<secret-',
    ):
        assert kept in text, kept


def test_the_same_secret_has_the_same_label_everywhere(root: Path) -> None:
    text = made(root)
    (label,) = re.findall(r"identity=(<identity-\d+>)\n    anonymous", text)
    assert f"wpa_supplicant[7]: read {label} there" in text
    assert f"sudo[8]: {label}" in text


def test_a_value_that_is_misspelt_is_hidden_in_its_line_alone(root: Path) -> None:
    text = made(root)
    assert re.search(r"^miimom = <secret-\d+>$", text, re.MULTILINE)
    assert re.search(r"^psk = <secret-\d+>$", text, re.MULTILINE)


def test_what_it_contains_and_what_was_replaced_is_said_at_the_end(root: Path) -> None:
    end = made(root).partition("===== What this report contains =====")[2]
    titles = [line for line in end.splitlines() if line.startswith("/etc/wbond.conf")]
    assert titles == ["/etc/wbond.conf"]
    assert "rfkill list: not available" in end
    assert re.search(r"^\d+ different: identities", end, re.MULTILINE)
    assert "Please read this file before you send it." in end
    assert "--anonymous" in end


def test_nobody_can_be_known_by_an_anonymous_report(root: Path) -> None:
    text = made(root, anonymous=True)
    for known in (
        *("home", "office", "Cafe", "52:54:00:12:34:5", "525400123456", "198.51.100", "fe80::"),
        *("2001:db8", "192.0.2", "SN-4711", "corp.example", "janes-laptop", "c0ffee"),
        os.uname().nodename,
    ):
        assert not re.search(rf"(?<!\w){re.escape(known)}", text), known
    for kept in ("127.0.0.1/8", "ff:ff:ff:ff:ff:ff", "enp0s10", "scope global"):
        assert kept in text


def test_an_anonymous_report_stays_readable(root: Path) -> None:
    """What is the same before is the same in it, and only that."""
    text = made(root, anonymous=True)
    (own,) = set(re.findall(r"link/ether (<mac-\d+>)", text))
    (permanent,) = set(re.findall(r"permaddr (<mac-\d+>)", text))
    assert own != permanent
    assert f"HW addr: {own}" in text
    assert f"ID_NET_NAME_MAC=enx{own}" in text
    (server, *others) = re.findall(r"nameserver (<ipv4-\d+>)", text)
    assert set(others) == {server}
    assert re.search(r"inet (<ipv4-\d+>)/24 brd (<ipv4-\d+>)", text)
    (label,) = set(re.findall(r"SSID: (<ssid-\d+>)", text))
    assert f'ssid="{label}"' in text


def test_a_section_that_fails_costs_no_other() -> None:
    def fails() -> str:
        raise ZeroDivisionError

    def refused() -> str:
        raise PermissionError(13, "Permission denied", "/x")

    def half() -> str:
        raise CommandError("it broke", 1, "what it printed\n")

    sections = [
        Section(name, act)
        for name, act in (("a", fails), ("b", refused), ("c", half), ("d", lambda: "good"))
    ]
    text = document.text(sections, Redaction(), anonymous=False)
    assert "===== a =====\n[not available: ZeroDivisionError in wbond]" in text
    assert "===== b =====\n[not available: Permission denied]" in text
    assert "===== c =====\n[not available: it broke]\nwhat it printed\n" in text
    assert "===== d =====\ngood\n" in text


@pytest.mark.parametrize(("from_end", "kept"), [(False, "first"), (True, "last")])
def test_a_section_has_a_limit(from_end: bool, kept: str) -> None:
    long = "first\n" + "x\n" * (1 << 20) + "last\n"
    section = Section("journal", lambda: long, from_end=from_end)
    text = document.text([section], Redaction(), anonymous=False)
    assert len(text) < len(long) / 3
    assert re.search(rf"^{kept}$", text, re.MULTILINE)
    assert "characters more are left out]" in text

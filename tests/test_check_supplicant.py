# SPDX-License-Identifier: LGPL-2.1-or-later
"""wpa_supplicant.conf as `wbond check` reads it; wpa_supplicant itself has the last word."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wbond_cli.check import supplicant

KEY = "0123456789abcdef" * 4
GOOD = f"""\
ctrl_interface=DIR=/run/wpa_supplicant GROUP=netdev
update_config=1
country=DE
# A comment, and one behind a value.
network={{
\tssid="at # home"  # the router
    #psk="correct horse"
    psk={KEY}
    priority=010
}}
network={{
    ssid=c3bc
    scan_ssid=1
    key_mgmt=SAE FT-SAE
    sae_password="x"
    ieee80211w=2
}}
network={{
    ssid=P"a\\tb"
    key_mgmt=NONE
    bssid_ignore=02:00:00:00:00:01
}}
network={{
    ssid="eduroam"
    key_mgmt=WPA-EAP
    eap=PEAP
    identity="me@example.org"
    password=hash:0123456789abcdef0123456789abcdef
    phase2="auth=MSCHAPV2"
}}
cred={{
    realm="example.org"
}}
blob-base64-cert={{
SGVsbG8=
}}
"""


def codes(text: str) -> list[tuple[int, str]]:
    return [(d.line, d.code) for d in supplicant.diagnostics("/f", text)]


def refused_by_wpa_supplicant(tmp_path: Path, text: str) -> bool:
    file = tmp_path / "wpa.conf"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    words = ["wpa_supplicant", "-D", "none", "-i", "wbond-none", "-c", str(file), "-t"]
    done = subprocess.run(words, capture_output=True)
    return b"Failed to read or parse" in done.stdout + done.stderr


def network(*lines: str) -> str:
    return "\n".join(["ctrl_interface=/run/x", "network={", *lines, "}", ""])


REFUSED = [
    (network("ssid=home"), 3),
    (network("ssid = 'home'"), 3),
    (network('ssid = "home"'), 3),
    (network('ssid= "home"'), 3),
    (network('SSID="home"'), 3),
    (network('ssid="home'), 3),
    (network('ssid="home";'), 3),
    (network("ssid=abc"), 3),
    (network(f'ssid="{"x" * 33}"'), 3),
    (network(f'ssid="{"ü" * 17}"'), 3),
    (network('ssid="x"', 'psk="short"'), 4),
    (network('ssid="x"', f'psk="{"x" * 64}"'), 4),
    (network('ssid="x"', f'psk="{KEY}"'), 4),
    (network('ssid="x"', f"psk={KEY[1:]}"), 4),
    (network('ssid="x"', f"psk={KEY}0"), 4),
    (network('ssid="x"', "psk=correct horse"), 4),
    (network('ssid="x"', 'psk="correct\x01horse"'), 4),
    (network('ssid="x"', 'psk="1234567#89'), 4),
    (network('ssid="x"', "correct horse"), 4),
    (network('ssid="x"', "sae_password=correct horse"), 4),
    (network('ssid="x"', "key_mgmt=WPA-PSK,SAE"), 4),
    (network('ssid="x"', "key_mgmt=wpa-psk"), 4),
    (network('ssid="x"', "key_mgmt=WPA3"), 4),
    (network('ssid="x"', "key_mgmt="), 4),
    (network('ssid="x"', "keymgmt=SAE"), 4),
    (network('ssid="x"', "proto=WPA3"), 4),
    (network('ssid="x"', "scan_ssid=yes"), 4),
    (network('ssid="x"', "scan_ssid=2"), 4),
    (network('ssid="x"', "priority=09"), 4),
    (network('ssid="x"', 'priority="1"'), 4),
    (network('ssid="x"', 'password="a'), 4),
    (network('ssid="x"', "password=hash:abc"), 4),
    (network('ssid="x"', "}}", "key_mgmt=NONE"), 4),
    ('ctrl_interface=x\nnetwork={\nssid="x"\npsk="12345678" }\n', 2),
    ('ctrl_interface=x\nnetwork={\nssid="x"\nnetwork={\nssid="y"\nkey_mgmt=NONE\n}\n', 2),
    ("ctrl_interface=x\ncred={\n", 2),
    ("ctrl_interface=x\nnetwork = {\n}\n", 2),
    ("ctrl_interface=x\nnetwork={ssid}\n", 2),
    ('ctrl_interface=x\nssid="x"\n', 2),
    ("ctrl_interface=x\ninclude=/etc/x\n", 2),
    ("ctrl_interface=x\n}\n", 2),
    ("ctrl_interface=x\ncorrect horse\n", 2),
    ("ctrl_interface=x\ncountry = DE\n", 2),
    ("\ufeffctrl_interface=x\n", 1),
]


@pytest.mark.parametrize(("text", "line"), REFUSED)
def test_what_wpa_supplicant_refuses_is_told(text: str, line: int, tmp_path: Path) -> None:
    assert refused_by_wpa_supplicant(tmp_path, text)
    told = list(supplicant.diagnostics("/f", text))
    assert (line, "supplicant-refuses") in [(d.line, d.code) for d in told]
    for diagnostic in told:
        shown = diagnostic.text + diagnostic.remedy
        assert not any(word in shown for word in ("horse", "home", KEY, "short", "1234567"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD, []),
        (GOOD.replace("\n", "\r\n"), []),
        (network("ssid=cafe", "key_mgmt=NONE"), [(3, "supplicant-misreads")]),
        (network("ssid=12345678", "key_mgmt=NONE"), [(3, "supplicant-misreads")]),
        ("ctrl_interface=x\ncountry=de\n", [(2, "supplicant-misreads")]),
        ('ctrl_interface=x\ncountry="DE"\n', [(2, "supplicant-misreads")]),
        (network('ssid="x"'), [(2, "network-never-joined")]),
        (network('ssid="x"', "disabled=1"), []),
        (network('ssid="x"', 'sae_password="y"'), [(2, "network-never-joined")]),
        (network('ssid="x"', "key_mgmt=SAE"), [(2, "network-never-joined")]),
        (network('ssid="x"', "key_mgmt=SAE", 'psk="12345678"'), []),
        (network('ssid="x"', "eap=PEAP", 'identity="y"'), [(2, "network-never-joined")]),
        (network('ssid="\udcff"', f"psk={KEY}"), []),
        ("network={\n}\n", [(1, "network-never-joined"), (0, "no-control-interface")]),
        ("ctrl_interface=x\nfast_reauth=1\nap_scan=1\n", []),
    ],
)
def test_what_it_takes_is_at_most_warned_of(
    text: str, expected: list[tuple[int, str]], tmp_path: Path
) -> None:
    assert not refused_by_wpa_supplicant(tmp_path, text)
    assert codes(text) == expected


LINES = [
    *("network={", "}", "cred={", "network={ # x", "# }", '  #psk="x"', "", "country=DE"),
    *('ssid="x"', "ssid=78", 'ssid="x" # "', 'ssid="x#" y"', "ssid=x", 'ssid=P"x"', "ssid=NULL"),
    *('psk="12345678"', 'psk="1234567"', f"psk={KEY}", 'psk="123#45678" # "x'),
    *('psk="12345678" x', 'psk="12345678" x"', "priority= 1", "priority=0x1", "priority=-1"),
    *("key_mgmt=SAE WPA-PSK", "key_mgmt= NONE", "scan_ssid=1", "scan_ssid="),
    *("pairwise=CCMP", "group=CCMP TKIP", "eap=TLS", 'phase1="x"', "\tsae_password=ab"),
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=7))
def test_wpa_supplicant_has_the_same_opinion(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    text = "\n".join(lines)
    refused = refused_by_wpa_supplicant(tmp_path_factory.mktemp("wpa"), text)
    assert ("supplicant-refuses" in [code for _, code in codes(text)]) == refused


@settings(deadline=None)
@given(st.text(max_size=200) | st.lists(st.sampled_from(LINES)).map("\n".join))
def test_no_text_is_too_odd_for_it(text: str) -> None:
    for diagnostic in supplicant.diagnostics("/f", text):
        assert diagnostic.line <= text.count("\n") + 1
        assert diagnostic.remedy.endswith(".")

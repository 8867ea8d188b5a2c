# SPDX-License-Identifier: LGPL-2.1-or-later
"""wpa_supplicant.conf edited as text: what a person wrote stays byte for byte."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wbond.message import ERROR
from wbond_cli.check import supplicant
from wbond_cli.wifi import names, network_file, passphrase, security

HOME = b"at home"
FIELDS = {"key_mgmt": "WPA-PSK", "psk": '"correct horse"'}
BY_HAND = """\
# My networks; "quotes" and } in a comment.
ctrl_interface=DIR=/run/wpa_supplicant GROUP=netdev
update_config=1

network={
\tssid="office"   # the big one
\tpsk="battery # staple"
\tpriority=5
}
# A phone.
network={
  ssid=70686f6e65
  key_mgmt=NONE
  disabled=1
}
"""
ssids = st.binary(min_size=1, max_size=32)
blanks = st.sampled_from(["", " ", "\t", "  "])
comments = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=20)
other_fields = st.sampled_from(
    ['psk="12345678"', "priority=3", "scan_ssid=1", "#psk=1", "", "key_mgmt=NONE", 'bgscan=""']
)
endings = st.sampled_from(["", "\r", " ", " # a comment"])


@st.composite
def networks(draw: st.DrawFn) -> str:
    """Return a block as people write it."""
    indent, ending = draw(blanks), draw(endings)
    ssid = draw(ssids)
    lines = [f"ssid={draw(st.sampled_from([names.quoted(ssid), ssid.hex()]))}{ending}"]
    lines += draw(st.lists(other_fields, max_size=4))
    inner = "".join(f"{indent}{line}\n" for line in draw(st.permutations(lines)))
    return f"{draw(blanks)}network={{\n{inner}{draw(blanks)}}}{draw(st.sampled_from(['', ' ']))}\n"


parts = (
    comments.map(lambda text: f"#{text}\n")
    | blanks.map(lambda text: f"{text}\n")
    | st.sampled_from(["ctrl_interface=/run/x\n", "country=FR\n", "update_config=1\n"])
    | st.just("blob-base64-x={\nAAAA\n}\n")
    | networks()
)
files = st.lists(parts, max_size=6).map("".join)


def errors(text: str) -> list[str]:
    return [one.text for one in supplicant.diagnostics("/f", text) if one.severity == ERROR]


@settings(deadline=None)
@given(files, ssids)
def test_a_network_is_added_behind_all_that_is_there(text: str, ssid: bytes) -> None:
    if network_file.named(text, ssid) or not text:
        return
    after = network_file.with_network(text, ssid, FIELDS)
    assert after.startswith(text)
    assert [one.ssid for one in network_file.blocks(after)] == [
        *(one.ssid for one in network_file.blocks(text)),
        ssid,
    ]
    assert network_file.blocks(after)[-1].fields == {"ssid": names.quoted(ssid), **FIELDS}
    assert len(errors(after)) == len(errors(text))


@settings(deadline=None)
@given(files, ssids)
def test_what_is_added_and_forgotten_leaves_no_trace(text: str, ssid: bytes) -> None:
    if network_file.named(text, ssid) or not text:
        return
    after = network_file.with_network(text, ssid, FIELDS)
    assert network_file.without_network(after, ssid) == text


@settings(deadline=None)
@given(files, st.data())
def test_to_forget_takes_no_line_of_anything_else(text: str, data: st.DataObject) -> None:
    blocks = [one for one in network_file.blocks(text) if one.ssid]
    if not blocks:
        return
    gone = data.draw(st.sampled_from(blocks)).ssid
    assert gone
    after = network_file.without_network(text, gone)
    lines = text.split("\n")
    inside = {
        number
        for one in network_file.named(text, gone)
        for number in range(one.first, one.last + 1)
    }
    kept = [line for number, line in enumerate(lines) if number not in inside and line.strip()]
    assert [line for line in after.split("\n") if line.strip()] == kept
    assert network_file.named(after, gone) == []


@settings(deadline=None)
@given(files, st.data())
def test_another_password_keeps_all_lines_but_those_of_access(
    text: str, data: st.DataObject
) -> None:
    blocks = [one for one in network_file.blocks(text) if one.ssid]
    if not blocks:
        return
    ssid = data.draw(st.sampled_from(blocks)).ssid
    assert ssid
    found = network_file.named(text, ssid)[0]
    after = network_file.with_network(text, ssid, FIELDS)
    before, lines = text.split("\n"), after.split("\n")
    assert lines[: found.first + 1] == before[: found.first + 1]
    rest = before[found.last :]
    assert lines[len(lines) - len(rest) :] == rest
    (changed, *_) = network_file.named(after, ssid)
    assert changed.fields.items() >= FIELDS.items()
    kept = {name: value for name, value in found.fields.items() if name in ("priority", "bgscan")}
    assert changed.fields.items() >= kept.items()


@settings(deadline=None)
@given(files, st.sampled_from(["DE", "US"]))
def test_the_country_is_one_line(text: str, country: str) -> None:
    after = network_file.with_country(text or "#\n", country)
    assert network_file.setting(after, "country") == country or "country=FR" in text
    lines, before = after.split("\n"), (text or "#\n").split("\n")
    added = [line for line in lines if line == f"country={country}"]
    assert len(added) == 1
    assert [one.fields for one in network_file.blocks(after)] == [
        one.fields for one in network_file.blocks(text)
    ]
    at = lines.index(f"country={country}")
    assert lines[:at] == before[:at]
    assert lines[at + 1 :] in (before[at:], before[at + 1 :])


def test_a_person_s_file_is_read() -> None:
    office, phone = network_file.blocks(BY_HAND)
    assert (office.first, office.last, office.ssid) == (4, 8, b"office")
    assert office.fields["psk"] == '"battery # staple"'
    assert (phone.ssid, phone.fields["disabled"]) == (b"phone", "1")
    assert network_file.setting(BY_HAND, "ctrl_interface").endswith("GROUP=netdev")
    assert network_file.setting(BY_HAND, "psk") == ""


def test_a_network_that_was_disabled_is_enabled_and_keeps_its_place() -> None:
    after = network_file.with_network(BY_HAND, b"phone", FIELDS)
    assert after == BY_HAND.replace(
        "  ssid=70686f6e65\n  key_mgmt=NONE\n  disabled=1\n",
        '    ssid="phone"\n    key_mgmt=WPA-PSK\n    psk="correct horse"\n',
    )


def test_forgotten_between_two_others() -> None:
    after = network_file.without_network(BY_HAND, b"office")
    assert after == BY_HAND[: BY_HAND.index("network={")] + BY_HAND[BY_HAND.index("# A phone") :]


def test_a_file_that_ends_without_a_newline() -> None:
    after = network_file.with_network("ctrl_interface=/run/x", HOME, FIELDS)
    assert after.startswith("ctrl_interface=/run/x\n\nnetwork={\n")


def test_a_new_file_says_what_it_is() -> None:
    text = network_file.with_country(network_file.with_network("", HOME, FIELDS), "DE")
    assert errors(text) == []
    assert network_file.setting(text, "country") == "DE"
    assert text.index("#country=") < text.index("\ncountry=DE") < text.index("network={")


# --- names ------------------------------------------------------------------------


@settings(deadline=None)
@given(ssids)
def test_a_name_is_read_as_it_was_written(ssid: bytes) -> None:
    assert names.unquoted(names.quoted(ssid)) == ssid
    assert names.shown(ssid).isprintable()


@pytest.mark.parametrize(
    ("value", "ssid"),
    [
        ('"a"b"', b'a"b'),
        (r'P"\xc3\xbc\n\x41\"\e"', "ü\n".encode() + b'A"\x1b'),
        ("6f6b", b"ok"),
        ('"', None),
        ("nonsense", None),
        ("6f 6b", None),
        ("", b""),
    ],
)
def test_names_as_a_file_may_have_them(value: str, ssid: bytes | None) -> None:
    assert names.unquoted(value) == ssid


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_what_wpa_supplicant_escapes_is_itself_again(octets: bytes) -> None:
    """printf_encode() of src/utils/common.c, in Python."""
    special = {0x22: rb"\"", 0x5C: rb"\\", 0x1B: rb"\e", 0x0A: rb"\n", 0x0D: rb"\r", 0x09: rb"\t"}
    encoded = b"".join(
        special.get(octet) or (bytes([octet]) if 32 <= octet < 127 else b"\\x%02x" % octet)
        for octet in octets
    )
    assert names.unescaped(encoded) == octets


# --- security -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "label", "chosen"),
    [
        ("[WPA2-PSK-CCMP][ESS]", "WPA2", "wpa2-wpa3"),
        ("[WPA-PSK-TKIP][WPA2-PSK-CCMP+TKIP][WPS][ESS]", "WPA/WPA2", "wpa2-wpa3"),
        ("[WPA2-PSK+SAE-CCMP][ESS]", "WPA2/WPA3", "wpa2-wpa3"),
        ("[WPA2-SAE-CCMP][ESS]", "WPA3", "wpa3"),
        ("[WPA2-PSK+FT/PSK+PSK-SHA256-CCMP][ESS]", "WPA2", "wpa2-wpa3"),
        ("[WPA2-EAP-CCMP-preauth][ESS]", "802.1X", ""),
        ("[RSN-OWE-CCMP][ESS]", "enhanced open", "owe"),
        ("[WEP][ESS]", "WEP", ""),
        ("[ESS]", "open", "open"),
        ("", "open", "open"),
    ],
)
def test_what_an_access_point_tells(flags: str, label: str, chosen: str) -> None:
    seen = security.of_flags(flags)
    assert security.label(seen) == label
    assert security.choose(seen) == chosen


def test_an_open_trap_beside_the_network_does_not_open_it() -> None:
    seen = security.of_flags("[ESS]") | security.of_flags("[WPA2-PSK-CCMP][ESS]")
    assert security.choose(seen) == security.WPA2_WPA3


KEY = "ab" * 32


@pytest.mark.parametrize(
    ("kind", "secret", "fields"),
    [
        (
            "wpa2-wpa3",
            "correct horse",
            {"key_mgmt": "WPA-PSK SAE", "ieee80211w": "1", "psk": '"correct horse"'},
        ),
        ("wpa3", "short", {"key_mgmt": "SAE", "ieee80211w": "2", "sae_password": '"short"'}),
        ("wpa3", 'a"#b', {"key_mgmt": "SAE", "ieee80211w": "2", "sae_password": "61222362"}),
        ("wpa2", KEY, {"key_mgmt": "WPA-PSK", "psk": KEY}),
        ("wpa2-wpa3", KEY, {"key_mgmt": "WPA-PSK", "psk": KEY}),
    ],
)
def test_fields_of_a_passphrase(kind: str, secret: str, fields: dict[str, str]) -> None:
    assert security.personal(kind, HOME, secret.encode()) == fields


@pytest.mark.parametrize("kind", ["wpa2", "wpa2-wpa3", "wpa3"])
@pytest.mark.parametrize("secret", ["", "x" * 129, "a\tbcdefgh", "\x1b[2Jxxxxx"])
def test_what_is_no_passphrase_is_not_repeated(kind: str, secret: str) -> None:
    with pytest.raises(passphrase.PasswordError) as raised:
        security.personal(kind, HOME, secret.encode())
    assert not secret or secret not in str(raised.value)


secrets = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=8, max_size=20
).filter(lambda text: 8 <= len(text.encode()) <= 63)


@settings(deadline=None)
@given(ssids, secrets, st.sampled_from(["wpa2", "wpa3", "wpa2-wpa3"]))
def test_any_passphrase_makes_a_file_without_a_fault(ssid: bytes, secret: str, kind: str) -> None:
    fields = security.personal(kind, ssid, secret.encode())
    text = network_file.with_network("", ssid, fields)
    assert errors(text) == []
    (block,) = network_file.blocks(text)
    assert block.ssid == ssid
    assert block.fields == {"ssid": names.quoted(ssid), **fields}
    if password := fields.get("sae_password"):
        assert names.unquoted(password) == secret.encode()


def test_wpa_supplicant_reads_them_all(tmp_path: Path) -> None:
    text = ""
    words = [b"correct horse", b'a"#b cdefg', "pässwörter".encode(), bytes.fromhex("ff") * 8]
    for number, secret in enumerate(words):
        for kind in (security.WPA2, security.WPA3, security.WPA2_WPA3):
            ssid = f"{kind} {number}\x1b".encode() + secret[:4]
            text = network_file.with_network(text, ssid, security.personal(kind, ssid, secret))
    for kind in security.WITHOUT_SECRET:
        text = network_file.with_network(text, kind.encode(), security.without_secret(kind))
    (tmp_path / "wpa.conf").write_bytes(os.fsencode(text))
    call = ["wpa_supplicant", "-D", "none", "-i", "wbond-none", "-c", str(tmp_path / "wpa.conf")]
    done = subprocess.run(call, capture_output=True, text=True)
    assert "Failed to read or parse" not in done.stdout + done.stderr
    assert "Line " not in done.stdout + done.stderr

# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-udev: which device is which port, for adapters as udev describes them; and its rules."""

import os
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wbond import escape, units
from wbond_net.kernel import udev_database
from wbond_udev import main, match
from wbond_udev.match import VIRTUAL, WIRED, WIRELESS, Facts

from tests.configuration import read
from tests.conftest import REPOSITORY, configured
from tests.fake import Machine

QUERY = str(REPOSITORY / "helpers/wbond-udev")
DEVICES = sorted((REPOSITORY / "tests/devices").glob("*.umockdev"))
SHOW = """
import sys
sys.path[:0] = sys.argv[1:]
import pyudev
from wbond_udev import device
for found in pyudev.Context().list_devices(subsystem="net"):
    if found.device_path.startswith(("/devices/pci", "/devices/virtual/net/en-")):
        print(device.facts(found, found.sys_name, False))
"""
CARD = Facts("eno1", WIRED, driver="e1000e", path="pci-0000:00:1f.6")
RADIO = Facts("wlp0s20f3", WIRELESS, driver="iwlwifi", path="pci-0000:00:14.3")
STICK = Facts(
    "wlxe84e06000003",
    WIRELESS,
    driver="ath9k_htc",
    path="pci-0000:00:14.0-usb-0:2:1.0",
    usb="0cf3:9271",
)
DOCK = Facts(
    "enp0s20f0u1u4",
    WIRED,
    driver="r8152",
    path="pci-0000:00:14.0-usb-0:1.4:1.0",
    usb="17ef:a387",
)
PHONE = Facts(
    "enp0s20f0u2c4i2",
    WIRED,
    driver="ipheth",
    path="pci-0000:00:14.0-usb-0:2:4.2",
    usb="05ac:12a8",
)
MODEM = Facts("wwp0s20f0u6i8", VIRTUAL, driver="qmi_wwan", usb="1199:9079")
BRIDGE = Facts("en-bridge", VIRTUAL)


def changed(facts: Facts, **fields: str) -> Facts:
    """Return a device that differs in these."""
    return Facts(**({name: getattr(facts, name) for name in Facts.__slots__} | fields))


def place(text: str, facts: Facts) -> str:
    """Return bond and port of a device, as BOND:PORT; nothing where it has none."""
    found = match.find(read(text), facts)
    return f"{found[0].name}:{found[1].name}" if found else ""


# --- devices ------------------------------------------------------------------


def test_real_adapters_are_seen_as_what_they_are() -> None:
    given_to = [word for path in DEVICES for word in ("-d", str(path))]
    paths = [str(REPOSITORY / "helpers"), str(REPOSITORY / "generator")]
    words = ["umockdev-run", *given_to, "--", "/usr/bin/python3", "-c", SHOW, *paths]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    found = {eval(line) for line in done.stdout.splitlines()}
    assert found == {CARD, RADIO, STICK, DOCK, PHONE, MODEM, BRIDGE}


# --- matching -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (CARD, "bond0:en*"),
        (DOCK, "bond0:en*"),
        (RADIO, "bond0:wl*"),
        (STICK, "bond0:wl*"),
        (MODEM, ""),
        (BRIDGE, ""),
    ],
)
def test_one_line_takes_every_cable_and_radio_and_nothing_else(facts: Facts, expected: str) -> None:
    assert place("[bond0]", facts) == expected


def test_a_literal_name_takes_what_it_names() -> None:
    assert place("[bond0]\nwired = en-bridge\n", BRIDGE) == "bond0:en-bridge"


SPECIFIC = """[bond0]
wired = en*
wireless = wl*
[bond1]
wired = enp0s20f0u1u4
wireless =
[bond1/lenovo]
kind = wired
match_usb = 17ef:*
[bond1/stick]
kind = wireless
match_driver = ath9k*
"""


def test_a_name_goes_before_a_section_and_a_section_before_a_glob() -> None:
    assert place(SPECIFIC, DOCK) == "bond1:enp0s20f0u1u4"
    assert place(SPECIFIC, changed(DOCK, name="enx1")) == "bond1:lenovo"
    assert place(SPECIFIC, changed(DOCK, name="enx1", usb="")) == "bond0:en*"
    assert place(SPECIFIC, STICK) == "bond1:stick"
    assert place(SPECIFIC, RADIO) == "bond0:wl*"


def test_what_a_bond_excludes_is_never_its_port() -> None:
    text = "[bond0]\nexclude = enp0s20f0* wlan1\n[bond0/dock]\nkind = wired\nmatch_usb = 17ef:*\n"
    assert place(text, DOCK) == ""
    assert properties(text, DOCK) == {"WBOND_LEFT_OUT": "it is in `exclude` of bond0"}
    assert place(text, CARD) == "bond0:en*"
    assert place(text + "[bond1]\n", DOCK) == "bond1:en*"
    assert place("[bond0]\nwired = en-bridge\nexclude = *bridge\n", BRIDGE) == ""


def test_among_equals_the_more_preferred_and_then_the_first_bond() -> None:
    text = "[bond0]\nwired = e* en*\nwireless =\n[bond1]\nwired = en*\nwireless =\n"
    assert place(text, CARD) == "bond0:e*"
    assert place("[bond0]\nwired = x*\n[bond1]\n", CARD) == "bond1:en*"


@pytest.mark.parametrize(
    ("option", "value", "fits"),
    [
        ("match_name", "wlx*", True),
        ("match_name", "wlp* wlx?84*", True),
        ("match_name", "WLX*", False),
        ("match_mac", "e8:4e:06:*", True),
        ("match_mac", "E8:4E:06:00:00:03", True),
        ("match_mac", "02:*", False),
        ("match_driver", "ath9k_htc", True),
        ("match_driver", "ath9k", False),
        ("match_path", "pci-0000:00:14.0-usb-*", True),
        ("match_path", "pci-0000:00:1d.*", False),
        ("match_usb", "0CF3:9271", True),
        ("match_usb", "0cf3:*", True),
        ("match_usb", "*:7010", False),
    ],
)
def test_what_a_section_matches_by(option: str, value: str, fits: bool) -> None:
    stick = changed(STICK, mac="e8:4e:06:00:00:03")
    text = f"[bond0]\nwired =\nwireless =\n[bond0/x]\nkind = wireless\n{option} = {value}\n"
    assert (place(text, stick) == "bond0:x") is fits
    assert place(text.replace("kind = wireless", "kind = wired"), stick) == ""


def test_all_that_a_section_says_must_hold() -> None:
    text = (
        "[bond0]\nwireless =\n[bond0/x]\nkind = wireless\nmatch_driver = ath9k*\nmatch_usb = {}\n"
    )
    assert place(text.format("0cf3:*"), STICK) == "bond0:x"
    assert place(text.format("dead:*"), STICK) == ""


def test_what_a_device_does_not_say_matches_nothing() -> None:
    text = "[bond0]\nwireless =\n[bond0/x]\nkind = wireless\nmatch_usb = *\n"
    assert place(text, RADIO) == ""


def test_what_has_to_be_known_of_a_device() -> None:
    assert match.options(read("[bond0]\n")) == set()
    assert match.options(read(SPECIFIC)) == {"match_usb", "match_driver"}
    by_address = read("[bond0/x]\nkind = wired\nmatch_mac = 02:*\n[bond0]\n")
    assert match.options(by_address) == {"match_mac"}


@given(st.text(max_size=8), st.text("en*?[]-1\n", max_size=8))
@settings(deadline=None)
def test_a_glob_fits_as_fnmatch_says(text: str, glob: str) -> None:
    assert escape.fits(text, glob) == fnmatchcase(text, glob)
    assert escape.fits(f"en{text}", glob) == fnmatchcase(f"en{text}", glob)


HOSTILE = ['"', "'", "\n", "$(reboot)", "%n", "\\", "../../x", "*", "[a-z]*", "é" * 4000, "\x00"]


@given(
    st.sampled_from(HOSTILE) | st.text(max_size=50),
    st.sampled_from(["name", "driver", "path", "usb"]),
)
@settings(deadline=None)
def test_hostile_strings_change_nothing_but_the_match(text: str, field: str) -> None:
    facts = changed(STICK, **{field: text})
    for name, value in main.properties(read(SPECIFIC), facts, ""):
        assert "\n" not in value
        assert name.isascii()
        if name != "WBOND_UNIT":
            assert value in ("bond0", "bond1", "wireless", "1", "wbond", units.HOTPLUG, "10", "20")
        else:
            assert value.isascii()
            assert value.removesuffix(".service").partition("@")[0] in (
                "bond0-supplicant",
                "bond1-supplicant",
            )


# --- properties ---------------------------------------------------------------


def properties(text: str, facts: Facts, wants: str = "") -> dict[str, str]:
    return dict(main.properties(read(text), facts, wants))


def test_a_port_by_glob_has_rank_and_unit_from_here() -> None:
    assert properties("[bond0]", STICK) == {
        "WBOND_BOND": "bond0",
        "WBOND_ROLE": "wireless",
        "WBOND_UNIT": "bond0-supplicant@wlxe84e06000003.service",
        "NM_UNMANAGED": "1",
        "ID_NET_MANAGED_BY": "wbond",
        "SYSTEMD_WANTS": "wbond-hotplug@.service",
        "WBOND_SET_PRIORITY": "10",
    }


def test_a_literal_port_has_rank_and_start_from_the_generator() -> None:
    found = properties("[bond0]\nwired = eno1\nwireless =\n", CARD)
    assert "SYSTEMD_WANTS" not in found
    assert not any(name.startswith("WBOND_SET_") for name in found)
    assert (found["WBOND_ROLE"], found["WBOND_UNIT"]) == ("wired", "bond0-wired@eno1.service")
    assert found["NM_UNMANAGED"] == "1"


def test_a_section_s_own_settings_reach_the_unit() -> None:
    text = """[bond0]
[bond0/stick]
kind = wireless
match_usb = 0cf3:*
priority = 300
supplicant_conf = /etc/wpa_supplicant/my stick.conf
legacy_rates = yes
"""
    found = properties(text, STICK)
    assert found["WBOND_SET_SUPPLICANT_CONF"] == "/etc/wpa_supplicant/my stick.conf"
    assert found["WBOND_SET_LEGACY_RATES"] == "yes"
    # Above all others: en*, eth* and wl*.
    assert found["WBOND_SET_PRIORITY"] == "40"


def test_what_others_want_of_the_device_stays() -> None:
    found = properties("[bond0]", STICK, "firmware.service")
    assert found["SYSTEMD_WANTS"] == "firmware.service wbond-hotplug@.service"


def test_a_common_address_is_named_for_the_rules() -> None:
    assert "WBOND_MAC" not in properties("[bond0]", CARD)
    assert properties("[bond0]\nmac = stable\n", CARD)["WBOND_MAC"] == "stable"


def test_no_port_has_no_properties() -> None:
    assert properties("[bond0]", BRIDGE) == {}


def test_the_settings_are_read_back_by_the_port_s_unit(machine: Machine) -> None:
    machine.add(STICK.name)
    text = "[bond0]\n[bond0/x]\nkind = wireless\nmatch_usb = *\npriority = 300\n"
    found = properties(text, STICK)
    machine.note(STICK.name, "".join(f"{name}={value}\n" for name, value in found.items()))
    assert udev_database.settings(STICK.name) == {"PRIORITY": "40"}
    assert udev_database.ports("bond0") == ["bond0-supplicant@wlxe84e06000003.service"]
    assert udev_database.ports("bond1") == []


# --- the programs -------------------------------------------------------------


def test_alignment_is_for_ports_that_are_down_and_free(machine: Machine) -> None:
    environ = {"WBOND_BOND": "bond0", "WBOND_MAC": "02:00:00:aa:bb:cc"}
    for name, up, master in (("eth0", False, ""), ("eth1", True, ""), ("eth2", False, "br0")):
        machine.add(name, up=up, master=master)
        assert main.main(["align"], environ | {"INTERFACE": name}) == 0
    assert machine.ran == ["ip link set dev eth0 address 02:00:00:aa:bb:cc"]
    # udev triggers come again and again.
    main.main(["align"], environ | {"INTERFACE": "eth0"})
    assert len(machine.ran) == 1


def test_the_query_works_without_a_path_for_a_device_of_this_machine(tmp_path: Path) -> None:
    words = [QUERY, "--root", str(configured(tmp_path, "[bond0]\nwired = lo\n")), "query"]
    index = Path("/sys/class/net/lo/ifindex").read_text().strip()
    event = {"ACTION": "add", "SUBSYSTEM": "net", "DEVPATH": "/devices/virtual/net/lo"}
    event |= {"INTERFACE": "lo", "IFINDEX": index, "SEQNUM": "1"}
    done = subprocess.run(words, env=event, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "WBOND_UNIT=bond0-wired@lo.service\n" in done.stdout


SAID_BY_DEVICES = {
    "quotes and signs": b"\"';$(reboot)`reboot`$HOME%n%p\\x2d*",
    "a line of its own": b"x\nWBOND_BOND=evil",
    "4 KB": b"x" * 4096,
    "no text": b"\xff\xfe\x80",
}


@pytest.mark.parametrize("value", SAID_BY_DEVICES.values(), ids=SAID_BY_DEVICES)
def test_what_a_device_says_of_itself_changes_no_property(tmp_path: Path, value: bytes) -> None:
    root = configured(tmp_path, "[bond0]\nwired = lo en*\n")
    index = Path("/sys/class/net/lo/ifindex").read_bytes().strip()
    event = {b"ACTION": b"add", b"SUBSYSTEM": b"net", b"DEVPATH": b"/devices/virtual/net/lo"}
    event |= {b"INTERFACE": b"lo", b"IFINDEX": index, b"SEQNUM": b"1"}
    event |= dict.fromkeys((b"ID_PATH", b"ID_NET_DRIVER", b"ID_USB_VENDOR_ID", b"OTHER"), value)
    words = [QUERY, "--root", str(root), "query"]
    done = subprocess.run(words, env=event, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines() == [
        "WBOND_BOND=bond0",
        "WBOND_ROLE=wired",
        "NM_UNMANAGED=1",
        "ID_NET_MANAGED_BY=wbond",
        "WBOND_UNIT=bond0-wired@lo.service",
    ]


BY_DRIVER = "[bond0]\nwired =\nwireless =\n[bond0/x]\nkind = wired\nmatch_driver = x*\n"


@pytest.mark.parametrize("text", ["[bond0]\nwired = en*\n", BY_DRIVER])
def test_a_device_that_is_gone_is_no_port(tmp_path: Path, text: str) -> None:
    event = {"ACTION": "add", "SUBSYSTEM": "net", "DEVPATH": "/devices/virtual/net/gone0"}
    event |= {"INTERFACE": "gone0", "IFINDEX": "999", "SEQNUM": "1"}
    words = [QUERY, "--root", str(configured(tmp_path, text)), "query"]
    done = subprocess.run(words, env=event, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("text", ["[bond0]\n", BY_DRIVER])
def test_without_an_event_it_says_what_is_missing(tmp_path: Path, text: str) -> None:
    words = [QUERY, "--root", str(configured(tmp_path, text)), "query"]
    done = subprocess.run(words, env={}, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "wbond-udev: udev's event names no device" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["query", "x"], ["ask"]])
def test_wrong_calls(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(arguments, os.environ) == 2
    assert "usage:" in capsys.readouterr().err


def test_only_this_helper_imports_pyudev() -> None:
    importers = [
        path.relative_to(REPOSITORY)
        for folder in ("generator", "helpers")
        for path in (REPOSITORY / folder).rglob("*.py")
        if "import pyudev" in path.read_text(encoding="utf-8")
    ]
    assert {str(path.parent) for path in importers} == {"helpers/wbond_udev"}

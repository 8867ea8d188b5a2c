# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verb `init`: what it makes of the hardware, and of a network's name and passphrase."""

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wbond import config, ini
from wbond_cli.check import hardware, runner, supplicant
from wbond_cli.check.hardware import Adapter
from wbond_cli.check.machine import Machine
from wbond_cli.init import draft
from wbond_cli.wifi import network_file, passphrase
from wbond_udev.match import WIRED, WIRELESS, Facts

from tests.conftest import REPOSITORY
from tests.test_check import add_adapter, build, write

COMMAND = str(REPOSITORY / "helpers" / "wbond")
SUPPLICANT = "etc/wpa_supplicant/wpa_supplicant.conf"
CARD = Adapter(Facts("enp0s31f6", WIRED, driver="e1000e"), False, "")
RADIO = Adapter(Facts("wlp3s0", WIRELESS, driver="iwlwifi"), False, "")
DOCK = Adapter(Facts("enp0s20f0u1", WIRED, driver="r8152", usb="17ef:a387"), True, "")
ODD = Adapter(Facts("usb0", WIRED, driver="cdc_ncm", usb="0bda:8156"), True, "")
PHONE = Adapter(Facts("usb0", WIRED, driver="rndis_host", usb="18d1:4eeb"), True, "")


def run(root: Path, *arguments: str, text: str = "") -> tuple[int, str, str]:
    words = [COMMAND, "init", "--root", str(root), *arguments]
    environ = {"PATH": "/usr/bin", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(words, env=environ, capture_output=True, text=True, input=text)
    return done.returncode, done.stdout, done.stderr


def fresh(root: Path) -> Path:
    """Make a good machine that nobody has configured yet."""
    build("good", root)
    (root / "etc/wbond.conf").unlink()
    shutil.rmtree(root / "etc/wpa_supplicant")
    return root


def read(text: str) -> config.Config:
    document = ini.Document()
    ini.parse(text.encode("utf-8"), "file", document)
    return config.interpret(document, "")


def ports(text: str) -> list[str]:
    (bond,) = read(text).bonds
    return [port.name for port in bond.ports]


# --- the configuration ------------------------------------------------------------


def test_what_is_written_fits_the_machine(tmp_path: Path) -> None:
    root = fresh(tmp_path)
    code, out, err = run(root, "--ssid", "home", text="correct horse\n")
    assert (code, err) == (0, "")
    assert out.splitlines()[:2] == [
        f"/{name} is written." for name in ("etc/wbond.conf", SUPPLICANT)
    ]
    assert "reboot" in out
    written = (root / "etc/wbond.conf").read_text()
    assert ports(written) == ["enp0s31f6", "en*", "eth*", "wlp3s0", "wl*"]
    assert runner.run(runner.Source(str(root), "")) == []


def test_what_it_says_of_802_1x_works_once_it_is_no_comment(tmp_path: Path) -> None:
    root = fresh(tmp_path)
    assert run(root, "--ssid", "home", text="correct horse\n")[0] == 0
    head, mark, section = (root / "etc/wbond.conf").read_text().partition("#[bond0/authenticated]")
    head = head.replace("wired = enp0s31f6 ", "wired = ")
    text = head + (mark + section).replace("#", "")
    (bond,) = read(text).bonds
    assert [(port.matches, port.role) for port in bond.ports if port.matches] == [
        ({"match_name": ("enp0s31f6",)}, "supplicant")
    ]


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    root = build("good", tmp_path)
    before = {name: (root / name).read_bytes() for name in ("etc/wbond.conf", SUPPLICANT)}
    code, out, err = run(root, "--ssid", "home", text="correct horse\n")
    assert (code, out) == (1, "")
    assert err.count("stays as it is") == 2
    assert before == {name: (root / name).read_bytes() for name in before}


@pytest.mark.parametrize("name", ["etc/wbond.conf", SUPPLICANT])
def test_a_link_is_not_followed(tmp_path: Path, name: str) -> None:
    root = fresh(tmp_path)
    (root / SUPPLICANT).parent.mkdir()
    (root / name).symlink_to(tmp_path / "elsewhere")
    run(root, "--ssid", "home", text="correct horse\n")
    assert not (tmp_path / "elsewhere").exists()
    assert (root / name).is_symlink()


def test_the_network_can_be_added_later(tmp_path: Path) -> None:
    root = fresh(tmp_path)
    code, out, _ = run(root)
    assert code == 0
    assert "wbond init --ssid SSID" in out
    code, _, err = run(root, "--ssid", "home", text="correct horse\n")
    assert code == 0
    assert "/etc/wbond.conf is there already" in err
    assert (root / SUPPLICANT).exists()


def test_the_file_goes_where_the_configuration_has_it(tmp_path: Path) -> None:
    root = fresh(tmp_path)
    (root / "etc/wbond.conf").write_text("[bond0]\nsupplicant_conf = /etc/wpa/office.conf\n")
    run(root, "--ssid", "office", text="correct horse\n")
    assert (root / "etc/wpa/office.conf").stat().st_mode & 0o777 == 0o600


def test_who_may_not_write_is_told() -> None:
    # sysfs takes new folders from nobody, not even from root.
    code, out, err = run(Path("/sys/kernel"))
    assert (code, out) == (1, "")
    assert "Run it with sudo" in err


def test_what_can_be_unplugged_is_left_to_globs_that_fit() -> None:
    text = draft.text([DOCK, ODD, CARD, RADIO], True)
    assert ports(text) == ["enp0s31f6", "usb0", "en*", "eth*", "wlp3s0", "wl*"]
    assert "enp0s20f0u1: cable, can be unplugged, r8152, 17ef:a387" in text


def test_what_only_looks_like_a_cable_is_left_out_and_said() -> None:
    built_in = Adapter(Facts("enp2s0f1u4", WIRED, driver="cdc_ncm", usb="05ac:8233"), False, "")
    text = draft.text([CARD, RADIO, PHONE, built_in], True)
    assert ports(text) == ["enp0s31f6", "en*", "eth*", "wlp3s0", "wl*"]
    assert "#     (left out, as it only looks like a cable: the T2 chip of a Mac)\n" in text
    assert "speaks" in text


def test_an_old_radio_has_wpa_supplicant_s_old_driver() -> None:
    old = Adapter(Facts("enx020000000099", WIRELESS, driver="r8712u"), True, "", old_radio=True)
    text = draft.text([CARD, old], True)
    assert ports(text) == ["enp0s31f6", "en*", "eth*", "enx020000000099", "wl*"]
    assert read(text).bonds[0].settings == {"supplicant_driver": "nl80211,wext"}
    assert "wext" not in draft.text([CARD, RADIO], True)


def test_without_hardware_globs_are_left() -> None:
    text = draft.text([], True)
    assert ports(text) == ["en*", "eth*", "wl*"]
    assert "None is built in" in text


@pytest.mark.parametrize("has", [True, False])
def test_dhcpv6_depends_on_its_client(has: bool) -> None:
    (bond,) = read(draft.text([CARD], has)).bonds
    assert bond.settings == ({} if has else {"dhcp6": "none"})


names = st.text(min_size=1, max_size=15) | st.sampled_from(
    [
        "bond0",
        "#",
        ";x",
        "a*",
        "=",
        "[",
        "-x",
        "all",
        "a\nb",
        "\udcff",
        "e n",
        "x\x1b",
        "\u202e",
        "a%b",
        "a,b",
        '"a',
        "a'",
        "veth0@if2",
    ]
)


@settings(deadline=None)
@given(st.lists(st.tuples(names, st.sampled_from([WIRED, WIRELESS]), st.booleans()), max_size=5))
def test_no_name_makes_a_file_with_a_problem(seen: list[tuple[str, str, bool]]) -> None:
    unique = {name: (kind, plugged) for name, kind, plugged in seen}
    adapters = [Adapter(Facts(name, kind), p, "") for name, (kind, p) in unique.items()]
    text = draft.text(adapters, True)
    config_read = read(text)
    assert config_read.problems == []
    built_in = {a.facts.name for a in adapters if not a.plugged and draft.usable(a.facts.name)}
    assert built_in <= {port.name for port in config_read.bonds[0].ports if port.literal}
    assert len(config_read.bonds[0].settings) == 0


def test_every_line_fits(tmp_path: Path) -> None:
    text = draft.text([CARD, RADIO, DOCK, PHONE], False)
    assert max(map(len, text.splitlines())) <= 80


# --- hardware -----------------------------------------------------------------------


def test_adapters_by_sysfs(tmp_path: Path) -> None:
    hub, port = "pci0000:00/0000:00:14.0/usb1", "pci0000:00/0000:00:14.0/usb1/1-2"
    add_adapter(tmp_path, "enp0s31f6", 2, "pci0000:00/0000:00:1f.6")
    add_adapter(tmp_path, "wlx00", 9, f"{port}/1-2:1.0", radio=True)
    add_adapter(tmp_path, "enx01", 4, f"{hub}/1-3/1-3:1.0")
    add_adapter(tmp_path, "ens9", 5, "pci0000:00/0000:00:1d.0/0000:05:00.0")
    devices = tmp_path / "sys/devices"
    write(devices / hub / "idVendor", "1d6b\n")
    write(devices / hub / "idProduct", "0002\n")
    write(devices / port / "idVendor", "0cf3\n")
    write(devices / port / "idProduct", "9271\n")
    write(devices / hub / "1-3/idVendor", "0bda\n")
    write(devices / hub / "1-3/idProduct", "8153\n")
    write(devices / hub / "1-3/removable", "fixed\n")
    write(devices / "pci0000:00/0000:00:1d.0/removable", "removable\n")
    drivers = tmp_path / "sys/class/net/enp0s31f6/device/driver"
    drivers.symlink_to("../../../bus/pci/drivers/e1000e")
    write(tmp_path / "run/udev/data/n9", "E:ID_PATH=pci-0000:00:14.0-usb-0:2:1.0\nE:ID_BUS=usb\n")
    found = {a.facts.name: a for a in hardware.adapters(Machine(str(tmp_path)))}
    assert list(found) == ["enp0s31f6", "enx01", "ens9", "wlx00"]
    # A stick, and a card behind Thunderbolt; not what is soldered to an internal port.
    assert [name for name, adapter in found.items() if adapter.plugged] == ["ens9", "wlx00"]
    assert found["enp0s31f6"].facts == Facts("enp0s31f6", WIRED, driver="e1000e")
    assert found["wlx00"].facts == Facts(
        *("wlx00", WIRELESS, "", "", "pci-0000:00:14.0-usb-0:2:1.0", "0cf3:9271")
    )


def test_what_is_no_port_is_not_seen(tmp_path: Path) -> None:
    net = tmp_path / "sys/class/net"
    write(net / "lo/type", "772\n")
    write(net / "br0/type", "1\n")
    add_adapter(tmp_path, "wwan0", 3, "pci0000:00/0000:00:14.0/usb1/1-6/1-6:1.8")
    write(net / "wwan0/uevent", "DEVTYPE=wwan\nINTERFACE=wwan0\n")
    write(net / "bonding_masters", "bond0\n")
    assert hardware.adapters(Machine(str(tmp_path))) == []


def test_the_machine_that_runs_can_be_looked_at() -> None:
    names = [adapter.facts.name for adapter in hardware.adapters(Machine())]
    assert set(names) <= set(os.listdir("/sys/class/net"))


# --- passphrases ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "ssid", "expected"),
    [  # IEEE 802.11-2020, J.4.2
        ("password", "IEEE", "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"),
        (
            "ThisIsAPassword",
            "ThisIsASSID",
            "0dc0d6eb90555ed6419756b9a15ec3e3209b63df707dd508d14581f8982721af",
        ),
    ],
)
def test_the_standard_s_vectors(word: str, ssid: str, expected: str) -> None:
    assert passphrase.key(word.encode(), ssid.encode()) == expected


def test_wpa_passphrase_has_the_same_key() -> None:
    words = ["wpa_passphrase", "at home", "correct horse"]
    theirs = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert f"\tpsk={passphrase.key(b'correct horse', b'at home')}\n" in theirs


@pytest.mark.parametrize("bad", ["", "short", "x" * 64, "x" * 65, "g" * 64])
def test_what_is_no_passphrase_is_refused_and_not_repeated(tmp_path: Path, bad: str) -> None:
    root = fresh(tmp_path)
    code, out, err = run(root, "--ssid", "home", text=f"{bad}\n")
    assert (code, out) == (1, "")
    assert "8 to 63" in err
    assert not bad or bad not in err
    assert not (root / SUPPLICANT).exists()
    assert not (root / "etc/wbond.conf").exists()


@pytest.mark.parametrize(
    "said", ["#country=", "key_mgmt=SAE", "    #scan_ssid=1\n", "hides its name"]
)
def test_the_file_says_what_else_a_network_may_need(tmp_path: Path, said: str) -> None:
    root = fresh(tmp_path)
    run(root, "--ssid", "home", text="correct horse\n")
    text = (root / SUPPLICANT).read_text()
    assert said in text
    shown = text.replace("    #scan_ssid", "    scan_ssid").replace("#country", "country")
    assert list(supplicant.diagnostics("/f", shown)) == []


def test_a_network_that_hides_its_name_is_asked_for(tmp_path: Path) -> None:
    root = fresh(tmp_path)
    run(root, "--ssid", "home", "--hidden", text="correct horse\n")
    text = (root / SUPPLICANT).read_text()
    assert "    scan_ssid=1\n" in text
    assert list(supplicant.diagnostics("/f", text)) == []


def test_hidden_without_a_name_is_refused(tmp_path: Path) -> None:
    code, out, err = run(fresh(tmp_path), "--hidden")
    assert (code, out) == (1, "")
    assert "--hidden needs --ssid" in err
    assert not (tmp_path / "etc/wbond.conf").exists()


def test_a_key_is_taken_as_it_is(tmp_path: Path) -> None:
    root = fresh(tmp_path)
    run(root, "--ssid", "home", text="AB" * 32 + "\n")
    assert f"psk={'ab' * 32}\n" in (root / SUPPLICANT).read_text()


@pytest.mark.parametrize("ssid", ["", "x" * 33, "ü" * 17])
def test_names_that_no_network_has(tmp_path: Path, ssid: str) -> None:
    code, _, err = run(fresh(tmp_path), "--ssid", ssid, text="correct horse\n")
    assert code == 1
    assert "1 to 32 bytes" in err


@pytest.mark.parametrize(
    ("ssid", "written"),
    [
        ("at home", '"at home"'),
        ('a "b"', "6120226222"),
        ("a\\b", "615c62"),
        ("ü", "c3bc"),
        ("a\nb", "610a62"),
    ],
)
def test_names_are_quoted_or_written_as_bytes(tmp_path: Path, ssid: str, written: str) -> None:
    root = fresh(tmp_path)
    run(root, "--ssid", ssid, text="correct horse\n")
    lines = (root / SUPPLICANT).read_text().splitlines()
    assert f"    ssid={written}" in lines
    assert [line for line in lines if line.strip() and line[0] not in "# c}n"] == []


def test_the_file_is_secret_and_holds_no_passphrase(tmp_path: Path) -> None:
    root = fresh(tmp_path)
    _, out, err = run(root, "--ssid", "home", text="correct horse\n")
    assert (root / SUPPLICANT).stat().st_mode & 0o777 == 0o600
    for text in ((root / SUPPLICANT).read_text(), out, err):
        assert "correct horse" not in text
    key = passphrase.key(b"correct horse", b"home")
    assert key not in out + err


def test_on_a_terminal_the_passphrase_is_not_shown(tmp_path: Path) -> None:
    root = fresh(tmp_path)
    words = [COMMAND, "init", "--root", str(root), "--ssid", "home"]
    child, terminal = pty.fork()
    if child == 0:
        os.execv(words[0], words)
    shown = b""
    while b"Passphrase of home" not in shown:
        shown += os.read(terminal, 1024)
    os.write(terminal, b"correct horse\n")
    while True:
        try:
            chunk = os.read(terminal, 1024)
        except OSError:
            break
        shown += chunk
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert b"correct horse" not in shown
    key = passphrase.key(b"correct horse", b"home")
    assert f"psk={key}" in (root / SUPPLICANT).read_text()


def test_wpa_supplicant_reads_the_file(tmp_path: Path) -> None:
    file = tmp_path / "wpa.conf"
    for ssid in (b"home", b'a "b"\\', "ü".encode(), b"\xff\x00"):
        text = network_file.with_network("", ssid, {"key_mgmt": "WPA-PSK", "psk": "ab" * 32})
        file.write_text(text, encoding="utf-8")
        words = ["wpa_supplicant", "-D", "none", "-i", "wbond-none", "-c", str(file), "-t"]
        done = subprocess.run(words, capture_output=True, text=True)
        said = done.stdout + done.stderr
        assert "Failed to read or parse" not in said
        assert not any(line.split(": ", 1)[-1].startswith("Line ") for line in said.splitlines())

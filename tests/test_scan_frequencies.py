# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where a radio looks first: on its siblings' channels, and never on none that it may use."""

from pathlib import Path

import pytest
from wbond_net.kernel import command
from wbond_net.ports import scan_frequencies

from tests.fake import Machine

RADIO, STICK = "wlp3s0", "wlan0"
COMMON = "mac_addr=0\n"


def device(name: str, frequency: int = 0) -> str:
    """Return what `iw dev` says of an interface, associated where a frequency (MHz) is given."""
    channel = f"\t\tchannel 1 ({frequency} MHz), width: 20 MHz\n" if frequency else ""
    return (
        f"phy#0\n\tInterface {name}\n\t\tifindex 4\n\t\ttype managed\n{channel}\t\ttxpower 20 dBm\n"
    )


def channels(*allowed: int, disabled: tuple[int, ...] = ()) -> str:
    """Return what `iw phy PHY channels` says."""
    lines = [f"\t* {frequency} MHz [1] \n\t  Maximum TX power: 20.0 dBm\n" for frequency in allowed]
    return "Band 1:\n" + "".join([*lines, *(f"\t* {one} MHz [9] (disabled)\n" for one in disabled)])


@pytest.fixture
def say(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A bond of two radios; what iw(8) says of devices and channels."""
    machine.add_bond(ports=f"{RADIO} {STICK}")
    for name in (RADIO, STICK):
        machine.add(name, master="bond0")
        machine.rfkill(name)
    said = {"dev": device(STICK) + device(RADIO, 5180)}
    said["phy"] = channels(*scan_frequencies.SURE, 5180)
    monkeypatch.setattr(command, "output", lambda *words: said[words[1]])
    return said


def test_it_looks_where_another_radio_is_and_on_the_sure_ones(say: dict[str, str]) -> None:
    assert scan_frequencies.initial("bond0", STICK) == [2412, 2437, 2462, 5180]


@pytest.mark.parametrize(
    "devices",
    [
        device(STICK) + device(RADIO),
        device(STICK, 5180) + device(RADIO),
        device(STICK) + device("ap0", 5180),
        device(RADIO) + device("ap0", 5180),
        # More digits than int() takes.
        device(STICK) + device(RADIO, 5180).replace("5180", "5" * 5000),
        "",
    ],
)
def test_nothing_is_known_without_a_sibling_that_is_associated(
    say: dict[str, str], devices: str
) -> None:
    say["dev"] = devices
    assert scan_frequencies.initial("bond0", STICK) == []


@pytest.mark.parametrize(
    "allowed",
    [
        channels(*scan_frequencies.SURE),
        channels(*scan_frequencies.SURE, disabled=(5180,)),
        channels(5180, 5200),
        channels(2412, 2437, 5180, disabled=(2462,)),
        "",
    ],
)
def test_a_radio_that_may_not_look_there_scans_everything(
    say: dict[str, str], allowed: str
) -> None:
    say["phy"] = allowed
    assert scan_frequencies.initial("bond0", STICK) == []


def test_wpa_supplicant_is_told_by_a_file_of_the_port_s(
    say: dict[str, str], machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine.runtime / "bond0").rmdir()
    common = tmp_path / "common.conf"
    common.write_text(COMMON)
    assert scan_frequencies.overrides("bond0", STICK, str(common)) == str(common)
    assert "scans all channels" in capsys.readouterr().out, "there is no folder to write in"
    (machine.runtime / "bond0").mkdir()
    path = Path(scan_frequencies.overrides("bond0", STICK, str(common)))
    assert path.read_text() == f"{COMMON}initial_freq_list=2412 2437 2462 5180\n"
    say["dev"] = ""
    assert scan_frequencies.overrides("bond0", STICK, str(common)) == str(common)


def test_a_radio_may_be_called_as_another_file_is(
    say: dict[str, str], machine: Machine, tmp_path: Path
) -> None:
    """In the bond's folder, dhcp6c.conf is a link to the file of the user's that dhcp6c reads."""
    common, own = tmp_path / "common.conf", tmp_path / "own.conf"
    common.write_text(COMMON)
    own.write_text("profile default { };\n")
    (machine.runtime / "bond0/dhcp6c.conf").symlink_to(own)
    (machine.runtime / "bond0/scans").mkdir()
    (machine.runtime / "bond0/scans/dhcp6c.conf").symlink_to(own)
    path = Path(scan_frequencies.overrides("bond0", "dhcp6c", str(common)))
    assert path.read_text().startswith(COMMON)
    assert (machine.runtime / "bond0/dhcp6c.conf").readlink() == own
    assert own.read_text() == "profile default { };\n"

# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-port supplicant: what is done before wpa_supplicant starts, and its command line."""

import os
from pathlib import Path

import pytest
from wbond_net.kernel import rfkill
from wbond_net.ports import port

from tests.fake import Machine
from tests.ports import ENVIRON, RADIO


class Executed(Exception):
    """Stands for a process that has become another program."""


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    words: list[str] = []

    def execute(program: str, arguments: list[str]) -> None:
        words.extend(arguments)
        raise Executed(program)

    monkeypatch.setattr(os, "execvp", execute)
    return words


def test_the_unit_becomes_wpa_supplicant(machine: Machine, executed: list[str]) -> None:
    machine.add_bond()
    machine.add(RADIO, master="bond0", up=True)
    with pytest.raises(Executed, match="wpa_supplicant"):
        port.main(["supplicant", "bond0", RADIO], ENVIRON)
    assert machine.ran == [f"iw dev {RADIO} set bitrates legacy-2.4 6 9 12 18 24 36 48 54"]
    assert executed[:7] == [
        *("wpa_supplicant", "-i", RADIO, "-D", "nl80211", "-c"),
        "/etc/wpa_supplicant/wpa_supplicant.conf",
    ]
    overrides = Path(executed[executed.index("-I") + 1]).read_text()
    for line in ("mac_addr=0", "preassoc_mac_addr=0", "p2p_disabled=1"):
        assert f"\n{line}\n" in overrides


def test_legacy_rates_lift_the_restriction(machine: Machine, executed: list[str]) -> None:
    machine.add_bond()
    machine.add(RADIO, master="bond0", up=True)
    with pytest.raises(Executed):
        port.main(["supplicant", "bond0", RADIO], ENVIRON | {"LEGACY_RATES": "yes"})
    assert machine.ran == [f"iw dev {RADIO} set bitrates"]


def test_a_driver_that_knows_no_rates_is_no_failure(machine: Machine, executed: list[str]) -> None:
    machine.add_bond()
    machine.add(RADIO, master="bond0", up=True)
    machine.refused["iw"] = "command failed: Operation not supported (-95)"
    with pytest.raises(Executed):
        port.main(["supplicant", "bond0", RADIO], ENVIRON)


def test_an_unblocked_radio_joins_before(
    bonded: Machine, executed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bonded.rfkill(RADIO, soft=1)
    monkeypatch.setattr(rfkill, "wait_unblocked", lambda name: bonded.rfkill(name, soft=0))
    with pytest.raises(Executed):
        port.main(["supplicant", "bond0", RADIO], ENVIRON)
    assert f"ip link set dev {RADIO} master bond0" in bonded.ran


def test_an_interface_s_own_configuration_wins(tmp_path: Path) -> None:
    common, own = tmp_path / "wpa_supplicant.conf", tmp_path / f"wpa_supplicant-{RADIO}.conf"
    environ = ENVIRON | {"SUPPLICANT_CONF": str(common)}
    common.write_text("")
    assert str(common) in port.supplicant_command("bond0", RADIO, environ)
    own.write_text("")
    assert str(own) in port.supplicant_command("bond0", RADIO, environ)
    assert str(common) not in port.supplicant_command("bond0", RADIO, environ)


def test_the_bridge_is_named_on_demand() -> None:
    assert "-b" not in port.supplicant_command("bond0", RADIO, ENVIRON)
    words = port.supplicant_command("bond0", RADIO, ENVIRON | {"SUPPLICANT_BRIDGE": "yes"})
    assert words[-2:] == ["-b", "bond0"]

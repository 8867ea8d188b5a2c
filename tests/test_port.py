# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-port: joining and leaving."""

import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from wbond import units
from wbond_net import runtime
from wbond_net.kernel import request
from wbond_net.ports import ifupdown, mac_policy, port, record

from tests.conftest import REPOSITORY
from tests.fake import OWN, Machine
from tests.ports import CARD, ENVIRON, RADIO, join


def test_a_port_joins_down_flushed_ranked(bonded: Machine) -> None:
    assert join() == 0
    assert bonded.ran == [
        f"ip link set dev {CARD} down",
        f"ip address flush dev {CARD}",
        f"ip link set dev {CARD} master bond0",
        f"ip link set dev {CARD} type bond_slave prio 20",
        f"ip link set dev bond0 type bond primary {CARD}",
    ]


def test_no_program_runs_while_a_port_joins_and_leaves(bonded: Machine) -> None:
    assert join() == 0
    assert port.main(["leave", "bond0", CARD], ENVIRON | {"LEGACY_RATES": "yes"}) == 0
    assert bonded.ran[-1] == f"ip link set dev {CARD} down"
    assert bonded.programs == []


def test_a_port_that_is_in_is_ranked_and_otherwise_left(machine: Machine) -> None:
    machine.add_bond(primary=CARD)
    machine.add(CARD, up=True, master="bond0")
    assert join() == 0
    assert machine.ran == [f"ip link set dev {CARD} type bond_slave prio 20"]


def test_a_port_that_somebody_has_taken_down_comes_up(machine: Machine) -> None:
    machine.add_bond(primary=CARD)
    machine.add(CARD, master="bond0")
    join()
    assert machine.ran[-1] == f"ip link set dev {CARD} up"


def test_another_s_port_is_left_alone(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.add_bond()
    machine.add(CARD, master="br0")
    assert join() == port.REFUSED
    assert machine.ran == []
    assert capsys.readouterr().err == (
        f"{CARD} is a port of br0; it is left alone. Take it out there, and start "
        f"bond0-wired@{CARD}.service\n"
    )


def test_another_s_radio_names_its_own_unit(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.add_bond()
    machine.add(RADIO, master="br0")
    machine.rfkill(RADIO)
    assert port.main(["supplicant", "bond0", RADIO], ENVIRON) == port.REFUSED
    assert f"start bond0-supplicant@{RADIO}.service\n" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["wired", "supplicant"])
def test_what_is_refused_is_not_tried_again(kind: str) -> None:
    unit = (REPOSITORY / f"units/bond0-{kind}@.service").read_text(encoding="utf-8")
    assert f"\nRestartPreventExitStatus={port.REFUSED}\n" in unit


@pytest.mark.parametrize("switch", ["soft", "hard"])
def test_a_blocked_radio_waits(
    bonded: Machine, switch: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bonded.rfkill(RADIO, **{switch: 1})
    assert join(RADIO) == 0
    assert bonded.ran == []
    assert "blocked by rfkill" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("bond", "radio", "fitted"),
    [
        ((1500,), (1500, 256, 2304), ""),
        ((2304,), (1500, 256, 2304), ""),
        ((9000,), (1500, 256, 2304), "1500"),
        ((1000,), (1500, 1280, 0), "1500"),
        ((9000,), (1500, 0, 0), ""),
    ],
)
def test_an_mtu_keeps_no_port_out(
    bonded: Machine, bond: tuple[int], radio: tuple[int, int, int], fitted: str
) -> None:
    bonded.mtu = {"bond0": bond, RADIO: radio}
    assert join(RADIO) == 0
    assert [words for words in bonded.ran if " mtu " in words] == (
        [f"ip link set dev bond0 mtu {fitted}"] if fitted else []
    )
    assert f"ip link set dev {RADIO} master bond0" in bonded.ran[-3:]


def test_a_bond_that_goes_meanwhile_fails_the_unit(
    bonded: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mac_policy, "remember", lambda *_: shutil.rmtree(bonded.sysfs / "bond0"))
    assert join(CARD, MAC=CARD) == 1
    assert "bond0: No such device" in capsys.readouterr().out


def test_a_refusal_of_the_kernel_fails_the_unit(
    bonded: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    bonded.refused[f"ip link set dev {CARD} master"] = "RTNETLINK answers: Device or resource busy"
    assert join() == 1
    assert "Device or resource busy" in capsys.readouterr().out


@pytest.mark.parametrize("step", ["down", "master bond0"])
def test_a_port_that_is_pulled_while_it_joins_is_no_failure(
    bonded: Machine, capsys: pytest.CaptureFixture[str], step: str
) -> None:
    bonded.pulled = f"ip link set dev {CARD} {step}"
    assert join() == 0
    said = capsys.readouterr()
    assert f"{CARD} has gone\n" in said.out
    assert "No such device" in said.out


def test_an_ifupdown_stanza_is_told(
    bonded: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ifupdown, "stanzas", lambda name: ["/etc/network/interfaces:3"])
    assert join() == 0
    assert (
        "/etc/network/interfaces:3: ifupdown configures enp0s10 as well" in capsys.readouterr().out
    )


RATES_BACK = [f"ip link set dev {RADIO} up", f"iw dev {RADIO} set bitrates"]


@pytest.mark.parametrize(("environ", "between"), [({}, RATES_BACK), ({"LEGACY_RATES": "yes"}, [])])
def test_leaving_lets_a_radio_use_all_rates_again(
    machine: Machine, environ: dict[str, str], between: list[str]
) -> None:
    machine.add_bond()
    machine.add(RADIO, master="bond0")
    port.main(["leave", "bond0", RADIO], ENVIRON | environ)
    down = f"ip link set dev {RADIO} down"
    assert machine.ran == [f"ip link set dev {RADIO} nomaster", *between, down]


@pytest.mark.parametrize("master", ["", "br0"])
def test_leaving_is_content_where_the_port_is_not_in(machine: Machine, master: str) -> None:
    machine.add_bond()
    machine.add(CARD, master=master)
    assert port.main(["leave", "bond0", CARD], ENVIRON) == 0
    assert port.main(["leave", "bond0", "gone0"], ENVIRON) == 0
    assert machine.ran == []


def renamed(machine: Machine, old: str, new: str) -> None:
    """Do what `ip link set dev OLD name NEW` does."""
    members = [path for path in machine.sysfs.glob("*/master") if path.readlink().name == old]
    for path in members:
        path.unlink()
        path.symlink_to(f"../{new}")
    (machine.sysfs / old).rename(machine.sysfs / new)


@pytest.mark.parametrize("former", [CARD, "bond0"])
def test_what_has_been_renamed_is_taken_out_all_the_same(bonded: Machine, former: str) -> None:
    join()
    renamed(bonded, former, "new0")
    bonded.ran.clear()
    now = "new0" if former == CARD else CARD
    record.note_bond("bond0", bonded.index("new0" if former == "bond0" else "bond0"))
    assert port.main(["leave", "bond0", CARD], ENVIRON | {"LEGACY_RATES": "yes"}) == 0
    assert bonded.ran == [f"ip link set dev {now} nomaster", f"ip link set dev {now} down"]


def test_what_has_been_renamed_and_cannot_be_taken_out_is_no_success(bonded: Machine) -> None:
    join()
    renamed(bonded, CARD, "new0")
    bonded.refused["ip link set dev new0 nomaster"] = "busy"
    assert port.main(["leave", "bond0", CARD], ENVIRON) == 1


def test_what_has_joined_by_its_new_name_does_not_leave_by_its_former_one(bonded: Machine) -> None:
    join()
    renamed(bonded, CARD, "new0")
    join("new0")
    bonded.ran.clear()
    assert port.main(["leave", "bond0", CARD], ENVIRON) == 0
    assert bonded.ran == []
    assert record.ranks("bond0") == {"new0": 20}


def test_a_port_that_joins_waits_until_it_has_left_by_its_former_name(bonded: Machine) -> None:
    with runtime.locked("bond0", f"port-{bonded.index(CARD)}"):
        thread = threading.Thread(target=join)
        thread.start()
        thread.join(0.2)
        assert bonded.ran == []
    thread.join()
    assert f"ip link set dev {CARD} master bond0" in bonded.ran


def test_a_port_of_a_bond_that_has_been_deleted_has_its_own_address_again(bonded: Machine) -> None:
    mac = "02:00:00:aa:bb:cc"
    assert join(CARD, MAC=mac) == 0
    shutil.rmtree(bonded.sysfs / "bond0")
    (bonded.sysfs / CARD / "master").unlink()
    bonded.ran.clear()
    leave = ["leave", "bond0", CARD]
    assert port.main(leave, ENVIRON | {"MAC": mac, "LEGACY_RATES": "yes"}) == 0
    down, address = f"ip link set dev {CARD} down", f"ip link set dev {CARD} address {OWN[CARD]}"
    assert bonded.ran == [down, address]
    assert port.main(leave, ENVIRON | {"MAC": mac}) == 0
    assert bonded.ran == [down, address], "it is nobody's now"


def test_a_port_that_another_has_taken_meanwhile_is_left_alone(bonded: Machine) -> None:
    join()
    (bonded.sysfs / CARD / "master").unlink()
    (bonded.sysfs / CARD / "master").symlink_to("../br0")
    bonded.ran.clear()
    assert port.main(["leave", "bond0", CARD], ENVIRON) == 0
    assert bonded.ran == []


def test_there_is_nothing_to_leave_where_the_bond_has_never_been(machine: Machine) -> None:
    machine.add(CARD)
    assert port.main(["leave", "bond0", CARD], ENVIRON) == 0
    assert machine.ran == []


@pytest.mark.parametrize("arguments", [[], ["join", "bond0"], ["marry", "bond0", "eth0"]])
def test_wrong_calls(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert port.main(arguments, ENVIRON) == 2
    assert "usage:" in capsys.readouterr().err


def tried() -> dict[str, str]:
    """Return the index of the interface for which each unit was started, by wbond-plug@'s names."""
    return {path.name: path.read_text() for path in Path(runtime.path("bond0")).glob("tried/*")}


@pytest.mark.parametrize(
    ("verb", "role"), [("join", units.WIRED), ("supplicant", units.SUPPLICANT)]
)
def test_for_which_device_a_unit_was_started_is_noted_until_that_has_gone(
    bonded: Machine, monkeypatch: pytest.MonkeyPatch, verb: str, role: str
) -> None:
    monkeypatch.setattr("os.execvp", lambda *_: None)
    index = str(request.index(RADIO))
    port.main([verb, "bond0", RADIO], ENVIRON)
    assert tried() == {f"bond0-{role}@{RADIO}": index}
    port.leave("bond0", RADIO, ENVIRON)  # somebody has stopped it, and it is to stay so
    assert tried() == {f"bond0-{role}@{RADIO}": index}
    shutil.rmtree(bonded.sysfs / RADIO)
    port.leave("bond0", RADIO, ENVIRON)
    assert tried() == {}


def test_a_unit_was_started_also_where_its_port_is_another_s(bonded: Machine) -> None:
    bonded.add("eth7", master="bond7")
    assert join("eth7") == port.REFUSED
    assert list(tried()) == ["bond0-wired@eth7"]


@pytest.mark.parametrize("name", ["eth0", "my-veth", "e\\.x", "\u00e9"])
def test_the_condition_of_the_unit_that_starts_the_others_finds_the_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(runtime, "FOLDER", str(tmp_path))
    monkeypatch.setattr(request, "index", lambda _: 7)
    (tmp_path / "bond0").mkdir()
    unit = units.port("bond0", units.WIRED, name).removesuffix(".service")
    words = ("systemd-analyze", "condition", f"ConditionPathExistsGlob={tmp_path}/*/tried/{unit}")
    assert subprocess.run(words, capture_output=True).returncode != 0
    record.note_tried("bond0", units.WIRED, name)
    assert subprocess.run(words, capture_output=True).returncode == 0

# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-port: which port the kernel is told to prefer, and who is told first."""

import stat
import threading
from pathlib import Path

import pytest
from wbond_net import runtime
from wbond_net.kernel import bonds
from wbond_net.ports import port, record

from tests.fake import Machine
from tests.ports import CARD, RADIO, join


@pytest.mark.parametrize(("mine", "becomes"), [("30", True), ("20", False), ("10", False)])
def test_the_primary_is_the_best_ranked_port(machine: Machine, mine: str, becomes: bool) -> None:
    machine.add_bond(primary=CARD)
    machine.add(CARD, master="bond0", up=True)
    machine.add(RADIO)
    record.note_port("bond0", CARD, 20)
    join(RADIO, PRIORITY=mine)
    assert (f"ip link set dev bond0 type bond primary {RADIO}" in machine.ran) is becomes


def test_a_port_ranked_down_since_it_left_is_the_primary_no_longer(machine: Machine) -> None:
    machine.add_bond(primary=RADIO)
    machine.add(CARD, master="bond0", up=True)
    machine.add(RADIO)
    record.note_port("bond0", CARD, 20)
    join(RADIO, PRIORITY="10")
    assert machine.ran[-1] == f"ip link set dev bond0 type bond primary {CARD}"


def test_ports_are_ranked_one_after_the_other(bonded: Machine) -> None:
    with runtime.locked("bond0"):
        thread = threading.Thread(target=join)
        thread.start()
        thread.join(0.2)
        assert not any("prio" in command for command in bonded.ran)
    thread.join()
    assert bonded.ran[-1] == f"ip link set dev bond0 type bond primary {CARD}"


def test_the_kernel_chooses_once_more_when_it_knows_the_rank(machine: Machine) -> None:
    machine.add_bond(primary=CARD)
    (machine.sysfs / "bond0/bonding/primary_reselect").write_text("better 1\n")
    machine.add(CARD, master="bond0", up=True)
    machine.add(RADIO)
    record.note_port("bond0", CARD, 20)
    join(RADIO, PRIORITY="10")
    assert machine.ran[-2:] == [
        f"ip link set dev {RADIO} type bond_slave prio 10",
        "ip link set dev bond0 type bond primary_reselect better",
    ]


def test_a_kernel_without_ranks_has_its_primary(bonded: Machine) -> None:
    bonded.refused[f"ip link set dev {CARD} type bond_slave prio"] = "Operation not supported"
    assert join() == 0
    assert bonded.ran[-1] == f"ip link set dev bond0 type bond primary {CARD}"


@pytest.mark.parametrize(("ranks", "best"), [((20, 10), CARD), ((10, 20), RADIO)])
def test_without_prio_in_the_kernel_the_port_that_joins_last_is_not_the_best(
    bonded: Machine, ranks: tuple[int, int], best: str
) -> None:
    without_prio(bonded)
    for name, rank in zip((CARD, RADIO), ranks, strict=True):
        assert join(name, PRIORITY=str(rank)) == 0
        chosen = [words.split()[-1] for words in bonded.ran if " primary " in words]
        (bonded.sysfs / "bond0/bonding/primary").write_text(f"{chosen[-1]}\n")
    assert chosen[-1] == best


def test_a_port_that_has_left_is_ranked_no_more(bonded: Machine) -> None:
    record.note_port("bond0", RADIO, 90)
    assert join() == 0
    assert bonded.ran[-1] == f"ip link set dev bond0 type bond primary {CARD}"


@pytest.mark.parametrize(("own", "rank"), [("0", "70"), ("20", "20")])
def test_a_port_without_a_rank_of_its_own_has_what_udev_knows(
    bonded: Machine, own: str, rank: str
) -> None:
    bonded.note(RADIO, "ID_BUS=usb\nWBOND_BOND=bond0\nWBOND_SET_PRIORITY=70\n")
    join(RADIO, PRIORITY=own)
    assert f"ip link set dev {RADIO} type bond_slave prio {rank}" in bonded.ran


@pytest.mark.parametrize(("shown", "forgotten"), [("", ["bond0"]), (RADIO, [])])
def test_a_primary_that_has_left_is_forgotten_and_another_is_not(
    bonded: Machine, monkeypatch: pytest.MonkeyPatch, shown: str, forgotten: list[str]
) -> None:
    (bonded.sysfs / "bond0/bonding/primary").write_text(f"{shown}\n")
    told: list[str] = []
    monkeypatch.setattr(bonds, "forget_primary", told.append)
    assert join() == 0
    assert told == forgotten


def test_a_primary_is_not_forgotten_while_another_port_becomes_it(
    bonded: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(bonds, "forget_primary", told.append)
    with runtime.locked("bond0"):
        thread = threading.Thread(target=join)
        thread.start()
        while "ip address flush dev enp0s10" not in bonded.ran:
            pass
        (bonded.sysfs / "bond0/bonding/primary").write_text(f"{RADIO}\n")
    thread.join()
    assert told == []


def test_nobody_but_root_can_hold_off_a_port(bonded: Machine, tmp_path: Path) -> None:
    assert join() == 0
    lock = bonded.runtime / "bond0/locks/bond"
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600
    lock.unlink()
    lock.symlink_to(tmp_path / "another")
    with pytest.raises(OSError, match="symbolic links"):
        runtime.locked("bond0")


@pytest.fixture
def in_use(machine: Machine) -> Machine:
    machine.add_bond(primary=CARD)
    machine.add(CARD, up=True, master="bond0")
    machine.add(RADIO, up=True, master="bond0")
    for name, rank in ((CARD, 20), (RADIO, 10)):
        record.note_port("bond0", name, rank)
    return machine


def test_ports_change_their_ranks_and_the_active_one_moves_once(in_use: Machine) -> None:
    assert port.main(["rank", "bond0", CARD, "10", RADIO, "20"], {}) == 0
    assert in_use.ran == [
        f"ip link set dev {CARD} type bond_slave prio 10",
        f"ip link set dev {RADIO} type bond_slave prio 20",
        f"ip link set dev bond0 type bond primary {RADIO}",
    ]


def test_ranks_that_grow_together_leave_the_primary_alone(in_use: Machine) -> None:
    port.main(["rank", "bond0", CARD, "30", RADIO, "20"], {})
    assert not any(" primary " in command for command in in_use.ran)


def without_prio(machine: Machine) -> None:
    """Have the kernel refuse what kernels before 6.0 do not know."""
    for name in (CARD, RADIO):
        machine.refused[f"ip link set dev {name} type bond_slave prio"] = "Unknown attribute"


def test_without_prio_in_the_kernel_the_ports_are_ranked_all_the_same(in_use: Machine) -> None:
    without_prio(in_use)
    assert port.main(["rank", "bond0", CARD, "30", RADIO, "20"], {}) == 0
    assert not any(" primary " in command for command in in_use.ran)
    assert port.main(["rank", "bond0", RADIO, "20", CARD, "10"], {}) == 0
    assert in_use.ran[-1] == f"ip link set dev bond0 type bond primary {RADIO}"


def test_a_port_that_is_not_in_waits_for_its_rank(machine: Machine) -> None:
    machine.add_bond()
    machine.add(RADIO)
    assert port.main(["rank", "bond0", RADIO, "20"], {}) == 0
    assert machine.ran == []


@pytest.mark.parametrize("words", [[CARD], [CARD, "x"], [], [CARD, "-1"]])
def test_a_rank_is_a_number(in_use: Machine, words: list[str]) -> None:
    assert port.main(["rank", "bond0", *words], {}) == 2
    assert in_use.ran == []

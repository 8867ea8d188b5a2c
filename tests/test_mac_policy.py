# SPDX-License-Identifier: LGPL-2.1-or-later
"""One MAC address for all ports, where `mac` asks for it."""

import pytest
from wbond.values import MacPolicy
from wbond_net.ports import mac_policy, port

from tests.fake import OWN, Machine
from tests.ports import CARD, RADIO, join

COMMON = "02:00:00:aa:bb:cc"
WIRED = {"BOND": "bond0", "PRIORITY": "20", "MAC": "active"}


@pytest.mark.parametrize(
    ("policy", "address"),
    [(COMMON, COMMON), (RADIO, OWN[RADIO]), ("stable", "")],
    ids=["given", "an interface's", "stable"],
)
def test_a_port_is_aligned_while_it_is_down(bonded: Machine, policy: str, address: str) -> None:
    join(MAC=policy)
    wanted = address or mac_policy.shared_mac("bond0", MacPolicy.parse("stable"))
    assert bonded.ran[:2] == [
        f"ip link set dev {CARD} down",
        f"ip link set dev {CARD} address {wanted}",
    ]
    assert bonded.ran.index(f"ip link set dev {CARD} master bond0") > 1


def test_the_interface_that_is_named_keeps_its_own_and_is_remembered(bonded: Machine) -> None:
    join(MAC=CARD)
    assert not any(" address 5" in command for command in bonded.ran)
    (bonded.sysfs / CARD / "address").unlink()
    assert mac_policy.shared_mac("bond0", MacPolicy.parse(CARD)) == OWN[CARD]


def test_an_interface_that_is_absent_is_remembered(machine: Machine) -> None:
    machine.add_bond()
    dock = machine.add("eth9")
    join("eth9", MAC="eth9")
    for path in dock.iterdir():
        path.unlink()
    dock.rmdir()
    machine.add(CARD)
    machine.ran.clear()
    join(CARD, MAC="eth9")
    assert f"ip link set dev {CARD} address {OWN['eth9']}" in machine.ran


def test_an_interface_that_was_never_there_changes_nothing(bonded: Machine) -> None:
    assert join(MAC="eth9") == 0
    assert not any(" address " in command and "flush" not in command for command in bonded.ran)


def test_a_port_that_is_aligned_already_is_left(machine: Machine) -> None:
    machine.add_bond()
    machine.add(CARD, address=COMMON)
    join(MAC=COMMON)
    assert not any("address 02" in command for command in machine.ran)


def test_an_adapter_that_refuses_works_all_the_same(
    bonded: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    bonded.refused[f"ip link set dev {CARD} address"] = "RTNETLINK answers: Operation not supported"
    assert join(MAC=COMMON) == 0
    assert f"ip link set dev {CARD} master bond0" in bonded.ran
    assert f"{CARD} refuses the address {COMMON}; it works with its own" in capsys.readouterr().out


def test_leaving_gives_the_own_address_back(machine: Machine) -> None:
    machine.add_bond()
    machine.add(CARD, address=COMMON, up=True, master="bond0")
    assert port.main(["leave", "bond0", CARD], WIRED | {"MAC": COMMON}) == 0
    assert machine.ran == [
        f"ip link set dev {CARD} nomaster",
        f"ip link set dev {CARD} down",
        f"ip link set dev {CARD} address {OWN[CARD]}",
    ]


def test_leaving_touches_no_address_that_wbond_has_not_set(machine: Machine) -> None:
    machine.add_bond()
    machine.add(CARD, address=COMMON, up=True, master="bond0")
    port.main(["leave", "bond0", CARD], WIRED)
    assert machine.ran == [f"ip link set dev {CARD} nomaster", f"ip link set dev {CARD} down"]

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Radio switches: which radio is blocked, and until when."""

import os

import pytest
from wbond_net.kernel import rfkill

from tests.fake import Machine
from tests.ports import RADIO


@pytest.mark.parametrize(
    ("soft", "hard", "blocked"), [(0, 0, False), (1, 0, True), (0, 1, True), (1, 1, True)]
)
def test_either_switch_blocks(machine: Machine, soft: int, hard: int, blocked: bool) -> None:
    machine.add(RADIO)
    assert rfkill.blocked(RADIO) is False
    machine.rfkill(RADIO, soft, hard)
    assert rfkill.blocked(RADIO) is blocked


def test_waiting_ends_when_the_radio_is_gone(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rfkill, "DEVICE", os.devnull)
    rfkill.wait_unblocked("gone0")
    assert not (machine.sysfs / "gone0").exists()


def test_who_cannot_wait_is_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.add(RADIO)
    machine.rfkill(RADIO, soft=1)
    monkeypatch.setattr(rfkill, "DEVICE", "/dev/null/rfkill")
    with pytest.raises(NotADirectoryError):
        rfkill.wait_unblocked(RADIO)


def test_waiting_reads_events_until_nothing_blocks(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.add(RADIO)
    machine.rfkill(RADIO, soft=1, hard=1)
    states = [(1, 0), (0, 0)]
    asked = []

    def read(fd: int, size: int) -> bytes:
        asked.append(size)
        machine.rfkill(RADIO, *states.pop(0))
        return b"\0" * size

    monkeypatch.setattr(rfkill, "DEVICE", os.devnull)
    monkeypatch.setattr(os, "read", read)
    rfkill.wait_unblocked(RADIO)
    assert asked == [8, 8]

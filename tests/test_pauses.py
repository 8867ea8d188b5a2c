# SPDX-License-Identifier: LGPL-2.1-or-later
"""Units that fail again and again: pauses that grow, a fault that is told once."""

import os
import signal
import time
from pathlib import Path

import pytest
from wbond_net import pauses, runtime
from wbond_net.clients import dhclient, dhcp
from wbond_net.ports import port

from tests.conftest import REPOSITORY
from tests.fake import Machine

FAILED, STOPPED = {"SERVICE_RESULT": "exit-code"}, {"SERVICE_RESULT": "success"}


@pytest.fixture
def slept(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the programs have slept, in seconds, and no time passes."""
    (machine.runtime / "bond0").mkdir(exist_ok=True)
    found: list[float] = []
    monkeypatch.setattr(time, "sleep", found.append)
    return found


def test_pauses_grow_up_to_the_longest(slept: list[float]) -> None:
    for _ in range(8):
        pauses.wait("bond0", "dhclient")
        pauses.ended("bond0", "dhclient", FAILED)
    assert slept == [1, 3, 7, 15, 30, 30]


def test_what_somebody_stops_is_tried_at_once(slept: list[float]) -> None:
    for result in (FAILED, FAILED, FAILED, STOPPED):
        pauses.ended("bond0", "dhclient", result)
    pauses.wait("bond0", "dhclient")
    assert slept == []


def test_what_has_worked_for_long_is_tried_at_once(slept: list[float]) -> None:
    for _ in range(3):
        pauses.ended("bond0", "dhclient", FAILED)
    path = runtime.path("bond0", "failures/dhclient")
    then = time.time() - pauses.FORGOTTEN - 1
    os.utime(path, (then, then))
    pauses.wait("bond0", "dhclient")
    assert slept == []


def test_one_unit_s_failures_are_not_another_s(slept: list[float]) -> None:
    for _ in range(3):
        pauses.ended("bond0", "dhclient", FAILED)
    pauses.wait("bond0", "dhcp6c")
    assert slept == []


@pytest.mark.parametrize("text", ["", "x", "-1 a", "²", "9" * 5000])
def test_a_note_that_is_none_counts_for_nothing(slept: list[float], text: str) -> None:
    pauses.ended("bond0", "dhclient", FAILED)
    Path(runtime.path("bond0", "failures/dhclient")).write_text(text)
    pauses.wait("bond0", "dhclient")
    assert slept == []


def test_a_client_s_fault_is_told_once_until_it_is_another(
    slept: list[float], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = ["read-only", "read-only", "read-only", "no space"]

    def prepare(_bond: str, _environ: object) -> None:
        raise OSError(faults[len(told)])

    monkeypatch.setattr(dhclient, "prepare", prepare)
    told: list[str] = []
    for _ in faults:
        assert dhcp.main(["dhclient", "bond0"], {}) == 1
        told.append(capsys.readouterr().out)
    assert told == ["read-only\n", "", "", "no space\n"]
    assert slept == [1, 3]


def test_a_client_that_is_stopped_starts_at_once(
    slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(dhclient, "prepare", lambda *_: None)
    monkeypatch.setattr(dhclient, "command", lambda *_: ("dhclient",))
    monkeypatch.setattr(dhcp, "_program", lambda name: f"/usr/sbin/{name}")
    monkeypatch.setattr(dhcp, "_become", lambda program, words: started.append(words[0]))
    for _ in range(4):
        assert dhcp.main(["dhclient", "bond0"], {}) == 0
    assert slept == [1, 3]
    assert dhcp.main(["dhclient-stop", "bond0"], {}) == 0
    assert dhcp.main(["dhclient", "bond0"], {}) == 0
    assert slept == [1, 3]
    assert started == ["dhclient"] * 5


def test_a_client_that_is_stopped_while_it_pauses_starts_at_once(
    slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(_seconds: float) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    for _ in range(3):
        pauses.failed_unless_stopped("bond0", "dhclient")
    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", stopped)
        former = signal.getsignal(signal.SIGTERM)
        with pytest.raises(SystemExit) as ended:
            pauses.wait("bond0", "dhclient")
        signal.signal(signal.SIGTERM, former)
    assert ended.value.code == 0
    pauses.wait("bond0", "dhclient")
    assert slept == []


def test_a_port_s_fault_is_told_once(
    machine: Machine, slept: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    machine.add_bond("bond0")
    machine.add("enp0s10")
    machine.refused["ip link set dev enp0s10 master"] = "Device or resource busy"
    environ = {"PRIORITY": "10", "MAC": "active"}
    told = []
    for _ in range(3):
        assert port.main(["join", "bond0", "enp0s10"], environ) == 1
        assert port.main(["leave", "bond0", "enp0s10"], environ | FAILED) == 0
        told.append(capsys.readouterr().out)
    assert "Device or resource busy" in told[0]
    assert told[1:] == ["", ""]
    assert slept == [1]


def test_a_port_that_is_refused_is_tried_at_once_when_somebody_starts_it_again(
    machine: Machine, slept: list[float]
) -> None:
    machine.add_bond("bond0")
    machine.add("enp0s10")
    refused = FAILED | {"EXIT_STATUS": str(port.REFUSED)}
    for _ in range(3):
        assert port.main(["leave", "bond0", "enp0s10"], {"MAC": "active"} | refused) == 0
    pauses.wait("bond0", "port-enp0s10")
    assert slept == []


@pytest.mark.parametrize(
    ("unit", "line"),
    [
        ("bond0-wired@", "ExecStopPost"),
        ("bond0-supplicant@", "ExecStopPost"),
        ("dhclient@", "ExecStop"),
        ("dhcp6c@", "ExecStop"),
        ("wbond-dhcpcd@", "ExecStop"),
    ],
)
def test_what_can_fail_for_ever_notes_a_clean_end(unit: str, line: str) -> None:
    text = (REPOSITORY / f"units/{unit}.service").read_text(encoding="utf-8")
    assert "\nRestart=" in text
    assert f"\n{line}=" in text


def test_it_ends_before_systemd_ends_the_start() -> None:
    text = (REPOSITORY / "units/bond0-wired@.service").read_text(encoding="utf-8")
    assert f"\nTimeoutStartSec={2 * pauses.LONGEST}\n" in text


def test_a_full_runtime_directory_costs_only_the_pauses(
    slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "FOLDER", "/proc/nowhere")
    pauses.ended("bond0", "dhclient", FAILED)
    pauses.wait("bond0", "dhclient")
    assert slept == []

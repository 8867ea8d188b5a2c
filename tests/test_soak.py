# SPDX-License-Identifier: LGPL-2.1-or-later
"""The soak's rounds, played to a laptop that only remembers: seeds, and mending."""

import random
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import soak
from machine import Result
from soak_faults import BASE, FAULTS, World, bond_down, bond_up, mend
from soak_whole import differs


class Recorder:
    """A laptop, and each part of its world: remembers what it is told, in order."""

    def __init__(self, told: list[str], name: str = "") -> None:
        self.told, self.name = told, name

    def __getattr__(self, verb: str) -> Any:
        if verb in ("cable", "dock", "access_point", "dhcp", "radios"):
            return Recorder(self.told, verb)

        def tell(*words: object, **_: object) -> Any:
            self.told.append(" ".join([self.name, verb, *map(str, words)]).strip())
            return "" if verb in ("read", "run", "shell") else Result(0, "", "")

        return tell

    def wait_for(self, what: str, condition: object, timeout: float = 0) -> float:
        return 0.0


class Now(ThreadPoolExecutor):
    """Runs at once what it is given, so that the order is always the same."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        future = super().submit(fn, *args, **kwargs)
        future.result()
        return future


@pytest.fixture(autouse=True)
def _no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def world(told: list[str]) -> World:
    laptop: Any = Recorder(told)
    return World(laptop, Now(1))


def rounds(seed: str, numbers: range) -> list[list[str]]:
    """Return what the laptop is told in each of some rounds, each played by itself."""
    found = []
    for number in numbers:
        told: list[str] = []
        soak.play(world(told), seed, number)
        found.append(told)
    return found


def test_a_round_follows_from_seed_and_number_alone() -> None:
    assert rounds("7", range(1, 30)) == rounds("7", range(1, 30))
    assert rounds("7", range(20, 30)) == rounds("7", range(1, 30))[19:]
    assert rounds("7", range(1, 30)) != rounds("8", range(1, 30))


def test_all_faults_come_by_and_several_in_a_round(capsys: pytest.CaptureFixture[str]) -> None:
    rounds("7", range(1, 100))
    lines = [line.split()[2:] for line in capsys.readouterr().out.splitlines()]
    assert {name for line in lines for name in line} == {fault.__name__ for fault in FAULTS}
    assert (min(map(len, lines)), max(map(len, lines))) == (2, 7)


def test_the_world_is_mended_after_whatever_has_happened() -> None:
    told: list[str] = []
    played = world(told)
    for number in range(1, 60):
        told.clear()
        soak.play(played, "7", number)
        stopped = set(played.stopped)
        told.append("-- mended:")
        mend(played, random.Random(number))
        mended = told[told.index("-- mended:") :]
        for what in ("cable plug", "access_point start", "dhcp start"):
            assert what in mended
        for unit in stopped:
            assert f"result systemctl start {unit}" in mended
        assert any("--signal=CONT" in line for line in mended)
        assert any(line.startswith("shell rfkill unblock") for line in mended)
        assert (played.configuration, played.stopped, played.running) == (
            BASE,
            set(),
            [],
        )


class Later(ThreadPoolExecutor):
    """Never gets to what it is given."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        return Future()


def test_what_a_command_may_still_stop_is_started_when_the_world_is_mended() -> None:
    laptop: Any = Recorder([])
    played = World(laptop, Later(1))
    bond_down(played, random.Random())
    bond_up(played, random.Random())
    assert played.stopped == {"wbond@bond0.service"}
    played.stopping[0].set_result(None)
    bond_up(played, random.Random())
    assert played.stopped == set()


def test_a_laptop_that_lacks_something_is_told() -> None:
    assert differs("ports", ["a"], ["a"]) == ""
    assert differs("ports", ["a"], ["a", "b"]) == "ports: ['a'], not ['a', 'b']"

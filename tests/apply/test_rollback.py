# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond apply: how a change is taken back, and what is restored."""

import os
import signal
import time

import pytest
from wbond_cli import question
from wbond_cli.apply import outcome, rollback
from wbond_cli.apply.signals import Signals
from wbond_cli.command import CommandRunner
from wbond_cli.output import Output
from wbond_net.deployed import snapshot

from tests.apply.laptop import DISARM, FIRST, RELOAD, REVERT, SECOND, SET, Laptop, answers


@pytest.mark.parametrize("typed", [["n\n"], ["", "no\n"], [None]])
def test_without_a_yes_the_former_file_and_state_are_back(
    laptop: Laptop,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: list[str | None],
) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    answers(monkeypatch, *typed)
    assert laptop.apply() == 1
    assert laptop.ran == [RELOAD, SET, REVERT, RELOAD, SET, DISARM]
    assert laptop.conf.read_text() == FIRST
    place = laptop.root / "var/lib/wbond/rejected-configurations"
    (edit,) = place.rglob("wbond.conf")
    assert edit.read_text() == SECOND
    assert str(edit.parent.parent) in capsys.readouterr().out


def test_when_the_time_is_over_the_former_state_is_back(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    monkeypatch.setattr(question, "can_ask", lambda: False)
    monkeypatch.setattr(time, "monotonic", iter(range(0, 100_000, 30)).__next__)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    assert laptop.apply("--timeout", "100") == 1
    assert laptop.conf.read_text() == FIRST


@pytest.mark.parametrize("number", Signals.CAUGHT)
def test_a_signal_counts_between_two_steps(laptop: Laptop, number: signal.Signals) -> None:
    """The session hangs up while systemd reloads: the reload ends, then the way back is taken."""
    laptop.boot(FIRST)
    laptop.write(SECOND)
    laptop.at[RELOAD] = lambda: os.kill(os.getpid(), number)
    assert laptop.apply() == 1
    assert laptop.ran == [RELOAD, REVERT, RELOAD, SET, DISARM]
    assert laptop.conf.read_text() == FIRST


def test_a_terminal_that_is_gone_is_written_to_in_vain(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as broken:
        monkeypatch.setattr("sys.stdout", broken)
        monkeypatch.setattr("sys.stderr", broken)
        answers(monkeypatch, None)
        assert laptop.apply() == 1
    assert laptop.conf.read_text() == FIRST


def test_a_step_that_fails_takes_all_back(
    laptop: Laptop, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND + "dhcp6 = none\n")
    laptop.machine.refused["systemctl stop -- dhcp6c@"] = "Job for dhcp6c@bond0.service failed."
    assert laptop.apply("--yes") == 1
    assert "Job for dhcp6c@bond0.service failed." in capsys.readouterr().out
    assert laptop.conf.read_text() == FIRST
    assert laptop.ran[-2] == "systemctl start -- dhcp6c@bond0.service"


def test_the_timer_s_service_is_not_needed(laptop: Laptop) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    laptop.machine.refused[REVERT] = "Unit wbond-revert.service not found."
    assert laptop.apply() == 1
    assert laptop.conf.read_text() == FIRST
    assert laptop.ran.count(SET) == 2


def test_a_process_that_was_killed_is_taken_back_by_the_timer(laptop: Laptop) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)

    def die() -> None:
        raise MemoryError

    laptop.at[RELOAD] = die
    with pytest.raises(MemoryError):
        laptop.apply()
    assert laptop.has_snapshot(snapshot.ATTEMPTED)
    laptop.machine.ran.clear()
    runner = CommandRunner(Output())
    assert rollback.restore(runner, str(laptop.root)).result == "restored"
    assert laptop.ran == [RELOAD, SET, DISARM]
    assert laptop.conf.read_text() == FIRST
    # The timer comes after a person did it.
    assert rollback.restore(runner, str(laptop.root)) == outcome.UNCHANGED


def test_restoring_goes_on_after_a_fault_and_tells_it(
    laptop: Laptop, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot(FIRST + "dhcp6 = none\n")
    laptop.write(SECOND)
    laptop.at[SET] = lambda: laptop.machine.refused.update({SET: "no"})
    laptop.apply()
    assert "systemctl stop -- dhcp6c@bond0.service" in laptop.ran[laptop.ran.index(REVERT) :]
    told = capsys.readouterr().err
    assert f"{SET}: no" in told
    assert f"the former files are in {laptop.root}/run/wbond-apply/applied\n" in told


def test_files_that_were_added_go_and_files_that_were_removed_return(laptop: Laptop) -> None:
    laptop.write("[bond0]\nmiimon = 50\npeer_notif_delay = 300\n", "etc/wbond.conf.d/10-fast.conf")
    vendor = laptop.write("[bond0]\nupdelay = 100\n", "usr/lib/wbond.conf.d/50-vendor.conf")
    laptop.boot(FIRST)
    (laptop.root / "etc/wbond.conf.d/10-fast.conf").unlink()
    mask = laptop.root / "etc/wbond.conf.d/50-vendor.conf"
    mask.symlink_to("/dev/null")
    added = laptop.write("[bond0]\npeer_notif = 9\n", "run/wbond.conf.d/90-more.conf")
    times = vendor.stat().st_mtime_ns
    assert laptop.apply() == 1
    assert "miimon" in (laptop.root / "etc/wbond.conf.d/10-fast.conf").read_text()
    assert not mask.is_symlink()
    assert not added.exists()
    assert vendor.stat().st_mtime_ns == times
    (edit,) = (laptop.root / "var/lib/wbond/rejected-configurations").rglob("90-more.conf")
    assert "peer_notif" in edit.read_text()


def test_a_file_behind_a_link_is_restored_behind_it(laptop: Laptop) -> None:
    real = laptop.write(FIRST, "srv/wbond.conf")
    (laptop.root / "etc").mkdir()
    laptop.conf.symlink_to(real)
    real.chmod(0o640)
    laptop.boot(FIRST)
    real.write_text(SECOND)
    assert laptop.apply() == 1
    assert laptop.conf.is_symlink()
    assert real.read_text() == FIRST
    assert real.stat().st_mode & 0o777 == 0o640


def test_the_first_file_of_all_is_taken_back_too(laptop: Laptop) -> None:
    laptop.write(FIRST)
    assert laptop.apply() == 1
    assert not laptop.conf.exists()
    assert "systemctl start -- wbond@bond0.service" in laptop.ran


def test_a_bond_that_starts_in_an_attempt_confirms_nothing(laptop: Laptop) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    laptop.at[SET] = lambda: snapshot.save_applied("bond0", str(laptop.root))
    assert laptop.apply() == 1
    assert laptop.conf.read_text() == FIRST

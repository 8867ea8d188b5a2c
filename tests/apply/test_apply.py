# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond apply: what is kept, and what is refused, command by command."""

import os
import shlex
import shutil

import pytest
from wbond_cli import exit_status, question
from wbond_cli.apply import outcome, transaction
from wbond_cli.arguments import parser
from wbond_cli.command import CommandRunner
from wbond_cli.main import main
from wbond_cli.output import Output
from wbond_net.deployed import snapshot

from tests.apply.laptop import DISARM, FIRST, RELOAD, SECOND, SET, Laptop, answers


@pytest.mark.parametrize("words", [[], ["--yes"], ["--dry-run"]])
def test_without_a_configuration_there_is_nothing_to_apply(
    laptop: Laptop, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert laptop.apply(*words) == exit_status.REFUSED
    assert "there is no configuration" in capsys.readouterr().err
    assert laptop.ran == []


def test_a_change_that_is_confirmed_stays(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    answers(monkeypatch, "", "what?\n", "y\n")
    assert laptop.apply() == 0
    assert laptop.ran == [RELOAD, SET, DISARM]
    assert laptop.conf.read_text() == SECOND
    assert not laptop.has_snapshot(snapshot.ATTEMPTED)
    laptop.machine.ran.clear()
    assert laptop.apply() == 0
    assert laptop.ran == []


def test_the_way_back_is_armed_before_anything_is_changed(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    answers(monkeypatch, "yes\n")
    laptop.apply("--timeout", "45")
    armed = laptop.machine.ran[0]
    assert armed.startswith("systemd-run ")
    assert "--unit=wbond-revert" in armed
    assert "--on-active=45" in armed
    assert armed.endswith("/helpers/wbond apply --restore")
    assert os.access(armed.split()[-3], os.X_OK)


def test_a_script_confirms_at_once(laptop: Laptop) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    assert laptop.apply("--yes") == 0
    assert laptop.ran == [RELOAD, SET, DISARM]


def test_another_session_confirms(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)

    def line(*_: object) -> str:
        assert transaction.confirm(CommandRunner(Output()), str(laptop.root)) == outcome.KEPT
        return ""

    monkeypatch.setattr(question, "read_line", line)
    assert laptop.apply() == 0
    assert "Confirmed from another session" in capsys.readouterr().out
    assert laptop.conf.read_text() == SECOND


def test_what_is_confirmed_is_what_was_tried(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is edited once more while the question stands."""
    laptop.boot(FIRST)
    laptop.write(SECOND)

    def line(*_: object) -> str:
        laptop.write(FIRST + "updelay = 400\n")
        return "y\n"

    monkeypatch.setattr(question, "read_line", line)
    assert laptop.apply() == 0
    assert laptop.applied() == SECOND.encode()


def test_nothing_is_done_where_nothing_changed(
    laptop: Laptop, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot(FIRST)
    assert laptop.apply() == 0
    assert laptop.machine.ran == []
    assert "in force already" in capsys.readouterr().out


def test_a_comment_is_no_change_and_nothing_is_asked(laptop: Laptop) -> None:
    laptop.boot(FIRST)
    laptop.write(FIRST + "# a comment\n")
    assert laptop.apply() == 0
    assert laptop.machine.ran == []
    assert laptop.applied() == (FIRST + "# a comment\n").encode()


def test_an_edit_that_systemd_knows_already_is_still_to_be_made_real(laptop: Laptop) -> None:
    """A package was installed, which reloads systemd."""
    laptop.boot(FIRST)
    laptop.write(SECOND)
    laptop.reload()
    assert laptop.apply("--yes") == 0
    assert SET in laptop.ran


@pytest.mark.parametrize("unit", ["bond0-supplicant@.service", "wbond@.service"])
@pytest.mark.parametrize("text", ["[Service]\nExecStart=wpa_supplicant -i %I\n", ""])
def test_a_unit_of_another_s_making_or_a_masked_one_is_planned_with(
    laptop: Laptop, unit: str, text: str
) -> None:
    laptop.boot(FIRST)
    laptop.write(text, f"etc/systemd/system/{unit}")
    laptop.write(SECOND)
    assert laptop.apply("--yes") == exit_status.SUCCESS
    assert SET in laptop.ran


def test_a_dry_run_says_the_steps_and_takes_none(
    laptop: Laptop, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    assert laptop.apply("--dry-run") == 0
    assert laptop.machine.ran == []
    shown = capsys.readouterr().out
    assert SET in shown
    assert "updelay of bond0" in shown
    assert not laptop.has_snapshot(snapshot.ATTEMPTED)


def test_a_faulty_file_is_refused_and_shown(
    laptop: Laptop, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot(FIRST)
    laptop.write(FIRST + "miimon = often\n")
    assert laptop.apply() == 2
    assert laptop.machine.ran == []
    assert "/etc/wbond.conf:4: [bond0] miimon: 'often'" in capsys.readouterr().err
    assert laptop.apply("--force", "--yes") == 0


def test_a_second_one_is_refused_while_the_first_waits(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)

    def line(*_: object) -> str:
        assert laptop.apply("--yes") == 2
        return "y\n"

    monkeypatch.setattr(question, "read_line", line)
    assert laptop.apply() == 0
    assert "wbond apply --confirm" in capsys.readouterr().err


def test_without_a_way_back_nothing_is_done(
    laptop: Laptop, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    laptop.machine.refused["systemd-run"] = "Failed to connect to bus"
    assert laptop.apply() == 2
    assert laptop.ran == []
    assert not laptop.has_snapshot(snapshot.ATTEMPTED)
    assert "Failed to connect to bus" in capsys.readouterr().err


def test_where_nobody_knows_what_is_in_force_it_takes_force(
    laptop: Laptop, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bond runs since before wbond kept the files."""
    laptop.boot(FIRST)
    snapshot.delete(str(laptop.root), snapshot.APPLIED)
    laptop.write(SECOND)
    assert laptop.apply() == 2
    assert laptop.machine.ran == []
    assert "no way back" in capsys.readouterr().err
    assert laptop.apply("--force") == 0
    assert "systemctl restart -- wbond@bond0.service" in laptop.machine.ran
    assert laptop.conf.read_text() == SECOND
    laptop.machine.ran.clear()
    assert laptop.apply() == 0
    assert laptop.machine.ran == []


def test_it_takes_root(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What is advised is what was typed: `wbond down` stops all bonds, `wbond apply` applies."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for typed in (
        *("apply", "apply --timeout 60", "up", "up bond1 --timeout 5", "down"),
        *("down bond1", "down --quiet 'my bond' ';reboot'"),
    ):
        assert main(shlex.split(typed)) == 2
        told = capsys.readouterr().err
        assert f"`sudo wbond {typed}`" in told
        assert " takes root" in told


def test_a_dry_run_takes_root_to_read_what_is_in_force(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["apply", "--dry-run"]) == 2
    told = "wbond: to read what is in force takes root\n       `sudo wbond apply --dry-run`\n"
    assert capsys.readouterr().err == told


def test_nothing_waits_to_be_confirmed(laptop: Laptop, capsys: pytest.CaptureFixture[str]) -> None:
    laptop.boot(FIRST)
    confirmed = transaction.confirm(CommandRunner(Output()), str(laptop.root))
    assert confirmed.status == exit_status.FAILURE
    told = capsys.readouterr().err
    assert "nothing waits" in told
    assert "`journalctl -u wbond-revert` tells" in told


@pytest.mark.parametrize("words", [["--timeout", "0"], ["--timeout", "soon"], ["--yes=1"]])
def test_a_wrong_call_is_told(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["apply", *words])
    assert ended.value.code == exit_status.USAGE


@pytest.mark.parametrize("pulled", [False, True])
def test_a_port_that_is_pulled_while_a_change_is_applied_costs_the_change_nothing(
    laptop: Laptop, pulled: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot("[bond0]\nwired = enp0s10\nwireless =\n")
    laptop.write(FIRST)
    laptop.machine.add("enp0s10")
    laptop.machine.add("wlp3s0")
    if pulled:
        laptop.at[RELOAD] = lambda: shutil.rmtree(laptop.machine.sysfs / "wlp3s0")
    assert laptop.apply("--yes") == 0
    started = "systemctl start -- bond0-supplicant@wlp3s0.service" in laptop.ran
    assert started is not pulled
    assert ("wlp3s0 has gone meanwhile" in capsys.readouterr().out) is pulled
    assert not laptop.has_snapshot(snapshot.ATTEMPTED)

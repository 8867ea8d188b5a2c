# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond apply --json: what is planned and what was done, as programs read it."""

import json
import os
from typing import Any

import jsonschema
import pytest
from wbond_cli import exit_status, question
from wbond_cli.apply import document, outcome, rollback
from wbond_cli.apply.changes import AwaitSuccessor
from wbond_cli.command import CommandRunner
from wbond_cli.main import main
from wbond_cli.output import Output
from wbond_net.deployed import snapshot

from tests.apply.laptop import FIRST, REVERT, SECOND, SET, Laptop, answers
from tests.conftest import REPOSITORY
from tests.status.views import errors, strict

SCHEMA = json.loads((REPOSITORY / "helpers/wbond_cli/apply/apply.schema.json").read_text())


class Called:
    """`wbond apply --json`, called for a laptop."""

    def __init__(self, laptop: Laptop, capsys: pytest.CaptureFixture[str]) -> None:
        self.laptop, self.capsys = laptop, capsys
        self.err = ""

    def __call__(self, *options: str) -> dict[str, Any]:
        """Return the object, which is all of standard output and what the schema says."""
        status = main(["apply", "--json", *options])
        out, self.err = self.capsys.readouterr()
        shown: dict[str, Any] = json.loads(out)
        assert errors(shown, strict(SCHEMA)) == []
        assert shown["exit_status"] == status
        return shown


@pytest.fixture
def called(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Called:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(snapshot, "ROOT", str(laptop.root))
    return Called(laptop, capsys)


def commands(shown: dict[str, Any], taken: bool = True) -> list[str]:
    return [" ".join(step["command"]) for step in shown["steps"] if step["taken"] is taken]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_what_is_kept_was_taken_step_by_step(laptop: Laptop, called: Called) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    shown = called("--yes")
    assert (shown["result"], shown["exit_status"], shown["text"]) == ("kept", 0, None)
    assert SET in commands(shown)
    assert commands(shown, taken=False) == []
    assert SET in called.err  # what people are shown
    assert called("--yes")["result"] == "unchanged"


def test_a_dry_run_takes_none(laptop: Laptop, called: Called) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    shown = called("--dry-run")
    assert (shown["result"], shown["exit_status"]) == ("planned", 0)
    assert SET in commands(shown, taken=False)
    assert commands(shown) == []
    assert "updelay of bond0" in [step["reason"] for step in shown["steps"]]
    assert called.err == ""
    assert laptop.machine.ran == []


def test_the_question_is_no_part_of_the_object(
    laptop: Laptop, called: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    monkeypatch.setattr(question, "can_ask", lambda: True)
    answers(monkeypatch, "n\n")
    shown = called()
    assert "Keep the new configuration?" in called.err
    assert (shown["result"], shown["exit_status"]) == ("restored", exit_status.RESTORED)
    assert shown["text"] == "it was not confirmed"
    assert (laptop.root / shown["rejected"] / "etc/wbond.conf").read_text() == SECOND


def test_a_step_that_fails_is_not_taken_and_told(laptop: Laptop, called: Called) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    laptop.machine.refused[SET] = "the kernel says no"
    shown = called("--yes")
    assert shown["result"] == "restored"
    assert "the kernel says no" in shown["text"]
    assert commands(shown, taken=False)[0] == SET
    assert REVERT in laptop.ran


def test_faults_are_listed_and_refused(laptop: Laptop, called: Called) -> None:
    laptop.boot(FIRST)
    laptop.write(FIRST + "miimon = often\n")
    shown = called()
    assert (shown["result"], shown["exit_status"]) == ("refused", exit_status.REFUSED)
    assert ["'often'" in problem for problem in shown["problems"]] == [True]
    assert "wbond check" in shown["remedy"]
    assert shown["steps"] == []
    assert called("--force", "--yes")["problems"] == shown["problems"]


def test_without_a_way_back_the_steps_are_told_and_not_taken(
    laptop: Laptop, called: Called
) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    laptop.machine.refused["systemd-run"] = "Failed to connect to bus"
    shown = called()
    assert shown["result"] == "refused"
    assert "Failed to connect to bus" in shown["text"]
    assert commands(shown) == []
    assert SET in commands(shown, taken=False)


def test_what_waits_is_confirmed_or_restored(laptop: Laptop, called: Called) -> None:
    laptop.boot(FIRST)
    shown = called("--confirm")
    assert (shown["result"], shown["exit_status"]) == ("failed", exit_status.FAILURE)
    assert called("--restore")["result"] == "unchanged"
    snapshot.save(str(laptop.root), snapshot.ATTEMPTED, {})
    assert called("--confirm")["result"] == "kept"


def test_a_restoring_tells_each_step(
    laptop: Laptop, called: Called, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    snapshot.save(str(laptop.root), snapshot.ATTEMPTED, snapshot.read_files(str(laptop.root)))
    laptop.machine.refused[SET] = "no"
    shown = called("--restore")
    assert (shown["result"], shown["exit_status"]) == ("failed", exit_status.FAILURE)
    assert SET in commands(shown, taken=False)
    assert commands(shown)  # the others are taken all the same
    assert f"{SET}: no" in shown["text"]


def test_a_wait_for_another_port_is_a_step() -> None:
    step = AwaitSuccessor("another port must be active", "bond0", "enp\udc80")
    shown = document.outcome_to_dict(outcome.PLANNED.with_steps([step]))
    assert errors(shown, strict(SCHEMA)) == []
    json.dumps(shown, ensure_ascii=False).encode()
    (told,) = json.loads(json.dumps(shown))["steps"]
    assert (told["command"], told["awaits"]["other_than"]) == (None, "enp\\udc80")


def test_it_takes_root_and_says_so_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["apply", "--json"]) == exit_status.REFUSED
    out, err = capsys.readouterr()
    assert out == ""
    assert "`sudo wbond apply --json`" in err


def test_a_restoring_that_works_is_a_success(laptop: Laptop) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    root = str(laptop.root)
    snapshot.save(root, snapshot.ATTEMPTED, snapshot.read_files(root))
    ended = rollback.restore(CommandRunner(Output()), root)
    assert (ended.result, ended.status) == ("restored", exit_status.SUCCESS)
    assert all(taken for _, taken in ended.steps)
    assert laptop.conf.read_text() == FIRST

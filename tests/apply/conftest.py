# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of `wbond apply`, `up` and `down` share."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from wbond_cli import question
from wbond_cli.apply import current
from wbond_cli.apply.signals import Signals
from wbond_cli.check import runner
from wbond_cli.edit import editor
from wbond_net import wait_online

from tests.apply.laptop import CARD, FIRST, RADIO, Laptop, answers
from tests.fake import Machine


@pytest.fixture
def laptop(tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Laptop]:
    root = tmp_path / "root"
    root.mkdir()
    made = Laptop(root, machine)
    monkeypatch.setattr(subprocess, "run", made.run)
    monkeypatch.setattr(current, "devices", lambda: [CARD, RADIO])
    monkeypatch.setattr(current, "wait_for_successor", lambda *_: True)
    monkeypatch.setattr(wait_online, "wait_for_all", lambda *_: {})
    monkeypatch.setattr(question, "can_ask", lambda: True)
    answers(monkeypatch, None)
    handled = (*Signals.CAUGHT, *Signals.IGNORED)
    before = {number: signal.getsignal(number) for number in handled}
    yield made
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def at_desk(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> Laptop:
    """A laptop that runs by FIRST, an editor, and nothing wrong with the machine."""
    (laptop.root / "var/tmp").mkdir(parents=True)
    laptop.boot(FIRST)
    monkeypatch.setattr(runner, "on_machine", lambda *_: [])
    for variable in editor.VARIABLES:
        monkeypatch.setenv(variable, "true")
    return laptop

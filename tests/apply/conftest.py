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
from wbond_net import wait_online

from tests.apply.laptop import CARD, RADIO, Laptop, answers
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

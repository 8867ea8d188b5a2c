# SPDX-License-Identifier: LGPL-2.1-or-later
"""A laptop whose configuration changes.

The machine's systemd runs the generator at a reload, and has the timer's
service restore, as the real one has.
"""

import io
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from wbond import log, units
from wbond import main as generator
from wbond_cli import question
from wbond_cli.apply import rollback
from wbond_cli.apply.outcome import Outcome
from wbond_cli.arguments import parser
from wbond_cli.command import CommandRunner
from wbond_cli.output import Output
from wbond_cli.verbs import apply
from wbond_net.deployed import snapshot
from wbond_udev.match import WIRED, WIRELESS, Facts

from tests.fake import Machine

CARD = Facts("enp0s10", WIRED, mac="52:54:00:00:00:01")
RADIO = Facts("wlp3s0", WIRELESS, mac="02:00:00:00:00:00")
FIRST = "[bond0]\nwired = enp0s10\nwireless = wlp3s0\n"
SECOND = FIRST + "updelay = 200\n"
SET = "systemctl reload -- wbond@bond0.service"
RELOAD = "systemctl daemon-reload"
REVERT = "systemctl start -- wbond-revert.service"
DISARM = "systemctl stop -- wbond-revert.timer"


class Laptop:
    """A machine with a bond that was made by what stood in the file when it started."""

    def __init__(self, root: Path, machine: Machine) -> None:
        self.root, self.machine = root, machine
        self.conf = root / "etc/wbond.conf"
        self.at: dict[str, Callable[[], object]] = {}  # what happens while a command runs

    def write(self, text: str, name: str = "etc/wbond.conf") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def reload(self) -> None:
        folder = self.root / units.GENERATED
        shutil.rmtree(folder, ignore_errors=True)
        generator.generate(str(self.root), str(folder), log.Log({}))

    def boot(self, text: str) -> None:
        self.write(text)
        self.reload()
        (self.root / "run/wbond/bond0").mkdir(parents=True)
        self.machine.add_bond(ports="enp0s10 wlp3s0")
        (self.machine.sysfs / "bond0/bonding/active_slave").write_text("enp0s10\n")
        snapshot.save_applied("bond0", str(self.root))

    def run(self, args: Sequence[str], **how: object) -> "subprocess.CompletedProcess[bytes]":
        command = " ".join(args)
        done = self.machine.run(args, **how)
        if command == RELOAD:
            self.reload()
        if command == REVERT and done.returncode == 0:
            # Another process, whose output goes to the journal.
            rollback.restore(CommandRunner(Output(stream=io.StringIO())), str(self.root))
        self.at.pop(command, lambda: None)()
        return done

    @property
    def ran(self) -> list[str]:
        """Commands but the arming, which is looked at by itself."""
        return [line for line in self.machine.ran if not line.startswith("systemd-run")]

    def apply(self, *options: str) -> int:
        """Return the exit status."""
        return self.outcome(*options).status

    def outcome(self, *options: str) -> Outcome:
        parsed = parser().parse_args(["apply", *options])
        return apply.apply(CommandRunner(Output(parsed.quiet)), str(self.root), parsed)

    def has_snapshot(self, name: str) -> bool:
        return snapshot.exists(str(self.root), name)

    def applied(self) -> bytes | None:
        """Return what the file says that is saved as the one in force."""
        files = snapshot.read_files(snapshot.folder(str(self.root), snapshot.APPLIED))
        return files["etc/wbond.conf"].data


def answers(monkeypatch: pytest.MonkeyPatch, *typed: str | None) -> None:
    """Have the person type these lines; with None the terminal is gone."""
    lines = iter(typed)
    monkeypatch.setattr(question, "read_line", lambda *_: next(lines))

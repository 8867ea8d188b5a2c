# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond apply, up and down: what is kept, what is restored, what is refused, command by command.

The machine's systemd runs the generator at a reload, and has the timer's
service restore, as the real one has.
"""

import os
import pty
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from wbond import log
from wbond import main as generator
from wbond_cli.apply import current, question, steps
from wbond_cli.main import main, parser
from wbond_cli.verbs import apply, down, up
from wbond_net import wait_online
from wbond_net.deployed import snapshot, unit_tree
from wbond_net.kernel import rtnetlink
from wbond_net.ports import bond
from wbond_udev.match import WIRED, WIRELESS, Facts

from tests.conftest import REPOSITORY
from tests.fake import Machine
from tests.test_bond import ENVIRON

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
        folder = self.root / unit_tree.DIRECTORY
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
            apply.restore(steps.Hands(steps.Voice(quiet=True)), str(self.root))
        self.at.pop(command, lambda: None)()
        return done

    @property
    def ran(self) -> list[str]:
        """Commands but the arming, which is looked at by itself."""
        return [line for line in self.machine.ran if not line.startswith("systemd-run")]

    def apply(self, *words: str) -> int:
        options = parser().parse_args(["apply", *words])
        return apply.apply(steps.Hands(steps.Voice(options.quiet)), str(self.root), options)

    def kept(self, which: str) -> bool:
        return snapshot.exists(str(self.root), which)


@pytest.fixture
def laptop(tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Laptop]:
    root = tmp_path / "root"
    root.mkdir()
    made = Laptop(root, machine)
    monkeypatch.setattr(subprocess, "run", made.run)
    monkeypatch.setattr(current, "devices", lambda: [CARD, RADIO])
    monkeypatch.setattr(current, "wait_relieved", lambda *_: True)
    monkeypatch.setattr(wait_online, "wait", lambda *_: "")
    monkeypatch.setattr(question, "possible", lambda: True)
    answers(monkeypatch, None)
    handled = (*steps.Signals.CAUGHT, *steps.Signals.IGNORED)
    before = {number: signal.getsignal(number) for number in handled}
    yield made
    for number, handler in before.items():
        signal.signal(number, handler)


def answers(monkeypatch: pytest.MonkeyPatch, *said: str | None) -> None:
    """Have the person type these lines; with None the terminal is gone."""
    lines = iter(said)
    monkeypatch.setattr(question, "line", lambda *_: next(lines))


# --- kept ---------------------------------------------------------------------


def test_a_change_that_is_confirmed_stays(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    answers(monkeypatch, "", "what?\n", "y\n")
    assert laptop.apply() == 0
    assert laptop.ran == [RELOAD, SET, DISARM]
    assert laptop.conf.read_text() == SECOND
    assert not laptop.kept(snapshot.ATTEMPTED)
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
        assert apply.confirm(steps.Hands(steps.Voice()), str(laptop.root)) == 0
        return ""

    monkeypatch.setattr(question, "line", line)
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

    monkeypatch.setattr(question, "line", line)
    assert laptop.apply() == 0
    known = snapshot.read_files(snapshot.folder(str(laptop.root), snapshot.APPLIED))
    assert known["etc/wbond.conf"].data == SECOND.encode()


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
    known = snapshot.read_files(snapshot.folder(str(laptop.root), snapshot.APPLIED))
    assert known["etc/wbond.conf"].data == (FIRST + "# a comment\n").encode()


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
    assert laptop.apply("--yes") == apply.KEPT
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
    assert not laptop.kept(snapshot.ATTEMPTED)


# --- restored -----------------------------------------------------------------


@pytest.mark.parametrize("said", [["n\n"], ["", "no\n"], [None]])
def test_without_a_yes_the_former_file_and_state_are_back(
    laptop: Laptop,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    said: list[str | None],
) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    answers(monkeypatch, *said)
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
    monkeypatch.setattr(question, "possible", lambda: False)
    monkeypatch.setattr(time, "monotonic", iter(range(0, 100_000, 30)).__next__)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    assert laptop.apply("--timeout", "100") == 1
    assert laptop.conf.read_text() == FIRST


@pytest.mark.parametrize("number", steps.Signals.CAUGHT)
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
    assert laptop.kept(snapshot.ATTEMPTED)
    laptop.machine.ran.clear()
    hands = steps.Hands(steps.Voice())
    assert apply.restore(hands, str(laptop.root)) == 0
    assert laptop.ran == [RELOAD, SET, DISARM]
    assert laptop.conf.read_text() == FIRST
    assert apply.restore(hands, str(laptop.root)) == 0  # the timer comes after a person did it


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


# --- refused ------------------------------------------------------------------


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

    monkeypatch.setattr(question, "line", line)
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
    assert not laptop.kept(snapshot.ATTEMPTED)
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
    assert apply.confirm(steps.Hands(steps.Voice()), str(laptop.root)) == 1
    told = capsys.readouterr().err
    assert "nothing waits" in told
    assert "`journalctl -u wbond-revert` tells" in told


@pytest.mark.parametrize("words", [["--timeout", "0"], ["--timeout", "soon"], ["--yes=1"]])
def test_a_wrong_call_is_told(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["apply", *words])
    assert ended.value.code == 2


# --- what is kept when a bond starts ------------------------------------------


def test_a_bond_s_start_keeps_the_files_for_root_alone(laptop: Laptop) -> None:
    laptop.write(FIRST)
    laptop.reload()
    assert bond.main(["up", "bond0"], ENVIRON) == 0
    assert laptop.kept(snapshot.APPLIED)
    folder = laptop.root / snapshot.FOLDER
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "applied/etc/wbond.conf").read_text() == FIRST


def test_a_copy_that_cannot_be_made_fails_no_bond(
    laptop: Laptop, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.write(FIRST)
    laptop.reload()
    laptop.write("", snapshot.FOLDER)  # a file in the folder's place
    assert bond.main(["up", "bond0"], ENVIRON) == 0
    assert "wbond apply will not be able to go back" in capsys.readouterr().out


def test_a_file_that_systemd_has_not_been_told_of_is_not_what_the_bond_was_made_by(
    laptop: Laptop,
) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    snapshot.save_applied("bond0", str(laptop.root))
    known = snapshot.read_files(snapshot.folder(str(laptop.root), snapshot.APPLIED))
    assert known["etc/wbond.conf"].data == FIRST.encode()


def test_another_bond_that_runs_may_be_as_the_former_file_said(laptop: Laptop) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND + "[uplink]\nwired = eth9\nwireless =\n")
    laptop.reload()
    (laptop.root / "run/wbond/uplink").mkdir()
    laptop.machine.add_bond("uplink")
    snapshot.save_applied("uplink", str(laptop.root))
    known = snapshot.read_files(snapshot.folder(str(laptop.root), snapshot.APPLIED))
    assert known["etc/wbond.conf"].data == FIRST.encode()


# --- question and commands ----------------------------------------------------


def test_a_line_is_read_from_a_terminal_and_its_end_is_seen() -> None:
    master, slave = pty.openpty()
    assert question.possible(slave)
    assert question.line(0.01, slave) == ""
    os.write(master, b"Y\n")
    answer = question.line(5, slave)
    assert answer is not None
    assert question.is_yes(answer)
    os.close(master)
    assert question.line(5, slave) is question.ENDED
    os.close(slave)
    assert not question.possible(slave)


def test_commands_do_not_hear_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    """A Ctrl-C is for wbond: it goes to the terminal's foreground process group."""
    hands = steps.Hands(steps.Voice())
    script = "test $(ps -o sid= -p $$) != $(ps -o sid= -p $PPID)"
    assert hands.attempt("sh", "-c", script)
    assert not hands.attempt("sh", "-c", "echo one >&2; echo two >&2; exit 3")
    assert "one; two" in capfd.readouterr().out
    assert not hands.attempt("no-such-program")
    assert "no-such-program is not installed" in capfd.readouterr().out


def test_what_is_shown_can_be_typed_again_and_hides_nothing() -> None:
    argv = ("systemctl", "stop", "--", r"wbond@a\x2db.service", "x\x1b[2J")
    assert steps.shown(argv) == r"systemctl stop -- 'wbond@a\x2db.service' 'x\x1b[2J'"


def test_quiet_leaves_the_commands_out(laptop: Laptop, capsys: pytest.CaptureFixture[str]) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    assert laptop.apply("--yes", "--quiet") == 0
    assert "systemctl" not in capsys.readouterr().out


# --- relief -------------------------------------------------------------------


def port(index: int, name: str, mii: int = 0, carrier: bool = True) -> rtnetlink.Link:
    slave = rtnetlink.Slave(1, mii, 0, 0)
    return rtnetlink.Link(index, name, 1, carrier, 6, "", "", 1, "", None, slave)


def test_a_port_may_leave_when_another_serves() -> None:
    whole = rtnetlink.Link(1, "bond0", 1, True, 6, "", "", 0, "bond", None, None)
    card = port(2, "enp0s10")
    for others, free in [
        ([], True),
        ([port(3, "wlp3s0")], True),
        ([port(3, "wlp3s0", carrier=False)], False),
        ([port(3, "wlp3s0", mii=rtnetlink.MII_DOWN)], False),
        ([port(3, "wlp3s0")._replace(operstate=rtnetlink.OPERSTATE_DORMANT)], False),
    ]:
        links = {one.ifindex: one for one in (whole, card, *others)}
        assert current.relieved(links, "bond0", "enp0s10") is free


# --- up and down --------------------------------------------------------------


def hands() -> steps.Hands:
    return steps.Hands(steps.Voice())


@pytest.fixture
def addressed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "addresses", lambda _: ["192.0.2.7", "fe80::1"])


def test_up_starts_and_says_by_what_it_is_online(
    laptop: Laptop, addressed: None, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot(FIRST)
    assert up.up(hands(), str(laptop.root), [], 30) == 0
    assert laptop.ran == ["systemctl start -- wbond@bond0.service"]
    assert "bond0 is online by enp0s10: 192.0.2.7 fe80::1" in capsys.readouterr().out


def test_up_says_what_is_lacking(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot(FIRST)
    monkeypatch.setattr(wait_online, "wait", lambda *_: "has no carrier")
    assert up.up(hands(), str(laptop.root), ["bond0"], 2) == 1
    assert "bond0 has no carrier, after 2 s" in capsys.readouterr().err


def test_up_does_not_start_what_systemd_would_make_by_defaults(
    laptop: Laptop, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot(FIRST)
    laptop.write(FIRST + "[uplink]\n")
    assert up.up(hands(), str(laptop.root), ["uplink"], 2) == 2
    assert up.up(hands(), str(laptop.root), ["bond7"], 2) == 2
    assert laptop.ran == []
    told = capsys.readouterr().err
    assert "`sudo wbond apply`" in told
    assert "bond7 is not configured; bond0, uplink is" in told


def test_up_without_a_configuration_says_how_to_get_one(
    laptop: Laptop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert up.up(hands(), str(laptop.root), [], 2) == 2
    assert "wbond init" in capsys.readouterr().err


def gone(laptop: Laptop) -> None:
    shutil.rmtree(laptop.machine.sysfs / "bond0")


def test_down_stops_what_runs(laptop: Laptop, capsys: pytest.CaptureFixture[str]) -> None:
    laptop.boot(FIRST)
    laptop.at["systemctl stop -- wbond@bond0.service"] = lambda: gone(laptop)
    assert down.down(hands(), str(laptop.root), [], "") == 0
    assert "bond0 is down." in capsys.readouterr().out
    assert down.down(hands(), str(laptop.root), [], "") == 0
    assert down.down(hands(), str(laptop.root), ["bond0"], "") == 0
    assert "bond0 is not up; `wbond status` shows" in capsys.readouterr().out
    assert laptop.ran == ["systemctl stop -- wbond@bond0.service"]


def test_a_bond_that_is_still_there_is_told(
    laptop: Laptop, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot(FIRST)
    assert down.down(hands(), str(laptop.root), [], "") == 1
    assert "still there" in capsys.readouterr().err


@pytest.mark.parametrize(("answer", "stops"), [("y\n", True), ("\n", False), (None, False)])
def test_down_asks_before_it_cuts_the_session(
    laptop: Laptop,
    addressed: None,
    monkeypatch: pytest.MonkeyPatch,
    answer: str | None,
    stops: bool,
) -> None:
    laptop.boot(FIRST)
    answers(monkeypatch, answer)
    laptop.at["systemctl stop -- wbond@bond0.service"] = lambda: gone(laptop)
    assert down.down(hands(), str(laptop.root), [], "192.0.2.7") == (0 if stops else 2)
    assert bool(laptop.ran) is stops


def test_down_names_the_bonds_that_were_named_where_it_cannot_ask(
    laptop: Laptop,
    addressed: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    laptop.boot(FIRST)
    monkeypatch.setattr(question, "possible", lambda: False)
    assert down.down(hands(), str(laptop.root), ["bond0"], "192.0.2.7") == 2
    assert "`sudo wbond down --yes bond0` does it" in capsys.readouterr().err


def test_down_does_not_ask_where_the_session_comes_by_another_way(
    laptop: Laptop, addressed: None
) -> None:
    laptop.boot(FIRST)
    laptop.at["systemctl stop -- wbond@bond0.service"] = lambda: gone(laptop)
    assert down.down(hands(), str(laptop.root), [], "198.51.100.1") == 0


def test_the_session_is_found_behind_sudo(tmp_path: Path) -> None:
    """sudo has no SSH_CONNECTION, its parent, the shell, has."""
    said = "SSH_CONNECTION=192.0.2.1 4711 fe80::1%bond0 22"
    for process, parent, environ in [("30", 20, "A=b"), ("20", 10, said), ("10", 1, "")]:
        (tmp_path / process).mkdir()
        (tmp_path / process / "stat").write_text(f"{process} (a) b) S {parent} 7")
        (tmp_path / process / "environ").write_text(f"X=y\0{environ}\0")
    assert current.ssh_address({}, 30, str(tmp_path)) == "fe80::1"
    assert current.ssh_address({}, 10, str(tmp_path)) == ""
    assert current.ssh_address({"SSH_CONNECTION": "a 1 192.0.2.7 22"}, 1) == "192.0.2.7"


# --- a real terminal ----------------------------------------------------------

SESSION = """
import sys
from wbond_cli import main
from wbond_cli.apply import current, steps
from wbond_cli.verbs import apply
from wbond_net import wait_online
from wbond_net.kernel import link
link.SYSFS = sys.argv[2]
current.devices = list
wait_online.wait = lambda *_: ""
options = main.parser().parse_args(["apply", "--timeout", "60"])
sys.exit(apply.apply(steps.Hands(steps.Voice()), sys.argv[1], options))
"""


@pytest.fixture
def session(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """`wbond apply` on a terminal, at its question; the programs it calls do nothing."""
    laptop.boot(FIRST)
    laptop.write(SECOND)
    programs = laptop.root / "bin"
    programs.mkdir()
    for name in ("systemctl", "systemd-run", "udevadm"):
        (programs / name).write_text("#!/bin/sh\nexit 0\n")
        (programs / name).chmod(0o755)
    folders = [str(REPOSITORY / "helpers"), str(REPOSITORY / "generator")]
    environ = os.environ | {"PYTHONPATH": ":".join(folders), "PATH": f"{programs}:/usr/bin:/bin"}
    words = [sys.executable, "-c", SESSION, str(laptop.root), str(laptop.machine.sysfs)]
    process, terminal = pty.fork()
    if process == 0:
        os.execve(sys.executable, words, environ)
    heard = b""
    while b"s left" not in heard:
        heard += os.read(terminal, 1024)
    yield terminal
    drain(terminal)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert code == (0 if laptop.conf.read_text() == SECOND else 1)


def drain(terminal: int) -> None:
    """Read until the other side has closed it, if it has not been closed here."""
    try:
        while os.read(terminal, 1024):
            pass
        os.close(terminal)
    except OSError:
        pass


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert true()


def test_a_session_that_hangs_up_takes_the_change_with_it(laptop: Laptop, session: int) -> None:
    os.close(session)
    wait_until(lambda: not laptop.kept(snapshot.ATTEMPTED))
    assert laptop.conf.read_text() == FIRST


@pytest.mark.parametrize(
    ("typed", "text"), [(b"y\n", SECOND), (b"n\n", FIRST), (b"\x03", FIRST), (b"\x1ay\n", SECOND)]
)
def test_what_is_typed_counts(laptop: Laptop, session: int, typed: bytes, text: str) -> None:
    """A Ctrl-C is a no; a Ctrl-Z does not make it forget the time."""
    os.write(session, typed)
    wait_until(lambda: not laptop.kept(snapshot.ATTEMPTED))
    assert laptop.conf.read_text() == text

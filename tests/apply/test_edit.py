# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond edit: what is edited, what is asked, what is saved, and where the copy stays."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from wbond_cli import exit_status, question
from wbond_cli.arguments import parser
from wbond_cli.check import diagnostics, runner
from wbond_cli.check.diagnostics import Diagnostic
from wbond_cli.command import CommandRunner
from wbond_cli.edit import editor
from wbond_cli.errors import UserError
from wbond_cli.main import main
from wbond_cli.output import Output
from wbond_cli.verbs import edit
from wbond_net.deployed import snapshot

from tests.apply.laptop import DISARM, FIRST, RELOAD, SECOND, SET, Laptop, answers
from tests.conftest import REPOSITORY
from tests.terminal import Terminal

OFTEN = FIRST + "miimon = often\n"
ROUNDED = FIRST + "miimon = 100\nupdelay = 250\n"
Editing = Callable[[Path], object]


@pytest.fixture
def at_desk(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> Laptop:
    """A laptop that runs by FIRST, an editor, and nothing wrong with the machine."""
    (laptop.root / "var/tmp").mkdir(parents=True)
    laptop.boot(FIRST)
    monkeypatch.setattr(runner, "on_machine", lambda *_: [])
    for variable in editor.VARIABLES:
        monkeypatch.setenv(variable, "true")
    return laptop


def types(monkeypatch: pytest.MonkeyPatch, *edits: str | Editing) -> list[Path]:
    """Have the editor write these texts, one after the other; returns the files it was given."""
    given: list[Path] = []
    coming = iter(edits)

    def run(argv: list[str], path: str) -> None:
        given.append(Path(path))
        done = next(coming)
        if isinstance(done, str):
            given[-1].write_text(done)
        else:
            done(given[-1])

    monkeypatch.setattr(editor, "run", run)
    return given


def call(laptop: Laptop, *words: str) -> int:
    options = parser().parse_args(["edit", *words])
    return edit.edit(CommandRunner(Output(options.quiet)), str(laptop.root), options)


def left(laptop: Laptop) -> list[Path]:
    """Return the copies that are left."""
    return list((laptop.root / "var/tmp").iterdir())


# --- what is saved ----------------------------------------------------------------


def test_what_is_written_is_saved_and_made_real(
    at_desk: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    types(monkeypatch, SECOND)
    answers(monkeypatch, "y\n")
    assert call(at_desk, "--timeout", "45") == 0
    assert at_desk.conf.read_text() == SECOND
    assert at_desk.ran == [RELOAD, SET, DISARM]
    assert "--on-active=45" in at_desk.machine.ran[0]
    assert at_desk.applied() == SECOND.encode()
    assert "/etc/wbond.conf is saved." in capsys.readouterr().out
    assert left(at_desk) == []


def test_without_a_yes_the_former_file_is_back(
    at_desk: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, SECOND)
    answers(monkeypatch, "n\n")
    assert call(at_desk) == exit_status.RESTORED
    assert at_desk.conf.read_text() == FIRST


def test_owner_and_mode_stay(at_desk: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    at_desk.conf.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(at_desk.conf, 1234, 4321)
    former = at_desk.conf.stat()
    types(monkeypatch, SECOND)
    answers(monkeypatch, "y\n")
    assert call(at_desk) == 0
    now = at_desk.conf.stat()
    assert (now.st_mode, now.st_uid, now.st_gid) == (former.st_mode, former.st_uid, former.st_gid)
    assert sorted(path.name for path in at_desk.conf.parent.iterdir()) == ["wbond.conf"]


def test_a_link_stays_a_link(at_desk: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    true = at_desk.root / "etc/kept/wbond.conf"
    true.parent.mkdir()
    at_desk.conf.rename(true)
    at_desk.conf.symlink_to("kept/wbond.conf")
    types(monkeypatch, SECOND)
    answers(monkeypatch, "y\n")
    assert call(at_desk) == 0
    assert os.readlink(at_desk.conf) == "kept/wbond.conf"
    assert true.read_text() == SECOND


def test_what_is_not_changed_is_not_saved(
    at_desk: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    former = at_desk.conf.stat().st_ino
    types(monkeypatch, lambda path: path.touch())
    assert call(at_desk) == 0
    assert capsys.readouterr().out == "/etc/wbond.conf is unchanged.\n"
    assert at_desk.conf.stat().st_ino == former
    assert (at_desk.ran, left(at_desk)) == ([], [])


def test_only_its_owner_can_read_the_copy(at_desk: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def look(path: Path) -> None:
        top = at_desk.root / "var/tmp" / path.relative_to(at_desk.root / "var/tmp").parts[0]
        seen.extend(stat.S_IMODE(one.stat().st_mode) for one in (path, top))

    types(monkeypatch, look)
    call(at_desk)
    assert seen == [0o600, 0o700]


# --- what is asked ----------------------------------------------------------------


def test_an_error_is_shown_in_its_line_and_edited_again(
    at_desk: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = types(monkeypatch, OFTEN, SECOND)
    answers(monkeypatch, "s\n", "\n", "E\n", "y\n")
    assert call(at_desk) == 0
    shown = capsys.readouterr().out
    assert "/etc/wbond.conf:4:10: error: [bond0] miimon: 'often'" in shown
    assert "miimon = often" in shown
    assert shown.count("e edits it again, k keeps the former file: ") == 3
    assert given[0] == given[1]
    assert at_desk.conf.read_text() == SECOND


def test_with_an_error_the_former_file_can_be_kept(
    at_desk: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    types(monkeypatch, OFTEN)
    answers(monkeypatch, "k\n")
    assert call(at_desk) == exit_status.REFUSED
    assert "/etc/wbond.conf stays as it was." in capsys.readouterr().out
    assert (at_desk.conf.read_text(), at_desk.ran, left(at_desk)) == (FIRST, [], [])


def test_with_warnings_alone_it_can_be_saved_all_the_same(
    at_desk: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    types(monkeypatch, ROUNDED)
    answers(monkeypatch, "s\n", "y\n")
    assert call(at_desk) == 0
    shown = capsys.readouterr()
    assert "1 warning." in shown.out
    assert "s saves it all the same" in shown.out
    assert shown.err == ""  # apply does not repeat what has been accepted
    assert at_desk.conf.read_text() == ROUNDED


@pytest.mark.parametrize(
    ("severity", "asked"), [("note", []), ("warning", ["s\n"]), ("error", ["s\n"])]
)
def test_what_the_machine_lacks_can_come_later(
    at_desk: Laptop, monkeypatch: pytest.MonkeyPatch, severity: str, asked: list[str]
) -> None:
    found = Diagnostic("missing-supplicant-file", severity, "there is no file", "")
    assert severity in diagnostics.EXIT
    monkeypatch.setattr(runner, "on_machine", lambda *_: [found])
    types(monkeypatch, SECOND)
    answers(monkeypatch, *asked, "y\n")
    assert call(at_desk) == 0
    assert at_desk.conf.read_text() == SECOND


# --- what goes wrong --------------------------------------------------------------


def test_a_file_that_another_has_changed_is_not_overwritten(
    at_desk: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = types(monkeypatch, lambda path: (path.write_text(SECOND), at_desk.write(ROUNDED)))
    with pytest.raises(UserError, match="has been changed meanwhile") as refused:
        call(at_desk)
    assert refused.value.status == exit_status.REFUSED
    assert refused.value.remedy == f"what you have written is in {given[0]}"
    assert given[0].read_text() == SECOND
    assert at_desk.conf.read_text() == ROUNDED
    assert at_desk.ran == []
    assert sorted(path.name for path in at_desk.conf.parent.iterdir()) == ["wbond.conf"]


def test_a_file_that_has_gone_is_not_made_again(
    at_desk: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def removed(path: Path) -> None:
        path.write_text(SECOND)
        at_desk.conf.unlink()

    types(monkeypatch, removed)
    with pytest.raises(UserError, match="changed meanwhile"):
        call(at_desk)
    assert not at_desk.conf.exists()
    assert len(left(at_desk)) == 1


def test_the_copy_stays_when_the_terminal_is_gone(
    at_desk: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = types(monkeypatch, OFTEN)
    answers(monkeypatch, None)
    with pytest.raises(UserError, match="terminal is gone"):
        call(at_desk)
    assert (given[0].read_text(), at_desk.conf.read_text()) == (OFTEN, FIRST)


def fails(text: str) -> Editing:
    def run(path: Path) -> None:
        path.write_text(text)
        raise UserError("vi has ended with exit status 1; nothing is saved")

    return run


@pytest.mark.parametrize(("text", "copies"), [(SECOND, 1), (FIRST, 0)])
def test_an_editor_that_fails_saves_nothing_and_loses_nothing(
    at_desk: Laptop, monkeypatch: pytest.MonkeyPatch, text: str, copies: int
) -> None:
    types(monkeypatch, fails(text))
    with pytest.raises(UserError) as failed:
        call(at_desk)
    assert ("what you have written is in" in failed.value.remedy) is bool(copies)
    assert len(left(at_desk)) == copies
    assert at_desk.conf.read_text() == FIRST


def test_an_editor_that_leaves_nothing_changes_nothing(
    at_desk: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, lambda path: path.rename(path.with_suffix(".lost")))
    with pytest.raises(UserError, match="No such file"):
        call(at_desk)
    assert (at_desk.conf.read_text(), left(at_desk)) == (FIRST, [])


def test_it_is_refused_while_a_change_waits(
    at_desk: Laptop, capsys: pytest.CaptureFixture[str]
) -> None:
    snapshot.save(str(at_desk.root), snapshot.ATTEMPTED, {})
    assert call(at_desk) == exit_status.REFUSED
    assert "waits to be confirmed" in capsys.readouterr().err


def test_without_a_terminal_it_is_refused(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(question, "can_ask", lambda descriptor=0: descriptor != 1)
    assert main(["edit"]) == exit_status.REFUSED
    assert "no terminal for an editor" in capsys.readouterr().err


def test_it_takes_root(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["edit", "--file", "a b.conf"]) == exit_status.REFUSED
    assert "`sudo wbond edit --file 'a b.conf'`" in capsys.readouterr().err


# --- drop-ins ---------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["50-office.conf", "/etc/wbond.conf.d/50-office.conf"])
def test_a_new_drop_in(at_desk: Laptop, monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    """It is checked with the file that it adds to: alone, its section would have no bond."""
    types(monkeypatch, "[bond0/dock]\nkind = wired\nmatch_usb = 17ef:a387\n")
    answers(monkeypatch, "y\n")
    assert call(at_desk, "--file", asked) == 0
    made = at_desk.root / "etc/wbond.conf.d/50-office.conf"
    assert made.read_text().startswith("[bond0/dock]")
    assert stat.S_IMODE(made.stat().st_mode) == 0o644
    assert at_desk.conf.read_text() == FIRST


def test_a_new_drop_in_begins_as_the_one_that_it_replaces(
    at_desk: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = at_desk.write("[bond0]\nmiimon = 50\n", "usr/lib/wbond.conf.d/50-fleet.conf")
    types(monkeypatch, lambda path: path.write_text(path.read_text().replace("50", "60")))
    answers(monkeypatch, "y\n")
    assert call(at_desk, "--file", "50-fleet.conf") == 0
    assert theirs.read_text() == "[bond0]\nmiimon = 50\n"
    own = at_desk.root / "etc/wbond.conf.d/50-fleet.conf"
    assert own.read_text() == "[bond0]\nmiimon = 60\n"


def test_a_new_drop_in_that_stays_empty_is_not_made(
    at_desk: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, lambda path: path.touch())
    assert call(at_desk, "--file", "50-office.conf") == 0
    assert not (at_desk.root / "etc/wbond.conf.d").exists()


def test_the_file_itself_may_be_named(at_desk: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    types(monkeypatch, lambda path: path.touch())
    assert call(at_desk, "--file", "/etc/wbond.conf") == 0


@pytest.mark.parametrize(
    "asked",
    [
        "/usr/lib/wbond.conf.d/50-fleet.conf",
        "../wbond.conf",
        "/etc/wbond.conf.d/../passwd",
        "a/b.conf",
        "office",
        ".hidden.conf",
        "new\nline.conf",
    ],
)
def test_what_is_no_drop_in_is_not_edited(at_desk: Laptop, asked: str) -> None:
    with pytest.raises(UserError) as refused:
        call(at_desk, "--file", asked)
    assert refused.value.status == exit_status.USAGE
    assert "\n" not in refused.value.message


def test_without_a_configuration_it_says_how_to_get_one(at_desk: Laptop) -> None:
    at_desk.conf.unlink()
    with pytest.raises(UserError) as refused:
        call(at_desk)
    assert refused.value.remedy == "have one written: `sudo wbond init`"


@pytest.mark.parametrize("target", ["/dev/null", "/", "/dev/tty"])
def test_what_is_no_file_is_not_edited(at_desk: Laptop, target: str, in_time: None) -> None:
    at_desk.conf.unlink()
    at_desk.conf.symlink_to(target)
    with pytest.raises(UserError, match=r"^/etc/wbond\.conf: "):
        call(at_desk)


# --- the editor -------------------------------------------------------------------


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, text: str = "#!/bin/sh\n") -> str:
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_the_editor_is_the_one_of_sudoedit(programs: Path) -> None:
    for name in ("emacs", "vim", "code", "nano"):
        program(programs, name)
    environ = {"EDITOR": "emacs", "VISUAL": "code --wait 'a b'", "SUDO_EDITOR": "vim"}
    assert editor.command(environ) == ["vim"]
    assert editor.command({**environ, "SUDO_EDITOR": " "}) == ["code", "--wait", "a b"]
    assert editor.command({"EDITOR": "emacs"}) == ["emacs"]
    assert editor.command({}) == [str(programs / "nano")]


def test_without_a_wish_it_is_the_first_there_is(programs: Path) -> None:
    with pytest.raises(UserError, match="no editor is installed"):
        editor.command({})
    for name in reversed(editor.PROGRAMS):
        path = program(programs, name)
        assert editor.command({}) == [path]


@pytest.mark.parametrize("value", ["nowhere-ed", "vim 'x", "no\x1b[2Jed"])
def test_a_wish_that_cannot_be_met_is_told(programs: Path, value: str) -> None:
    program(programs, "vi")
    with pytest.raises(UserError) as refused:
        editor.command({"VISUAL": value})
    assert "VISUAL" in refused.value.message
    assert "\x1b" not in refused.value.message


def test_no_shell_reads_the_editor_s_name(tmp_path: Path) -> None:
    path = program(tmp_path, "ed", f'#!/bin/sh\nprintf "%s\\n" "$@" >{tmp_path}/given\n')
    words = editor.command({"EDITOR": f"{path} $HOME;touch '`id`'"})
    editor.run(words, "/the file")
    assert (tmp_path / "given").read_text() == "$HOME;touch\n`id`\n/the file\n"


def test_ctrl_c_is_the_editor_s(tmp_path: Path) -> None:
    """This process goes on; the editor has signals as any program has."""
    text = f"#!/bin/sh\nkill -INT $PPID\ngrep SigIgn /proc/$$/status >{tmp_path}/ignored\n"
    former = signal.getsignal(signal.SIGINT)
    editor.run([program(tmp_path, "ed", text)], "/file")
    ignored = int((tmp_path / "ignored").read_text().split()[1], 16)
    assert not ignored & (1 << (signal.SIGINT - 1) | 1 << (signal.SIGQUIT - 1))
    assert signal.getsignal(signal.SIGINT) is former


def test_an_editor_s_failure_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="ended with exit status 3; nothing is saved"):
        editor.run([program(tmp_path, "ed", "#!/bin/sh\nexit 3\n")], "/file")
    with pytest.raises(UserError, match="Exec format error"):
        editor.run([program(tmp_path, "ed", "\0")], "/file")


# --- on a terminal ----------------------------------------------------------------

SESSION = """
import os, sys
from wbond_cli.apply import current
from wbond_cli.check import runner
from wbond_cli.main import main
from wbond_net import wait_online
from wbond_net.deployed import snapshot
from wbond_net.kernel import sysfs
snapshot.ROOT, sysfs.SYSFS = sys.argv[1:3]
current.devices = list
runner.on_machine = lambda *_: []
wait_online.wait_for_all = lambda *_: {}
os.geteuid = lambda: 0
sys.exit(main(["edit"]))
"""
# It shows what it has, as editors do, and writes the lines that are typed, up to a dot.
EDITOR = """#!/bin/sh
test -t 0 && test -t 1 && test "$1" = -x && shift || exit 9
echo "editing $1"
sed -n '/^\\.$/q;p' >"$1"
"""


@pytest.fixture
def desk(at_desk: Laptop, tmp_path: Path) -> Iterator[Terminal]:
    """`wbond edit` on a terminal; the programs that apply calls do nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("systemctl", "systemd-run", "udevadm"):
        program(folder, name)
    folders = [str(REPOSITORY / "helpers"), str(REPOSITORY / "generator")]
    environ = {
        "PYTHONPATH": ":".join(folders),
        "PATH": f"{folder}:/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "EDITOR": f"'{program(tmp_path, 'my ed', EDITOR)}' -x",
    }
    words = [sys.executable, "-c", SESSION, str(at_desk.root), str(at_desk.machine.sysfs)]
    with Terminal(words, environ) as terminal:
        yield terminal


def test_a_person_corrects_an_error_and_keeps_the_change(at_desk: Laptop, desk: Terminal) -> None:
    desk.wait_for("editing ")
    desk.type(f"{OFTEN}.\n")
    desk.wait_for("keeps the former file: ")
    assert ":4:10: error" in desk.shown
    assert at_desk.conf.read_text() == FIRST
    desk.type("e\n")
    desk.type(f"{SECOND}.\n")
    desk.wait_for("s left")
    desk.type("y\n")
    assert desk.end() == 0
    assert at_desk.conf.read_text() == SECOND
    assert "The new configuration is in force, and stays." in desk.shown
    assert left(at_desk) == []


def test_ctrl_c_at_the_question_changes_nothing_and_says_where_the_copy_is(
    at_desk: Laptop, desk: Terminal
) -> None:
    desk.wait_for("editing ")
    desk.type(f"{OFTEN}.\n")
    desk.wait_for("keeps the former file: ")
    os.kill(desk.process.pid, signal.SIGINT)
    assert desk.end() == exit_status.INTERRUPTED
    (copy,) = left(at_desk)
    assert f"{copy}/etc/wbond.conf" in "".join(desk.shown.split())
    assert (copy / "etc/wbond.conf").read_text() == OFTEN
    assert at_desk.conf.read_text() == FIRST


def test_in_a_pipe_it_is_refused(laptop: Laptop) -> None:
    del laptop  # subprocess.run is its own; Popen is not
    command = [sys.executable, "-I", str(REPOSITORY / "helpers/wbond"), "edit"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as done:
        told = done.communicate()[1].decode()
    assert done.returncode == exit_status.REFUSED
    assert ("terminal" if os.geteuid() == 0 else "sudo") in told

# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond edit: what is edited, what is asked, what is saved, and where the copy stays."""

import os
import stat
from collections.abc import Callable
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

OFTEN = FIRST + "miimon = often\n"
ROUNDED = FIRST + "miimon = 100\nupdelay = 250\n"
Editing = Callable[[Path], object]


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
    with pytest.raises(UserError, match="nobody answers any more"):
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

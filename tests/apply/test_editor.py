# SPDX-License-Identifier: LGPL-2.1-or-later
"""The editor of `wbond edit`: which one it is, and how it is run."""

import signal
from pathlib import Path

import pytest
from wbond_cli.edit import editor
from wbond_cli.errors import UserError


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

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The completions that are checked in: those of the command as it is, and of use in a shell."""

import subprocess
from pathlib import Path

import pytest
from wbond_cli import arguments

from tests import completions
from tests.conftest import REPOSITORY
from tests.terminal import Terminal

FOLDER = REPOSITORY / "completions"
SHELLS = sorted(completions.FILES)
CONFIGURATION = """\
[DEFAULT]
miimon = 50

[bond0]
wired = enp0s10

[bond0/dock]
kind = wired
match_usb = 17ef:a387

[guest:bond0]
mac = stable
"""


def run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_they_are_those_of_the_command_line(shell: str) -> None:
    text = (FOLDER / completions.FILES[shell]).read_text(encoding="utf-8")
    assert text == completions.completion(shell), "run: make completions"


def test_there_is_nothing_else_in_the_folder() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(completions.FILES.values())


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_reads_them(shell: str) -> None:
    assert run(shell, "-n", str(FOLDER / completions.FILES[shell])) == ""


def complete(*words: str) -> list[str]:
    """Return what bash offers for the last word; the machine has one bond, bond7."""
    script = (
        f"source {FOLDER / 'wbond.bash'}\n"
        "_wbond_bonds() { echo bond7; }\n"
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))\n'
        "_shtab_wbond 2>/dev/null\n"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return run("bash", "-c", script, "bash", *words).split()


def test_every_verb_and_every_option_is_offered() -> None:
    assert sorted(complete("wbond", "")) == sorted(arguments.VERBS)
    assert complete("wbond", "--h") == ["--help"]
    for verb, parser in arguments.verbs(arguments.parser()).items():
        wanted = {string for action in parser._actions for string in action.option_strings}
        assert set(complete("wbond", verb, "-")) == wanted


@pytest.mark.parametrize("typed", [["status", ""], ["up", ""], ["log", "--bond", ""]])
def test_bonds_are_offered(typed: list[str]) -> None:
    assert complete("wbond", *typed) == ["bond7"]


def test_verbs_are_offered_for_help() -> None:
    assert sorted(complete("wbond", "help", "")) == sorted(arguments.VERBS)


def test_fish_offers_the_options_of_a_verb() -> None:
    script = f"source {FOLDER / 'wbond.fish'}; complete --do-complete 'wbond status --'"
    # An option a line, and behind a tab what it is for.
    offered = {line.partition("\t")[0] for line in run("fish", "-c", script).splitlines()}
    assert offered == {"--help", "--watch", "--json", "--prometheus", "--root"}


# `print` stands for the command, so that what has been completed is seen.
ZSH = """\
PS1= fpath=({folder} $fpath) TERM=dumb
autoload -Uz compinit && compinit -u -D
wbond() {{ print -r -- "called: $*." }}
print ready
"""


def test_zsh_completes_an_option_of_a_verb(tmp_path: Path) -> None:
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TERM": "dumb"}
    (tmp_path / "start").write_text(ZSH.format(folder=FOLDER))
    with Terminal(["zsh", "-f", "-i"], environ) as terminal:
        terminal.type(f"source {tmp_path / 'start'}\n")
        terminal.wait_for("\nready")
        terminal.type("wbond status --js\t\n")
        terminal.wait_for("called: status --json.")


@pytest.mark.parametrize("shell", SHELLS)
def test_bonds_are_the_sections_without_a_slash(shell: str, tmp_path: Path) -> None:
    (tmp_path / "wbond.conf").write_text(CONFIGURATION)
    folder = tmp_path / "wbond.conf.d"
    folder.mkdir()
    (folder / "10-more.conf").write_text("[uplink]\n")
    text = completions.PREAMBLE[shell].replace("/etc/", f"{tmp_path}/")
    # `compadd` works only within zsh's completion.
    call = {
        "bash": "_wbond_bonds ''",
        "zsh": "compadd() { shift; print -l -- $@ }; _wbond_bonds",
        "fish": "__wbond_bonds",
    }
    assert run(shell, "-c", f"{text}\n{call[shell]}").split() == ["bond0", "guest", "uplink"]
    (folder / "10-more.conf").unlink()
    assert run(shell, "-c", f"{text}\n{call[shell]}").split() == ["bond0", "guest"]

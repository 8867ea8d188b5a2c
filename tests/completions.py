# SPDX-License-Identifier: LGPL-2.1-or-later
"""completions.py DIRECTORY: write the completions of `wbond` for bash, zsh and fish.

They are made by shtab from the command line itself, and checked in: an
installation needs no shtab. Left to this program is what argparse does not
know: which arguments are files and which are bonds.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

if __name__ == "__main__":
    _TOP = Path(__file__).resolve().parents[1]
    sys.path[:0] = [str(_TOP / "helpers"), str(_TOP / "generator")]

import shtab
from wbond_cli.arguments import VERBS, parser

FILES = {"bash": "wbond.bash", "zsh": "_wbond", "fish": "wbond.fish"}
LICENCE = "# SPDX-License-Identifier: LGPL-2.1-or-later\n"
# `make` is the place to go, not the usage notes that shtab puts in.
ORIGIN = "# Made by `make completions`; not to be edited.\n"

# Bonds are the sections without a slash, whether they are up or not.
_NAMES = (
    "sed -n -e '/^\\[DEFAULT[]:]/d' -e 's/^\\[\\([^]:/]*\\)[]:].*/\\1/p'"
    " /etc/wbond.conf /etc/wbond.conf.d/*.conf 2>/dev/null"
)
BONDS = {"bash": "_wbond_bonds", "zsh": "_wbond_bonds", "fish": "(__wbond_bonds)"}
PREAMBLE = {
    "bash": f'_wbond_bonds() {{\n  compgen -W "$({_NAMES})" -- "$1"\n}}',
    "zsh": "_wbond_bonds() {\n"
    "  setopt localoptions nullglob\n"
    f'  compadd -- ${{(f)"$({_NAMES})"}}\n}}',
    # A glob without a match is an error in fish, unless it is an argument of `set`.
    "fish": "function __wbond_bonds\n"
    "  set -l files /etc/wbond.conf.d/*.conf\n"
    f"  {_NAMES.replace('/etc/wbond.conf.d/*.conf', '$files')}\nend",
}
# By an argument's name (dest): what completes it, and the words that it takes.
COMPLETE = {"file": shtab.FILE, "root": shtab.DIRECTORY, "bond": BONDS, "bonds": BONDS}
WORDS = {"topic": list(VERBS)}


def main(arguments: list[str]) -> int:
    """Entry point; writes a file a shell."""
    if len(arguments) != 1:
        sys.stderr.write("usage: completions.py DIRECTORY\n")
        return 2
    for shell, name in FILES.items():
        (Path(arguments[0]) / name).write_text(completion(shell), encoding="utf-8")
    return 0


def completion(shell: str) -> str:
    """Return the completions for a shell of shtab's."""
    top = parser()
    shorten(top)
    for action in actions(top):
        if action.dest in COMPLETE:
            action.complete = COMPLETE[action.dest]  # type: ignore[attr-defined]
        action.choices = WORDS.get(action.dest, action.choices)
    return headed(shtab.complete(top, shell=shell, preamble=PREAMBLE[shell]))


def shorten(top: argparse.ArgumentParser) -> None:
    """Have verbs described by their line of help, where shtab would take the whole text."""
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            for line in action._choices_actions:
                action.choices[line.dest].description = line.help


def headed(text: str) -> str:
    """Replace shtab's opening comment; zsh's `#compdef` stays first."""
    first, _, rest = text.partition("\n")
    lines = (rest if first.startswith("#compdef") else text).lstrip("\n").split("\n")
    while lines and lines[0].startswith("#"):
        del lines[0]
    start = f"{first}\n" if first.startswith("#compdef") else ""
    return start + LICENCE + ORIGIN + "\n".join(lines).rstrip("\n") + "\n"


def actions(top: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield every option and argument, those of the verbs included."""
    for action in top._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from actions(verb)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

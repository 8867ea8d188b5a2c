# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond plan: show what the configuration would come to, and change nothing.

A tree shows every file and link that wbond-generator would write, a diff what
would be different from what the configuration in force comes to; where that one
is not known, from what wbond-generator wrote last. What is marked + is new, -
goes, ~ has another text. `wbond apply` makes it real, as does a reboot.

Exit status: 0, also where there is a difference; 1 when no plan can be made.
"""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wbond_cli import terminal

if TYPE_CHECKING:
    from rich.console import Console
    from wbond.config import Config

HELP = "show what the configuration would come to, and what would change"
NEW, GONE, OTHER, SAME = "+", "-", "~", " "
_FOUND = "No unit would change, but the ports that are found by globs or match_ options"
_STYLES = {NEW: "green", GONE: "red", OTHER: "yellow", SAME: "", "@": "cyan"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--tree", action="store_true", help="show the tree alone")
    only.add_argument("--diff", action="store_true", help="show the differences alone")
    parser.add_argument(
        "--root", default="/", metavar="DIR", help="look at the configuration below DIR"
    )


def run(options: argparse.Namespace) -> int:
    """Show tree and diff; a configuration with faults is planned as the generator would."""
    from wbond_net.deployed import in_force, snapshot, unit_tree

    try:
        wishes, planned = unit_tree.render_root(options.root)
        before = in_force.configuration(options.root)
        present = _compared(before, planned, options.root)
    except OSError as fault:
        terminal.complain(
            f"{fault.filename}: {fault.strerror}; no plan can be made",
            "Install wbond's units: `sudo make install` in a checkout, or the package.",
        )
        return 1
    if snapshot.is_unreadable(options.root):
        terminal.complain(
            "what runs may be older than the units that systemd knows, which this compares with",
            "`sudo wbond plan` compares with what runs.",
        )
    if wishes.problems:
        terminal.complain(
            f"the configuration has {_count(len(wishes.problems), 'problem')}; "
            "this is what the generator makes of the rest",
            "`wbond check` shows them.",
        )
    console = terminal.console()
    if not options.diff and (planned or present):
        _print_tree(console, planned, present)
    if not options.tree:
        lines = list(difference(present, planned))
        for line in (*lines, "") if lines else ():
            _print(console, line, _STYLES.get(line[:1], ""))
    elsewhere = before is not None and sought(before) != sought(wishes)
    _print(console, _summary(planned, present, elsewhere), "")
    return 0


def _compared(before: "Config | None", planned: dict[str, str], root: str) -> dict[str, str]:
    """Return the tree to compare with: that of what is in force, if it is known.

    Where that is as planned, what systemd knows may be another yet: a file that was
    edited, and edited back after a reload.
    """
    from wbond_net.deployed import unit_tree

    if before is not None and (runs := unit_tree.render(before, root)) != planned:
        return runs
    return unit_tree.read_generated(root)


def sought(wishes: "Config") -> list[object]:
    """Return what makes the ports that udev finds, of which the tree shows nothing."""
    from wbond import plan

    return [
        (bond.name, port.kind, port.matches or port.name, *plan.port_environment(bond, port))
        for bond in wishes.bonds
        for port in bond.ports
        if not port.literal
    ]


def marks(planned: dict[str, str], present: dict[str, str]) -> dict[str, str]:
    """Return for each path of both trees whether it is new, goes, has another text, or stays."""
    found = {path: GONE for path in present if path not in planned}
    for path, text in planned.items():
        found[path] = NEW if path not in present else SAME if present[path] == text else OTHER
    return dict(sorted(found.items()))


def difference(present: dict[str, str], planned: dict[str, str]) -> Iterator[str]:
    """Yield a unified diff of all that is different, without newlines."""
    from difflib import unified_diff

    from wbond import escape
    from wbond_net.deployed.unit_tree import DIRECTORY

    for path, mark in marks(planned, present).items():
        if mark != SAME:
            name = f"/{DIRECTORY}/{path}"
            before = "/dev/null" if mark == NEW else name
            after = "/dev/null" if mark == GONE else name
            old, new = (tree.get(path, "").splitlines() for tree in (present, planned))
            for line in unified_diff(old, new, before, after, lineterm=""):
                yield escape.printable(line.replace("\t", " "))


def _print_tree(console: "Console", planned: dict[str, str], present: dict[str, str]) -> None:
    from rich.text import Text
    from rich.tree import Tree
    from wbond_net.deployed.unit_tree import DIRECTORY

    top = Tree(Text(f"/{DIRECTORY}"), guide_style="dim")
    folders: dict[str, Tree] = {"": top}
    for path, mark in marks(planned, present).items():
        folder, _, name = path.rpartition("/")
        if folder not in folders:
            folders[folder] = top.add(Text(folder))
        folders[folder].add(Text(_leaf(mark, name, planned.get(path, "")), style=_STYLES[mark]))
    console.width = terminal.room(console)
    console.print(top)
    console.print()


def _leaf(mark: str, name: str, text: str) -> str:
    from wbond import escape
    from wbond_net.deployed.unit_tree import ARROW

    # All links lead to one directory, which the diff shows.
    target = f" {ARROW}{text.rpartition('/')[2]}" if text.startswith(ARROW) else ""
    return escape.printable(f"{mark} {name}{target}".lstrip())


def _print(console: "Console", line: str, style: str) -> None:
    from rich.text import Text

    console.print(Text(line, style=style), soft_wrap=True)


def _summary(planned: dict[str, str], present: dict[str, str], elsewhere: bool) -> str:
    """Say how much would change, `elsewhere` than in the tree as well, and what to do about it."""
    counts = list(marks(planned, present).values())
    if not counts:
        return "There is no bond: nothing would be written. `sudo wbond init` writes a file."
    if set(counts) == {SAME} and elsewhere:
        return f"{_FOUND}. `sudo wbond apply` makes it real."
    if set(counts) == {SAME}:
        return "Nothing would change."
    words = ((NEW, "new"), (OTHER, "changed"), (GONE, "removed"), (SAME, "unchanged"))
    parts = [f"{counts.count(mark)} {word}" for mark, word in words if mark in counts]
    return f"{', '.join(parts)}. `sudo wbond apply` makes it real."


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}"

# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plan as people read it: a tree of files, their differences, and how many there are."""

from collections.abc import Iterator
from difflib import unified_diff

from rich.console import Console
from rich.text import Text
from rich.tree import Tree
from wbond import escape, units
from wbond_net.deployed import unit_tree

from wbond_cli import terminal
from wbond_cli.plan.comparison import GONE, NEW, OTHER, SAME, Comparison

_ONLY_PORTS = "No unit would change, but the ports that are found by globs or match_ options"
_STYLES = {NEW: "green", GONE: "red", OTHER: "yellow", SAME: "", "@": "cyan"}


def print_tree(console: Console, compared: Comparison) -> None:
    """Print every file and link, marked by what becomes of it."""
    top = Tree(Text(f"/{units.GENERATED}"), guide_style="dim")
    folders: dict[str, Tree] = {"": top}
    for path, mark in compared.marks.items():
        folder, _, name = path.rpartition("/")
        if folder not in folders:
            folders[folder] = top.add(Text(folder))
        leaf = Text(_leaf(mark, name, compared.planned.get(path, "")), style=_STYLES[mark])
        folders[folder].add(leaf)
    console.width = terminal.columns(console)
    console.print(top)
    console.print()


def print_difference(console: Console, compared: Comparison) -> None:
    """Print a unified diff of all that is different."""
    lines = list(_difference(compared))
    for line in (*lines, "") if lines else ():
        _print(console, line, _STYLES.get(line[:1], ""))


def print_summary(console: Console, compared: Comparison) -> None:
    """Print how much would change, and what to do."""
    _print(console, _summary(compared), "")


def _difference(compared: Comparison) -> Iterator[str]:
    for path, mark in compared.marks.items():
        if mark != SAME:
            name = f"/{units.GENERATED}/{path}"
            before = "/dev/null" if mark == NEW else name
            after = "/dev/null" if mark == GONE else name
            trees = (compared.present, compared.planned)
            old, new = (tree.get(path, "").splitlines() for tree in trees)
            for line in unified_diff(old, new, before, after, lineterm=""):
                yield escape.printable(line.replace("\t", " "))


def _leaf(mark: str, name: str, text: str) -> str:
    # All links lead to one directory, which the diff shows.
    is_link = text.startswith(unit_tree.ARROW)
    target = f" {unit_tree.ARROW}{text.rpartition('/')[2]}" if is_link else ""
    return escape.printable(f"{mark} {name}{target}".lstrip())


def _print(console: Console, line: str, style: str) -> None:
    console.print(Text(line, style=style), soft_wrap=True)


def _summary(compared: Comparison) -> str:
    counts = list(compared.marks.values())
    if not counts:
        return "There is no bond: nothing would be written. `sudo wbond init` writes a file."
    if set(counts) == {SAME} and compared.ports_differ:
        return f"{_ONLY_PORTS}. `sudo wbond apply` makes it real."
    if set(counts) == {SAME}:
        return "Nothing would change."
    labels = ((NEW, "new"), (OTHER, "changed"), (GONE, "removed"), (SAME, "unchanged"))
    parts = [f"{counts.count(mark)} {label}" for mark, label in labels if mark in counts]
    return f"{', '.join(parts)}. `sudo wbond apply` makes it real."

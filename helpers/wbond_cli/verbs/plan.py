# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond plan: shows what the configuration would come to, and changes nothing.

The diff compares with what the configuration in force comes to; if that one is
not known, with what wbond-generator wrote last.
"""

import argparse
from collections.abc import Iterator
from difflib import unified_diff

from rich.console import Console
from rich.text import Text
from rich.tree import Tree
from wbond import escape, plan, units
from wbond.config import Config
from wbond_net.deployed import in_force, snapshot, unit_tree

from wbond_cli import exit_status, terminal

NEW, GONE, OTHER, SAME = "+", "-", "~", " "
_ONLY_PORTS = "No unit would change, but the ports that are found by globs or match_ options"
_STYLES = {NEW: "green", GONE: "red", OTHER: "yellow", SAME: "", "@": "cyan"}


def run(options: argparse.Namespace) -> int:
    """Show tree and diff; a configuration with problems is planned as the generator would.

    Returns the exit status.
    """
    try:
        config, planned = unit_tree.render_root(options.root)
        former = in_force.configuration(options.root)
        present = _present(former, planned, options.root)
    except OSError as error:
        terminal.complain(
            f"{error.filename}: {error.strerror}; no plan can be made",
            "Install wbond's units: `sudo make install` in a checkout, or the package.",
        )
        return exit_status.FAILURE
    _warn(config, options.root)
    console = terminal.console()
    if not options.diff and (planned or present):
        _print_tree(console, planned, present)
    if not options.tree:
        lines = list(difference(present, planned))
        for line in (*lines, "") if lines else ():
            _print(console, line, _STYLES.get(line[:1], ""))
    ports_differ = former is not None and ports_by_pattern(former) != ports_by_pattern(config)
    _print(console, _summary(planned, present, ports_differ), "")
    return exit_status.SUCCESS


def _warn(config: Config, root: str) -> None:
    """Say what makes the plan less than the whole truth."""
    if snapshot.is_unreadable(root):
        terminal.complain(
            "what runs may be older than the units that systemd knows, which this compares with",
            "`sudo wbond plan` compares with what runs.",
        )
    if config.problems:
        terminal.complain(
            f"the configuration has {_count(len(config.problems), 'problem')}; "
            "this is what the generator makes of the rest",
            "`wbond check` shows them.",
        )


def _present(former: Config | None, planned: dict[str, str], root: str) -> dict[str, str]:
    """Return the tree to compare with: that of the configuration in force, if it is known.

    Even if that one is as planned, systemd may know another: a file that was
    edited, and edited back after a reload.
    """
    if former is not None and (in_use := unit_tree.render(former, root)) != planned:
        return in_use
    return unit_tree.read_generated(root)


def ports_by_pattern(config: Config) -> list[object]:
    """Return what makes the ports that udev finds, of which the tree shows nothing."""
    return [
        (
            *(bond.name, port.kind, port.matches or port.name, bond.lists.get("exclude")),
            *plan.port_environment(bond, port),
        )
        for bond in config.bonds
        for port in bond.ports
        if not port.literal
    ]


def marks(planned: dict[str, str], present: dict[str, str]) -> dict[str, str]:
    """Return for each path of both trees whether it is new, goes, has another text, or stays."""
    by_path = {path: GONE for path in present if path not in planned}
    for path, text in planned.items():
        by_path[path] = NEW if path not in present else SAME if present[path] == text else OTHER
    return dict(sorted(by_path.items()))


def difference(present: dict[str, str], planned: dict[str, str]) -> Iterator[str]:
    """Yield a unified diff of all that is different, without newlines."""
    for path, mark in marks(planned, present).items():
        if mark != SAME:
            name = f"/{units.GENERATED}/{path}"
            before = "/dev/null" if mark == NEW else name
            after = "/dev/null" if mark == GONE else name
            old, new = (tree.get(path, "").splitlines() for tree in (present, planned))
            for line in unified_diff(old, new, before, after, lineterm=""):
                yield escape.printable(line.replace("\t", " "))


def _print_tree(console: Console, planned: dict[str, str], present: dict[str, str]) -> None:
    top = Tree(Text(f"/{units.GENERATED}"), guide_style="dim")
    folders: dict[str, Tree] = {"": top}
    for path, mark in marks(planned, present).items():
        folder, _, name = path.rpartition("/")
        if folder not in folders:
            folders[folder] = top.add(Text(folder))
        folders[folder].add(Text(_leaf(mark, name, planned.get(path, "")), style=_STYLES[mark]))
    console.width = terminal.columns(console)
    console.print(top)
    console.print()


def _leaf(mark: str, name: str, text: str) -> str:
    # All links lead to one directory, which the diff shows.
    is_link = text.startswith(unit_tree.ARROW)
    target = f" {unit_tree.ARROW}{text.rpartition('/')[2]}" if is_link else ""
    return escape.printable(f"{mark} {name}{target}".lstrip())


def _print(console: Console, line: str, style: str) -> None:
    console.print(Text(line, style=style), soft_wrap=True)


def _summary(planned: dict[str, str], present: dict[str, str], ports_differ: bool) -> str:
    """Say how much would change in the tree, or, `ports_differ`, beside it, and what to do."""
    counts = list(marks(planned, present).values())
    if not counts:
        return "There is no bond: nothing would be written. `sudo wbond init` writes a file."
    if set(counts) == {SAME} and ports_differ:
        return f"{_ONLY_PORTS}. `sudo wbond apply` makes it real."
    if set(counts) == {SAME}:
        return "Nothing would change."
    labels = ((NEW, "new"), (OTHER, "changed"), (GONE, "removed"), (SAME, "unchanged"))
    parts = [f"{counts.count(mark)} {label}" for mark, label in labels if mark in counts]
    return f"{', '.join(parts)}. `sudo wbond apply` makes it real."


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}"

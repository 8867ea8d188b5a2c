# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pictures on a terminal, redrawn in place, or in a pipe, one below the other."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live

from wbond_cli import terminal
from wbond_cli.status import monitor, table
from wbond_cli.status.model import Picture
from wbond_cli.status.monitor import Display, Show


def show(found: Picture, console: Console) -> None:
    """Print a picture."""
    terminal.show(console, table.whole(found, table.style(console)))


def display(console: Console) -> Display:
    """Return what shows one picture after the other, as the console can."""
    if console.is_terminal and not console.is_dumb_terminal:
        return _in_place(console)
    return _one_below_the_other(console)


@contextmanager
def _in_place(console: Console) -> Iterator[Show]:
    """Show pictures in one place; the last one is left when it ends."""
    last: list[Picture] = []

    def draw(found: Picture) -> None:
        last[:] = [found]
        live.update(table.whole(found, table.style(console, durations=False)), refresh=True)

    try:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            yield draw
    finally:
        for found in last:
            show(found, console)


def _one_below_the_other(console: Console) -> Display:
    blank_line: list[str] = []

    def draw(found: Picture) -> None:
        whole = table.whole(found, table.style(console, durations=False))
        terminal.show(console, *blank_line, whole)
        blank_line[:] = [""]

    return monitor.in_turn(draw)

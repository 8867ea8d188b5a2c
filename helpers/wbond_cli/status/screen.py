# SPDX-License-Identifier: LGPL-2.1-or-later
"""The status on a terminal, redrawn in place, or in a pipe, one below the other."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live

from wbond_cli import terminal
from wbond_cli.status import table
from wbond_cli.status.model import Status
from wbond_cli.status.monitor import Display, Print, print_on_change


def show(status: Status, console: Console) -> None:
    """Print a status."""
    terminal.show(console, table.render_status(status, table.style(console)))


def display(console: Console) -> Display:
    """Return what shows one status after the other, as the console can."""
    if console.is_terminal and not console.is_dumb_terminal:
        return _redraw(console)
    return _append(console)


@contextmanager
def _redraw(console: Console) -> Iterator[Print]:
    """Show each status in place of the one before; the last one stays when it ends."""
    last: list[Status] = []

    def draw(status: Status) -> None:
        last[:] = [status]
        style = table.style(console, durations=False)
        live.update(table.render_status(status, style), refresh=True)

    try:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            yield draw
    finally:
        for status in last:
            show(status, console)


def _append(console: Console) -> Display:
    """Print each status below the one before, with an empty line between."""
    separator: list[str] = []

    def draw(status: Status) -> None:
        style = table.style(console, durations=False)
        terminal.show(console, *separator, table.render_status(status, style))
        separator[:] = [""]

    return print_on_change(draw)

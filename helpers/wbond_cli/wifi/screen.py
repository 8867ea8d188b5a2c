# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks as people read them: a table each for those in reach and those that are saved."""

from rich.console import Console
from rich.table import Table
from rich.text import Text
from wbond import escape

from wbond_cli import terminal
from wbond_cli.wifi import names, security
from wbond_cli.wifi.networks import BARS, Found, Kept, bars

_BLOCKS = "▂▄▆█"
_COLOURS = ("red", "yellow", "green", "green")


def print_scan(console: Console, networks: list[Found]) -> None:
    """Print the networks in reach; an asterisk marks the one that a radio is connected to."""
    if not networks:
        terminal.show(console, Text("No network is in reach."))
        return
    table = _table("", "network", "signal", "", "security", "band", "")
    for one in networks:
        table.add_row(
            "*" if one.connected else "",
            _shown(console, names.shown(one.ssid)),
            _bars(console, one.signal),
            f"{one.signal} dBm",
            security.label(one.security),
            f"{', '.join(one.bands)} GHz" if one.bands else "",
            _state(one.connected) or ("known" if one.known else ""),
        )
    _print(console, table)


def print_list(console: Console, networks: list[Kept], has_files: bool) -> None:
    """Print the networks that are saved, with their files if there are several."""
    table = _table("", "network", "security", "priority", "", "file" if has_files else "")
    for one in networks:
        notes = ["hidden"] * one.hidden + ["disabled"] * (not one.enabled)
        table.add_row(
            "*" if one.connected else "",
            _shown(console, names.shown(one.ssid)),
            security.label(one.security),
            str(one.priority) if one.priority else "",
            ", ".join([_state(one.connected)] * bool(one.connected) + notes),
            _shown(console, escape.printable(one.path)) if has_files else "",
        )
    _print(console, table)


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


def _print(console: Console, table: Table) -> None:
    console.width = terminal.columns(console)
    terminal.show(console, table)


def _state(radios: list[str]) -> str:
    return f"connected: {', '.join(radios)}" if radios else ""


def _bars(console: Console, signal: int) -> Text:
    count = bars(signal)
    blocks = _BLOCKS if console.encoding.startswith("utf") else "*" * BARS
    empty = "_" if console.encoding.startswith("utf") else "."
    text = Text(blocks[:count], style=_COLOURS[count - 1])
    return text.append(empty * (BARS - count), style="dim")


def _shown(console: Console, text: str) -> Text:
    """Return a text as it will be printed, so that a table knows its width."""
    return Text(text.encode(console.encoding, "backslashreplace").decode(console.encoding))

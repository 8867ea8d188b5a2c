# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `wbond import` says: what comes over, what does not and why, and what to switch off.

No value of another program's file is shown but those that end in wbond.conf.
"""

import re

from wbond import escape

from wbond_cli.check.diagnostics import Diagnostic
from wbond_cli.imports import networks
from wbond_cli.imports.cables import Cable, File
from wbond_cli.imports.choose import Draft
from wbond_cli.imports.record import BOND, Connection, Found, Left, Network, where
from wbond_cli.imports.targets import Edit
from wbond_cli.output import Output
from wbond_cli.wifi import names, network_file, security

_NUMBER = re.compile(r"\.?#\d+")  # that keeps sections of one name apart
_KEY = re.compile(r"[\w.@/ -]{1,64}")
_KINDS = {BOND: "bond", "wired": "cable", "wireless": "radio"}


def taken(output: Output, found: Found, draft: Draft) -> None:
    """Say what comes over."""
    lines = [f"  {where(one.file, one.line)}: {_connection(one)}" for one in draft.connections]
    lines += [f"  {where(one.file, one.line)}: {_network(one)}" for one in draft.networks]
    lines += [f"  {_cable(one)}" for one in draft.cables]
    _part(output, "Comes over:", list(dict.fromkeys(lines)))


def _connection(one: Connection) -> str:
    words = [_KINDS[one.kind], escape.printable(one.name or "of any name")]
    listed = ", ".join(map(escape.printable, one.ports or one.interfaces))
    return " ".join(words) + (f" ({listed})" if listed and listed != words[1] else "")


def _network(one: Network) -> str:
    label = security.label(security.of_fields(one.fields))
    return f"network {names.shown(one.ssid)}, {label}"


def _cable(one: Cable) -> str:
    place = where(one.authentication.file, one.authentication.line)
    return f"{place}: 802.1X on cable {one.shown}"


def left(output: Output, lefts: list[Left]) -> None:
    """Say what does not come over, line by line."""
    lines = []
    for one in lefts:
        name = _NUMBER.sub("", one.key)
        key = f"{name}: " if _KEY.fullmatch(name) else ""
        lines.append(f"  {where(one.file, one.line)}: {key}{escape.printable(one.why)}")
    _part(output, "Does not come over:", list(dict.fromkeys(lines)))


def rivals(output: Output, found: list[Diagnostic], notes: list[str]) -> None:
    """Say what to switch off."""
    lines = []
    for one in found:
        place = f"{where(one.file, one.line)}: " if one.file else ""
        lines.append(escape.printable(f"  {place}{one.text}"))
        lines.append(escape.printable(f"    {one.remedy}"))
    _part(output, "To switch off:", [*lines, *(escape.printable(f"  {note}") for note in notes)])


def plan(output: Output, text: str, edits: list[Edit], files: list[File], kept: bool) -> None:
    """Show what would be written, with stars for what may be secret."""
    title = "/etc/wbond.conf would be" + (", if there were none:" if kept else ":")
    _part(output, title, [f"  {line}".rstrip() for line in text.splitlines()])
    for edit in edits:
        if edit.added:
            blocks = [network_file.block(one.ssid, one.fields) for one in edit.added]
            lines = networks.masked("\n".join(blocks)).splitlines()
            title = f"{edit.file.name} would get:"
            _part(output, title, [f"  {escape.printable(line)}".rstrip() for line in lines])

    for file in files:
        if file.text:
            lines = networks.masked(file.text).splitlines()
            title = f"{file.file.name} would be:"
            _part(output, title, [f"  {escape.printable(line)}".rstrip() for line in lines])


def present(output: Output, edits: list[Edit], files: list[File]) -> None:
    """Say which networks and files stay as they are."""
    for file in files:
        if not file.text:
            output.line(
                f"{file.file.name} is there already, and stays as it is: {file.cable.shown} has "
                "the 802.1X that it says."
            )
    for edit in edits:
        for one in edit.present:
            name = names.shown(one.ssid)
            output.line(f"{name} is in {edit.file.name} already, and stays as it is.")


def _part(output: Output, title: str, lines: list[str]) -> None:
    if lines:
        output.line("\n".join([title, *lines, ""]))

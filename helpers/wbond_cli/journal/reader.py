# SPDX-License-Identifier: LGPL-2.1-or-later
"""What wbond-watch has written to the journal, by its fields, and since when things are so.

Only root's entries are taken: any user can write to the journal, and call
himself wbond-watch.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from wbond import escape
from wbond_net.clients import leases

from wbond_cli.command import MISSING, CommandError, Run

WATCH = ("SYSLOG_IDENTIFIER=wbond-watch", "_UID=0")
FIELDS = ("MESSAGE", "WBOND_BOND", "WBOND_EVENT", "WBOND_PORT", "WBOND_FORMER", "WBOND_ADDRESS")
FOLDERS = ("var/log/journal", "run/log/journal")  # systemd-journald.service(8), "Files"
REMEDY = "sudo, or membership of the group systemd-journal (usermod -aG systemd-journal NAME)"


class Entry(NamedTuple):
    """One message of the watch: seconds since 1970, the boot's id, and what happened.

    Texts are printable; those that the event lacks are empty.
    """

    time: float
    boot: str
    bond: str
    event: str
    port: str = ""
    former: str = ""
    address: str = ""
    text: str = ""


class Reading(NamedTuple):
    """Entries, oldest first; `fault` says why the journal, or a part of it, was not read.

    `cursor` is the place of the last entry in the journal.
    """

    entries: tuple[Entry, ...] = ()
    fault: str = ""
    remedy: str = ""
    cursor: str = ""


def read(run: Run, *selection: str, root: str = "/") -> Reading:
    """Ask journalctl for the watch's entries; `selection` are further options of journalctl.

    `run` is `command.run`, or what stands for it.
    """
    fault = ""
    try:
        text = run(*call(*selection))
    except CommandError as error:
        if error.status == MISSING:
            return Reading(fault=error.message, remedy="it is part of systemd")
        text = error.stdout
        fault = escape.printable(next(reversed(error.stderr.strip().splitlines()), ""))
    entries = tuple(parse(text))
    if not entries and not readable(root):
        return Reading(fault="the journal may not be read by this user", remedy=REMEDY)
    return Reading(entries, fault, cursor=_cursor(text))


def call(*selection: str) -> tuple[str, ...]:
    """Return the call of journalctl that prints the watch's entries as JSON, one a line."""
    options = ("--quiet", "--no-pager", "--output=json", f"--output-fields={','.join(FIELDS)}")
    return ("journalctl", *options, *selection, *WATCH)


def of_bond(entries: Iterable[Entry], bond: str | None) -> list[Entry]:
    """Return the entries of a bond, with None those of all."""
    return [entry for entry in entries if is_of_bond(entry, bond)]


def is_of_bond(entry: Entry, bond: str | None) -> bool:
    """Tell whether an entry is of a bond; with None, each is."""
    return bond is None or entry.bond == escape.printable(bond)


def readable(root: str = "/") -> bool:
    """Tell whether any of the system's journals may be read, or there is none at all."""
    journals = list(_journals(root))
    return not journals or any(os.access(path, os.R_OK) for path in journals)


def _journals(root: str) -> Iterator[str]:
    for folder in FOLDERS:
        try:
            with os.scandir(os.path.join(root, folder)) as entries:
                paths = [os.path.join(entry.path, "system.journal") for entry in entries]
        except OSError:
            continue
        yield from filter(os.path.exists, paths)


def parse(text: str) -> Iterator[Entry]:
    """Yield the entries of journalctl's JSON, one a line; lines that are none are skipped."""
    for line in text.splitlines():
        if entry := _entry(_fields(line)):
            yield entry


def _cursor(text: str) -> str:
    """Return the cursor of the last line, which journalctl gives with every entry."""
    lines = text.splitlines()
    return str(_fields(lines[-1]).get("__CURSOR", "")) if lines else ""


def _fields(line: str) -> dict[str, object]:
    """Return the fields of a line; none of one that is no entry."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _entry(fields: dict[str, object]) -> Entry | None:
    try:
        moment = int(str(fields["__REALTIME_TIMESTAMP"])) / 1e6
    except (KeyError, ValueError, OverflowError):
        return None
    if not 0 <= moment < leases.YEAR_5000:  # no clock shows it
        return None
    message, bond, event, port, former, address = (_value(fields.get(name)) for name in FIELDS)
    if not bond or not event:
        return None
    text = message.removeprefix(f"{bond}: ")
    boot = _value(fields.get("_BOOT_ID"))
    return Entry(moment, boot, bond, event, port, former, address, text)


def _value(value: object) -> str:
    """Return a field as printable text; journalctl gives what is not UTF-8 as a list of bytes."""
    if isinstance(value, list) and value and isinstance(value[0], str):
        value = value[0]  # the entry has the field more than once
    if isinstance(value, list):
        try:
            value = os.fsdecode(bytes(value))
        except (TypeError, ValueError):
            return ""
    return escape.printable(value) if isinstance(value, str) else ""


def life(entries: Iterable[Entry], bond: str) -> list[Entry]:
    """Return the entries of a bond since it was last made, oldest first."""
    name = escape.printable(bond)
    own: list[Entry] = []
    for entry in entries:
        if entry.bond != name:
            continue
        if entry.event == "bond-removed" or (own and own[-1].boot != entry.boot):
            own = []
        if entry.event != "bond-removed":
            own.append(entry)
    return own


# The state that events begin for the port they name; those of _LEAVES end one for the former.
_BEGINS = {
    "active": "active",
    "failover": "active",
    "carrier-gained": "standby",
    "carrier-lost": "no-carrier",
}
_CARRIER_UNKNOWN = ("port-joined", "port-left")
_LEAVES = ("failover", "no-carrier")


def since(entries: Sequence[Entry], port: str, state: str) -> float | None:
    """Return since when (s since 1970) a port is active, stands by or has no carrier.

    `entries` are those of the bond's life, `state` is "active", "standby" or
    "no-carrier". None if the journal says otherwise, or nothing; a port that was
    there before the watch is in its state since the watch began, at least.
    """
    name = escape.printable(port)
    for entry in reversed(entries):
        if entry.former == name and entry.event in _LEAVES:
            if state == "no-carrier":
                continue
            return entry.time if state == "standby" else None
        if entry.port != name:
            continue
        if entry.event == "port-renamed":
            name = entry.former
        if entry.event in _CARRIER_UNKNOWN:
            return entry.time if entry.event == "port-joined" else None
        if entry.event in _BEGINS:
            return entry.time if _BEGINS[entry.event] == state else None
    return next((entry.time for entry in entries if entry.event == "watching"), None)


def idle_since(entries: Sequence[Entry]) -> float | None:
    """Return since when no port has been active; None if the journal says otherwise."""
    for entry in reversed(entries):
        if entry.event == "no-carrier":
            return entry.time
        if entry.event in ("active", "failover"):
            return None
    return entries[0].time if entries else None

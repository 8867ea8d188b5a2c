# SPDX-License-Identifier: LGPL-2.1-or-later
"""What wbond-watch has written to the journal, by its fields, and since when things are so.

Of what stands there only entries by root are taken; any user can write to the
journal what he likes, and call himself wbond-watch.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from wbond import escape
from wbond_net.clients import leases

from wbond_cli.process import MISSING, Ask

WATCH = ("SYSLOG_IDENTIFIER=wbond-watch", "_UID=0")
FIELDS = ("MESSAGE", "WBOND_BOND", "WBOND_EVENT", "WBOND_PORT", "WBOND_FORMER", "WBOND_ADDRESS")
FOLDERS = ("var/log/journal", "run/log/journal")  # systemd-journald.service(8), "Files"
REMEDY = "sudo, or membership of the group systemd-journal (usermod -aG systemd-journal NAME)"


class Entry(NamedTuple):
    """One message of the watch: seconds since 1970, the boot's id, and what happened.

    Texts are printable; those that the event has not are empty.
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
    """Entries, oldest first, and what kept the journal from being read: nothing if nothing did."""

    entries: tuple[Entry, ...] = ()
    fault: str = ""
    remedy: str = ""


def read(ask: Ask, *selection: str, root: str = "/") -> Reading:
    """Ask journalctl for the watch's entries; `selection` are further options of its."""
    words = ["journalctl", "--quiet", "--no-pager", "--output=json"]
    fields = f"--output-fields={','.join(FIELDS)}"
    answer = ask(*words, fields, *selection, *WATCH)
    if answer.code == MISSING:
        return Reading(fault=answer.err, remedy="it is part of systemd")
    entries = tuple(parse(answer.out))
    if not entries and not readable(root):
        return Reading(fault="the journal may not be read by this user", remedy=REMEDY)
    if answer.code and answer.err.strip():
        return Reading(entries, escape.printable(answer.err.strip().splitlines()[-1]))
    return Reading(entries)


def readable(root: str = "/") -> bool:
    """Tell whether any of the system's journals may be read, or there is none at all."""
    found = list(_journals(root))
    return not found or any(os.access(path, os.R_OK) for path in found)


def _journals(root: str) -> Iterator[str]:
    for folder in FOLDERS:
        try:
            with os.scandir(os.path.join(root, folder)) as entries:
                paths = [os.path.join(entry.path, "system.journal") for entry in entries]
        except OSError:
            continue
        yield from filter(os.path.exists, paths)


def parse(text: str) -> Iterator[Entry]:
    """Yield the entries of journalctl's JSON, one a line; what is none of the watch's is left."""
    import json

    for line in text.splitlines():
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(fields, dict) and (entry := _entry(fields)):
            yield entry


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
        value = value[0]  # the field stands there more than once
    if isinstance(value, list):
        try:
            value = os.fsdecode(bytes(value))
        except (TypeError, ValueError):
            return ""
    return escape.printable(value) if isinstance(value, str) else ""


# --- since when ---------------------------------------------------------------


def life(entries: Iterable[Entry], bond: str) -> list[Entry]:
    """Return the entries of a bond since it was last made, oldest first."""
    name = escape.printable(bond)
    found: list[Entry] = []
    for entry in entries:
        if entry.bond != name:
            continue
        if entry.event == "bond-removed" or (found and found[-1].boot != entry.boot):
            found = []
        if entry.event != "bond-removed":
            found.append(entry)
    return found


# What the events say about the port they name, and about the one they name as the former.
_MAKES = {
    "active": "active",
    "failover": "active",
    "carrier-gained": "standby",
    "carrier-lost": "no-carrier",
}
_UNSAID = ("port-joined", "port-left")  # with or without carrier
_LEAVES = ("failover", "no-carrier")


def since(entries: Sequence[Entry], port: str, condition: str) -> float | None:
    """Return since when a port is active, stands by or has no carrier.

    `entries` are those of the bond's life, `condition` is "active", "standby"
    or "no-carrier". None where the journal says otherwise, or nothing; a port
    that was there before the watch is as it is since the watch began, at least.
    """
    name = escape.printable(port)
    for entry in reversed(entries):
        if entry.former == name and entry.event in _LEAVES:
            if condition == "no-carrier":
                continue
            return entry.time if condition == "standby" else None
        if entry.port != name:
            continue
        if entry.event == "port-renamed":
            name = entry.former
        if entry.event in _UNSAID:
            return entry.time if entry.event == "port-joined" else None
        if entry.event in _MAKES:
            return entry.time if _MAKES[entry.event] == condition else None
    begun = next((entry for entry in entries if entry.event == "watching"), None)
    return begun.time if begun else None


def idle_since(entries: Sequence[Entry]) -> float | None:
    """Return since when no port has been active; None where the journal says otherwise."""
    for entry in reversed(entries):
        if entry.event == "no-carrier":
            return entry.time
        if entry.event in ("active", "failover"):
            return None
    return entries[0].time if entries else None

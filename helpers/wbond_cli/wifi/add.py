# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond wifi add: a network into wpa_supplicant's file, and into each one that runs.

What runs gets it by its control socket, which cuts no connection, where reading the file again
would. It is asked first: a field that it refuses would have it refuse the whole file.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from wbond_cli import exit_status
from wbond_cli.check.machine import Machine
from wbond_cli.errors import UserError
from wbond_cli.output import Output
from wbond_cli.wifi import (
    connection,
    enterprise,
    names,
    network_file,
    passphrase,
    radios,
    saved,
    security,
    service,
    station,
)
from wbond_cli.wifi.control import ControlError
from wbond_cli.wifi.radios import Station
from wbond_cli.wifi.saved import Saved


class Edit(NamedTuple):
    """A file, and the text that it is to have."""

    file: Saved
    text: str
    replaces: bool


def run(options: argparse.Namespace) -> int:
    """Add a network; returns the exit status. Raises UserError for what cannot be done."""
    ssid = os.fsencode(options.ssid)
    machine, output = Machine(options.root), Output()
    found = radios.find(machine, options.bond)
    with radios.opened(machine, found.present) as (stations, faults):
        try:
            names.check(ssid)
            files = [_editable(machine, path, ssid) for path in found.files]
            edits = _edits(options, ssid, files, _fields(options, ssid, stations, machine, output))
        except passphrase.PasswordError as error:
            raise UserError(f"{error}; nothing is written", status=exit_status.USAGE) from None
        with _prepared(ssid, stations, edits) as prepared:
            for edit in edits:
                saved.write(edit.file, edit.text)
        _say_written(output, names.shown(ssid), edits)
        watched = [connection.Watched(one, ssid) for one in stations]
        _enable(options.country, prepared)
        ends = [watch.tell(output) for watch in watched]
    missing = set(found.present) - {one.radio for one in stations}
    service.start_waiting(machine, output, missing, found.present, faults)
    return exit_status.SUCCESS if all(ends) else exit_status.FAILURE


def _editable(machine: Machine, path: str, ssid: bytes) -> Saved:
    file = saved.read(machine, path)
    saved.require_editable(file)
    if (count := len(network_file.named(file.text, ssid))) > 1:
        text = f"{file.name} has {count} networks of this name; nothing is written"
        raise UserError(text, "Change the one that you mean there, by an editor.")
    return file


def _fields(
    options: argparse.Namespace,
    ssid: bytes,
    stations: list[Station],
    machine: Machine,
    output: Output,
) -> security.Fields:
    """Return a network's fields; asks for what is secret.

    Raises UserError, passphrase.PasswordError.
    """
    chosen = options.security
    if chosen == security.AUTO:
        chosen = _seen(ssid, stations, options)
        if chosen in security.WITHOUT_SECRET:
            output.line(f"{names.shown(ssid)} asks for no passphrase: {security.label([chosen])}.")
    fields = {"scan_ssid": "1"} if options.hidden else {}
    if options.priority is not None:
        fields["priority"] = str(options.priority)
    if chosen in security.WITHOUT_SECRET:
        return fields | security.without_secret(chosen)
    if chosen in security.ENTERPRISE:
        return fields | enterprise.fields(options, chosen, machine)
    prompt = f"Passphrase of {names.shown(ssid)}"
    secret = passphrase.read_line() if options.stdin else passphrase.ask(prompt)
    return fields | security.personal(chosen, ssid, secret)


def _seen(ssid: bytes, stations: list[Station], options: argparse.Namespace) -> str:
    """Return how the network is protected, as far as it is in reach. Raises UserError."""
    flags = _flags(ssid, stations)
    if not flags and not options.hidden and stations:
        station.scan([(one.control, one.socket) for one in stations])
        flags = _flags(ssid, stations)
    seen = frozenset[str]().union(*map(security.of_flags, flags))
    chosen = security.choose(seen) if seen else security.WPA2_WPA3
    if not chosen:
        text = f"{names.shown(ssid)} has {security.label(seen)}; nothing is written"
        remedy = "WEP protects nothing: wpa_supplicant.conf(5) tells how to write it by hand."
        if security.EAP in seen:
            remedy = "Name its method: `--security peap` (a password), `--security tls`."
        raise UserError(text, remedy)
    if chosen in security.WITHOUT_SECRET and (options.stdin or not sys.stdin.isatty()):
        # A passphrase is given: another's access point of that name must not make it useless.
        text = f"{names.shown(ssid)} seems to ask for no passphrase; nothing is written"
        raise UserError(text, f"Say so, if it is right: `--security {chosen}`.")
    return chosen


def _flags(ssid: bytes, stations: list[Station]) -> list[str]:
    return [
        access_point.flags
        for one in stations
        for access_point in station.access_points(one.control)
        if access_point.ssid == ssid
    ]


def _edits(
    options: argparse.Namespace, ssid: bytes, files: list[Saved], fields: security.Fields
) -> list[Edit]:
    edits = []
    for file in files:
        text = network_file.with_network(file.text, ssid, fields)
        if options.country:
            text = network_file.with_country(text, options.country)
        edits.append(Edit(file, text, bool(network_file.named(file.text, ssid))))
    return edits


class _Prepared(NamedTuple):
    """A network that a radio knows and does not join yet, and those whose place it takes."""

    station: Station
    number: int
    former: list[int]


@contextmanager
def _prepared(ssid: bytes, stations: list[Station], edits: list[Edit]) -> Iterator[list[_Prepared]]:
    """Tell each radio of the network; if that or what follows fails, none knows it any more.

    Raises UserError.
    """
    texts = {edit.file.path: edit.text for edit in edits}
    done: list[_Prepared] = []
    try:
        for one in stations:
            (block,) = network_file.named(texts[one.radio.path], ssid)
            former = [known.id for known in station.networks(one.control) if known.ssid == ssid]
            number = station.add(one.control, block.fields)
            done.append(_Prepared(one, number, former))
        yield done
    except BaseException as error:
        for prepared in done:
            _attempt(prepared.station, f"REMOVE_NETWORK {prepared.number}")
        if isinstance(error, ControlError):
            raise UserError(f"{error}; nothing is written") from None
        raise


def _enable(country: str | None, prepared: list[_Prepared]) -> None:
    for one in prepared:
        if country:
            _attempt(one.station, f"SET country {country}")
        for number in one.former:
            _attempt(one.station, f"REMOVE_NETWORK {number}")
        _attempt(one.station, f"ENABLE_NETWORK {one.number}")


def _attempt(one: Station, command: str) -> None:
    """Send a command that may fail: the file has the network, or still has it not."""
    try:
        one.control.request(command)
    except ControlError:
        pass


def _say_written(output: Output, name: str, edits: list[Edit]) -> None:
    for edit in edits:
        done = "has another password now" if edit.replaces else "is added"
        output.line(f"{name} {done}, in {edit.file.name}.")

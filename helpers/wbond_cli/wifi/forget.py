# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond wifi forget: a network out of wpa_supplicant's file, and out of each one that runs."""

import argparse
import os

from wbond_cli import exit_status
from wbond_cli.check.machine import Machine
from wbond_cli.errors import UserError
from wbond_cli.output import Output
from wbond_cli.wifi import names, network_file, radios, saved, station
from wbond_cli.wifi.control import ControlError
from wbond_cli.wifi.radios import Station
from wbond_cli.wifi.saved import Saved


def run(options: argparse.Namespace) -> int:
    """Forget a network; returns the exit status.

    Raises UserError for one that is not known, and where a file cannot be written.
    """
    ssid = os.fsencode(options.ssid)
    machine, output = Machine(options.root), Output()
    found = radios.find(machine, options.bond)
    files = [saved.read(machine, path) for path in found.files]
    having = [file for file in files if network_file.named(file.text, ssid)]
    with radios.opened(machine, found.present) as (stations, _):
        known = [one for one in stations if _numbers(one, ssid)]
        if not having and not known:
            raise UserError(
                f"no network {names.shown(ssid)} is saved", _others(files), exit_status.USAGE
            )
        for file in having:
            saved.require_editable(file)
        for file in having:
            saved.write(file, network_file.without_network(file.text, ssid))
            output.line(f"{names.shown(ssid)} is forgotten, in {file.name}.")
        done = [_forget(output, one, ssid) for one in known]
    return exit_status.SUCCESS if all(done) else exit_status.FAILURE


def _numbers(one: Station, ssid: bytes) -> list[int]:
    """Return the numbers of a network at a radio, none if it does not answer."""
    try:
        return [known.id for known in station.networks(one.control) if known.ssid == ssid]
    except ControlError:
        return []


def _forget(output: Output, one: Station, ssid: bytes) -> bool:
    """Have a radio forget a network; tells whether it has."""
    try:
        for number in _numbers(one, ssid):
            one.control.request(f"REMOVE_NETWORK {number}")
    except ControlError as error:
        output.line(f"{one.radio.name}: {error}; `systemctl reload {one.radio.unit}` does it.")
        return False
    return True


def _others(files: list[Saved]) -> str:
    known = [block.ssid for file in files for block in network_file.blocks(file.text)]
    shown = [names.shown(ssid) for ssid in dict.fromkeys(known) if ssid]
    return f"saved here: {', '.join(shown) or 'none'}"

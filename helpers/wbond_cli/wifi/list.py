# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond wifi list: the networks that are saved, and which of them radios are connected to."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping

from wbond_cli import exit_status, terminal
from wbond_cli.check.machine import Machine
from wbond_cli.wifi import document, network_file, radios, saved, security, station
from wbond_cli.wifi.control import ControlError
from wbond_cli.wifi.networks import Kept
from wbond_cli.wifi.radios import Radio


def run(options: argparse.Namespace) -> int:
    """Show the networks of the files; returns the exit status.

    Raises UserError for a file that cannot be read.
    """
    machine = Machine(options.root)
    found = radios.find(machine, options.bond)
    connected = _connected(machine, found.present)
    kept = [one for path in found.files for one in _kept(machine, path, connected)]
    if options.json:
        sys.stdout.write(json.dumps(document.kept(kept), indent=2) + "\n")
    elif kept:
        # rich: 70 ms, which --json does without.
        from wbond_cli.wifi import screen

        screen.print_list(terminal.console(), kept, len(found.files) > 1)
    else:
        sys.stdout.write("No network is saved; `sudo wbond wifi add SSID` adds one.\n")
    return exit_status.SUCCESS


def _connected(machine: Machine, present: list[Radio]) -> dict[Radio, bytes]:
    """Return the networks that radios are connected to; without those that do not answer."""
    found = {}
    with radios.opened(machine, present) as (stations, _):
        for one in stations:
            try:
                state = station.association(one.control)
            except ControlError:
                continue
            if state.connected:
                found[one.radio] = state.ssid
    return found


def _kept(machine: Machine, path: str, connected: Mapping[Radio, bytes]) -> Iterator[Kept]:
    for block in network_file.blocks(saved.read(machine, path).text):
        if block.ssid is None:
            continue  # of a cable with 802.1X, or of any name
        fields = block.fields
        yield Kept(
            ssid=block.ssid,
            path=path,
            line=block.first + 1,
            security=security.of_fields(fields),
            hidden=fields.get("scan_ssid", "0") != "0",
            enabled=fields.get("disabled", "0") == "0",
            priority=_number(fields.get("priority", "")),
            connected=[
                radio.name
                for radio, ssid in connected.items()
                if (radio.path, ssid) == (path, block.ssid)
            ],
        )


def _number(text: str) -> int:
    digits = text.strip().removeprefix("-")
    return int(text) if digits.isdecimal() and digits.isascii() and len(digits) < 10 else 0

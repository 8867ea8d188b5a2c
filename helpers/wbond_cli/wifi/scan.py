# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond wifi scan: the networks in reach."""

import argparse
import json
import sys

from wbond_cli import exit_status, terminal
from wbond_cli.check.machine import Machine
from wbond_cli.errors import UserError
from wbond_cli.wifi import document, radios, station
from wbond_cli.wifi.control import ControlError
from wbond_cli.wifi.networks import Found, merge
from wbond_cli.wifi.radios import Fault, Station
from wbond_cli.wifi.station import AccessPoint


def run(options: argparse.Namespace) -> int:
    """Have every radio look, and show what they see; returns the exit status.

    Raises UserError if none can.
    """
    machine = Machine(options.root)
    found = radios.find(machine, options.bond)
    with radios.opened(machine, found.present) as (stations, faults):
        if not stations:
            fault = faults[0] if faults else Fault("no radio of a bond is present")
            raise UserError(fault.text, fault.remedy, exit_status.FAILURE)
        networks = _look(stations, faults)
    if options.json:
        sys.stdout.write(json.dumps(document.scan(networks, faults), indent=2) + "\n")
    else:
        for fault in faults:
            terminal.complain(fault.text, fault.remedy)
        _show(networks)
    return exit_status.SUCCESS


def _look(stations: list[Station], faults: list[Fault]) -> list[Found]:
    """Return what the radios see; adds to the faults those that could not look."""
    seen: list[tuple[str, AccessPoint]] = []
    known: set[bytes] = set()
    connected: dict[str, bytes] = {}
    for one, done in zip(stations, _scan(stations, faults), strict=True):
        try:
            if not done:
                text = f"{one.radio.name} has not finished looking: what it saw before is shown"
                faults.append(Fault(text))
            seen += [(one.radio.name, found) for found in station.access_points(one.control)]
            known |= {network.ssid for network in station.networks(one.control)}
            present = station.association(one.control)
            connected |= {one.radio.name: present.ssid} if present.connected else {}
        except ControlError as error:
            faults.append(Fault(f"{one.radio.name}: {error}"))
    return merge(seen, known, connected)


def _scan(stations: list[Station], faults: list[Fault]) -> list[bool]:
    try:
        return station.scan([(one.control, one.socket) for one in stations])
    except ControlError as error:
        faults.append(Fault(str(error), "`rfkill` tells whether the radio is blocked."))
        return [True] * len(stations)


def _show(networks: list[Found]) -> None:
    # rich: 70 ms, which --json does without.
    from wbond_cli.wifi import screen

    screen.print_scan(terminal.console(), networks)

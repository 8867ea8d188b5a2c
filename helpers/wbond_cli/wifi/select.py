# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond wifi select: radios go to a network now, until they lose it.

SELECT_NETWORK disables all other networks. As soon as the radio is connected, those that were
enabled are so again, without a connection being sought: a radio that loses the network is not
left alone. Neither is one that does not reach it.
"""

import argparse
import os
from collections.abc import Iterable

from wbond_cli import exit_status
from wbond_cli.check.machine import Machine
from wbond_cli.errors import UserError
from wbond_cli.output import Output
from wbond_cli.wifi import connection, names, radios, station
from wbond_cli.wifi.control import ControlError, attached
from wbond_cli.wifi.radios import Fault, Station
from wbond_cli.wifi.station import Network


def run(options: argparse.Namespace) -> int:
    """Select a network on each radio that knows it; returns the exit status.

    Raises UserError if no radio does.
    """
    ssid = os.fsencode(options.ssid)
    machine, output = Machine(options.root), Output()
    found = radios.find(machine, options.bond)
    with radios.opened(machine, found.present) as (stations, faults):
        try:
            known = {one: station.networks(one.control) for one in stations}
            having = [one for one in stations if _number(known[one], ssid) is not None]
            if not having:
                raise _unknown(ssid, known.values(), faults)
            done = [_select(output, one, known[one], ssid) for one in having]
        except ControlError as error:
            raise UserError(str(error), status=exit_status.FAILURE) from None
    return exit_status.SUCCESS if all(done) else exit_status.FAILURE


def _number(known: Iterable[Network], ssid: bytes) -> int | None:
    return next((network.id for network in known if network.ssid == ssid), None)


def _unknown(ssid: bytes, known: Iterable[list[Network]], faults: list[Fault]) -> UserError:
    if faults:
        return UserError(faults[0].text, faults[0].remedy, exit_status.FAILURE)
    saved = dict.fromkeys(names.shown(network.ssid) for one in known for network in one)
    if not saved and not any(known):
        text, remedy = "no radio knows a network", "`sudo wbond wifi add SSID` adds one."
        return UserError(text, remedy, exit_status.FAILURE)
    text = f"no radio knows a network {names.shown(ssid)}"
    return UserError(text, f"known here: {', '.join(saved)}", exit_status.USAGE)


def _select(output: Output, one: Station, known: list[Network], ssid: bytes) -> bool:
    """Select a network on a radio, and say what came of it; tells whether it is connected."""
    number = _number(known, ssid)
    others = [network.id for network in known if network.enabled and network.id != number]
    connected = False
    with attached(one.socket) as events:
        try:
            one.control.request(f"SELECT_NETWORK {number}")
            why = connection.wait(one, events, ssid)
            connected = not why
        finally:
            # Not sought: the radio would else go back at once.
            way = " no-connect" if connected else ""
            for other in others:
                one.control.request(f"ENABLE_NETWORK {other}{way}")
    output.line(f"{one.radio.name} {why or 'is connected to'} {names.shown(ssid)}.")
    if not connected and others:
        output.line("It may use its other networks again.")
    return connected

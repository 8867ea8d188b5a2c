# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether a radio connects to a network: waited for, and told."""

from wbond_cli.output import Output
from wbond_cli.wifi import names, station
from wbond_cli.wifi.control import Control, ControlError, attached
from wbond_cli.wifi.radios import Station

TIMEOUT = 25.0  # seconds: a scan of all channels, and an access point that is slow to answer
_CONNECTED = "CTRL-EVENT-CONNECTED"
_PAUSED = "CTRL-EVENT-SSID-TEMP-DISABLED"
_REFUSED = "CTRL-EVENT-EAP-FAILURE"
_WRONG_KEY = "reason=WRONG_KEY"


class Watched:
    """A radio, watched from before it is told to connect."""

    def __init__(self, one: Station, ssid: bytes) -> None:
        """Take a network's name; a radio that another network has let in is left alone there."""
        self._station, self._ssid = one, ssid
        self._other = b""
        self._events: Control | None = None
        try:
            present = station.association(one.control)
            if present.connected and present.ssid != ssid:
                self._other = present.ssid
            else:
                self._events = attached(one.socket)
        except ControlError:
            pass

    def tell(self, output: Output) -> bool:
        """Say what becomes of it; tells whether nothing speaks against the password."""
        radio, name = self._station.radio.name, names.shown(self._ssid)
        if self._other:
            other = names.shown(self._other)
            output.line(f"{radio} stays connected to {other}; `sudo wbond wifi select` changes it.")
            return True
        if self._events is None:
            return True
        with self._events as events:
            why = wait(self._station, events, self._ssid)
        output.line(f"{radio} {why or 'is connected to'} {name}.")
        return why != WRONG_PASSWORD


WRONG_PASSWORD = "has the wrong password for"
NOT_REFUSED = "does not reach now, and will connect as soon as it does, to"


def wait(one: Station, events: Control, ssid: bytes, seconds: float = TIMEOUT) -> str:
    """Wait until a radio is connected to a network; returns what it does instead, if not.

    `events` has been attached before the radio was told.
    """
    try:
        if _is_connected(one, ssid):
            return ""
        for event in events.events(seconds):
            if event.startswith(_CONNECTED) and _is_connected(one, ssid):
                return ""
            if event.startswith(_REFUSED) or (event.startswith(_PAUSED) and _WRONG_KEY in event):
                return WRONG_PASSWORD
    except ControlError:
        pass
    return NOT_REFUSED


def _is_connected(one: Station, ssid: bytes) -> bool:
    present = station.association(one.control)
    return present.connected and present.ssid == ssid

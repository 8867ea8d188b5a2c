# SPDX-License-Identifier: LGPL-2.1-or-later
"""Claims: an access point that claims the MAC address all ports share is answered on the wire.

When a radio associates, its access point tells the switch that the radio's address is behind it
(cfg80211_send_layer2_update(), net/wireless/util.c). If the radio stands by with the address of
the bond, what is meant for the active port then goes astray, until that port sends.
"""

import math
import struct

from wbond_net.kernel.bond_state import Port, State
from wbond_net.watch.duty import Duty, Effect, Effects, Journal, Outcome, Send, View, reason

# When to announce, after a standby radio has come back, where the address really is: its access
# point claims it at some time within this second. In seconds.
ANNOUNCEMENTS = tuple(n / 100 for n in (*range(20), *range(20, 50, 2), *range(50, 101, 5)))


class Claims(Duty):
    """Announces the bond's address on the active port for a second after each claim."""

    def __init__(self) -> None:
        """Nothing has been claimed yet."""
        self._announce_deadlines: list[float] = []

    @property
    def due(self) -> float:
        """Return when to announce next."""
        return self._announce_deadlines[0] if self._announce_deadlines else math.inf

    def changed(self, view: View) -> Effects:
        """Answer a radio that has just come back."""
        port = claimant(view.states[0], view.state) if len(view.states) > 1 else None
        if port is None:
            return []
        self._announce_deadlines = [view.now + later for later in ANNOUNCEMENTS]
        text = f"{port.label} has the common address; announced on the active port"
        return [*self.tick(view), Journal("claimed", text)]

    def tick(self, view: View) -> Effects:
        """Announce, and plan the next time."""
        self._announce_deadlines = [due for due in self._announce_deadlines if due > view.now]
        return [Send(announcement(view.state.address))] if view.state.address else []

    def done(self, effect: Effect, outcome: Outcome, view: View) -> Effects:
        """Give up on a bond that cannot send."""
        if not isinstance(outcome, Exception):
            return []
        self._announce_deadlines = []
        return [Journal("write-failed", f"cannot announce its address: {reason(outcome)}")]


def announcement(address: str) -> bytes:
    """Return the frame by which switches learn an address, as access points send it.

    To all, from `address`: an IEEE 802.2 XID response, which asks nothing of anyone.
    """
    payload = bytes((0x00, 0x01, 0xAF, 0x81, 0x01, 0x00))
    source = bytes.fromhex(address.replace(":", ""))
    return b"\xff" * 6 + source + struct.pack("!H", len(payload)) + payload


def claimant(former: State, state: State) -> Port | None:
    """Return the standby radio with the bond's address that has gained carrier or authorisation."""
    active = state.active
    if active is None or active.is_radio or not active.is_operational:
        return None
    for index, port in state.ports.items():
        before = former.ports.get(index)
        if before is None or not port.is_radio or port.link.address != state.address:
            continue
        now = (port.has_carrier, port.is_operational)
        if now > (before.has_carrier, before.is_operational):
            return port
    return None

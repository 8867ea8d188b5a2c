# SPDX-License-Identifier: LGPL-2.1-or-later
"""The network that the bond is in: when it may be another one than before.

It is the same as long as at least one port holds on to it. A port holds on from the moment it is
operational until it loses its carrier; until then it may have to authenticate again. As soon as
no port holds on, or the bond itself has lost its carrier, the laptop may have been carried to
another network: each such loss begins the next number.

Losses are counted, not looked for. The kernel counts those of each interface
(IFLA_CARRIER_DOWN_COUNT), so that one is noticed too if carrier was back within one batch of
messages, before miimon looked, while messages were lost, or while no watch was running: the
counts last seen stand in the bond's runtime directory.

With mac80211, a radio that roams loses its carrier (ieee80211_mgd_auth() disassociates first,
net/mac80211/mlme.c); a full-MAC driver need not (cfg80211_roamed() leaves carrier alone). If no
other port holds on meanwhile, a roam counts as a loss: without a look at the SSID, it cannot be
told from a change of network.
"""

from __future__ import annotations

from wbond_net.kernel.bond_state import State
from wbond_net.watch.duty import Duty, Effect, Effects, Journal, Outcome, View, WriteFile, reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    # Carrier losses of the bond and of the ports that hold on, by index.
    Counts = Mapping[int, int]

RECORD = "network"  # in the bond's runtime directory; there is none before the first network


class Network(Duty):
    """Numbers the networks, and keeps the record that outlives the watch."""

    def __init__(self, record: str | None) -> None:
        """Take the text of the record, None if there is none."""
        self.number = 0
        self._acted_upon = 0  # the number at the last time at which the bond was operational
        self._held: Counts | None = None if record is None else parse(record)
        self._record = record
        self._write_failed = False

    def follow(self, states: Sequence[State]) -> None:
        """Take in new states, oldest first."""
        for state in states:
            held = held_by(state, self._held or {})
            if self._held is None:
                # Without a record, what is found first is the network in which all began.
                self._held = held or None
                continue
            if not held or not continues(self._held, held):
                self.number += 1
            self._held = held

    def begin(self) -> None:
        """Begin the next network, whatever the links say."""
        self.number += 1

    def changed(self, view: View) -> Effects:
        """Note how things stand; comes last, after the other duties have acted upon a new number.

        They act when the bond is operational. Until then, the record says that no port holds on,
        so that a watch that starts in between lets them act as well.
        """
        if view.state.is_operational:
            self._acted_upon = self.number
        elif self._record is None or view.state.bond is None:
            return []
        held = self._held if self._held and self._acted_upon == self.number else {}
        record = "".join(f"{index} {count}\n" for index, count in held.items())
        if record == self._record:
            return []
        self._record = record
        return [WriteFile(RECORD, record)]

    def done(self, effect: Effect, outcome: Outcome, view: View) -> Effects:
        """Tell once that the record cannot be written."""
        if not isinstance(outcome, Exception) or self._write_failed:
            return []
        self._write_failed = True
        return [Journal("write-failed", f"cannot write {RECORD}: {reason(outcome)}")]


def parse(record: str) -> Counts:
    """Return the counts that a record holds; none at all if it is broken, so that all is asked."""
    try:
        return {int(index): int(count) for index, count in map(str.split, record.splitlines())}
    except ValueError:
        return {}


def held_by(state: State, before: Counts) -> Counts:
    """Return the counts of the bond and of the ports that hold on; none if no port does."""
    bond = state.bond
    if bond is None or not bond.has_carrier:
        return {}
    ports = {
        index: port.link.carrier_down_count
        for index, port in state.ports.items()
        if port.has_carrier
        and (port.is_operational or before.get(index) == port.link.carrier_down_count)
    }
    return {bond.ifindex: bond.carrier_down_count, **ports} if ports else {}


def continues(before: Counts, now: Counts) -> bool:
    """Tell whether the bond and at least one port have held on without an interruption."""
    (bond, count), *ports = now.items()
    return before.get(bond) == count and any(before.get(port) == downs for port, downs in ports)

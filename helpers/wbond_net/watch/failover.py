# SPDX-License-Identifier: LGPL-2.1-or-later
"""Failover: the active port is moved as soon as it has lost its carrier.

miimon would see that up to 100 ms later. All else is left to the kernel.
"""

from wbond import escape

from wbond_net.kernel import rtnetlink
from wbond_net.kernel.bond_state import Port, State
from wbond_net.watch.duty import (
    Duty,
    Effect,
    Effects,
    Journal,
    Outcome,
    Reselect,
    SetOption,
    View,
    reason,
)


class Failover(Duty):
    """Moves the active port, once for each loss."""

    def __init__(self) -> None:
        """Nothing has been lost yet."""
        self._moved_from = 0  # index of the port for whose loss the move has been tried
        self._reselect_for = 0  # index of the port to which the kernel may have to return

    def changed(self, view: View) -> Effects:
        """Move away from an active port without carrier; afterwards, see to the way back."""
        state = view.state
        active = state.active.link.ifindex if state.active else 0
        if state.active is None or state.active.has_carrier:
            self._moved_from = 0
        port = successor(state)
        if port and self._moved_from != active:
            self._moved_from = self._reselect_for = active
            return [SetOption("active_slave", port.link.name)]
        if self._reselect_for:
            needed = needs_reselect(state, self._reselect_for)
            if needed is not None:
                self._reselect_for = 0
            return [Reselect()] if needed else []
        return []

    def done(self, effect: Effect, outcome: Outcome, view: View) -> Effects:
        """Tell of a failure; the kernel does without."""
        if isinstance(outcome, Exception):
            return [Journal("write-failed", f"cannot {_what(effect)}: {reason(outcome)}")]
        return []


def _what(effect: Effect) -> str:
    if isinstance(effect, SetOption):
        return f"set {effect.option} to {escape.printable(effect.value)}"
    return "set primary_reselect again to what it is"


def successor(state: State) -> Port | None:
    """Return the port to move to at once; None when all is left to the kernel.

    Only when the active port has lost its carrier, and only to a port that is operational and
    that the kernel itself considers up: it refuses others (bond_option_active_slave_set()). Not
    with a downdelay, by which the user asks to wait. Ranked as the kernel ranks: the primary,
    then prio, then the order of joining (bond_find_best_slave()).
    """
    bond, active = state.bond, state.active
    if bond is None or bond.bond is None or active is None:
        return None
    if active.has_carrier or bond.bond.downdelay:
        return None
    candidates = [port for port in state.ports.values() if port.can_take_over]
    primary = bond.bond.primary
    return max(candidates, key=lambda port: _rank(port, primary), default=None)


def _rank(port: Port, primary: int) -> tuple[bool, int]:
    return (port.link.ifindex == primary, port.link.slave.prio if port.link.slave else 0)


def needs_reselect(state: State, index: int) -> bool | None:
    """Tell whether the kernel has to be asked to reselect, after a move away from port `index`.

    None as long as that is not decided. If carrier is back before miimon has looked, the kernel
    never saw it go, so nothing would make it return to a better port.
    """
    port = state.ports.get(index)
    if port is None or port.link.slave is None:
        return False
    if port.link.slave.mii_status == rtnetlink.MII_DOWN:
        return False
    if not port.has_carrier or port.link.slave.mii_status != rtnetlink.MII_UP:
        return None
    return state.active is None or state.active.link.ifindex != index

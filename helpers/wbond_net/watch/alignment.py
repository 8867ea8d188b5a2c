# SPDX-License-Identifier: LGPL-2.1-or-later
"""Alignment: ports rejoin when the interface whose MAC address all are to have has come.

They joined before that one was there, as a dock's is not. At joining, ports/mac_policy.py sets
the address.
"""

from wbond import units

from wbond_net.kernel.bond_state import Port, State
from wbond_net.watch.duty import Duty, Effects, Journal, Systemctl, View


class Alignment(Duty):
    """Has ports rejoin, each once for each address that it has."""

    def __init__(self, bond: str, mac: str) -> None:
        """Take the bond's name, and the policy `mac`."""
        self._bond, self._mac = bond, mac
        self._restarted: set[tuple[int, str]] = set()  # index, address

    def changed(self, view: View) -> Effects:
        """Have the standby ports rejoin that can now be aligned."""
        effects: list[Journal | Systemctl] = []
        for port in ports_with_other_mac(view.state, self._mac):
            attempt = (port.link.ifindex, port.link.address)
            if attempt in self._restarted:
                continue
            self._restarted.add(attempt)
            text = f"{port.label} joins again, to take the common address"
            effects += [Journal("realigned", text), Systemctl("try-restart", self._units(port))]
        return effects

    def _units(self, port: Port) -> tuple[str, ...]:
        """Name the units that may be the port's: a cable's with 802.1X is a radio's.

        `try-restart` leaves one alone that does not run, and the other is a port's that is not.
        """
        roles = (units.SUPPLICANT,) if port.is_radio else units.ROLES
        return tuple(units.port(self._bond, role, port.link.name) for role in roles)


def ports_with_other_mac(state: State, mac: str) -> list[Port]:
    """Return the standby ports whose address is not that of the port that the policy `mac` names.

    The active port is left alone until it stands by: it would have to leave the bond. So are all
    as long as the bond is not operational.
    """
    named = next((port for port in state.ports.values() if port.link.name == mac), None)
    if named is None or state.active is None or not state.is_operational:
        return []
    shared = named.link.perm_address or named.link.address
    active = state.active.link.ifindex
    return [
        port
        for index, port in state.ports.items()
        if index != active and port.link.address != shared
    ]

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The IPv6 routers: solicited when the network may be another one, because the kernel does not.

The addresses formed from their advertisements are deprecated until they are advertised again: in
another network, no answer comes back to them. So are those that a DHCPv6 client keeps while it
asks whether they still hold.
"""

import math

from wbond_net.kernel import ndisc
from wbond_net.watch.duty import (
    Addresses,
    Deprecate,
    Duty,
    Effect,
    Effects,
    Journal,
    Outcome,
    ReadAddresses,
    Solicit,
    View,
    reason,
)

# When to solicit again, as long as no router has answered (RFC 4861, MAX_RTR_SOLICITATIONS and
# RTR_SOLICITATION_INTERVAL). In seconds.
SOLICITATIONS = (4.0, 8.0)

_WHAT = {
    ReadAddresses: "read the IP addresses",
    Deprecate: "deprecate the routers' addresses",
    Solicit: "ask the IPv6 routers",
}


class Routers(Duty):
    """Solicits the routers of each network but the first one in the life of the bond."""

    def __init__(self) -> None:
        """Begin in the first network, in which the kernel has solicited."""
        self._network = 0  # its number, see network.Network
        self._doubts = False  # whether the addresses are still to be deprecated
        self._rs_deadlines: list[float] = []

    @property
    def due(self) -> float:
        """Return when to solicit next."""
        return self._rs_deadlines[0] if self._rs_deadlines else math.inf

    def changed(self, view: View) -> Effects:
        """Doubt the routers' addresses when the bond is operational in another network."""
        if not view.state.is_operational or view.network == self._network:
            return []
        self._network = view.network
        self._doubts = True
        self._rs_deadlines = [view.now + later for later in SOLICITATIONS]
        return [ReadAddresses()]

    def tick(self, view: View) -> Effects:
        """Look whether a router has answered meanwhile."""
        self._rs_deadlines = [due for due in self._rs_deadlines if due > view.now]
        if view.state.is_operational:
            return [ReadAddresses()]
        self._rs_deadlines = []
        return []

    def done(self, effect: Effect, outcome: Outcome, view: View) -> Effects:
        """Go on with the addresses, or tell why that does not work."""
        if isinstance(outcome, Addresses):
            return self._solicit(outcome, view)
        if not isinstance(outcome, Exception):
            return []
        if isinstance(effect, Solicit):
            self._rs_deadlines = []
        text = f"cannot {_WHAT.get(type(effect), 'go on')}: {reason(outcome)}"
        return [Journal("write-failed", text)]

    def _solicit(self, found: Addresses, view: View) -> Effects:
        made = tuple(ndisc.slaac_addresses(found.addresses, view.ifindex))
        solicit = Solicit(view.state.address)
        if self._doubts and ndisc.ipv6_addresses(found.addresses, view.ifindex):
            self._doubts = False
            told = Journal("routers-asked", "asks the IPv6 routers which network this is")
            # Those by DHCPv6 as well, until their client has them confirmed.
            leased = ndisc.leased_addresses(found.addresses, view.ifindex)
            return [Deprecate((*made, *leased)), told, solicit]
        if not self._doubts and all(address.deprecated for address in made):
            return [solicit]
        self._rs_deadlines = []
        return []

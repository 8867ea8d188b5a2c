# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who stands in for a router: in a network that has none, the DHCP server, if it is on the link."""

from __future__ import annotations

import math

from wbond_net.kernel.routers import Router
from wbond_net.watch.duty import Effect, ReadRouters, Routers, View

# s, for which there is no router yet, or none for a moment: a client sets its route after its
# address, and may take it away while it confirms its lease.
PATIENCE = 3.0


class StandIn:
    """Waits whether a default route comes, and has the DHCP server asked if none does."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.due = math.inf
        self._without_router = math.inf  # since when

    def choose(self, found: Routers, view: View) -> tuple[Router, ...]:
        """Return who is to be asked."""
        self.due = math.inf
        if found.routers or not found.addressed:
            self._without_router = math.inf
            return found.routers
        self._without_router = min(self._without_router, view.now)
        waits_until = self._without_router + PATIENCE
        if view.now < waits_until:
            self.due = waits_until
            return ()
        return (found.server,) if found.server else ()

    def tick(self, view: View) -> list[Effect]:
        """Look again when the time is over."""
        if self.due > view.now:
            return []
        self.due = math.inf
        return [ReadRouters()]

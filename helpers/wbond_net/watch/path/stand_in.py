# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who stands in for a router: in a network that has none, the DHCP server, if it is on the link.

A server may be off as long as its leases last. So one that leaves three questions unanswered on all
ports is asked no more, and links decide, until there is a new lease or link.
"""

from __future__ import annotations

import math

from wbond_net.kernel.routers import Router
from wbond_net.watch.duty import Effect, ReadRouters, Routers, View
from wbond_net.watch.path.paths import Paths
from wbond_net.watch.path.ports import UNKNOWN

# s, for which there is no router yet, or none for a moment: a client sets its route after its
# address, and may take it away while it confirms its lease.
PATIENCE = 3.0
UNANSWERED = 3  # questions, PATIENCE apart, after which a server is taken to be off


class StandIn:
    """Waits whether a default route comes, and has the DHCP server asked if none does."""

    def __init__(self, paths: Paths) -> None:
        """Nothing is known yet."""
        self._paths = paths
        self.due = math.inf
        self._without_router = math.inf  # since when
        self._server: Router | None = None  # who stands in at present
        self._silent: Router | None = None  # who did, and is taken to be off
        self._unanswered = 0  # questions, one after the other
        self._better: set[int] = set()  # ports that rank above the active one

    @property
    def serves(self) -> bool:
        """Tell whether the DHCP server is asked."""
        return self._server is not None

    def begin_again(self) -> None:
        """Take note that the lease, the link or the network may be another one."""
        self._without_router, self._silent, self._unanswered = math.inf, None, 0

    def update(self, found: Routers, view: View) -> None:
        """Have the routers asked, or who stands in for them.

        While a server that is known waits for its turn, no port gets the traffic by its link alone;
        one that has been asked goes on being asked meanwhile.
        """
        former, self._server, self.due = self._server, None, math.inf
        if found.routers or not found.addressed:
            self._without_router = math.inf
            self._paths.anchors.update(found.routers)
            return
        self._without_router = min(self._without_router, view.now)
        waits_until = self._without_router + PATIENCE
        waits = view.now < waits_until
        self.due = waits_until if waits else math.inf
        server = found.server if found.server != self._silent else None
        self._server = None if waits and server != former else server
        asked = (self._server,) if self._server else ()
        self._paths.anchors.update(asked, are_all=self._server == server)

    def tick(self, view: View) -> list[Effect]:
        """Look again when the time is over."""
        if self.due > view.now:
            return []
        self.due = view.now + PATIENCE  # if it cannot be read now
        return [ReadRouters()]

    def better_port_has_come(self) -> bool:
        """Tell whether a port has come that ranks above the active one.

        Its silence alone would keep the traffic from it, though the server may be off.
        """
        better = {path.index for path in self._paths.better}
        new, self._better = better - self._better, better
        return self.serves and bool(new)

    def answered(self) -> None:
        """Take note that a question was answered."""
        self._unanswered = 0

    def leave(self, view: View) -> None:
        """Take note that nobody has answered; the server is asked again later, or no more."""
        self._unanswered += 1
        if self._unanswered < UNANSWERED:
            self.due = view.now + PATIENCE
        else:
            self._silent = self._server
        self._server = None
        self._paths.anchors.update(())
        if self._paths.active:
            self._paths.active.enter(UNKNOWN, view.time)

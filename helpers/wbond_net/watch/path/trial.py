# SPDX-License-Identifier: LGPL-2.1-or-later
"""The trial: where no address comes by the active port, the next one is tried.

Without an address there is no router to ask; at a boot, a cable that leads nowhere would keep the
bond from ever having one. A cable whose switch has 802.1X leads nowhere until that lets it in.
"""

from __future__ import annotations

import math

from wbond_net.watch.duty import Effect, OtherNetwork, ReadRouters, Routers, View
from wbond_net.watch.path import words
from wbond_net.watch.path.paths import Paths
from wbond_net.watch.path.ports import DEAD, UNKNOWN, PortPath, by_rank

PATIENCE = 6.0  # s; a DHCP client has asked twice by then, and routers were solicited twice
ASKED_AGAIN = 10.0  # s, between two times that clients are told; they need some to get an address
FIRST_PAUSE, LAST_PAUSE = 60.0, 3600.0  # s, after all ports have been tried in vain


class Trial:
    """Tries one port after the other, as long as the bond has no address."""

    def __init__(self, paths: Paths, wanted: bool) -> None:
        """Take whether addresses are to come by clients."""
        self._paths, self._wanted = paths, wanted
        self.due = math.inf
        self._waits_for = 0  # index of the port by which an address may come
        self._addressed = False
        self._looks = False  # whether the wait is over, if no address has come
        self._pause = FIRST_PAUSE
        self._rests_until = self._told_at = -math.inf
        self._told_on = (0, 0)  # the port, and its losses of carrier

    @property
    def lacks_address(self) -> bool:
        """Tell whether clients ask for an address in vain."""
        return self._wanted and not self._addressed and not self._paths.anchors

    def plan(self, view: View) -> None:
        """Begin to wait when the active port is another one; end that where there is nothing to
        wait for.
        """
        active = self._paths.active
        waits = self.lacks_address and self._paths.others
        if not waits or active is None or not active.can_be_asked:
            self._waits_for, self.due = 0, math.inf
        elif active.index != self._waits_for:
            self._waits_for = active.index
            self.due = max(view.now + PATIENCE, self._rests_until)

    def tick(self, view: View) -> list[Effect]:
        """Look whether an address has come."""
        if self.due > view.now:
            return []
        self.due = view.now + PATIENCE
        self._looks = True
        return [ReadRouters()]

    def take(self, found: Routers, view: View) -> list[Effect]:
        """Take in whether the bond has an address; try another port if it has waited for one."""
        self._addressed = found.addressed
        if found.addressed:
            self._pause = FIRST_PAUSE
            return []
        active, looks = self._paths.active, self._looks
        self._looks = False
        if active is None or not looks or self._paths.anchors:
            return []
        return self._try_next(active, view)

    @property
    def may_be_locked(self) -> bool:
        """Tell whether the active port leads nowhere, as one that its switch has locked.

        A locked port may let in what is sent to all, so that there is an advertised router.
        """
        return self.lacks_address or self._paths.is_silent

    def let_in(self, active: PortPath, view: View) -> list[Effect]:
        """Have the clients ask at once where a switch lets the active port in, and wait for them.

        They have asked a locked port until now, and their pauses grow.
        """
        link = active.index, active.port.link.carrier_down_count
        just_told = link == self._told_on and view.now < self._told_at + ASKED_AGAIN
        # Soon after a link is new, nothing is known yet, and what was asked for is.
        in_doubt = self.may_be_locked or active.state == UNKNOWN
        if not self._wanted or not in_doubt or just_told:
            return []
        self._told_at, self._told_on = view.now, link
        self._waits_for = 0
        return [words.let_in(active), OtherNetwork()]

    def _try_next(self, active: PortPath, view: View) -> list[Effect]:
        able = [path for path in self._paths.others if path.port.can_take_over]
        if not able or not self._paths.may_move(view.now):
            return []
        untried = [path for path in able if path.state != DEAD]
        if not untried:
            self._rest(view)
            return []
        active.enter(DEAD, view.time)
        to = max(untried, key=by_rank)
        return [words.tried(active, to), *self._paths.move(to, view.now)]

    def _rest(self, view: View) -> None:
        """Begin anew after a pause, with the best port."""
        for path in self._paths.ports:
            if path.state == DEAD:
                path.enter(UNKNOWN, view.time)
        self._rests_until = view.now + self._pause
        self._pause = min(2 * self._pause, LAST_PAUSE)
        self.due = self._rests_until

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the parts of the duty share: the routers, the ports, which one is active, and its moves."""

from __future__ import annotations

from wbond_net.kernel import frames
from wbond_net.kernel.routers import Router
from wbond_net.watch.duty import Ask, Effect, SetOption, View
from wbond_net.watch.path import record
from wbond_net.watch.path.anchors import Anchors
from wbond_net.watch.path.dampening import Moves
from wbond_net.watch.path.ports import PROVEN, SUSPECT, UNKNOWN, PortPath, Ports
from wbond_net.watch.path.record import Record

UNTOLD = 1.0  # s, for which the kernel may not have told of a move
LOST = 2.0  # s, for which a change of port may come of a link that was lost


class Paths:
    """The paths of a bond."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.anchors, self.ports, self.moves = Anchors(), Ports(), Moves()
        self.index = 0  # of the active port, since the latest move that was made
        self._left, self._left_at = 0, 0.0  # the port before that, until the kernel tells of it
        self._chosen = 0  # the active port, if a person has made it that

    @property
    def active(self) -> PortPath | None:
        """Return the active port, None where there is none."""
        return self.ports.get(self.index)

    @property
    def others(self) -> list[PortPath]:
        """Return the ports that stand by and can be asked."""
        return [path for path in self.ports if path.can_be_asked and path.index != self.index]

    @property
    def better(self) -> list[PortPath]:
        """Return the ports that can be asked and rank above the active one, the best first.

        None as long as a person's choice holds.
        """
        return [] if self._chosen else self.ports.better_than(self.index)

    @property
    def is_silent(self) -> bool:
        """Tell whether no router answers by the active port, nor did by any other."""
        return self.active is not None and self.active.state == SUSPECT

    def may_move(self, now: float) -> bool:
        """Tell whether another move may be made."""
        return self.moves.next_at(now) <= now

    def move(self, to: PortPath, now: float) -> list[Effect]:
        """Return what makes a port the active one."""
        self.moves.make(now)
        self._chosen = 0
        self._left, self._left_at, self.index = self.index, now, to.index
        return [SetOption("active_slave", to.port.link.name)]

    def move_failed(self, view: View) -> None:
        """Take note that the active port is the one before, whose path is in doubt."""
        self.index, self._left = self._left, 0
        if self.active and self.active.can_be_asked:
            self.active.enter(SUSPECT, view.time)

    def follow(self, view: View) -> list[int]:
        """Take in what the kernel says; returns the indices of ports whose rank is to be read.

        A person's choice holds until a port has a link that had none, as it does with the kernel.
        """
        before = {path.index for path in self.ports if path.can_be_asked}
        unread = self.ports.follow(view.state, view.time, view.now)
        if any(path.can_be_asked and path.index not in before for path in self.ports):
            self._chosen = 0
        self._follow_active(view)
        return unread

    def _follow_active(self, view: View) -> None:
        """Take in which port is active; the kernel may not have told of a move yet.

        That a port was left which had a link all along, was a person's choice.
        """
        told = view.state.active.link.ifindex if view.state.active else 0
        if self._left and told == self._left and view.now < self._left_at + UNTOLD:
            return
        self._left = 0
        former = self.active
        if told == self.index:
            return
        by_hand = former and former.can_be_asked and view.now - former.lost_at > LOST
        self._chosen = told if by_hand else 0
        if former and former.state in (PROVEN, SUSPECT):
            former.enter(UNKNOWN, view.time)
        self.index = told

    @property
    def record(self) -> Record:
        """Return what is to be known of it elsewhere."""
        anchors = self.anchors
        return Record(
            tuple((router.text, anchors.mac(router)) for router in anchors.routers),
            tuple(record.Path(path.index, path.state, path.since) for path in self.ports),
        )


def asked(path: PortPath, router: Router, sender: bytes) -> Ask:
    """Return what asks a router through one port; all hear it, so that another one answers too."""
    link = path.port.link
    frame = frames.question(router.family, router.octets, link.address, sender)
    return Ask(link.ifindex, link.name, frame)

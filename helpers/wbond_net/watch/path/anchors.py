# SPDX-License-Identifier: LGPL-2.1-or-later
"""Anchors: the routers whose answers prove a path, and the MAC addresses that they answer with.

A router that has never answered proves nothing by its silence; its MAC address, once known, tells
its network from another that has the same IP addresses.
"""

from __future__ import annotations

from wbond_net.kernel import frames
from wbond_net.kernel.frames import Answer
from wbond_net.kernel.neighbours import REACHABLE, Neighbour
from wbond_net.kernel.routers import Router

TYPE_CHECKING = False
if TYPE_CHECKING:
    Key = tuple[int, bytes]  # family and address

SAME, OTHER, NEW, STRANGE = "same", "other", "new", "strange"  # whose an answer is, see `judge`
TRUSTED = 1.0  # s; twice the reachable time that the kernel may draw
KEPT = 16  # MAC addresses of former routers
MOST = 4  # routers that are asked; more would be a flood


class Anchors:
    """The routers of the bond, in the order in which they are asked."""

    def __init__(self) -> None:
        """No router is known yet."""
        self.routers: tuple[Router, ...] = ()
        self.are_read = False  # that there is none means nothing before
        self._macs: dict[Key, str] = {}
        self._reachable: dict[Key, float] = {}  # since when

    def __bool__(self) -> bool:
        """Tell whether there is one to ask."""
        return bool(self.routers)

    @property
    def keys(self) -> set[Key]:
        """Return what tells the routers apart."""
        return {(router.family, router.octets) for router in self.routers}

    def update(self, routers: tuple[Router, ...], are_all: bool = True) -> None:
        """Take in who is to be asked; `are_all`: there will be no others in a moment.

        MAC addresses are kept: a client that renews its lease may take the route away for a moment.
        """
        self.are_read = self.are_read or are_all
        self.routers = tuple(sorted(routers, key=lambda router: router.family)[:MOST])
        keys = self.keys
        if len(self._macs) > KEPT:
            self._macs = {key: mac for key, mac in self._macs.items() if key in keys}
        self._reachable = {key: at for key, at in self._reachable.items() if key in keys}

    def mac(self, router: Router) -> str:
        """Return the MAC address of a router; empty as long as it has never answered."""
        return self._macs.get((router.family, router.octets), "")

    @property
    def known(self) -> tuple[Router, ...]:
        """Return the routers that have answered."""
        return tuple(router for router in self.routers if self.mac(router))

    def any_reachable(self, now: float) -> bool:
        """Tell whether the kernel has just heard of one; what says that it no longer holds may be
        lost.
        """
        return any(now - since < TRUSTED for since in self._reachable.values())

    def follow(self, neighbour: Neighbour, now: float) -> bool:
        """Take in what the kernel reports of a neighbour; tells whether it is an anchor."""
        key = neighbour.family, neighbour.octets
        if key not in self.keys:
            return False
        if neighbour.state == REACHABLE:
            self._reachable[key] = now
        else:
            self._reachable.pop(key, None)
        return True

    def flushed(self) -> None:
        """The kernel has forgotten all neighbours, as with each change of the active port."""
        self._reachable.clear()

    def judge(self, answer: Answer) -> str:
        """Tell whose an answer is: that of a router that is known, of another machine with its
        address, of a router that has not answered before, or none of these.
        """
        if all(router.octets != answer.octets for router in self.routers):
            return STRANGE
        known = self._macs.get((answer.family, answer.octets))
        if known is None:
            return NEW
        return SAME if known == answer.mac else OTHER

    def answers_the_bond(self, answer: Answer) -> bool:
        """Tell an answer to the bond from one to all, which a question by another port brings.

        That one says nothing of the way out of the active port, by which the bond asks as itself.
        """
        asked_as_itself = any(
            router.octets == answer.octets and router.source != frames.NOBODY[router.family]
            for router in self.routers
        )
        return not (answer.to_all and asked_as_itself)

    def learn(self, answer: Answer) -> None:
        """Take the MAC address of a router that has answered on the active port.

        If it is another one than before, nothing that the others have answered holds any more.
        """
        if self.judge(answer) == OTHER:
            self._macs.clear()
        self._macs[answer.family, answer.octets] = answer.mac

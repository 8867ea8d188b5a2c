# SPDX-License-Identifier: LGPL-2.1-or-later
"""The return: a better port gets the traffic back once it has proven that it leads to the router.

Where there is no router to ask, its link is enough.
"""

from __future__ import annotations

import math

from wbond_net.kernel.frames import Answer
from wbond_net.watch.duty import Effect, View
from wbond_net.watch.path import words
from wbond_net.watch.path.inquiry import ask_standby
from wbond_net.watch.path.paths import Paths
from wbond_net.watch.path.ports import DEAD, FOREIGN, HELD, PROVEN, PortPath
from wbond_net.watch.path.proof import LAST, Proof

SELDOM = 1.0  # s, between two questions
WITHOUT_ROUTER = 10.0  # s: a route may be gone for a moment


class Returning:
    """The proofs of the ports that rank above the active one."""

    def __init__(self, paths: Paths, wanted: bool) -> None:
        """Take whether the traffic is to return at all."""
        self._paths, self._wanted = paths, wanted
        self._proofs: dict[int, Proof] = {}  # by index of the port
        self._move_at = math.inf  # when a move by link alone may be made
        self._had_routers = -math.inf  # when there was one to ask for the last time

    @property
    def due(self) -> float:
        """Return when something is due."""
        return min([self._move_at, *(proof.due for proof in self._proofs.values())])

    @property
    def listened_to(self) -> set[int]:
        """Return the ports on which answers are to be heard."""
        return set(self._proofs)

    def plan(self, view: View) -> list[Effect]:
        """Have each better port prove itself, anew when its link is new; where the active one is
        silent, each of the others.
        """
        better = self._paths.better if self._wanted else []
        self._move_at = math.inf
        if not self._paths.anchors:
            self._proofs = {}
            return self._move_by_link(better, view) if self._paths.anchors.are_read else []
        self._had_routers = view.now
        asked = self._paths.others if self._paths.is_silent else better
        self._proofs = {path.index: self._proof(path, view) for path in asked}
        return []

    def _proof(self, path: PortPath, view: View) -> Proof:
        proof, link = self._proofs.get(path.index), path.port.link.carrier_down_count
        urgent = self._paths.is_silent
        if proof and (proof.link, proof.urgent) == (link, urgent):
            return proof
        return Proof(view.now, link, urgent)

    def _move_by_link(self, better: list[PortPath], view: View) -> list[Effect]:
        able = [path for path in better if path.port.can_take_over]
        able = [path for path in able if path.state not in (DEAD, FOREIGN)]
        if not able:
            return []
        allowed = max(self._paths.moves.next_at(view.now), self._had_routers + WITHOUT_ROUTER)
        if allowed > view.now:
            self._move_at = allowed
            return []
        return [words.returned(able[0], proven=False), *self._paths.move(able[0], view.now)]

    def tick(self, view: View) -> list[Effect]:
        """Ask through the ports whose turn it is."""
        effects: list[Effect] = []
        for path in self._paths.others:
            proof = self._proofs.get(path.index)
            if proof and proof.due <= view.now:
                proof.ask(view.now)
                effects += ask_standby(self._paths, path, view.now)
        return effects

    def heard(self, path: PortPath, view: View) -> list[Effect]:
        """Take in that the router has answered on a port that stands by."""
        proof = self._proofs.get(path.index)
        if proof is None:
            path.enter(PROVEN, view.time)
            return []
        return self._return(path, proof, view) if proof.answered(view.now) else []

    def begin_again(self, index: int, now: float) -> None:
        """Have a port prove itself anew, as one that has just got its link; if it is asked seldom.

        So nobody has it asked more often than a link that is new.
        """
        proof = self._proofs.get(index)
        if proof and proof.due > now + SELDOM:
            del self._proofs[index]

    def heard_another(self, path: PortPath, answer: Answer, view: View) -> list[Effect]:
        """Take in that another machine has answered in the router's place."""
        if path.index in self._proofs:
            self._proofs[path.index].rest(view.now + LAST)
        if path.state == FOREIGN:
            return []
        path.enter(FOREIGN, view.time)
        return [words.foreign(path, answer)]

    def _return(self, path: PortPath, proof: Proof, view: View) -> list[Effect]:
        """Give a better port the traffic back, unless it has to wait for that."""
        if self._paths.is_silent:
            return []  # the inquiry asks the active port as well
        if not path.port.can_take_over:
            return []  # miimon sees it later, and it goes on answering meanwhile
        held = path.dampening.held_until(view.now)
        if held is not None:
            proof.rest(held)
            told = [words.held(path, held - view.now)] if path.state != HELD else []
            path.enter(HELD, view.time)
            return [*told]
        if not self._paths.may_move(view.now):
            proof.rest(self._paths.moves.next_at(view.now))
            return []
        path.enter(PROVEN, view.time)
        return [words.returned(path, proven=True), *self._paths.move(path, view.now)]

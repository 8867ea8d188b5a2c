# SPDX-License-Identifier: LGPL-2.1-or-later
"""The inquiry about the active port: what begins a question, what answers it, and the verdict."""

from __future__ import annotations

import _socket
import math

from wbond_net.kernel import frames
from wbond_net.kernel.frames import Answer
from wbond_net.kernel.neighbours import FAILED, PROBE, REACHABLE, STALE, Neighbour
from wbond_net.watch.duty import Confirm, CountSent, Effect, OtherNetwork, ReadRouters, View
from wbond_net.watch.path import question, words
from wbond_net.watch.path.anchors import OTHER, STRANGE
from wbond_net.watch.path.paths import Paths, asked
from wbond_net.watch.path.ports import DEAD, PROVEN, SUSPECT, PortPath, by_rank
from wbond_net.watch.path.question import Pauses, Question
from wbond_net.watch.path.stand_in import StandIn

MANY = 8  # packets sent between two reports; after so many, silence is looked into


class Inquiry:
    """One question at a time, and pauses between those that nobody answers."""

    def __init__(self, paths: Paths, stand_in: StandIn) -> None:
        """Nothing is in doubt yet."""
        self._paths, self._stand_in = paths, stand_in
        self._question: Question | None = None
        self._pauses = Pauses()
        self._silent = False  # nobody answers, and that has been told
        self._limited = False  # there were too many moves, and that has been told
        self._verified = (0, 0)  # the active port, and its losses of carrier
        self._sent, self._before = 0, 0  # packets at the last answer; how many after those before

    @property
    def due(self) -> float:
        """Return when something is due."""
        return self._question.due if self._question else math.inf

    @property
    def listens(self) -> bool:
        """Tell whether answers are to be heard on all ports."""
        return self._question is not None and self._question.listening

    # --- what begins it -------------------------------------------------------

    def follow(self, view: View) -> list[Effect]:
        """Verify the active port when it is another one, or has just begun to serve."""
        active = self._paths.active
        if active is None or not active.can_be_asked:
            self._verified, self._question = (0, 0), None
            return []
        present = (active.index, active.port.link.carrier_down_count)
        if present == self._verified:
            return []
        self._verified = present
        return [ReadRouters(), *self.verify(view)]

    def verify(self, view: View) -> list[Effect]:
        """Ask all routers through the active port, also by the kernel, which has flushed them."""
        anchors, active = self._paths.anchors, self._paths.active
        anchors.flushed()
        self._question = None
        if active is None or not active.can_be_asked or not anchors:
            return []
        self._verified = (active.index, active.port.link.carrier_down_count)
        self._question = question.verification(view.now)
        return [Confirm(router.family, router.octets) for router in anchors.routers]

    def look(self, view: View) -> list[Effect]:
        """Verify the active port though nothing says that it is silent; not amid a question."""
        return [] if self._question else self.verify(view)

    def reported(self, neighbour: Neighbour, view: View) -> list[Effect]:
        """Have silence looked into, whoever is silent: the verdict needs a router's."""
        is_anchor = self._paths.anchors.follow(neighbour, view.now)
        active = self._paths.active
        if is_anchor and neighbour.state == REACHABLE:
            # Of a port that was just changed, it is not certain by which this came.
            verifies = self._question is not None and self._question.verifies
            return [] if active is None or verifies else self._alive(active, view)
        if neighbour.state in (PROBE, FAILED):
            return self._suspect(view, confirm=not is_anchor)
        if neighbour.state == STALE and active and self._may_ask(view):
            return [CountSent(active.port.link.name, STALE)]
        return []

    def counted(self, packets: int, state: int, view: View) -> list[Effect]:
        """Look into the silence that follows a burst of packets.

        Else a download whose path dies would be waited for: its receiver sends nothing.
        """
        if state == REACHABLE:
            self._sent = packets
            return []
        sent, before = packets - self._sent, self._before
        self._before = sent
        return self._suspect(view, confirm=True) if sent > 0 or before >= MANY else []

    def _may_ask(self, view: View) -> bool:
        """Tell whether a question makes sense: another port could answer, and none did lately."""
        paths = self._paths
        if self._question or not paths.anchors or not paths.others:
            return False
        active = paths.active
        serves = active is not None and active.can_be_asked
        doubtful = not paths.anchors.any_reachable(view.now)
        return serves and doubtful and self._pauses.allow(view.now)

    def _suspect(self, view: View, confirm: bool) -> list[Effect]:
        """Begin a question; the kernel asks an anchor by itself when that is the one in doubt."""
        active, anchors = self._paths.active, self._paths.anchors
        if active is None or not self._may_ask(view):
            return []
        self._question = question.suspicion(view.now, active.port.is_radio)
        first = (anchors.known or anchors.routers)[0]
        return [Confirm(first.family, first.octets)] if confirm else []

    # --- what answers it ------------------------------------------------------

    def heard(self, answer: Answer, view: View) -> list[Effect]:
        """Take in an answer that has come by the active port."""
        active, anchors = self._paths.active, self._paths.anchors
        verdict = anchors.judge(answer)
        if active is None or verdict == STRANGE or not anchors.answers_the_bond(answer):
            return []
        anchors.learn(answer)
        effects = self._alive(active, view)
        if verdict == OTHER:
            effects += [words.other_network(active, answer), OtherNetwork()]
        return effects

    def heard_elsewhere(self, path: PortPath, answer: Answer, view: View) -> list[Effect]:
        """Take in that the router has answered on a port that stands by.

        Where nobody has answered for a while, the active port is asked: it may lead there again.
        """
        when = path.answered(answer.octets, view.now)
        present = self._question
        if present is None:
            return self.verify(view) if self._paths.is_silent else []
        present.take(path.index, answer.octets, when, view.now)
        if present.judged:
            present.extend(view.now)
        return []

    def _alive(self, active: PortPath, view: View) -> list[Effect]:
        self._question = None
        self._pauses.end()
        self._stand_in.answered()
        active.enter(PROVEN, view.time)
        told = [words.answers_again(active)] if self._silent else []
        self._silent = False
        return [*told, CountSent(active.port.link.name, REACHABLE)]

    # --- the question ---------------------------------------------------------

    def tick(self, view: View) -> list[Effect]:
        """Do what is due of the question; one that was slept through begins again."""
        present = self._question
        if present is None:
            return []
        if present.is_late(view.now):
            return self.verify(view)
        effects: list[Effect] = []
        for what in present.take_due(view.now):
            effects += self._do(what, present, view)
        return effects

    def _do(self, what: str, present: Question, view: View) -> list[Effect]:
        if what == question.LISTEN:
            present.listening = True
        elif what == question.ASK:
            return self._ask()
        elif what == question.PROBE:
            paths = self._paths
            return [one for path in paths.others for one in ask_standby(paths, path, view.now)]
        elif what == question.JUDGE:
            return self._judge(present, present.answered_at_once, view)
        elif what == question.LAST_JUDGE:
            return self._judge(present, present.answered, view)
        elif what == question.END and self._question is present:
            return self._give_up(view)
        return []

    def _ask(self) -> list[Effect]:
        """Ask the routers as the bond, so that they learn where it is."""
        active = self._paths.active
        routers = self._paths.anchors.routers if active else ()
        return [asked(active, router, router.source) for router in routers if active]

    def _judge(self, present: Question, found: set[int], view: View) -> list[Effect]:
        """Leave the active port for one of those found; ask more if any was answered at all."""
        present.judged = True
        paths = self._paths
        former = paths.active
        able = [path for path in paths.others if path.index in found and path.port.can_take_over]
        if former is None or not able:
            if present.answered:
                present.extend(view.now)
            return []
        if not paths.may_move(view.now):
            self._question = None
            self._pauses.lengthen(view.now)
            told = [] if self._limited else [words.too_many_moves(former)]
            self._limited = True
            return [*told]
        to = max(able, key=by_rank)
        former.enter(DEAD, view.time)
        former.dampening.leave(view.now)
        self._question, self._limited = None, False
        why = words.left(former, to, view.now - present.asked, paths.anchors.known)
        return [*paths.move(to, view.now), why]

    def _give_up(self, view: View) -> list[Effect]:
        """Stay where no port has had an answer, and ask again later, if there is traffic then."""
        active, former = self._paths.active, self._question
        self._question = None
        if self._stand_in.serves and not (former and former.answered):
            self._stand_in.leave(view)
            return []
        self._pauses.lengthen(view.now)
        if active is None or self._silent:
            return []
        self._silent = True
        active.enter(SUSPECT, view.time)
        return [words.nobody_answers(active)]


def ask_standby(paths: Paths, path: PortPath, now: float) -> list[Effect]:
    """Return what asks the routers through a port that stands by, as nobody: they learn nothing.

    What is answered to all nodes, all ports hear.
    """
    routers = paths.anchors.known or paths.anchors.routers
    heard = [one for one in paths.others if one.is_heard]
    for router in routers:
        for one in heard if router.family == _socket.AF_INET6 else [path]:
            one.expect(router.octets, now)
    return [asked(path, router, frames.NOBODY[router.family]) for router in routers]

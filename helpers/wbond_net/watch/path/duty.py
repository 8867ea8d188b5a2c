# SPDX-License-Identifier: LGPL-2.1-or-later
"""The path: traffic goes by a port that leads to the router, whatever the links say.

A port is left for silence only if another one has just had an answer of the same router; so a
router that restarts, a deaf firewall or a lost packet moves nothing. What the kernel reports of
neighbours begins a question and may end it. What is said of any port but the active one comes
from answers that were heard on that port.

As long as this lives, it alone decides the order of the ports: the kernel is not to return by
itself, and knows the order, less what is not proven, by the ports' prios.
"""

from __future__ import annotations

import math

from wbond_net import runtime
from wbond_net.kernel.frames import Answer, Success
from wbond_net.kernel.neighbours import Neighbour
from wbond_net.kernel.uapi import BOND_PRI_RESELECT_FAILURE
from wbond_net.watch.claims import announcement
from wbond_net.watch.duty import (
    Ask,
    Content,
    CountSent,
    Duty,
    Effect,
    Effects,
    Hasten,
    Journal,
    Listen,
    Outcome,
    ReadFile,
    ReadRouters,
    Routers,
    Send,
    Sent,
    SetOption,
    SetPrio,
    View,
    WriteFile,
    reason,
)
from wbond_net.watch.path import record, words
from wbond_net.watch.path.anchors import NEW, OTHER, STRANGE
from wbond_net.watch.path.inquiry import Inquiry
from wbond_net.watch.path.paths import Paths
from wbond_net.watch.path.ports import PortPath
from wbond_net.watch.path.returning import Returning
from wbond_net.watch.path.stand_in import StandIn
from wbond_net.watch.path.trial import Trial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

CLAIM = 0.025  # s after which the active port takes a common address back from one that was asked


class Path(Duty):
    """Follows the paths: asks, judges, moves, and returns."""

    def __init__(self, returns: bool, tries: bool) -> None:
        """Take whether a better port gets the traffic back (`primary_reselect` is always), and
        whether one is left by which the bond gets no address, as it would have clients for.
        """
        self._paths = Paths()
        self._stand_in = StandIn(self._paths)
        self._inquiry = Inquiry(self._paths, self._stand_in)
        self._returning = Returning(self._paths, returns)
        self._trial = Trial(self._paths, tries)
        self._claim_at = math.inf
        self._listening: frozenset[int] = frozenset()
        self._written = ""
        self._told: set[str] = set()  # what fails, and has been told

    # --- what the loop calls --------------------------------------------------

    @property
    def due(self) -> float:
        """Return when something is due."""
        parts = self._inquiry.due, self._returning.due, self._trial.due, self._stand_in.due
        return min(*parts, self._claim_at)

    def changed(self, view: View) -> Effects:
        """Take in links and the kernel's choice; after each change of the port, verify it."""
        if view.state.bond is None:
            return []
        effects: list[Effect] = []
        if len(view.states) == 1:
            effects += [WriteFile(runtime.DECIDES, ""), Hasten()]
        effects += take_order(view)
        unread = self._paths.follow(view)
        effects += [ReadFile(f"{runtime.PORTS}/{index}") for index in unread]
        if followed := self._inquiry.follow(view):
            self._stand_in.begin_again()
            effects += followed
        elif self._stand_in.better_port_has_come():
            effects += self._inquiry.look(view)
        return self._settled(effects, view)

    def routes_changed(self, view: View) -> Effects:
        """Look which routers there are now."""
        return [ReadRouters()]

    def addresses_changed(self, view: View) -> Effects:
        """Look again: without an address, a route has gone untold, and a lease names a server."""
        self._stand_in.begin_again()
        return [ReadRouters()]

    def ipv6_changed(self, view: View) -> Effects:
        """Put the neighbours' timers back, which are among what a router may tell."""
        return [Hasten()]

    def neighbours_changed(self, neighbours: Sequence[Neighbour], view: View) -> Effects:
        """Look into what the kernel reports."""
        effects: list[Effect] = []
        for neighbour in neighbours:
            effects += self._inquiry.reported(neighbour, view)
        return self._settled(effects, view)

    def heard(self, port: int, answers: Sequence[Answer | Success], view: View) -> Effects:
        """Take in answers that have come in by a port; a switch that lets it in has it asked."""
        path = self._paths.ports.get(port)
        effects: list[Effect] = []
        for answer in answers if path else ():
            if isinstance(answer, Success):
                effects += self._let_in(port, view)
            elif port == self._paths.index:
                effects += self._inquiry.heard(answer, view)
            elif path:
                effects += self._heard_on_standby(path, answer, view)
        return self._settled(effects, view)

    def tick(self, view: View) -> Effects:
        """Ask, judge, and take a common address back, as is due."""
        effects = [*self._inquiry.tick(view), *self._returning.tick(view)]
        effects += [*self._trial.tick(view), *self._stand_in.tick(view)]
        if self._claim_at <= view.now:
            effects += self._claim(view)
        return self._settled(effects, view)

    def done(self, effect: Effect, outcome: Outcome, view: View) -> Effects:
        """Take in what was read, and how a move went."""
        effects: list[Effect] = []
        if isinstance(outcome, Exception):
            effects += self._failed(effect, outcome, view)
        elif isinstance(outcome, Routers):
            effects += self._take_routers(outcome, view)
        elif isinstance(effect, ReadFile) and isinstance(outcome, Content):
            self._take_rank(effect.name, outcome.text)
        elif isinstance(effect, CountSent) and isinstance(outcome, Sent):
            effects += self._inquiry.counted(outcome.packets, effect.state, view)
        elif isinstance(effect, SetOption) and effect.option == "active_slave":
            effects += self._inquiry.verify(view)
        else:
            return []
        return self._settled(effects, view)

    # --- what has come --------------------------------------------------------

    def _take_routers(self, found: Routers, view: View) -> list[Effect]:
        """Take in the routers; if they are others than before, they are asked.

        Also when one goes: a client whose server is silent takes its router away, and nothing of
        that family is sent any more that would show the silence.
        """
        former = self._paths.anchors.keys
        self._stand_in.update(found, view)
        tried = self._trial.take(found, view)
        if not former or not self._paths.anchors:  # a question that asks nobody any more ends
            return [*tried, *self._inquiry.verify(view)]
        others = former != self._paths.anchors.keys
        return [*tried, *(self._inquiry.look(view) if others else [])]

    def _take_rank(self, name: str, text: str) -> None:
        """Take in the rank of a port, as record.py of ports has noted it."""
        path = self._paths.ports.get(int(name.rpartition("/")[2]))
        rank = text.partition(" ")[0]
        if path and rank.isdecimal():
            path.rank, path.prio = int(rank), None

    def _let_in(self, index: int, view: View) -> list[Effect]:
        """Take in that a switch lets a port in: a router may answer there now."""
        self._returning.begin_again(index, view.now)
        active = self._paths.active
        if active is None or active.index != index or active.port.is_radio:
            return []
        told = self._trial.let_in(active, view)
        return [*told, *(self._inquiry.verify(view) if told else self._inquiry.look(view))]

    def _heard_on_standby(self, path: PortPath, answer: Answer, view: View) -> list[Effect]:
        """Take in an answer; of a router that has not answered yet, only if none has."""
        anchors = self._paths.anchors
        verdict = anchors.judge(answer)
        if verdict == STRANGE or (verdict == NEW and anchors.known):
            return []
        claimed = self._claim(view) if self._claim_at < math.inf else []
        if verdict == OTHER:
            return [*claimed, *self._returning.heard_another(path, answer, view)]
        moved = self._inquiry.heard_elsewhere(path, answer, view)
        return [*claimed, *(moved or self._returning.heard(path, view))]

    # --- what follows from all of it ------------------------------------------

    def _settled(self, effects: list[Effect], view: View) -> list[Effect]:
        """Add what brings proofs, who is listened to, prios and record into line.

        Who is asked is listened to before.
        """
        effects = [*effects, *self._returning.plan(view)]
        self._trial.plan(view)
        self._plan_claim(effects, view)
        listening = self._listened_to()
        if listening != self._listening:
            self._listening = listening
            named = {path.index: path.port.link.name for path in self._paths.ports}
            effects.insert(0, Listen({index: named[index] for index in listening}))
        for path in self._paths.ports:
            path.is_heard = path.index in listening
            wanted = path.wanted_prio
            if wanted is not None and wanted != path.prio:
                path.prio = wanted
                effects.append(SetPrio(path.index, wanted))
        text = record.text(self._paths.record)
        if text != self._written:
            self._written = text
            effects.append(WriteFile(runtime.PATHS, text))
        return effects

    def _listened_to(self) -> frozenset[int]:
        able = {path.index for path in self._paths.ports if path.can_be_asked}
        if self._inquiry.listens:
            return frozenset(able)
        locked = {self._paths.index} if self._trial.may_be_locked else set()
        return frozenset((self._returning.listened_to | locked) & able)

    def _plan_claim(self, effects: list[Effect], view: View) -> None:
        """Plan to take a common address back: a switch learns it from where a question comes."""
        asked = {effect.ifindex for effect in effects if isinstance(effect, Ask)}
        for path in self._paths.others:
            if path.index in asked and path.port.link.address == view.state.address:
                self._claim_at = view.now + CLAIM

    def _claim(self, view: View) -> list[Effect]:
        self._claim_at = math.inf
        return [Send(announcement(view.state.address))] if view.state.address else []

    def _failed(self, effect: Effect, error: Exception, view: View) -> list[Effect]:
        """Tell of each kind of failure once; the port stays where a move has failed."""
        if isinstance(effect, SetOption) and effect.option == "active_slave":
            self._paths.move_failed(view)
        kind = type(effect).__name__
        if kind in self._told or isinstance(effect, ReadFile | Ask):
            return []
        self._told.add(kind)
        return [Journal("write-failed", f"cannot {words.what(effect)}: {reason(error)}")]


def take_order(view: View) -> list[Effect]:
    """Have the kernel return to no port by itself: that policy first, then no primary.

    A port that becomes the primary gets the traffic at once under any policy
    (bond_option_primary_set(), bond_enslave()).
    """
    bond = view.state.bond.bond if view.state.bond else None
    effects: list[Effect] = []
    if bond and bond.primary_reselect != BOND_PRI_RESELECT_FAILURE:
        effects.append(SetOption("primary_reselect", "failure"))
    if bond and bond.primary:
        effects.append(SetOption("primary", "\n"))
    return effects

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The loop: it sleeps until something happens, has the duties see it, and carries out the effects.

Sockets, timers and child processes are here and nowhere else. A duty that fails costs the others
nothing: its failure is told, and they go on.
"""

from __future__ import annotations

# The module signal gives its numbers names, for which it loads enum.
import _signal  # type: ignore[import-not-found]
import math
import os
import select

from wbond import escape

from wbond_net.kernel import advertised, rtnetlink
from wbond_net.kernel.bond_state import State, after, begin, find_bond
from wbond_net.kernel.neighbours import Neighbour
from wbond_net.kernel.rtnetlink import Address, DefaultRoute, Event, Link, RouterFlags
from wbond_net.watch.duty import (
    Duty,
    Effect,
    Effects,
    Ended,
    Journal,
    Notify,
    OtherNetwork,
    Outcome,
    Publish,
    Systemctl,
    View,
    reason,
)
from wbond_net.watch.effects import Where, carry_out
from wbond_net.watch.host import Host
from wbond_net.watch.journal_events import EVENTS
from wbond_net.watch.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

ADVERTISEMENTS = "ra"  # what the source is called, see names/records.py
JUST_MADE = "just-made"  # written by wbond-bond; see wbond-ports@.service
RFKILL, RFKILL_EVENT = "/dev/rfkill", 8  # bytes, struct rfkill_event, linux/rfkill.h
FAULT_PAUSE = 60.0  # s, in which a duty that has failed by a fault of its own is not called by time
FIRST_PAUSE, LAST_PAUSE = 0.1, 10.0  # s, between attempts at a dump


class Watch:
    """The duties, the state that they see, and what they have under way."""

    def __init__(
        self, bond: str, folder: str, host: Host, duties: Sequence[Duty], network: Network
    ) -> None:
        """Take the bond's name, its runtime directory, and the duties in their order.

        `network` numbers the networks before the duties act. Nothing happens yet.
        """
        self._bond, self._folder, self._host = bond, folder, host
        self._duties, self._network = duties, network
        self.index = 0
        self._state: State | None = None
        self.children: dict[int, tuple[Duty, Systemctl | Publish]] = {}  # by descriptor
        self._faults: set[tuple[Duty, str]] = set()  # that have been told
        self._held_back: dict[Duty, float] = {}  # until when, after a fault

    @property
    def ended(self) -> bool:
        """Tell whether the bond is gone."""
        return self._state is not None and self._state.bond is None

    def _forget_making(self) -> None:
        try:
            self._host.unlink(os.path.join(self._folder, JUST_MADE))
        except OSError:
            pass  # an earlier watch has removed it

    # --- what happens ---------------------------------------------------------

    def synchronise(self, links: Mapping[int, Link]) -> None:
        """Take a dump: the first one, or one after lost events. Raises LookupError at the first."""
        former = self._state
        if former is None:
            self.index = find_bond(links, self._bond).ifindex
        self._see([begin(links, self.index, former, self._host.is_radio)])
        if former is None:
            self._forget_making()
            self._tell_manager("READY=1")

    def take(self, events: Sequence[Event]) -> None:
        """Take the events that have come together; only their outcome is acted upon."""
        last = self._state
        if last is None:
            return
        states: list[State] = []
        for event in events:
            former, last = last, after(last, event, self._host.is_radio)
            if last is not former:
                states.append(last)
        if states:
            self._see(states)
        self._take_neighbours(events)
        if any(self._is_own_route(event) for event in events):
            self._each(lambda duty, view: duty.routes_changed(view))
        addresses = [event.what for event in events if isinstance(event.what, Address)]
        if any(address.ifindex == self.index for address in addresses):
            self._each(lambda duty, view: duty.addresses_changed(view))
        told = [event.what for event in events if isinstance(event.what, RouterFlags)]
        if any(flags.ifindex == self.index for flags in told):
            self._each(lambda duty, view: duty.ipv6_changed(view))
        said = [event.what for event in events if isinstance(event.what, advertised.Options)]
        if octets := [options.octets for options in said if options.ifindex == self.index]:
            self._each(lambda duty, view: duty.advertised(view, octets))

    def _take_neighbours(self, events: Sequence[Event]) -> None:
        """Tell of neighbours after the links: what is told of one is told of no port."""
        found = [_neighbour(event) for event in events]
        own = [neighbour for neighbour in found if neighbour and neighbour.ifindex == self.index]
        if own:
            self._each(lambda duty, view: duty.neighbours_changed(own, view))

    def _is_own_route(self, event: Event) -> bool:
        route = event.what
        if not isinstance(route, DefaultRoute):
            return False
        return self.index in route.ifindices

    def hear(self, descriptor: int) -> None:
        """Take the answers that have come in by a port."""
        port = self._host.taps.descriptors.get(descriptor, 0)
        answers = self._host.taps.answers(port) if port else []
        if answers:
            self._each(lambda duty, view: duty.heard(port, answers, view))

    @property
    def ears(self) -> Collection[int]:
        """Return the descriptors that are readable when answers have come."""
        return self._host.taps.descriptors

    def child_ended(self, descriptor: int) -> None:
        """Take note of how a program ended."""
        duty, effect = self.children.pop(descriptor)
        output = self._host.output(descriptor)
        ended = Ended(self._host.reap(descriptor), output)
        self._run(duty, lambda view: duty.done(effect, ended, view), self._view())

    def rfkill_changed(self) -> None:
        """Take note that a radio switch has changed."""
        self._each(lambda duty, view: duty.rfkill_changed(view))

    def tick(self) -> None:
        """Call the duties that are due."""
        for duty in self._duties if self._state else ():
            if self._due(duty) <= self._host.now():
                self._run(duty, duty.tick, self._view())

    def poll_timeout_ms(self, other: float = math.inf) -> float | None:
        """Return the time until a duty, or what is due at `other`, is; None when none is."""
        first = min([other, *map(self._due, self._duties)])
        return None if first == math.inf else max(0.0, first - self._host.now()) * 1000

    def _due(self, duty: Duty) -> float:
        return max(duty.due, self._held_back.get(duty, 0.0))

    # --- what is done about it ------------------------------------------------

    def _see(self, states: list[State]) -> None:
        """Have the duties see new states, oldest first: they come in order of urgency."""
        former, self._state = self._state, states[-1]
        self._network.follow(states)
        view = self._view([former, *states] if former else states)
        for duty in self._duties:
            self._run(duty, duty.changed, view)

    def _view(self, states: Sequence[State] = ()) -> View:
        seen = states or [self._state or State(None, {}, None)]
        host = self._host
        return View(self.index, seen, self._network.number, host.now(), host.time())

    def _each(self, step: Callable[[Duty, View], Effects]) -> None:
        """Have each duty take a step."""
        for duty in self._duties:

            def bound(view: View, duty: Duty = duty) -> Effects:
                return step(duty, view)

            self._run(duty, bound, self._view())

    def _run(self, duty: Duty, step: Callable[[View], Effects], view: View) -> None:
        """Call a duty, carry out its effects one by one, and hand back what comes of each."""
        try:
            effects = list(step(view))
        except Exception as error:
            self._fault(duty, error)
            return
        for effect in effects:
            try:
                self._carry_out(duty, effect, view)
            except Exception as error:
                self._fault(duty, error)

    def _carry_out(self, duty: Duty, effect: Effect, view: View) -> None:
        if isinstance(effect, Journal):
            self._say(effect)
            return
        if isinstance(effect, Notify):
            self._tell_manager(effect.text)
            return
        if isinstance(effect, OtherNetwork):
            self._network.begin()
            self._see([self._state] if self._state else [])
            return
        outcome: Outcome = None
        try:
            if isinstance(effect, Systemctl | Publish):
                self.children[self._spawn(effect)] = duty, effect
                return
            where = Where(self.index, self._name, self._folder)
            outcome = carry_out(effect, self._host, where)
        except (OSError, rtnetlink.Overrun) as error:
            outcome = error
        self._run(duty, lambda view: duty.done(effect, outcome, view), view)

    def _spawn(self, effect: Systemctl | Publish) -> int:
        if isinstance(effect, Publish):
            lists = [" ".join(effect.servers), " ".join(effect.domains)]
            said = ["set", self._bond, ADVERTISEMENTS, *lists]
            return self._host.publish(said if any(lists) else ["drop", *said[1:3]])
        if effect.verb == "show":
            options = "--property=LoadState,ActiveState,Job"
            return self._host.spawn(["show", options, "--", *effect.units], captured=True)
        return self._host.spawn([effect.verb, "--no-block", "--", *effect.units])

    @property
    def _name(self) -> str:
        """Return the bond's present name."""
        bond = self._state.bond if self._state else None
        return bond.name if bond else self._bond

    # --- what is told ---------------------------------------------------------

    def tell_failure(self, what: str, error: Exception) -> None:
        """Tell of what the loop itself cannot do."""
        self._say(Journal("write-failed", f"cannot {what}: {reason(error)}"))

    def now(self) -> float:
        """Return the time in seconds, as View.now."""
        return self._host.now()

    def _fault(self, duty: Duty, error: Exception) -> None:
        """Tell of a fault of a duty's own, once of each kind, and do not let it spin the loop."""
        self._held_back[duty] = self._host.now() + FAULT_PAUSE
        name, kind = type(duty).__name__.lower(), type(error).__name__
        if (duty, kind) in self._faults:
            return
        self._faults.add((duty, kind))
        text = f"the duty {name} has failed, the others go on: {kind}: {reason(error)}"
        self._say(Journal("duty-failed", escape.printable(text)))

    def _say(self, entry: Journal) -> None:
        bond = escape.printable(self._bond)
        message_id, priority = EVENTS[entry.event]
        fields = {
            "MESSAGE_ID": message_id,
            "PRIORITY": priority,
            "WBOND_BOND": bond,
            "WBOND_EVENT": entry.event,
            **entry.fields,
        }
        try:
            self._host.journal(f"{bond}: {entry.text}", fields)
        except OSError:
            pass  # a journal that fails costs the message, and nothing else

    def _tell_manager(self, text: str) -> None:
        try:
            self._host.notify(text)
        except OSError:
            pass  # systemd does not listen; it only shows what it is told


def _neighbour(event: Event) -> Neighbour | None:
    """Return the neighbour of an event, in no state where it is gone; None for anything else."""
    found = event.what if isinstance(event.what, Neighbour) else None
    return found._replace(state=0) if found and event.gone else found


# --- the process --------------------------------------------------------------


class Reports:
    """What the kernel reports. Where some of it is lost, a dump tells the truth; one that fails is
    tried again after pauses that grow, in which nothing is read.
    """

    def __init__(self, watch: Watch, netlink: rtnetlink.Socket) -> None:
        """Follow the reports of a socket on behalf of a watch that has taken the first dump."""
        self._watch, self._netlink = watch, netlink
        self.due, self._pause = math.inf, FIRST_PAUSE

    @property
    def descriptor(self) -> int | None:
        """Return what to wait for; None as long as a dump is due, when the queue is full anyway."""
        return self._netlink.fileno() if self.due == math.inf else None

    def take(self) -> None:
        """Take what has come. Raises OSError."""
        try:
            self._watch.take(self._netlink.events())
        except rtnetlink.Overrun:
            self.due = self._watch.now()

    def tick(self) -> None:
        """Take a dump if one is due; a failure is told once, until one succeeds."""
        if self.due > self._watch.now():
            return
        try:
            links = self._netlink.consistent(self._netlink.links)
        except (OSError, rtnetlink.Overrun) as error:
            if self._pause == FIRST_PAUSE:
                self._watch.tell_failure("read the interfaces, tries again", error)
            self.due = self._watch.now() + self._pause
            self._pause = min(2 * self._pause, LAST_PAUSE)
            return
        self.due, self._pause = math.inf, FIRST_PAUSE
        self._watch.synchronise(links)


def run(watch: Watch, netlink: rtnetlink.Socket, stop: int) -> None:
    """Follow the bond until `stop` is readable or the bond is gone.

    Raises OSError. The first dump has been taken.
    """
    rfkill = _rfkill_descriptor()
    reports = Reports(watch, netlink)
    while not watch.ended:
        poll = select.poll()
        for descriptor in (stop, reports.descriptor, rfkill, *watch.children, *watch.ears):
            if descriptor is not None:
                poll.register(descriptor, select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll(watch.poll_timeout_ms(reports.due))}
        if stop in ready:
            return
        if reports.descriptor in ready:
            reports.take()
        reports.tick()
        if rfkill in ready:
            rfkill = _take_rfkill(watch, rfkill)
        for descriptor in ready & set(watch.ears):
            watch.hear(descriptor)
        for child in ready & set(watch.children):
            watch.child_ended(child)
        watch.tick()


def stop_descriptor() -> int:
    """Return a descriptor that is readable from the first SIGTERM or SIGINT on."""
    readable, writable = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    _signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    for number in (_signal.SIGTERM, _signal.SIGINT):
        _signal.signal(number, lambda *_: None)
    return readable


def _rfkill_descriptor() -> int | None:
    """Return a descriptor that is readable when a radio switch has changed, where there is one."""
    try:
        return os.open(RFKILL, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None


def _take_rfkill(watch: Watch, rfkill: int) -> int | None:
    """Read what the switches report; returns the descriptor, None where it has failed."""
    try:
        while os.read(rfkill, RFKILL_EVENT):
            pass
    except BlockingIOError:
        watch.rfkill_changed()
        return rfkill
    except OSError:
        pass
    os.close(rfkill)
    return None

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stories of paths behind the links: which ports lead to the router, and what the watch does."""

import socket
from collections.abc import Iterable
from pathlib import Path

from wbond_net.kernel import frames
from wbond_net.kernel.frames import Answer, Success
from wbond_net.kernel.neighbours import PROBE, REACHABLE, STALE, Neighbour
from wbond_net.kernel.routers import Router
from wbond_net.kernel.rtnetlink import DefaultRoute, Event, Link
from wbond_net.watch import main

from tests.reports import BOND, CABLE, NAMES, RADIO, address, bond, port
from tests.watch_story import FakeTaps, Story

V4, V6 = socket.AF_INET, socket.AF_INET6
ROUTER4, ROUTER6 = socket.inet_aton("192.0.2.1"), socket.inet_pton(V6, "fe80::1")
PRINTER = socket.inet_aton("192.0.2.9")
OWN4, OWN6 = socket.inet_aton("192.0.2.7"), socket.inet_pton(V6, "fe80::7")
MAC, OTHER_MAC = "02:aa:00:00:00:01", "02:bb:00:00:00:01"
ROUTERS = (Router(V4, ROUTER4, OWN4), Router(V6, ROUTER6, OWN6))
RANKS = {2: 20, 3: 10, 4: 11}
TO_RADIO, TO_CABLE = "bond0/active_slave=wlp3s0", "bond0/active_slave=enp0s10"
STEP = 0.002  # s, after which an answer comes


class World(Story):
    """The story of a laptop whose ports lead to a router, or to none; it answers by itself."""

    def __init__(self, runtime: Path) -> None:
        super().__init__(runtime)
        (self.folder / "ports").mkdir()
        self.options = main.Options("bond0", runtime=str(runtime), proof=True)
        self.leads: dict[int, str] = {CABLE: MAC, RADIO: MAC}  # by port: whose MAC answers there
        self.drops: dict[int, set[int]] = {}  # by port: which of its questions get lost
        self.hears: set[int] = set()  # ports that only lead from the router to the laptop
        self.families = {V4, V6}  # in which the router answers
        self.active = CABLE
        self.routers: tuple[Router, ...] = ROUTERS
        self.server: Router | None = None
        self.addressed = True
        self.carries_a_bridge = False
        self.history: list[tuple[float, int, bytes]] = []  # all frames: when, by which port
        self.first_done: list[str] = []

    def begin(self, *links: Link) -> "World":
        """Start a watch; the kernel has a configured order."""
        for index in RANKS:
            (self.folder / f"ports/{index}").write_text(f"{RANKS[index]} {NAMES[index]}\n")
        self.marker.touch()
        found = links or (bond(CABLE), port(CABLE), port(RADIO))
        self.active = next(link.bond.active for link in found if link.bond)
        self.links = {link.ifindex: link for link in found}
        self.host = type(self.host)()
        self.host.found_routers, self.host.addressed = self.routers, self.addressed
        self.host.carries_a_bridge, self.host.server = self.carries_a_bridge, self.server
        self.watching = main.watch(self.options, self.host)
        self.watching.synchronise(self.links)
        self.first_done = list(self.host.did)
        self.lives(0.1)
        self.ages()
        self.host.did.clear()
        return self

    @property
    def taps(self) -> FakeTaps:
        """Return the taps of the present watch."""
        assert isinstance(self.host.taps, FakeTaps)
        return self.host.taps

    def lives(self, seconds: float) -> list[str]:
        """Let time pass in which the kernel and the router do their part; returns what was done."""
        done: list[str] = []
        end = self.host.clock + seconds
        while True:
            done += self._kernel_obeys()
            self._world_answers()
            done += self._kernel_obeys()
            wait = self.watching.poll_timeout_ms()
            if wait is None or self.host.clock + wait / 1000 > end:
                break
            self.host.clock += max(wait / 1000, 0.0001)
            self.watching.tick()
        self.host.clock = end
        return done

    def _world_answers(self) -> None:
        while self.taps.asked or self.host.confirmed:
            asked, self.taps.asked = self.taps.asked, []
            confirmed, self.host.confirmed = self.host.confirmed, []
            self.history += [(self.host.clock, *frame) for frame in asked]
            self.host.clock += STEP
            for octets in confirmed:
                self._kernel_asks(octets)
            for index, frame in asked:
                if len(self.asked_by(index)) not in self.drops.get(index, ()):
                    self._answer(index, frame)

    def _kernel_asks(self, octets: bytes) -> None:
        family = V4 if len(octets) == 4 else V6
        self.reports(octets, PROBE)
        if self.active in self.leads and family in self.families:
            self.reports(octets, REACHABLE)
            self.answers(self.active, Answer(family, octets, self.leads[self.active]))

    def _answer(self, index: int, frame: bytes) -> None:
        family = V4 if frame[12:14] == b"\x08\x06" else V6
        octets = frame[38:42] if family == V4 else frame[62:78]
        if index not in self.leads or family not in self.families:
            return
        mac = self.leads[index]
        if family == V4 or frame[22:38] != frames.NOBODY[V6]:
            self.answers(index, Answer(family, octets, mac))
            return
        same = {other for other in self.leads if self.leads[other] == mac}
        for hearing in sorted(same | self.hears):
            self.answers(hearing, Answer(family, octets, mac, to_all=True))

    def _kernel_obeys(self) -> list[str]:
        """Report what moves of the active port, and options, come to."""
        did, self.host.did = self.host.did, []
        events: list[Event] = []
        for what in did:
            name, _, value = what.removeprefix("bond0/").partition("=")
            if name == "active_slave" and not self.host.refuses:
                self.active = next(index for index, own in NAMES.items() if own == value)
            if name in ("active_slave", "primary", "primary_reselect"):
                events.append(Event(bond(self.active, primary=0, primary_reselect=2)))
        if events:
            self.watching.take(events)
        return did

    def answers(self, index: int, *answers: Answer | Success) -> None:
        """Let answers come in by a port; they are heard if it is listened to."""
        if index in self.taps.heard:
            self.taps.waiting[index] = list(answers)
            self.watching.hear(1000 + index)

    def reports(self, octets: bytes, *states: int) -> None:
        """Let the kernel report on a neighbour of the bond."""
        family = V4 if len(octets) == 4 else V6
        for state in states:
            self.watching.take([Event(Neighbour(BOND, family, octets, state))])

    def ages(self) -> None:
        """Let the reachable time of the routers pass; nothing has been sent since they answered."""
        self.host.clock += 0.5
        self.reports(ROUTER4, STALE)
        self.reports(ROUTER6, STALE)

    def talks(self, packets: int = 100) -> None:
        """Let packets be sent, and the kernel ask whether the router has heard them."""
        self.host.packets += packets
        self.reports(ROUTER4, STALE, PROBE)
        if self.active in self.leads and V4 in self.families:
            self.reports(ROUTER4, REACHABLE)

    def has_new_route(self) -> None:
        """Let a default route of the bond come or go."""
        self.watching.take([Event(DefaultRoute((BOND,)))])

    def has_lease(self, server: Router | None, gone: bool = False) -> None:
        """Let a lease come from a server on the link, or go; None for one that is not noted yet."""
        self.host.server, self.host.addressed = server, not gone
        self.watching.take([Event(address("192.0.2.7"), gone)])

    def links_change(self, *links: Link) -> list[str]:
        """Let the kernel report links; returns what was done."""
        self.watching.take([Event(link) for link in links])
        return self.lives(0.0)

    @property
    def asked(self) -> int:
        """Return how many frames were sent."""
        return len(self.history)

    def asked_by(self, index: int) -> list[tuple[int, bytes]]:
        """Return the frames that were sent by a port."""
        return [(port, frame) for _, port, frame in self.history if port == index]

    def moves_in(self, seconds: float) -> list[str]:
        """Let time pass; returns the moves of the active port."""
        return [what for what in self.lives(seconds) if "active_slave" in what]

    def told(self, event: str) -> list[str]:
        """Return what the journal was told under this name."""
        return [text for text, fields in self.host.written if fields["WBOND_EVENT"] == event]

    def paths(self) -> dict[str, str]:
        """Return the states of the paths by the names of the ports."""
        words = [line.split() for line in (self.folder / "path").read_text().splitlines()]
        return {NAMES[int(line[1])]: line[2] for line in words if line[0] == "port"}


def senders(asked: Iterable[tuple[int, bytes]]) -> set[bytes]:
    """Return the IPv4 addresses as which routers were asked."""
    return {frame[28:32] for _, frame in asked if frame[12:14] == b"\x08\x06"}


NOBODY4 = frames.NOBODY[V4]

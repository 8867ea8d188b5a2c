# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stories of a laptop, told as the kernel tells them to the watch, and what the watch does."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from wbond_net.clients import notes
from wbond_net.kernel.frames import Answer, Success
from wbond_net.kernel.routers import Router
from wbond_net.kernel.rtnetlink import Address, Event, Link
from wbond_net.kernel.taps import Taps
from wbond_net.watch import clients, main
from wbond_net.watch.host import Host

from tests.reports import CABLE, MACS, RADIO, bond, port, without_carrier

RADIOS = ("wlp3s0", "wlx1")
DHCLIENT, DHCP6C = "dhclient@bond0.service", "dhcp6c@bond0.service"
DHCPCD = "wbond-dhcpcd@bond0.service"
START = f"systemctl start --no-block -- {DHCLIENT} {DHCP6C}"
REFRESH = f"systemctl reload --no-block -- {DHCLIENT}"
ASK_AGAIN = f"systemctl try-reload-or-restart --no-block -- {DHCLIENT} {DHCP6C}"
TO_RADIO = ["bond0/active_slave=wlp3s0"]
DEPRECATED = 0x20  # IFA_F_DEPRECATED
NO_LINK = [without_carrier(CABLE), without_carrier(RADIO), bond()]


class FakeTaps(Taps):
    """Remembers who is listened to, and what was sent by which port."""

    def __init__(self) -> None:
        self.heard: dict[int, str] = {}
        self.asked: list[tuple[int, bytes]] = []
        self.waiting: dict[int, list[Answer | Success]] = {}

    def listen(self, ports: Mapping[int, str]) -> None:
        self.heard = dict(ports)

    def send(self, index: int, name: str, frame: bytes) -> None:
        self.asked.append((index, frame))

    @property
    def descriptors(self) -> dict[int, int]:
        return {1000 + index: index for index in self.heard}

    def answers(self, index: int) -> list[Answer | Success]:
        return self.waiting.pop(index, [])


class FakeHost(Host):
    """Remembers what was done to it; files are real ones."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.written: list[tuple[str, dict[str, object]]] = []
        self.notified: list[str] = []
        self.refuses = False
        self.exit_code = 0
        self.shown = ""  # what `systemctl show` prints
        self.clock = 100.0
        self.sent: list[tuple[float, str, bytes]] = []
        self.asked_for_radio: list[str] = []
        self.held: list[Address] = []
        self.blocks = False
        self.solicited: list[tuple[float, int, str]] = []
        self.prios: dict[int, int] = {}
        self.taps: FakeTaps = FakeTaps()
        self.found_routers: tuple[Router, ...] = ()
        self.server: Router | None = None  # the DHCP server, where it is on the link
        self.addressed = True
        self.carries_a_bridge = False
        self.confirmed: list[bytes] = []
        self.packets = 0
        self.breaks: dict[str, Exception] = {}  # by what of it breaks

    def _may_break(self, what: str) -> None:
        if what in self.breaks:
            raise self.breaks[what]

    def notify(self, text: str) -> None:
        self._may_break("notify")
        self.notified.append(text)

    def journal(self, message: str, fields: Mapping[str, object]) -> None:
        self._may_break("journal")
        self.written.append((message, dict(fields)))

    def is_radio(self, name: str) -> bool:
        self.asked_for_radio.append(name)
        return name in RADIOS

    def option(self, bond: str, option: str) -> str:
        self._may_break("option")
        return "always"

    def set_option(self, bond: str, option: str, value: str) -> None:
        self.did.append(f"{bond}/{option}={value}")
        if self.refuses:
            raise OSError(22, "Invalid argument")

    def spawn(self, arguments: list[str], captured: bool = False) -> int:
        self._may_break("spawn")
        self.did.append(" ".join(["systemctl", *arguments]))
        return 1000 + len(self.did)

    def publish(self, arguments: list[str]) -> int:
        self._may_break("publish")
        self.did.append(" ".join(["wbond-dns", *arguments]))
        return 1000 + len(self.did)

    def reap(self, descriptor: int) -> int:
        return self.exit_code

    def output(self, descriptor: int) -> str:
        return self.shown

    def now(self) -> float:
        return self.clock

    def send(self, interface: str, frame: bytes) -> None:
        self.sent.append((self.clock, interface, frame))
        if self.refuses:
            raise OSError(100, "Network is down")

    def addresses(self) -> list[Address]:
        self._may_break("addresses")
        return list(self.held)

    def deprecate(self, addresses: Iterable[Address]) -> None:
        if self.refuses:
            raise OSError(1, "Operation not permitted")
        for address in addresses:
            place = self.held.index(address)
            self.held[place] = address._replace(flags=address.flags | DEPRECATED)

    def bring_up(self, ifindex: int) -> None:
        self.did.append(f"up {ifindex}")
        self._may_break("bring_up")
        if self.blocks:
            raise OSError(132, "Operation not possible due to RF-kill")

    def set_prio(self, index: int, prio: int) -> None:
        self._may_break("set_prio")
        self.prios[index] = prio

    def hasten(self, index: int, note: str) -> None:
        self.did.append("hasten")

    def routers(self, index: int, note: str) -> tuple[tuple[Router, ...], bool, Router | None]:
        self._may_break("routers")
        return self.found_routers, self.addressed, self.server

    def confirm(self, index: int, family: int, octets: bytes) -> None:
        self.confirmed.append(octets)

    def has_upper(self, name: str) -> bool:
        return self.carries_a_bridge

    def packets_sent(self, name: str) -> int:
        return self.packets

    def time(self) -> float:
        return 1.8e9 + self.clock

    def solicit(self, ifindex: int, mac: str) -> None:
        self.solicited.append((self.clock, ifindex, mac))
        if self.refuses:
            raise OSError(1, "Operation not permitted")


class Story:
    """A bond's life: its runtime directory, and watches that come and go."""

    def __init__(self, runtime: Path) -> None:
        self.runtime = runtime
        self.folder = runtime / "bond0"
        self.folder.mkdir()
        self.host = FakeHost()
        self.links: dict[int, Link] = {}
        self.options = main.Options("bond0", (DHCLIENT, DHCP6C), (DHCLIENT,), runtime=str(runtime))
        self.dhclient_starts = 0

    @property
    def marker(self) -> Path:
        """Return the file that says which clients have been started."""
        return self.folder / clients.MARKER

    def watch(self, *links: Link) -> "Story":
        """Start a watch, which finds these links."""
        self.host = FakeHost()
        self.links = {link.ifindex: link for link in links}
        self.watching = main.watch(self.options, self.host)
        self.watching.synchronise(self.links)
        return self

    def happens(self, *links: Link) -> list[str]:
        """Let the kernel report links at once; returns what was done."""
        self.host.did.clear()
        self.watching.take([Event(link) for link in links])
        return list(self.host.did)

    def lets_pass(self, seconds: float) -> list[str]:
        """Let time pass, and the watch do what is due meanwhile; returns what was done."""
        self.host.did.clear()
        end = self.host.clock + seconds
        while (wait := self.watching.poll_timeout_ms()) is not None:
            if self.host.clock + wait / 1000 > end:
                break
            self.host.clock += wait / 1000
            self.watching.tick()
        self.host.clock = end
        return list(self.host.did)

    def dhclient_starts_with(self, address: str) -> None:
        """Do as dhclient's unit does before each start: a new file, at another time."""
        self.dhclient_starts += 1
        path = self.folder / notes.ADDRESS_FILE
        path.write_text(f"{address}\n")
        os.utime(path, ns=(self.dhclient_starts, self.dhclient_starts))

    def systemctl_ends(self, code: int = 0, shown: str = "") -> list[str]:
        """Let what runs end; returns what was done about it."""
        self.host.did.clear()
        self.host.exit_code, self.host.shown = code, shown
        for descriptor in list(self.watching.children):
            self.watching.child_ended(descriptor)
        return list(self.host.did)

    @property
    def events(self) -> list[object]:
        return [fields["WBOND_EVENT"] for _, fields in self.host.written]

    @property
    def status(self) -> str:
        said = [text for text in self.host.notified if text.startswith("STATUS=")]
        return said[-1].removeprefix("STATUS=")


def on_cable(story: Story) -> Story:
    """Cable and radio are ready, the clients run."""
    story.marker.touch()
    story.dhclient_starts_with(MACS[CABLE])
    return story.watch(bond(CABLE), port(CABLE), port(RADIO))

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pictures of the machine, one or one after the other; `screen` shows them to a person.

Between two pictures it sleeps in poll(2), without a time-out, until the kernel
reports a link or an address.
"""

import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NoReturn

from wbond_net.kernel import bond_state, rtnetlink
from wbond_net.kernel.bond_state import State
from wbond_net.kernel.cache import Cache
from wbond_net.watch import journal_events

from wbond_cli.journal import reader
from wbond_cli.journal.reader import Entry
from wbond_cli.status import collect, document, model
from wbond_cli.status.model import Advice, Picture

Show = Callable[[Picture], None]
Display = AbstractContextManager[Show]


class Observer:
    """Makes pictures; remembers what it has seen itself, and reads the journal but once."""

    def __init__(self, host: collect.Host, view: Cache) -> None:
        """Read the journal."""
        reading = reader.read(host.ask, "--boot", f"--lines={collect.ENTRIES}", root=host.root)
        self._host, self._view = host, view
        self._history = list(reading.entries)
        self._states: dict[str, State] = {}
        self._faults: tuple[Advice, ...] = ()
        if reading.fault:
            text = f"since when is not known: {reading.fault}"
            self._faults = (Advice(text, reading.remedy),)

    def picture(self, now: float) -> Picture:
        """Return what there is at `now`, by what the kernel has reported up to the last call."""
        addresses = list(self._view.addresses.values())
        facts = self._host.look(self._view.links, addresses, self._history, now)
        found = model.paint(facts._replace(faults=(*self._faults, *facts.faults)))
        for bond in found.bonds:
            self._states.setdefault(bond.name, self._state(bond.name))
        return found

    def follow(self, now: float) -> None:
        """Take in what the kernel has reported, and remember changes as the watch tells them."""
        self._view.update()
        for name, former in self._states.items():
            self._states[name] = present = self._state(name)
            boot = self._history[-1].boot if self._history else ""
            self._history += seen(former, present, name, boot, now)

    def _state(self, name: str) -> State:
        bond = model.interface(self._view.links, name)
        if bond is None or bond.bond is None:
            return State(None, {}, None)
        former = self._states.get(name)
        return bond_state.begin(self._view.links, bond.ifindex, former, self._host.is_radio)


def seen(former: State, present: State, bond: str, boot: str, now: float) -> list[Entry]:
    """Return what happened between two states, as if the watch had written it."""
    if former.bond is None:
        begun = Entry(now, boot, bond, "watching")
        return [begun] if present.bond else []
    return [
        Entry(
            *(now, boot, bond, change.event),
            change.fields.get("WBOND_PORT", ""),
            change.fields.get("WBOND_FORMER", ""),
        )
        for change in journal_events.changes(former, present)
    ]


# --- showing ------------------------------------------------------------------


def show_json(found: Picture, indent: int | None = None) -> None:
    """Print a picture as one JSON object."""
    sys.stdout.write(json.dumps(document.whole(found), indent=indent) + "\n")
    sys.stdout.flush()


def essence(found: Picture) -> Picture:
    """Return a picture without what changes all the time: signals, lifetimes, the time itself."""
    bonds = []
    for bond in found.bonds:
        ports = tuple(
            port._replace(
                association=port.association and port.association._replace(signal=None, rate=None)
            )
            for port in bond.ports
        )
        addresses = tuple(address._replace(until=None, lease=None) for address in bond.addresses)
        bonds.append(bond._replace(ports=ports, addresses=addresses))
    return found._replace(time=0.0, bonds=tuple(bonds))


@contextmanager
def in_turn(show: Show) -> Iterator[Show]:
    """Show pictures one after the other, each that differs from the one before."""
    last: list[Picture] = []

    def draw(found: Picture) -> None:
        if [essence(found)] != [essence(former) for former in last]:
            show(found)
            last[:] = [found]

    yield draw


def watch(observer: Observer, netlink: rtnetlink.Socket, display: Display) -> int:
    """Show each change until Ctrl-C; returns 0. Raises BrokenPipeError when nobody reads."""
    signal.signal(signal.SIGTERM, _terminate)
    resized = _resized()
    poll = select.poll()
    poll.register(netlink, select.POLLIN)
    poll.register(resized, select.POLLIN)
    poll.register(sys.stdout.fileno(), 0)  # says only that the reader has gone (POLLERR, POLLHUP)
    try:
        with display as draw:
            while True:
                draw(observer.picture(time.time()))
                ready = {descriptor for descriptor, _ in poll.poll()}
                if sys.stdout.fileno() in ready:
                    raise BrokenPipeError
                if resized in ready:
                    os.read(resized, 512)
                observer.follow(time.time())
    except KeyboardInterrupt:
        return 0


def _resized() -> int:
    """Return a descriptor that is readable when the terminal has got another size."""
    readable, writable = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    signal.signal(signal.SIGWINCH, lambda *_: None)
    return readable


def _terminate(*_: object) -> NoReturn:
    """End by way of what gives the terminal back its screen."""
    raise SystemExit(128 + signal.SIGTERM)

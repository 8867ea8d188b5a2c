# SPDX-License-Identifier: LGPL-2.1-or-later
"""The status of the machine now, and again at each change; `screen` shows it to a person.

Between two changes it sleeps in poll(2) until the kernel reports a link or an address; without a
time-out, unless the last reports could not be read.
"""

import errno
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

from wbond_net.kernel import bond_state, rtnetlink
from wbond_net.kernel.bond_state import State
from wbond_net.kernel.cache import Cache
from wbond_net.kernel.default_routes import Route
from wbond_net.watch import journal_events

from wbond_cli import exit_status, termination
from wbond_cli.journal import reader
from wbond_cli.journal.reader import Entry
from wbond_cli.status import build, collect, document
from wbond_cli.status.model import Advice, Status

Print = Callable[[Status], None]
Display = AbstractContextManager[Print]
AGAIN = 1000  # ms, until what could not be read is read again


class StatusMonitor:
    """Builds the status; remembers the changes it has followed, and reads the journal but once."""

    def __init__(
        self,
        collector: collect.Collector,
        view: Cache,
        routes: Callable[[], Iterable[Route]] = tuple,
    ) -> None:
        """Read the journal; `routes` reads the default routes."""
        options = ("--boot", f"--lines={collect.ENTRIES}")
        reading = reader.read(collector.run, *options, root=collector.root)
        self._collector, self._view, self._routes = collector, view, routes
        self._history = list(reading.entries)
        self._states: dict[str, State] = {}
        self._faults: tuple[Advice, ...] = ()
        self.behind = False  # the kernel knows more, which could not be read yet
        if reading.fault:
            text = f"since when is not known: {reading.fault}"
            self._faults = (Advice(text, reading.remedy),)

    def status(self, now: float) -> Status:
        """Return the status at `now`, by what the kernel has reported up to the last call."""
        addresses = list(self._view.addresses.values())
        facts = self._collector.collect(self._view.links, addresses, self._history, now)
        facts = facts._replace(faults=(*self._faults, *facts.faults), routes=self._read_routes())
        status = build.build_status(facts)
        for bond in status.bonds:
            self._states.setdefault(bond.name, self._state(bond.name))
        return status

    def _read_routes(self) -> tuple[Route, ...]:
        """Return the default routes; none where they cannot be read."""
        try:
            return tuple(self._routes())
        except (OSError, rtnetlink.Overrun):
            return ()

    def follow(self, now: float) -> None:
        """Take in what the kernel has reported, and remember changes as the journal would.

        Where interfaces come and go faster than they can be read, the former state stays.
        """
        try:
            self._view.update()
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            self.behind = True
            return
        self.behind = False
        for name, former in self._states.items():
            self._states[name] = present = self._state(name)
            boot = self._history[-1].boot if self._history else ""
            self._history += synthesize_entries(former, present, name, boot, now)

    def _state(self, name: str) -> State:
        bond = rtnetlink.link_by_name(self._view.links, name)
        if bond is None or bond.bond is None:
            return State(None, {}, None)
        former = self._states.get(name)
        return bond_state.begin(self._view.links, bond.ifindex, former, self._collector.is_radio)


def synthesize_entries(
    former: State, present: State, bond: str, boot: str, now: float
) -> list[Entry]:
    """Return what happened between two states, as if wbond-watch had written it."""
    if former.bond is None:
        return [Entry(now, boot, bond, "watching")] if present.bond else []
    return [
        Entry(
            *(now, boot, bond, change.event),
            change.fields.get("WBOND_PORT", ""),
            change.fields.get("WBOND_FORMER", ""),
        )
        for change in journal_events.changes(former, present)
    ]


def print_json(status: Status, indent: int | None = None) -> None:
    """Print a status as one JSON object."""
    sys.stdout.write(json.dumps(document.status_to_dict(status), indent=indent) + "\n")
    sys.stdout.flush()


def without_volatile(status: Status) -> Status:
    """Return a status without what changes all the time: signals, lifetimes, the time itself."""
    bonds = []
    for bond in status.bonds:
        ports = tuple(
            port._replace(
                association=port.association and port.association._replace(signal=None, rate=None)
            )
            for port in bond.ports
        )
        addresses = tuple(address._replace(until=None, lease=None) for address in bond.addresses)
        bonds.append(bond._replace(ports=ports, addresses=addresses))
    return status._replace(time=0.0, bonds=tuple(bonds))


@contextmanager
def print_on_change(print_status: Print) -> Iterator[Print]:
    """Give a function that prints a status only if it differs from the one before."""
    printed: list[Status] = []

    def print_changed(status: Status) -> None:
        if printed != [without_volatile(status)]:
            print_status(status)
            printed[:] = [without_volatile(status)]

    yield print_changed


def watch(monitor: StatusMonitor, netlink: rtnetlink.Socket, display: Display) -> int:
    """Show each change until Ctrl-C; returns 0. Raises BrokenPipeError when nobody reads."""
    termination.by_exception()
    resized = _resized()
    poll = select.poll()
    poll.register(netlink, select.POLLIN)
    poll.register(resized, select.POLLIN)
    poll.register(sys.stdout.fileno(), 0)  # says only that the reader has gone (POLLERR, POLLHUP)
    try:
        with display as print_status:
            while True:
                print_status(monitor.status(time.time()))
                timeout = AGAIN if monitor.behind else None
                ready = {descriptor for descriptor, _ in poll.poll(timeout)}
                if sys.stdout.fileno() in ready:
                    raise BrokenPipeError
                if resized in ready:
                    os.read(resized, 512)
                monitor.follow(time.time())
    except KeyboardInterrupt:
        return exit_status.SUCCESS


def _resized() -> int:
    """Return a descriptor that is readable when the terminal has got another size."""
    readable, writable = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    signal.signal(signal.SIGWINCH, lambda *_: None)
    return readable

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The DHCP clients: started once in the life of the bond, and made to ask again when they have to.

They are started as soon as the bond is there, and wait by themselves for a port by which they can
ask: by then their sandbox is made and their program loaded, which takes longer than to join a port.
All of them ask again when the network may be another one; the DHCPv4 client confirms its lease
when the bond has another MAC address than at its start, because it reads that only once. The
DHCPv6 client runs where the routers have hosts ask, see advertised.Advertised. Clients are known
here as units alone, whose verbs mean the same for each.
"""

from __future__ import annotations

import math

from wbond_net.clients.notes import ADDRESS_FILE, ASKED_FILE, NOTHING
from wbond_net.watch.advertised import Advertised
from wbond_net.watch.duty import (
    Content,
    Duty,
    Effect,
    Effects,
    Ended,
    Journal,
    Outcome,
    ReadFile,
    Systemctl,
    View,
    WriteFile,
    reason,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from wbond_net.named_tuple import NamedTuple

MARKER = "clients-started"  # in the bond's runtime directory; wbond-bond removes it

# What the DHCPv4 client is told when its address is another one, and all clients when the network
# is: some of these may have been stopped, or have no reload. A client reads what it is to ask for
# only at its start.
CONFIRM, ASK_AGAIN, ASK_OTHERWISE = "reload", "try-reload-or-restart", "try-restart"

SYSTEMCTL = "systemctl"  # what fails if it cannot be run

FIRST, LAST = 1.0, 60.0  # s, the pauses after which what has failed is tried again

# A unit's LoadState with which it cannot be started, whoever tries, and what to do about it.
_ANSWERS = {
    "masked": "it is masked, and the bond does without it; unmask it, then restart wbond-watch@",
    "not-found": "it is not installed, and the bond does without it; install it, then restart "
    "wbond-watch@",
}
_STARTED = ("active", "activating", "reloading", "refreshing")  # ActiveState


class Note(NamedTuple):
    """The MAC address that the DHCPv4 client started with, and when that was written (ns)."""

    address: str
    written: int


class Clients(Duty):
    """Starts the units `start`; those that `marker`, its text, names have been started before."""

    def __init__(
        self,
        start: tuple[str, ...],
        refresh: tuple[str, ...],
        marker: str | None,
        advertised: str = "",
        asked: str = "",
    ) -> None:
        """Take the units of all clients, of DHCPv4's, and the marker, None if there is none.

        `advertised` is the unit of DHCPv6's, empty where all are started whatever routers say;
        `asked` is what it was last told to ask for.
        """
        self._wanted, self._refresh, self._dhcp6 = start, refresh, advertised
        self._advertised, self._asked = Advertised(), asked
        self._leaving: set[str] = set()  # units that systemd is asked about before they are stopped
        # By unit: the number of the network in which it was told to ask, see network.Network.
        self._started = dict.fromkeys(marked(marker, start), 0)
        self._starting: dict[str, int] = {}  # likewise, of which systemd has not said yet
        self._never: set[str] = set()  # units that cannot be started, as systemd has said
        self._last_refresh: tuple[Note, str] | None = None
        self._told: set[str] = set()  # what fails, and has been told
        self._retry_at, self._pause = math.inf, FIRST

    @property
    def due(self) -> float:
        """Return when to try again what has failed, or when to ask for less."""
        return min(self._retry_at, self._advertised.due)

    def changed(self, view: View) -> Effects:
        """Start the clients, and have them ask if what the bond sends gets through."""
        if view.state.bond is None:
            return []
        self._advertised.follow(view.state.bond.router_flags, view.network, view.now)
        operational = view.state.is_operational
        # What a client is to ask for is noted before it starts, so that it can read it.
        heeds = self._dhcp6 and (operational or self._dhcp6 not in self._started)
        otherwise = self._ask_otherwise() if heeds else []
        started = self._start(view) if self._retry_at == math.inf else []
        if not operational:
            return [*otherwise, *started]
        asked = [ReadFile(ADDRESS_FILE)] if self._refresh else self._ask(None, view)
        return [*otherwise, *started, *asked]

    def tick(self, view: View) -> Effects:
        """Try again what has failed."""
        if self._retry_at <= view.now:
            self._retry_at = math.inf
        return self.changed(view)

    def done(self, effect: Effect, outcome: Outcome, view: View) -> Effects:
        """Take in what systemd has answered, and what the DHCPv4 client's unit has written."""
        if isinstance(effect, ReadFile):
            return self._ask(note_of(outcome), view)
        if isinstance(effect, WriteFile) and isinstance(outcome, Exception):
            return [Journal("write-failed", f"cannot write {effect.name}: {reason(outcome)}")]
        if not isinstance(effect, Systemctl):
            return []
        if isinstance(outcome, Exception):
            return self._not_run(effect, outcome, view)
        return self._ended(effect, outcome, view) if isinstance(outcome, Ended) else []

    # --- starting -------------------------------------------------------------

    def _start(self, view: View) -> list[Systemctl]:
        known = {*self._started, *self._starting, *self._never}
        if self._dhcp6 and self._asked == NOTHING and self._dhcp6 not in self._refresh:
            known.add(self._dhcp6)
        units = tuple(unit for unit in self._wanted if unit not in known)
        self._starting |= dict.fromkeys(units, view.network)
        return [Systemctl("start", units)] if units else []

    def _ended(self, effect: Systemctl, ended: Ended, view: View) -> Effects:
        """Take in how systemctl ended.

        It starts what it can, and exits with the status of the first failure: 5 for a unit that
        does not exist, and 1 for a masked one, as for much else (systemctl(1), EXIT STATUS;
        translate_bus_error_to_exit_status(), systemctl-util.c). So it is asked about each.
        """
        self._overcome(SYSTEMCTL)
        if effect.verb == "start" and ended.status:
            return [Systemctl("show", effect.units)]
        if effect.verb == "start":
            return self._have_started(effect.units, view)
        if effect.verb == "show" and self._leaving.issuperset(effect.units):
            return self._leave(effect.units, ended.output, view)
        if effect.verb == "show":
            return self._classify(effect.units, ended.output, view)
        if ended.status:
            text = f"{' '.join(effect.units)}: not reloaded, may be stopped"
            return [Journal("refresh-refused", text)]
        return []

    def _classify(self, units: tuple[str, ...], shown: str, view: View) -> Effects:
        """Take in what `systemctl show` said of units that were to be started."""
        effects: list[Effect] = []
        started, failed = [], []
        for unit, found in zip(units, properties(shown, len(units)), strict=True):
            if answer := _ANSWERS.get(found.get("LoadState", "")):
                self._starting.pop(unit, None)
                self._never.add(unit)
                effects.append(Journal("start-failed", f"cannot start {unit}: {answer}"))
            elif found.get("ActiveState") in _STARTED or found.get("Job"):
                started.append(unit)
            else:
                failed.append(unit)
        effects += self._have_started(tuple(started), view) if started else []
        text = f"systemd refuses to; tried again, see `systemctl status {' '.join(failed)}`"
        return [*effects, *self._have_failed(tuple(failed), text, view)]

    def _have_started(self, units: tuple[str, ...], view: View) -> list[Effect]:
        """Leave a mark, so that clients which a person stops later on stay stopped."""
        self._started |= {unit: self._starting.pop(unit, view.network) for unit in units}
        self._overcome(*units)
        effects = [Journal("clients-started", f"started {' '.join(units)}")]
        # In another network by now, they may have asked in the former one.
        asked = self._ask(None, view) if view.state.is_operational else []
        return [*effects, self._mark(), *asked]

    def _mark(self) -> WriteFile:
        units = [unit for unit in self._wanted if unit in self._started]
        return WriteFile(MARKER, "".join(f"{unit}\n" for unit in units or ["none"]))

    def _have_failed(self, units: tuple[str, ...], text: str, view: View) -> list[Effect]:
        for unit in units:
            self._starting.pop(unit, None)
        return self._retry(units, f"cannot start {' '.join(units)}: {text}", view) if units else []

    # --- DHCPv6, as the routers say -------------------------------------------

    def _ask_otherwise(self) -> Effects:
        """Have the DHCPv6 client ask for what the routers now say, note it, and stop it if nothing.

        One that serves IPv4 as well confirms its lease thereby, and keeps its addresses.
        """
        former, self._asked = self._asked, self._advertised.asked
        unit = self._dhcp6
        if self._asked == former:
            return []
        noted = WriteFile(ASKED_FILE, f"{self._asked}\n")
        if unit not in self._started:  # one that starts now may have read what was noted before
            verb = CONFIRM if unit in self._refresh else ASK_OTHERWISE
            return [noted, Systemctl(verb, (unit,))] if unit in self._starting else [noted]
        if unit in self._refresh:
            return [noted, Systemctl(CONFIRM, (unit,))]
        if self._asked != NOTHING:
            return [noted, Systemctl(ASK_OTHERWISE, (unit,))]
        self._leaving.add(unit)
        return [noted, Systemctl("show", (unit,))]

    def _leave(self, units: tuple[str, ...], shown: str, view: View) -> Effects:
        """Stop the DHCPv6 client until routers speak of it again; not if a person has stopped it,
        who is then to start it.
        """
        self._leaving.difference_update(units)
        (found,) = properties(shown, 1)
        if self._asked != NOTHING or found.get("ActiveState") not in _STARTED:
            return []
        for unit in units:
            self._started.pop(unit, None)
        return [Systemctl("stop", units), self._mark()]

    # --- asking ---------------------------------------------------------------

    def _ask(self, note: Note | None, view: View) -> list[Systemctl]:
        """Have the clients ask again where what they know may not hold any more.

        All of them, as far as they run, when the network may be another one; DHCPv4's when it
        knows another MAC address than the bond's.
        """
        network, address = view.network, view.state.address
        stale = tuple(unit for unit, told in self._started.items() if told != network)
        moved = refresh_due(note, address, self._last_refresh)
        if note and (stale or moved):
            self._last_refresh = (note, address)
        self._started |= dict.fromkeys(stale, network)
        confirm = tuple(unit for unit in self._refresh if moved and unit not in stale)
        found = [Systemctl(ASK_AGAIN, stale), Systemctl(CONFIRM, confirm)]
        return [effect for effect in found if effect.units]

    def _not_run(self, effect: Systemctl, error: Exception, view: View) -> Effects:
        """Tell that systemctl could not be run, and try again later."""
        text = f"cannot run systemctl: {reason(error)}"
        for unit in effect.units:
            self._starting.pop(unit, None)
            if effect.verb == ASK_AGAIN:
                self._started[unit] = -1
        if effect.verb == CONFIRM:
            self._last_refresh = None
        if effect.verb == ASK_OTHERWISE or self._leaving.issuperset(effect.units):
            self._asked = ""
        self._leaving.difference_update(effect.units)
        return self._retry((SYSTEMCTL,), text, view)

    def _retry(self, what: tuple[str, ...], text: str, view: View) -> list[Effect]:
        """Try again after a pause, and tell of each failure once, until it is overcome."""
        if self._retry_at == math.inf:
            self._retry_at = view.now + self._pause
            self._pause = min(2 * self._pause, LAST)
        if self._told.issuperset(what):
            return []
        self._told.update(what)
        return [Journal("start-failed", text)]

    def _overcome(self, *what: str) -> None:
        """Take note that something works; when all does, pauses are short again."""
        self._told.difference_update(what)
        if not self._told:
            self._pause = FIRST


def marked(marker: str | None, units: tuple[str, ...]) -> tuple[str, ...]:
    """Return which of `units` have been started by what the marker says, a unit on each line.

    All of them if it names none: that it is there is what counts.
    """
    if marker is None:
        return ()
    names = marker.split()
    return tuple(unit for unit in units if unit in names or not names)


def properties(shown: str, count: int) -> list[dict[str, str]]:
    """Return the properties of `count` units as `systemctl show` prints them, in their order.

    Between two units is an empty line. What was not printed is empty.
    """
    blocks = [block.splitlines() for block in shown.split("\n\n")]
    found = [dict(line.split("=", 1) for line in block if "=" in line) for block in blocks]
    return (found + [{}] * count)[:count]


def note_of(outcome: Outcome) -> Note | None:
    """Return what the DHCPv4 client's unit has written; None if it has not been started."""
    if not isinstance(outcome, Content):
        return None
    return Note(outcome.text.strip().lower(), outcome.written)


def refresh_due(note: Note | None, address: str, last: tuple[Note, str] | None) -> bool:
    """Tell whether DHCPv4's client is to confirm: once for each address and each of its starts.

    `note` is None when it has not been started; `last` is when it was told, and for which
    address.
    """
    if note is None or note.address == address:
        return False
    return last != (note, address)

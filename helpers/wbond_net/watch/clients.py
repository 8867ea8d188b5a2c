# SPDX-License-Identifier: LGPL-2.1-or-later
"""The DHCP clients: started once in the life of the bond, and made to ask again when they have to.

They ask again when the network may be another one, and dhclient when the bond has another MAC
address than at its start, because it reads that only once.
"""

from typing import NamedTuple

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

MARKER = "clients-started"  # in the bond's runtime directory; wbond-bond removes it
ADDRESS = "dhclient.address"  # there too; written by dhclient's unit before each start

# What dhclient is told when its address is another one, and all clients when the network is: some
# of these may have been stopped, or have no reload.
CONFIRM, ASK_AGAIN = "reload", "try-reload-or-restart"


class Note(NamedTuple):
    """The MAC address that dhclient started with, and when that was written (ns)."""

    address: str
    written: int


class Clients(Duty):
    """Starts the units `start`, if there is no `marker` that says that they have been started."""

    def __init__(
        self, start: tuple[str, ...], refresh: tuple[str, ...], marker: str | None
    ) -> None:
        """Take the units of all clients and of dhclient, and the marker, None if there is none."""
        self._wanted, self._refresh = start, refresh
        self._started, self._starting = marker is not None, False
        self._network = 0  # the number of that in which they were told to ask
        self._last_refresh: tuple[Note, str] | None = None

    def changed(self, view: View) -> Effects:
        """Start the clients, and have them ask, if what the bond sends gets through."""
        if not view.state.is_operational:
            return []
        asked = [ReadFile(ADDRESS)] if self._refresh else self._ask(None, view)
        return [*self._start(), *asked]

    def done(self, effect: Effect, outcome: Outcome, view: View) -> Effects:
        """Take in what systemd has answered, and what dhclient's unit has written."""
        if isinstance(effect, ReadFile):
            return self._ask(note_of(outcome), view)
        if isinstance(effect, WriteFile) and isinstance(outcome, Exception):
            return [Journal("write-failed", f"cannot write {MARKER}: {reason(outcome)}")]
        if not isinstance(effect, Systemctl):
            return []
        if effect.verb == "start":
            self._starting = False
        if isinstance(outcome, Exception):
            return [Journal("start-failed", f"cannot run systemctl: {reason(outcome)}")]
        return self._ended(effect, outcome) if isinstance(outcome, Ended) else []

    def _start(self) -> list[Systemctl]:
        if not self._wanted or self._started or self._starting:
            return []
        self._starting = True
        return [Systemctl("start", self._wanted)]

    def _ended(self, effect: Systemctl, ended: Ended) -> Effects:
        """Leave a mark, so that clients which a person stops later on stay stopped.

        A start that failed is tried again at the next event.
        """
        units = " ".join(effect.units)
        if effect.verb != "start":
            text = f"{units}: not reloaded, may be stopped"
            return [Journal("refresh-refused", text)] if ended.status else []
        if ended.status:
            text = f"cannot start {units}: systemctl ended with {ended.status}"
            return [Journal("start-failed", text)]
        self._started = True
        return [Journal("clients-started", f"started {units}"), WriteFile(MARKER, f"{units}\n")]

    def _ask(self, note: Note | None, view: View) -> list[Systemctl]:
        """Have the clients ask again where what they know may not hold any more.

        All of them, as far as they run, when the network may be another one; dhclient when it
        knows another MAC address than the bond's.
        """
        stale = self._started and self._network != view.network
        self._network = view.network
        moved = refresh_due(note, view.state.address, self._last_refresh)
        if note and (stale or moved):
            self._last_refresh = (note, view.state.address)
        if stale and self._wanted:
            return [Systemctl(ASK_AGAIN, self._wanted)]
        return [Systemctl(CONFIRM, self._refresh)] if moved else []


def note_of(outcome: Outcome) -> Note | None:
    """Return what dhclient's unit has written; None if it has not been started."""
    if not isinstance(outcome, Content):
        return None
    return Note(outcome.text.strip().lower(), outcome.written)


def refresh_due(note: Note | None, address: str, last: tuple[Note, str] | None) -> bool:
    """Tell whether dhclient is to confirm its lease: once for each address and each of its starts.

    `note` is None when dhclient has not been started; `last` is when it was told, and for which
    address.
    """
    if note is None or note.address == address:
        return False
    return last != (note, address)

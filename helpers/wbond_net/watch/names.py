# SPDX-License-Identifier: LGPL-2.1-or-later
"""Names: what routers advertise of them is published as long as it holds (RFC 8106).

Of all sources, the watch also tells which networks were before: what was said there goes as soon
as somebody names a server in the present one (names/records.py).
"""

from __future__ import annotations

import math

from wbond_net.kernel import advertised
from wbond_net.kernel.advertised import FOREVER, NAMESERVER, SEARCH, Advertised
from wbond_net.watch.duty import (
    Duty,
    Effect,
    Effects,
    Journal,
    Outcome,
    Publish,
    View,
    WriteFile,
    reason,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# In the bond's runtime directory: what routers have said, and until when; and since when the bond
# is in this network, which names/records.py goes by.
RECORD, NETWORK = "advertised", "dns-network"
MOST = {NAMESERVER: 16, SEARCH: 32}  # as names/records.py takes of one source


class Names(Duty):
    """Keeps what is advertised, by kind and value, and until when it holds (s, as View.now)."""

    def __init__(self, record: str | None) -> None:
        """Take the text of the record, None where there is none."""
        self._until = parse(record or "")
        self._network = 0  # its number, see network.Network

    @property
    def due(self) -> float:
        """Return when the first server or domain ends."""
        return min(self._until.values(), default=math.inf)

    def changed(self, view: View) -> Effects:
        """Forget the routers of the former network when the bond is operational in another."""
        if not view.state.is_operational or view.network == self._network:
            return []
        self._network = view.network
        self._until = {}
        return [WriteFile(NETWORK, ""), self._record()]

    def advertised(self, view: View, options: Sequence[bytes]) -> Effects:
        """Take in what a router says."""
        before = tuple(self._until)
        for octets in options:
            self._update(advertised.names(octets), view.now)
        published = [self._publication()] if tuple(self._until) != before else []
        return [*published, self._record()]

    def tick(self, view: View) -> Effects:
        """Forget what has ended."""
        self._until = {key: until for key, until in self._until.items() if until > view.now}
        return [self._publication(), self._record()]

    def done(self, effect: Effect, outcome: Outcome, view: View) -> Effects:
        """Tell what does not work; wbond-dns tells by itself what it cannot do."""
        if not isinstance(outcome, Exception):
            return []
        what = f"write {effect.name}" if isinstance(effect, WriteFile) else "have names published"
        return [Journal("write-failed", f"cannot {what}: {reason(outcome)}")]

    def _update(self, said: Iterable[Advertised], now: float) -> None:
        for kind, value, lifetime in said:
            if not lifetime:
                self._until.pop((kind, value), None)
            elif (kind, value) in self._until or len(self._values(kind)) < MOST[kind]:
                ends = math.inf if lifetime == FOREVER else now + lifetime
                self._until[kind, value] = ends

    def _values(self, kind: str) -> tuple[str, ...]:
        return tuple(value for known, value in self._until if known == kind)

    def _publication(self) -> Publish:
        return Publish(self._values(NAMESERVER), self._values(SEARCH))

    def _record(self) -> WriteFile:
        lines = [f"{kind} {value} {until}\n" for (kind, value), until in self._until.items()]
        return WriteFile(RECORD, "".join(lines))


def parse(record: str) -> dict[tuple[str, str], float]:
    """Return what a record holds; of a broken one what can be read."""
    found: dict[tuple[str, str], float] = {}
    for line in record.splitlines():
        kind, _, rest = line.partition(" ")
        value, _, until = rest.partition(" ")
        try:
            ends = float(until)
        except ValueError:
            continue
        if kind in MOST and value and not math.isnan(ends):
            found[kind, value] = ends
    return found

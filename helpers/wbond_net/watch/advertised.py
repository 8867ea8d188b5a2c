# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the routers have hosts ask for by DHCPv6 (RFC 4861, 4.2: the flags M and O).

The kernel keeps the flags of the last advertisement, and of the former network until there is an
advertisement in the new one. It tells when they change.
"""

from __future__ import annotations

import math

from wbond_net.clients.notes import ADDRESS, INFORMATION, NOTHING
from wbond_net.kernel.uapi import IF_RA_MANAGED, IF_RA_OTHERCONF

# In s: where two routers disagree, the flags change with each advertisement. Those that say more
# hold, as long as they are repeated within the longest pause between two advertisements of a
# router (RFC 4861, MaxRtrAdvInterval).
LONGEST = 1800.0
_ORDER = (NOTHING, INFORMATION, ADDRESS)


def said(flags: int) -> str:
    """Return what the flags of an advertisement have hosts ask for."""
    if flags & IF_RA_MANAGED:
        return ADDRESS
    return INFORMATION if flags & IF_RA_OTHERCONF else NOTHING


class Advertised:
    """What is to be asked for in the present network."""

    def __init__(self) -> None:
        """Begin without any advertisement."""
        self.asked = NOTHING
        self.due = math.inf  # when less is to be asked for, if nothing else is said until then
        self._last: str | None = None  # what the last advertisement has said
        self._network: int | None = None
        self._heard = False  # an advertisement in this network has changed the flags

    def follow(self, flags: int, network: int, now: float) -> None:
        """Take in the kernel's flags; the first change in a network puts an end to the former's."""
        if network != self._network:
            self._network, self._heard = network, False
        now_said, former = said(flags), self._last
        self._last = now_said
        more = _ORDER.index(now_said) >= _ORDER.index(self.asked)
        if more or (now_said != former and not self._heard) or now >= self.due:
            self.asked, self.due = now_said, math.inf
        elif self.due == math.inf:
            self.due = now + LONGEST
        self._heard = self._heard or (former is not None and now_said != former)

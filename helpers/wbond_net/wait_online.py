# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-wait-online [--timeout SECONDS] BOND: ends when the bond is online, or time is up.

Online is a bond that has carrier and an address which reaches beyond the link.
"""

from __future__ import annotations

import select
import sys
import time

from wbond import escape

from wbond_net.kernel import rtnetlink
from wbond_net.kernel.cache import Cache
from wbond_net.kernel.rtnetlink import Address, Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

USAGE = "usage: wbond-wait-online [--timeout SECONDS] BOND"
TIMEOUT = 30.0  # seconds


def main(arguments: list[str]) -> int:
    """Entry point; returns 0 when online, 1 when time is up, 2 when called wrongly."""
    try:
        bond, timeout = parse(arguments)
    except ValueError as error:
        sys.stderr.write(f"{error}\n{USAGE}\n")
        return 2
    lacking = wait(bond, timeout)
    if lacking:
        name = escape.printable(bond)
        sys.stderr.write(f"{name} {lacking}, after {timeout:g} s\n")
    return 1 if lacking else 0


def parse(arguments: list[str]) -> tuple[str, float]:
    """Return bond and seconds. Raises ValueError, with a text for the person who typed."""
    if len(arguments) not in (1, 3) or (len(arguments) == 3 and arguments[0] != "--timeout"):
        raise ValueError("name one bond")
    try:
        timeout = float(arguments[1]) if len(arguments) == 3 else TIMEOUT
    except ValueError:
        timeout = -1.0
    if not 0 <= timeout < 1e6:
        raise ValueError("--timeout takes a number of seconds")
    return arguments[-1], timeout


def wait(bond: str, timeout: float) -> str:
    """Wait until the bond is online; returns what it lacks when `timeout` seconds are over."""
    deadline = time.monotonic() + timeout
    netlink = rtnetlink.Socket(rtnetlink.LINKS | rtnetlink.ADDRESSES)
    poll = select.poll()
    poll.register(netlink, select.POLLIN)
    cache = Cache(netlink)
    while lacking := missing(bond, cache.links, cache.addresses.values()):
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            break
        poll.poll(remaining * 1000)
        cache.update()
    netlink.close()
    return lacking


def missing(bond: str, links: Mapping[int, Link], addresses: Iterable[Address]) -> str:
    """Return what keeps the bond from being online; nothing when it is."""
    link = rtnetlink.link_by_name(links, bond)
    if link is None:
        return "does not exist"
    if not link.has_carrier:
        return "has no carrier"
    if not any(routable(address) for address in addresses if address.ifindex == link.ifindex):
        return "has no routable address"
    return ""


def routable(address: Address) -> bool:
    """Tell whether packets from the address can come back over a router.

    Not when it is of link or host scope, an IPv4 link-local one (RFC 3927)
    that somebody has set with global scope, or not (yet) the host's own.
    """
    local = address.text.startswith("169.254.")
    unproven = address.tentative or address.dadfailed
    return address.scope == rtnetlink.SCOPE_UNIVERSE and not local and not unproven

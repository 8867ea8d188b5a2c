# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-wait-online [OPTION VALUE]… BOND: ends when the bond is online, or time is up.

Options:
  --timeout SECONDS  how long to wait; 30
  --for WHAT         `address`: online is a bond that has an address which reaches
                     beyond the link, and whose active port gets frames through. `link`: the
                     latter alone. `no`: nothing is waited for. The bond's `wait_online`; address
"""

from __future__ import annotations

import math
import select
import sys
import time

from wbond import escape

from wbond_net.kernel import bond_state, rtnetlink, uppers
from wbond_net.kernel.cache import Cache
from wbond_net.kernel.rtnetlink import Address, Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

USAGE = "usage: wbond-wait-online [--timeout SECONDS] [--for address|link|no] BOND"
TIMEOUT = 30.0  # seconds
ADDRESS, LINK, NO = "address", "link", "no"  # values of `wait_online`


def main(arguments: list[str]) -> int:
    """Entry point; returns 0 when online, 1 when time is up, 2 when called wrongly."""
    try:
        bond, timeout, what = parse(arguments)
    except ValueError as error:
        sys.stderr.write(f"{error}\n{USAGE}\n")
        return 2
    try:
        lacking = wait(bond, timeout, what)
    except OSError as error:  # of the kernel's, which cannot be waited for
        lacking = f"cannot be looked at: {error.strerror}"
    if lacking:
        name = escape.printable(bond)
        sys.stderr.write(f"{name} {lacking}, after {timeout:g} s\n")
    return 1 if lacking else 0


def parse(arguments: list[str]) -> tuple[str, float, str]:
    """Return bond, seconds, and what is waited for. Raises ValueError, with a text for people."""
    options = {"--timeout": f"{TIMEOUT}", "--for": ADDRESS}
    given = dict(zip(arguments[:-1:2], arguments[1:-1:2], strict=False))
    if len(arguments) % 2 == 0 or not options.keys() >= given.keys():
        raise ValueError("name one bond")
    options |= given
    try:
        timeout = float(options["--timeout"])
    except ValueError:
        timeout = -1.0
    if not 0 <= timeout < 1e6:
        raise ValueError("--timeout takes a number of seconds")
    if options["--for"] not in (ADDRESS, LINK, NO):
        raise ValueError("--for takes address, link or no")
    return arguments[-1], timeout, options["--for"]


def awaited(settings: Mapping[str, str]) -> str:
    """Return what a bond with these settings waits for."""
    return settings.get("wait_online", ADDRESS)


def awaited_by_call(what: str) -> str:
    """Return what makes a bond online for who asks for it: `no` is about a boot alone."""
    return LINK if what == NO else what


def wait(bond: str, timeout: float, what: str = ADDRESS) -> str:
    """Wait until the bond is online; returns what it lacks when `timeout` seconds are over.

    With math.inf as `timeout` this waits for ever. Raises OSError of the kernel's.
    """
    return wait_for_all({bond: what}, timeout).get(bond, "")


def wait_for_all(awaited: Mapping[str, str], timeout: float) -> dict[str, str]:
    """Wait until all bonds are online, of which `awaited` names what each is to have.

    Returns what those lack that are not when `timeout` seconds are over. Sleeps until the kernel
    reports a link or an address. Raises OSError of the kernel's.
    """
    wanted = {bond: what for bond, what in awaited.items() if what != NO}
    if not wanted:
        return {}
    deadline = time.monotonic() + timeout
    with rtnetlink.Socket(rtnetlink.LINKS | rtnetlink.ADDRESSES) as netlink:
        poll = select.poll()
        poll.register(netlink, select.POLLIN)
        cache = Cache(netlink)
        while lacking := _lacking(wanted, cache):
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                break
            poll.poll(None if remaining == math.inf else remaining * 1000)
            cache.update()
    return lacking


def _lacking(wanted: Mapping[str, str], cache: Cache) -> dict[str, str]:
    """Return what the bonds lack that are not online."""
    found = {
        bond: missing(bond, cache.links, cache.addresses.values(), what)
        for bond, what in wanted.items()
    }
    return {bond: lacks for bond, lacks in found.items() if lacks}


def missing(
    bond: str, links: Mapping[int, Link], addresses: Iterable[Address], what: str = ADDRESS
) -> str:
    """Return what keeps the bond from being online; nothing when it is."""
    link = rtnetlink.link_by_name(links, bond)
    if link is None:
        return "does not exist"
    if not link.has_carrier:
        return "has no carrier"
    if what == LINK:
        return _idle(link, links)
    reaching = {address.ifindex for address in addresses if routable(address)}
    if link.ifindex in reaching:
        # A static address is there before any port is; of what is no bond there is nothing to say.
        return _idle(link, links) if link.bond else ""
    above = [upper for upper in uppers.above(link, links) if upper.ifindex in reaching]
    return f"has no routable address{_elsewhere(above)}"


def _idle(bond: Link, links: Mapping[int, Link]) -> str:
    """Tell of an active port that lets no frames through, as a radio that is not authorised."""
    active = links.get(bond.bond.active) if bond.bond else None
    gets_through = active is not None and bond_state.Port(active, is_radio=False).is_operational
    return "" if gets_through else "has no operational port"


def _elsewhere(above: list[Link]) -> str:
    names = ", ".join(escape.printable(upper.name) for upper in above)
    return f" (set wait_online = link: {names} above it has one)" if above else ""


def routable(address: Address) -> bool:
    """Tell whether packets from the address can come back over a router.

    Not when it is of link or host scope, an IPv4 link-local one (RFC 3927)
    that somebody has set with global scope, or not (yet) the host's own. An
    optimistic one may be used before that is known.
    """
    local = address.text.startswith("169.254.")
    unproven = (address.tentative and not address.optimistic) or address.dadfailed
    return address.scope == rtnetlink.SCOPE_UNIVERSE and not local and not unproven

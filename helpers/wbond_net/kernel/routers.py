# SPDX-License-Identifier: LGPL-2.1-or-later
"""The routers of an interface: the gateways of its default routes, and who it is to them.

Where a network has none, its DHCP server may stand in for one.
"""

from __future__ import annotations

import _socket

from wbond_net.kernel import default_routes, rtnetlink, uapi
from wbond_net.kernel.attributes import RTMSG
from wbond_net.kernel.frames import NOBODY
from wbond_net.kernel.rtnetlink import Address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NamedTuple
else:
    from wbond_net.named_tuple import NamedTuple


class Router(NamedTuple):
    """A router; `source` is the interface's own address for it, NOBODY where there is none."""

    family: int
    octets: bytes
    source: bytes

    @property
    def text(self) -> str:
        """Return its address as text."""
        return _socket.inet_ntop(self.family, self.octets)


def read(
    kernel: rtnetlink.Socket, index: int, server: str = ""
) -> tuple[tuple[Router, ...], bool, Router | None]:
    """Return the routers of an interface, each once, whether it has an address that reaches
    beyond its link, and who stands in for a router.

    `server` is the IPv4 address of the DHCP server; it stands in if it is on the link. Raises
    OSError, Overrun.
    """
    own = [address for address in kernel.addresses() if address.ifindex == index]
    found: dict[tuple[int, bytes], Router] = {}
    for family in NOBODY:
        for report in kernel.dump(uapi.RTM_GETROUTE, RTMSG.pack(family, *(0,) * 8)):
            for route in default_routes.routes(report.body):
                if route.ifindex == index and route.gateway:
                    kind = _socket.AF_INET6 if ":" in route.gateway else _socket.AF_INET
                    octets = _socket.inet_pton(kind, route.gateway)
                    found[kind, octets] = Router(kind, octets, source(kind, octets, own))
    addressed = any(address.scope < uapi.RT_SCOPE_LINK for address in own)
    return tuple(found.values()), addressed, _on_link(server, own)


def _on_link(server: str, own: Iterable[Address]) -> Router | None:
    """Return a DHCP server as a router, None if it is not on the link, or no IPv4 address."""
    try:
        octets = _socket.inet_pton(_socket.AF_INET, server)
    except (OSError, ValueError):  # ValueError: it holds a NUL
        return None
    asker = source(_socket.AF_INET, octets, own)
    if asker in (NOBODY[_socket.AF_INET], octets):
        return None
    return Router(_socket.AF_INET, octets, asker)


def source(family: int, octets: bytes, own: Iterable[Address]) -> bytes:
    """Return which of the interface's own addresses has a host on its link ask for another.

    Of IPv6, the link-local one; of IPv4, one whose prefix holds the other.
    """
    for address in own:
        if address.family != family or address.tentative or address.dadfailed:
            continue
        if family == _socket.AF_INET6 and address.scope == uapi.RT_SCOPE_LINK:
            return address.octets
        if family == _socket.AF_INET and _holds(address, octets):
            return address.octets
    return NOBODY[family]


def _holds(address: Address, octets: bytes) -> bool:
    shift = 8 * len(octets) - address.prefixlen
    numbers = (int.from_bytes(found, "big") >> shift for found in (address.octets, octets))
    return len(set(numbers)) == 1

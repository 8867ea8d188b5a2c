# SPDX-License-Identifier: LGPL-2.1-or-later
"""The default routes of the main table as records, as `ip route show default` shows them."""

from __future__ import annotations

import _socket
import struct

from wbond_net.kernel import request, uapi
from wbond_net.kernel.attributes import RTMSG, aligned, number, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NamedTuple
else:
    from wbond_net.named_tuple import NamedTuple

# Groups to subscribe to, beside those of rtnetlink.
ROUTES = uapi.RTMGRP_IPV4_ROUTE | uapi.RTMGRP_IPV6_ROUTE

_NEXTHOP = struct.Struct("=HBBi")  # rtnexthop: length, flags, weight, interface index
_VIA_FAMILY = 2  # bytes, of rtvia, which the address follows


class Route(NamedTuple):
    """A default route, or one of its next hops; `gateway` is empty where there is none.

    `protocol` is who has set it, RTPROT_*.
    """

    ifindex: int
    family: int
    gateway: str
    metric: int
    protocol: int


def read() -> list[Route]:
    """Return all, IPv4's first, those of lower metrics before others. Raises OSError, Overrun."""
    found: list[Route] = []
    for family in (_socket.AF_INET, _socket.AF_INET6):
        for report in request.dump(uapi.RTM_GETROUTE, RTMSG.pack(family, *(0,) * 8)):
            found += routes(report)
    return sorted(found, key=lambda route: (route.family, route.metric))


def routes(report: bytes) -> list[Route]:
    """Return what a report tells of a default route: each next hop; nothing of another route."""
    if len(report) < RTMSG.size:
        return []
    family, length, _, _, table, protocol, _, kind, _ = RTMSG.unpack_from(report)
    wanted = (0, uapi.RT_TABLE_MAIN, uapi.RTN_UNICAST)
    if (length, table, kind) != wanted or family not in (_socket.AF_INET, _socket.AF_INET6):
        return []
    fields = parse(report[RTMSG.size :])
    metric = number(fields.get(uapi.RTA_PRIORITY))
    hops = [(number(fields.get(uapi.RTA_OIF)), fields)]
    if uapi.RTA_MULTIPATH in fields:
        hops = list(_next_hops(fields[uapi.RTA_MULTIPATH]))
    return [Route(index, family, _gateway(family, own), metric, protocol) for index, own in hops]


def _next_hops(octets: bytes) -> Iterator[tuple[int, dict[int, bytes]]]:
    """Yield interface index and attributes of each rtnexthop, up to one that does not fit."""
    while len(octets) >= _NEXTHOP.size:
        length, _, _, index = _NEXTHOP.unpack_from(octets)
        if not _NEXTHOP.size <= length <= len(octets):
            return
        yield index, parse(octets[_NEXTHOP.size : length])
        octets = octets[aligned(length) :]


def _gateway(family: int, fields: dict[int, bytes]) -> str:
    """Return the router's address as text; an IPv4 route may have an IPv6 one (RFC 5549)."""
    octets = fields.get(uapi.RTA_GATEWAY, b"")
    via = fields.get(uapi.RTA_VIA, b"")
    if len(via) > _VIA_FAMILY:
        family, octets = number(via[:_VIA_FAMILY]), via[_VIA_FAMILY:]
    try:
        return _socket.inet_ntop(family, octets)
    except (ValueError, OSError):
        return ""

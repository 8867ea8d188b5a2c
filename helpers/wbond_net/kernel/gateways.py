# SPDX-License-Identifier: LGPL-2.1-or-later
"""Gateways: the routers that default routes lead to, as the kernel reports the routes.

A route through a nexthop object has its gateway as well, unless an administrator has set
net.ipv4.nexthop_compat_mode to 0 (fib_dump_info(), rt6_fill_node()).
"""

from __future__ import annotations

import _socket
import struct

from wbond_net.kernel import uapi
from wbond_net.kernel.attributes import RTMSG, aligned, number
from wbond_net.kernel.attributes import parse as fields_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NamedTuple
else:
    from wbond_net.named_tuple import NamedTuple

_RTNEXTHOP = struct.Struct("=HBBi")  # length, flags, hops, index
_SIZES = {_socket.AF_INET: 4, _socket.AF_INET6: 16}  # bytes, of an address


class Gateway(NamedTuple):
    """The next hop of a route: the interface that leads to it, and its address."""

    ifindex: int
    family: int
    octets: bytes


class DefaultRoute(NamedTuple):
    """A route to everywhere, by one gateway or by several."""

    gateways: tuple[Gateway, ...]


def parse(body: bytes) -> DefaultRoute | None:
    """Return the default route in a report of RTM_NEWROUTE or RTM_DELROUTE; None for another."""
    if len(body) < RTMSG.size:
        return None
    family, length, _, _, _, _, _, kind, _ = RTMSG.unpack_from(body)
    if family not in _SIZES or length or kind != uapi.RTN_UNICAST:
        return None
    fields = fields_of(body[RTMSG.size :])
    gateways = [_gateway(number(fields.get(uapi.RTA_OIF)), family, fields)]
    for index, nested in _nexthops(fields.get(uapi.RTA_MULTIPATH, b"")):
        gateways.append(_gateway(index, family, nested))
    return DefaultRoute(tuple(gateway for gateway in gateways if gateway))


def _nexthops(octets: bytes) -> Iterator[tuple[int, dict[int, bytes]]]:
    """Yield the interface and the attributes of each struct rtnexthop, up to one that is cut."""
    offset = 0
    while offset + _RTNEXTHOP.size <= len(octets):
        length, _, _, index = _RTNEXTHOP.unpack_from(octets, offset)
        if length < _RTNEXTHOP.size or offset + length > len(octets):
            return
        yield index, fields_of(octets[offset + _RTNEXTHOP.size : offset + length])
        offset += aligned(length)


def _gateway(index: int, family: int, fields: dict[int, bytes]) -> Gateway | None:
    """Return the gateway that attributes name; RTA_VIA is one of another family."""
    octets = fields.get(uapi.RTA_GATEWAY, b"")
    if uapi.RTA_VIA in fields:
        via = fields[uapi.RTA_VIA]
        family, octets = number(via[:2]), via[2:]
    if index <= 0 or len(octets) != _SIZES.get(family):
        return None
    return Gateway(index, family, octets)

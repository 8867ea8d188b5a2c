# SPDX-License-Identifier: LGPL-2.1-or-later
"""What IPv6 routers have said of the network, and how they are asked whether it is still so.

The kernel asks once in an interface's life, at its first carrier: a bond that has one again only
joins its multicast groups anew (addrconf_notify(), net/ipv6/addrconf.c). Until a router speaks by
itself, which may take half an hour (RFC 4861, MaxRtrAdvInterval), another network would have no
IPv6 but the former one's addresses.
"""

import socket
from collections.abc import Iterable

from wbond_net.kernel import rtnetlink
from wbond_net.kernel.rtnetlink import Address

_IPV6 = int(socket.AF_INET6)
_ALL_ROUTERS = "ff02::2"
_SOLICITATION = bytes((133, 0, 0, 0, 0, 0, 0, 0))  # RFC 4861, 4.1; the kernel fills in the checksum
_SOURCE_LINK_LAYER = bytes((1, 1))  # RFC 4861, 4.6.1: an option of 8 bytes
_HOPS = 255  # RFC 4861, 6.1.1: what has come over a router is no solicitation


def ipv6_of(addresses: Iterable[Address], index: int) -> list[Address]:
    """Return the IPv6 addresses of the interface `index`; without one it speaks no IPv6."""
    return [found for found in addresses if (found.ifindex, found.family) == (index, _IPV6)]


def advertised(addresses: Iterable[Address], index: int) -> list[Address]:
    """Return the addresses of the interface `index` that the kernel has made of advertisements."""
    return [
        found
        for found in ipv6_of(addresses, index)
        if found.protocol == rtnetlink.PROTOCOL_ROUTER or found.temporary
    ]


def solicitation(mac: str) -> bytes:
    """Return the question for routers; `mac` is the asking interface's address."""
    return _SOLICITATION + _SOURCE_LINK_LAYER + bytes.fromhex(mac.replace(":", ""))


def solicit(index: int, mac: str) -> None:
    """Ask the routers on the link of the interface `index`. Raises OSError.

    The kernel takes the answers in, whoever has asked.
    """
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as asker:
        asker.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, _HOPS)
        asker.sendto(solicitation(mac), (_ALL_ROUTERS, 0, 0, index))

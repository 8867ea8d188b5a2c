# SPDX-License-Identifier: LGPL-2.1-or-later
"""Router solicitations, and the addresses that the kernel forms from the answers (RFC 4861, 4862).

The kernel solicits routers only once in an interface's life, at its first carrier: when a bond
regains carrier, it only rejoins its multicast groups (addrconf_notify(), net/ipv6/addrconf.c).
Until a router advertises by itself, which may take half an hour (RFC 4861, MaxRtrAdvInterval), a
laptop in another network would have no IPv6 addresses but those of the network it has left.
"""

from __future__ import annotations

import _socket

from wbond_net.kernel import rtnetlink
from wbond_net.kernel.rtnetlink import Address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_IPV6 = _socket.AF_INET6
_ALL_ROUTERS = "ff02::2"
_SOLICITATION = bytes((133, 0, 0, 0, 0, 0, 0, 0))  # RFC 4861, 4.1; the kernel fills in the checksum
_SOURCE_LINK_LAYER = bytes((1, 1))  # RFC 4861, 4.6.1: an option of 8 bytes
_HOST = 128  # prefix length
_HOP_LIMIT = 255  # RFC 4861, 6.1.1: routers discard a solicitation with any other


def ipv6_addresses(addresses: Iterable[Address], index: int) -> list[Address]:
    """Return the IPv6 addresses of the interface `index`; it has none where IPv6 is disabled."""
    return [found for found in addresses if (found.ifindex, found.family) == (index, _IPV6)]


def slaac_addresses(addresses: Iterable[Address], index: int) -> list[Address]:
    """Return the addresses of the interface `index` that the kernel formed from advertisements."""
    return [
        found
        for found in ipv6_addresses(addresses, index)
        if found.protocol == rtnetlink.PROTOCOL_ROUTER or found.temporary
    ]


def leased_addresses(addresses: Iterable[Address], index: int) -> list[Address]:
    """Return the addresses of the interface `index` by DHCPv6 that have an end, as dhcpcd's.

    dhcp6c sets none, and takes its own away when it asks anew.
    """
    return [
        found
        for found in ipv6_addresses(addresses, index)
        if found.prefixlen == _HOST and not found.permanent and not found.temporary
        if found.protocol != rtnetlink.PROTOCOL_ROUTER
    ]


def solicitation(mac: str) -> bytes:
    """Return a router solicitation; `mac` is the address of the interface that sends it."""
    return _SOLICITATION + _SOURCE_LINK_LAYER + bytes.fromhex(mac.replace(":", ""))


def solicit(index: int, mac: str) -> None:
    """Solicit the routers on the link of the interface `index`. Raises OSError.

    The kernel processes the answers, whoever solicited them.
    """
    raw = _socket.socket(_socket.AF_INET6, _socket.SOCK_RAW, _socket.IPPROTO_ICMPV6)
    try:
        raw.setsockopt(_socket.IPPROTO_IPV6, _socket.IPV6_MULTICAST_HOPS, _HOP_LIMIT)
        raw.sendto(solicitation(mac), (_ALL_ROUTERS, 0, 0, index))
    finally:
        raw.close()

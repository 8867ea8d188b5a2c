# SPDX-License-Identifier: LGPL-2.1-or-later
"""What router advertisements say of names, which the kernel hands on: RDNSS and DNSSL (RFC 8106).

It does so for those that it heeds itself, by accept_ra (ndisc_router_discovery()). All of it comes
from the network: what is no name is left out.
"""

from __future__ import annotations

import _socket
import struct

from wbond import ConfigError, resolver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from wbond_net.named_tuple import NamedTuple

NAMESERVER, SEARCH = "nameserver", "search"  # as in resolv.conf(5)
FOREVER = 0xFFFFFFFF  # s, a lifetime without an end

# nduseroptmsg (linux/rtnetlink.h): family, length of the options, index, ICMPv6 type and code.
_HEADER = struct.Struct("=BxHiBBxxxxxx")
_ROUTER_ADVERTISEMENT = 134
_RDNSS, _DNSSL = 25, 31
_LIFETIME = struct.Struct("!I")
_UNIT = 8  # octets, in which an option's length counts
_BODY = 8  # octets, in which an option's entries begin: type, length, reserved, lifetime


class Advertised(NamedTuple):
    """A server or domain: `kind` is NAMESERVER or SEARCH, the lifetime is in seconds, 0 for none
    any more.
    """

    kind: str
    value: str
    lifetime: int


class Options(NamedTuple):
    """Options of an advertisement that has come in by the interface `ifindex`, as they came."""

    ifindex: int
    octets: bytes


def options(body: bytes) -> Options | None:
    """Read RTM_NEWNDUSEROPT; None for what is none of a router's."""
    if len(body) < _HEADER.size:
        return None
    family, length, index, kind, _ = _HEADER.unpack_from(body)
    if family != _socket.AF_INET6 or kind != _ROUTER_ADVERTISEMENT:
        return None
    return Options(index, body[_HEADER.size : _HEADER.size + length])


def names(octets: bytes) -> list[Advertised]:
    """Return what options say of names, up to the first that is cut short."""
    found: list[Advertised] = []
    while len(octets) >= _UNIT:
        size = octets[1] * _UNIT
        if not _BODY <= size <= len(octets):
            break
        (lifetime,) = _LIFETIME.unpack_from(octets, _BODY - _LIFETIME.size)
        entries = octets[_BODY:size]
        if octets[0] == _RDNSS:
            found += [Advertised(NAMESERVER, value, lifetime) for value in _servers(entries)]
        elif octets[0] == _DNSSL:
            found += [Advertised(SEARCH, value, lifetime) for value in _domains(entries)]
        octets = octets[size:]
    return found


def _servers(entries: bytes) -> list[str]:
    found = []
    for start in range(0, len(entries) - 15, 16):
        text = _socket.inet_ntop(_socket.AF_INET6, entries[start : start + 16])
        try:
            server = resolver.nameserver(text)
        except ConfigError:
            continue
        if not resolver.is_own(server):
            found.append(server)
    return found


def _domains(entries: bytes) -> list[str]:
    """Read names as they are in DNS, without compression (RFC 1035, 3.1); zeros fill the rest."""
    found, labels = [], []
    while entries:
        length, entries = entries[0], entries[1:]
        if length > len(entries):
            break
        if length:
            labels.append(entries[:length].decode("ascii", "replace"))
            entries = entries[length:]
            continue
        try:
            found += [resolver.domain(".".join(labels))] if labels else []
        except ConfigError:
            pass
        labels = []
    return found

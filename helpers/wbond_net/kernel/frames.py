# SPDX-License-Identifier: LGPL-2.1-or-later
"""Questions to a host on the link, and its answers: ARP (RFC 826, 5227) and NDP (RFC 4861).

MAC addresses are texts with colons, IP addresses octets in network order.
"""

from __future__ import annotations

import _socket
import struct

from wbond_net.kernel.uapi import ETH_P_ARP, ETH_P_IP, ETH_P_IPV6, ETH_P_PAE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from wbond_net.named_tuple import NamedTuple

NOBODY = {_socket.AF_INET: bytes(4), _socket.AF_INET6: bytes(16)}  # 0.0.0.0 and ::

_BROADCAST = b"\xff" * 6
_ETHERNET = struct.Struct("!6s6sH")
_ARP = struct.Struct("!HHBBH6s4s6s4s")
_ARPHRD_ETHER, _REQUEST, _REPLY = 1, 1, 2
_EAPOL = struct.Struct("!BB2xB")  # version, type; code of EAP
_EAP_SUCCESS = (0, 3)
_IPV6 = struct.Struct("!IHBB16s16s")
_ICMPV6, _SOLICITATION, _ADVERTISEMENT = 58, 135, 136
_HOP_LIMIT = 255  # any other has crossed a router (RFC 4861, 7.1)
_SOURCE_LINK, _TARGET_LINK = 1, 2  # options, RFC 4861, 4.6.1
_SOLICITED_NODE = bytes.fromhex("ff0200000000000000000001ff")  # RFC 4291, 2.7.1


class Answer(NamedTuple):
    """A host has answered: its IP address, and the MAC address that it has.

    `to_all`: it has told more than one, as it does of IPv6 when nobody has asked (RFC 4861, 7.2.4).
    """

    family: int
    octets: bytes
    mac: str
    to_all: bool = False


class Success(NamedTuple):
    """A switch lets the port in: EAP-Success (RFC 3748, 4.2) in EAPOL (IEEE 802.1X-2020, 11)."""

    mac: str


def question(family: int, octets: bytes, mac: str, sender: bytes) -> bytes:
    """Return the frame that asks all who has the address `octets`, sent from `mac`.

    From NOBODY, it moves nothing in the neighbour table of who answers: what RFC 5227 calls a
    probe, and a solicitation of duplicate address detection.
    """
    source = bytes.fromhex(mac.replace(":", ""))
    if family == _socket.AF_INET:
        return _arp_request(octets, source, sender)
    return _solicitation(octets, source, sender)


def heard(frame: bytes) -> Answer | Success | None:
    """Return what a frame says; None for anything else, whatever it is."""
    if len(frame) < _ETHERNET.size:
        return None
    to, source, protocol = _ETHERNET.unpack_from(frame)
    payload, to_all = frame[_ETHERNET.size :], bool(to[0] & 1)
    if protocol == ETH_P_ARP:
        return _arp_reply(payload, to_all)
    if protocol == ETH_P_PAE:
        return _success(payload, source)
    return _advertisement(payload, source, to_all) if protocol == ETH_P_IPV6 else None


def _arp_request(target: bytes, mac: bytes, sender: bytes) -> bytes:
    header = (_ARPHRD_ETHER, ETH_P_IP, 6, 4, _REQUEST)
    request = _ARP.pack(*header, mac, sender, bytes(6), target)
    return _ETHERNET.pack(_BROADCAST, mac, ETH_P_ARP) + request


def _arp_reply(payload: bytes, to_all: bool) -> Answer | None:
    if len(payload) < _ARP.size:
        return None
    *header, mac, sender, _, _ = _ARP.unpack_from(payload)
    if header != [_ARPHRD_ETHER, ETH_P_IP, 6, 4, _REPLY]:
        return None
    return Answer(_socket.AF_INET, sender, mac.hex(":"), to_all)


def _solicitation(target: bytes, mac: bytes, sender: bytes) -> bytes:
    """Return a neighbour solicitation to the solicited-node group (RFC 4861, 4.3)."""
    group = _SOLICITED_NODE + target[-3:]
    to = b"\x33\x33" + group[-4:]
    known = sender != NOBODY[_socket.AF_INET6]
    option = bytes((_SOURCE_LINK, 1)) + mac if known else b""
    body = struct.pack("!BBHI", _SOLICITATION, 0, 0, 0) + target + option
    pseudo = sender + group + struct.pack("!II", len(body), _ICMPV6)
    checked = body[:2] + struct.pack("!H", _checksum(pseudo + body)) + body[4:]
    header = _IPV6.pack(6 << 28, len(body), _ICMPV6, _HOP_LIMIT, sender, group)
    return _ETHERNET.pack(to, mac, ETH_P_IPV6) + header + checked


def _advertisement(payload: bytes, source: bytes, to_all: bool) -> Answer | None:
    """Read a neighbour advertisement (RFC 4861, 4.4); its MAC address may be that of the frame."""
    body = payload[_IPV6.size :]
    if len(body) < 24:
        return None
    _, _, next_header, hops, _, _ = _IPV6.unpack_from(payload)
    if (next_header, hops, body[0], body[1]) != (_ICMPV6, _HOP_LIMIT, _ADVERTISEMENT, 0):
        return None
    option = body[24:32]
    told = len(option) == 8 and option[:2] == bytes((_TARGET_LINK, 1))
    mac = option[2:] if told else source
    return Answer(_socket.AF_INET6, body[8:24], mac.hex(":"), to_all)


def _success(payload: bytes, source: bytes) -> Success | None:
    is_one = len(payload) >= _EAPOL.size and _EAPOL.unpack_from(payload)[1:] == _EAP_SUCCESS
    return Success(source.hex(":")) if is_one else None


def _checksum(octets: bytes) -> int:
    """Return the internet checksum (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(octets) // 2}H", octets))  # always even here
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF

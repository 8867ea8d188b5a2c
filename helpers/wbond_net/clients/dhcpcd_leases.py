# SPDX-License-Identifier: LGPL-2.1-or-later
"""dhcpcd's files of leases: the last answer of a server as it came (write_lease(), src/common.c).

What a server says is data: what does not fit is left out, and nothing here raises for it.
"""

import _socket
import os

from wbond_net import regular_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# RFC 2131, 2: the header with its 4 octets of magic; RFC 2132: options.
_YIADDR, _COOKIE, _OPTIONS = 16, b"\x63\x82\x53\x63", 240
PAD, LEASE_TIME, SERVER, RENEW, END = 0, 51, 54, 58, 255
# RFC 8415, 21: options, and of an IA_NA the 12 octets before those in it.
_REPLY, _HEADER, _IA_NA, _IA_ADDRESS, _IN_IA_NA = 7, 4, 3, 5, 12


def paths(folder: str, bond: str) -> tuple[str, str]:
    """Return where the leases of a bond stand, DHCPv4's and DHCPv6's."""
    return os.path.join(folder, f"{bond}.lease"), os.path.join(folder, f"{bond}.lease6")


def addresses(folder: str, bond: str) -> list[str]:
    """Return the leased addresses of a bond; none of a file that cannot be read."""
    lease4, lease6 = (_read(path) for path in paths(folder, bond))
    return [address for address in (address4(lease4), *addresses6(lease6)) if address]


def _read(path: str) -> bytes:
    try:
        return regular_file.read(path)
    except OSError:
        return b""


def address4(octets: bytes) -> str:
    """Return the address of a DHCPv4 lease, nothing where there is none."""
    whole = octets[_OPTIONS - 4 : _OPTIONS] == _COOKIE
    offered = octets[_YIADDR : _YIADDR + 4]
    return _socket.inet_ntop(_socket.AF_INET, offered) if whole and any(offered) else ""


def options4(octets: bytes) -> dict[int, bytes]:
    """Return the options of a DHCPv4 lease by code, up to the first that does not fit."""
    found: dict[int, bytes] = {}
    place = _OPTIONS
    while place < len(octets) and octets[place] != END:
        if octets[place] == PAD:
            place += 1
            continue
        start = place + 2
        if start > len(octets) or start + octets[place + 1] > len(octets):
            break
        end = start + octets[place + 1]
        found[octets[place]] = octets[start:end]
        place = end
    return found


def addresses6(octets: bytes) -> list[str]:
    """Return the addresses of a DHCPv6 lease."""
    if octets[:1] != bytes((_REPLY,)):
        return []
    return [
        _socket.inet_ntop(_socket.AF_INET6, inner[:16])
        for code, outer in _options6(octets[_HEADER:])
        if code == _IA_NA
        for inside, inner in _options6(outer[_IN_IA_NA:])
        if inside == _IA_ADDRESS and len(inner) >= 24
    ]


def _options6(octets: bytes) -> "Iterator[tuple[int, bytes]]":
    place = 0
    while place + 4 <= len(octets):
        code = int.from_bytes(octets[place : place + 2], "big")
        end = place + 4 + int.from_bytes(octets[place + 2 : place + 4], "big")
        if end > len(octets):
            return
        yield code, octets[place + 4 : end]
        place = end

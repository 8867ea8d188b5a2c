# SPDX-License-Identifier: LGPL-2.1-or-later
"""IP addresses of an interface taken away and prolonged, as `ip address` does."""

import _socket
import errno
import struct

from wbond_net.kernel import request
from wbond_net.kernel.attributes import IFADDRMSG, attribute, parse
from wbond_net.kernel.netlink import KernelError
from wbond_net.kernel.uapi import (
    IFA_ADDRESS,
    IFA_CACHEINFO,
    IFA_F_PERMANENT,
    IFA_LOCAL,
    NLM_F_REPLACE,
    RT_SCOPE_UNIVERSE,
    RTM_DELADDR,
    RTM_GETADDR,
    RTM_NEWADDR,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def flush(name: str) -> None:
    """Take all addresses of an interface away. Raises KernelError."""
    with request.Act(f"ip address flush dev {name}"):
        _remove(_reports(name))


def flush_leased(name: str) -> None:
    """Take the IPv4 addresses of an interface away that have a lifetime. Raises KernelError."""
    with request.Act(f"ip -4 address flush dev {name} dynamic"):
        _remove(body for body in _reports(name, _socket.AF_INET) if not _permanent(body))


def remove(name: str, address: str) -> None:
    """Take one IPv4 address of an interface away, where it is there. Raises KernelError."""
    found = [body for body in _reports(name, _socket.AF_INET) if _text(body) == address]
    if found:
        with request.Act(f"ip -4 address delete {address} dev {name}"):
            _remove(found)


def prolong(name: str, address: str, prefix: int, seconds: int) -> None:
    """Let an IPv4 address that is there last `seconds` from now on. Raises KernelError."""
    command = f"ip -4 address change {address}/{prefix} dev {name}"
    with request.Act(f"{command} valid_lft {seconds} preferred_lft {seconds}"):
        octets = _socket.inet_pton(_socket.AF_INET, address)
        header = IFADDRMSG.pack(_socket.AF_INET, prefix, 0, RT_SCOPE_UNIVERSE, request.index(name))
        fields = (
            attribute(IFA_LOCAL, octets),
            attribute(IFA_ADDRESS, octets),
            attribute(IFA_CACHEINFO, struct.pack("=IIII", seconds, seconds, 0, 0)),
        )
        request.send(RTM_NEWADDR, header + b"".join(fields), NLM_F_REPLACE)


def leased(name: str) -> dict[str, int]:
    """Return the IPv4 addresses of an interface that have a lifetime, and their prefix lengths.

    Raises KernelError.
    """
    return {
        _text(body): IFADDRMSG.unpack_from(body)[1]
        for body in _reports(name, _socket.AF_INET)
        if not _permanent(body)
    }


def _text(report: bytes) -> str:
    """Return the IPv4 address in a report."""
    octets = parse(report[IFADDRMSG.size :]).get(IFA_LOCAL, b"")
    return _socket.inet_ntop(_socket.AF_INET, octets.ljust(4, b"\0")[:4])


def _reports(name: str, family: int = _socket.AF_UNSPEC) -> list[bytes]:
    """Return what the kernel reports of each address of an interface: ifaddrmsg, attributes."""
    index = request.index(name)
    reports = request.dump(RTM_GETADDR, IFADDRMSG.pack(family, 0, 0, 0, 0))
    return [body for body in reports if IFADDRMSG.unpack_from(body)[4] == index]


def _remove(reports: "Iterable[bytes]") -> None:
    """Send reports back as what is to be deleted, as ip does (ipaddr_flush()).

    One that is gone meanwhile is no failure: secondary addresses go with the primary one.
    """
    for report in reports:
        try:
            request.send(RTM_DELADDR, report)
        except KernelError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise


def _permanent(report: bytes) -> bool:
    """Tell whether an address has no lifetime; the flags of the header are 8 bits, and enough."""
    return bool(IFADDRMSG.unpack_from(report)[2] & IFA_F_PERMANENT)

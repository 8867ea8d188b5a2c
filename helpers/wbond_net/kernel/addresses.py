# SPDX-License-Identifier: LGPL-2.1-or-later
"""IP addresses of an interface set, taken away and prolonged, as `ip address` does."""

import _socket
import errno
import os
import struct

from wbond_net.kernel import request
from wbond_net.kernel.attributes import IFADDRMSG, attribute, parse
from wbond_net.kernel.netlink import KernelError
from wbond_net.kernel.uapi import (
    IFA_ADDRESS,
    IFA_BROADCAST,
    IFA_CACHEINFO,
    IFA_F_OPTIMISTIC,
    IFA_F_PERMANENT,
    IFA_LABEL,
    IFA_LOCAL,
    IFNAMSIZ,
    NLM_F_CREATE,
    NLM_F_EXCL,
    NLM_F_REPLACE,
    RT_SCOPE_UNIVERSE,
    RTM_DELADDR,
    RTM_GETADDR,
    RTM_NEWADDR,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


_LABEL = b":wbond"  # of static IPv4 addresses
_NO_BROADCAST = 31  # the prefix length from which on there is none (RFC 3021)


def add(name: str, family: int, octets: bytes, length: int) -> None:
    """Give an interface an address for good. Raises KernelError.

    An IPv4 one has a label of its own, because dhclient-script(8), when a lease ends, flushes all
    that have the interface's name for one. An IPv6 one is in use while duplicate address detection
    still runs, or waits for carrier (RFC 4429), if the interface's `optimistic_dad` allows it;
    the kernel still gives it up when another host has it.
    """
    command = f"ip address add {_shown(family, octets, length)}"
    fields = attribute(IFA_LOCAL, octets) + attribute(IFA_ADDRESS, octets)
    flags = 0
    if family == _socket.AF_INET:
        label = os.fsencode(name)[: IFNAMSIZ - 1 - len(_LABEL)] + _LABEL
        fields += attribute(IFA_LABEL, label + b"\0")
        if length < _NO_BROADCAST:
            command += " broadcast +"
            fields += attribute(IFA_BROADCAST, _broadcast(octets, length))
        command += f" dev {name} label {os.fsdecode(label)}"
    else:
        command += f" dev {name} optimistic"
        flags = IFA_F_OPTIMISTIC
    with request.Act(command):
        header = IFADDRMSG.pack(family, length, flags, RT_SCOPE_UNIVERSE, request.index(name))
        request.send(RTM_NEWADDR, header + fields, NLM_F_CREATE | NLM_F_EXCL)


def delete(name: str, family: int, octets: bytes, length: int) -> None:
    """Take an address of an interface away; one that is gone is no failure. Raises KernelError."""
    with request.Act(f"ip address delete {_shown(family, octets, length)} dev {name}"):
        header = IFADDRMSG.pack(family, length, 0, RT_SCOPE_UNIVERSE, request.index(name))
        _remove([header + attribute(IFA_LOCAL, octets)])


def present(name: str) -> set[tuple[int, bytes, int]]:
    """Return family, octets and prefix length of each address of an interface.

    Raises KernelError.
    """
    found = set()
    for report in _reports(name):
        family, length, *_ = IFADDRMSG.unpack_from(report)
        fields = parse(report[IFADDRMSG.size :])
        found.add((family, fields.get(IFA_LOCAL) or fields.get(IFA_ADDRESS, b""), length))
    return found


def _shown(family: int, octets: bytes, length: int) -> str:
    return f"{_socket.inet_ntop(family, octets)}/{length}"


def _broadcast(octets: bytes, length: int) -> bytes:
    hosts = (1 << (32 - length)) - 1
    return (int.from_bytes(octets, "big") | hosts).to_bytes(4, "big")


def flush(name: str) -> None:
    """Take all addresses of an interface away. Raises KernelError."""
    with request.Act(f"ip address flush dev {name}"):
        _remove(_reports(name))


def flush_leased(name: str) -> None:
    """Take the IPv4 addresses of an interface away that have a lifetime. Raises KernelError."""
    with request.Act(f"ip -4 address flush dev {name} dynamic"):
        _remove(body for body in _reports(name, _socket.AF_INET) if not _permanent(body))


def remove(name: str, address: str) -> None:
    """Take one address of an interface away, where it is there. Raises KernelError."""
    family, version = (_socket.AF_INET6, 6) if ":" in address else (_socket.AF_INET, 4)
    octets = _socket.inet_pton(family, address)
    found = [body for body in _reports(name, family) if _octets(body) == octets]
    if found:
        with request.Act(f"ip -{version} address delete {address} dev {name}"):
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
    return _socket.inet_ntop(_socket.AF_INET, _octets(report).ljust(4, b"\0")[:4])


def _octets(report: bytes) -> bytes:
    """Return the address in a report; IPv6's has IFA_LOCAL only where there is a peer."""
    fields = parse(report[IFADDRMSG.size :])
    return fields.get(IFA_LOCAL, fields.get(IFA_ADDRESS, b""))


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

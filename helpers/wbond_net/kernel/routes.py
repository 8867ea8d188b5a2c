# SPDX-License-Identifier: LGPL-2.1-or-later
"""IPv4 routes of an interface taken away, as `ip -4 route delete` does."""

import _socket
import errno

from wbond_net.kernel import request
from wbond_net.kernel.attributes import RTMSG, number, parse
from wbond_net.kernel.netlink import KernelError
from wbond_net.kernel.uapi import (
    RT_TABLE_MAIN,
    RTA_DST,
    RTA_GATEWAY,
    RTA_OIF,
    RTM_DELROUTE,
    RTM_GETROUTE,
    RTPROT_BOOT,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    Route = tuple[str, int, str]


def remove(name: str, unwanted: "Collection[Route]") -> None:
    """Take away those routes that are there: destination, prefix length, gateway or nothing.

    Only such as ip(8) has set in the main table, as dhclient-script does. One that is gone
    meanwhile is no failure. Raises KernelError.
    """
    index = request.index(name)
    for report in request.dump(RTM_GETROUTE, RTMSG.pack(_socket.AF_INET, *(0,) * 8)):
        route = _route(report, index)
        if route and route in unwanted:
            _remove(name, route, report)


def _route(report: bytes, index: int) -> "Route | None":
    """Return the route in a report; None for one of another interface, table or program."""
    family, length, _, _, table, protocol, *_ = RTMSG.unpack_from(report)
    fields = parse(report[RTMSG.size :])
    wanted = (_socket.AF_INET, RT_TABLE_MAIN, RTPROT_BOOT, index)
    if (family, table, protocol, number(fields.get(RTA_OIF))) != wanted:
        return None
    gateway = fields.get(RTA_GATEWAY)
    return (
        _socket.inet_ntop(_socket.AF_INET, fields.get(RTA_DST, bytes(4))),
        length,
        _socket.inet_ntop(_socket.AF_INET, gateway) if gateway else "",
    )


def _remove(name: str, route: "Route", report: bytes) -> None:
    """Send a report back as what is to be deleted, as ip does (iproute_flush())."""
    destination, length, gateway = route
    via = f"via {gateway} " if gateway else ""
    with request.Act(f"ip -4 route delete {destination}/{length} {via}dev {name}"):
        try:
            request.send(RTM_DELROUTE, report)
        except KernelError as error:
            if error.errno != errno.ESRCH:
                raise

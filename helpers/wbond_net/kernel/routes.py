# SPDX-License-Identifier: LGPL-2.1-or-later
"""Routes of an interface set and taken away, as `ip route` does."""

import _socket
import errno

from wbond_net.kernel import request
from wbond_net.kernel.attributes import RTMSG, attribute, number, parse, u32
from wbond_net.kernel.netlink import KernelError
from wbond_net.kernel.uapi import (
    NLM_F_CREATE,
    RT_SCOPE_UNIVERSE,
    RT_TABLE_MAIN,
    RTA_DST,
    RTA_GATEWAY,
    RTA_OIF,
    RTA_PRIORITY,
    RTM_DELROUTE,
    RTM_GETROUTE,
    RTM_NEWROUTE,
    RTN_UNICAST,
    RTPROT_BOOT,
    RTPROT_STATIC,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    Route = tuple[str, int, str]

METRIC = {_socket.AF_INET: 0, _socket.AF_INET6: 1024}  # where none is given: IP6_RT_PRIO_USER


def add_default(name: str, family: int, gateway: bytes, metric: int) -> None:
    """Set a default route, before others with its metric. Raises KernelError."""
    with request.Act(_shown(name, family, gateway, "prepend", metric)):
        body = _body(name, family, gateway, metric, RTPROT_STATIC)
        request.send(RTM_NEWROUTE, body, NLM_F_CREATE)


def delete_default(name: str, family: int, gateway: bytes, metric: int) -> None:
    """Take such a route away; one that is gone is no failure. Raises KernelError."""
    with request.Act(_shown(name, family, gateway, "delete", metric)):
        _delete(_body(name, family, gateway, metric, RTPROT_STATIC))


def present_defaults(name: str) -> set[tuple[int, bytes, int]]:
    """Return family, gateway and metric of the default routes that `add_default` has set.

    Raises KernelError.
    """
    return {
        (family, gateway, metric)
        for family in METRIC
        for gateway, metric, protocol in _defaults(name, family)
        if protocol == RTPROT_STATIC
    }


def renumber(name: str, former: int, metric: int) -> None:
    """Give the IPv4 default routes that dhclient-script(8) has set with a metric another one.

    The script counts on from the metric where there are several routers, and from 1 where none is
    given. The new route comes before the former one goes. Raises KernelError.
    """
    family = _socket.AF_INET
    leased = {old: gateway for gateway, old, by in _defaults(name, family) if by == RTPROT_BOOT}
    start = former if former in leased else former or 1
    count = 0
    while start + count in leased:
        count += 1
    # From the far end, so that none is moved to where the next one still is.
    for place in sorted(range(count), reverse=metric > start):
        _move(name, leased[start + place], start + place, metric + place)


def _move(name: str, gateway: bytes, former: int, metric: int) -> None:
    if former == metric:
        return
    family, via = _socket.AF_INET, f"via {_socket.inet_ntop(_socket.AF_INET, gateway)} dev {name}"
    with request.Act(f"ip -4 route prepend default {via} metric {metric}"):
        body = _body(name, family, gateway, metric, RTPROT_BOOT)
        request.send(RTM_NEWROUTE, body, NLM_F_CREATE)
    with request.Act(f"ip -4 route delete default {via} metric {former}"):
        _delete(_body(name, family, gateway, former, RTPROT_BOOT))


def _defaults(name: str, family: int) -> "Iterator[tuple[bytes, int, int]]":
    """Yield gateway, metric and protocol of the default routes of an interface."""
    index = request.index(name)
    for report in request.dump(RTM_GETROUTE, RTMSG.pack(family, *(0,) * 8)):
        of, length, _, _, table, protocol, *_ = RTMSG.unpack_from(report)
        fields = parse(report[RTMSG.size :])
        gateway = fields.get(RTA_GATEWAY)
        wanted = (family, 0, RT_TABLE_MAIN, index)
        if gateway and (of, length, table, number(fields.get(RTA_OIF))) == wanted:
            yield gateway, number(fields.get(RTA_PRIORITY)), protocol


def _shown(name: str, family: int, gateway: bytes, verb: str, metric: int) -> str:
    version = 4 if family == _socket.AF_INET else 6
    via = f"via {_socket.inet_ntop(family, gateway)} dev {name} proto static"
    return f"ip -{version} route {verb} default {via} metric {metric}"


def _body(name: str, family: int, gateway: bytes, metric: int, protocol: int) -> bytes:
    """Return the message about a default route: rtmsg and attributes."""
    header = RTMSG.pack(family, 0, 0, 0, RT_TABLE_MAIN, protocol, RT_SCOPE_UNIVERSE, RTN_UNICAST, 0)
    fields = attribute(RTA_GATEWAY, gateway) + u32(RTA_OIF, request.index(name))
    return header + fields + u32(RTA_PRIORITY, metric)


def remove(name: str, unwanted: "Collection[Route]") -> None:
    """Take away those IPv4 routes that are there: destination, prefix length, gateway or nothing.

    Only such as ip(8) has set in the main table, as dhclient-script does, whatever their metric.
    One that is gone meanwhile is no failure. Raises KernelError.
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
        _delete(report)


def _delete(body: bytes) -> None:
    try:
        request.send(RTM_DELROUTE, body)
    except KernelError as error:
        if error.errno != errno.ESRCH:
            raise

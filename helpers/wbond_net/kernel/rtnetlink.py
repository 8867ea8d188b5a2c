# SPDX-License-Identifier: LGPL-2.1-or-later
"""Links, addresses, neighbours and default routes as records, as rtnetlink(7) reports them.

What a message says is data, its names are whatever somebody called an interface: nothing here
raises for it.
"""

from __future__ import annotations

import _socket
import errno
import struct

from wbond_net.kernel import advertised, bpf, default_routes, neighbours, netlink, uapi
from wbond_net.kernel.attributes import (
    IFADDRMSG,
    IFINFOMSG,
    attribute,
    number,
    parse,
    text,
    u8,
    u32,
)
from wbond_net.kernel.neighbours import Neighbour
from wbond_net.kernel.netlink import Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import NamedTuple, TypeVar

    T = TypeVar("T")
else:
    from wbond_net.named_tuple import NamedTuple

Overrun = netlink.Overrun

# Groups to subscribe to.
LINKS = uapi.RTMGRP_LINK
NEIGHBOURS = uapi.RTMGRP_NEIGH
ROUTES = uapi.RTMGRP_IPV4_ROUTE | uapi.RTMGRP_IPV6_ROUTE
ADVERTISED = uapi.RTMGRP_ND_USEROPT
ROUTER_FLAGS = uapi.RTMGRP_IPV6_IFINFO
IPV4_ADDRESSES = uapi.RTMGRP_IPV4_IFADDR
ADDRESSES = IPV4_ADDRESSES | uapi.RTMGRP_IPV6_IFADDR

# RFC 2863 operational states that this program tells apart.
OPERSTATE_UNKNOWN = uapi.IF_OPER_UNKNOWN  # the driver does not say
OPERSTATE_DORMANT = uapi.IF_OPER_DORMANT  # a radio that is associated, not yet authorised
OPERSTATE_UP = uapi.IF_OPER_UP

# A port's mii status.
MII_UP = uapi.BOND_LINK_UP
MII_DOWN = uapi.BOND_LINK_DOWN

SCOPE_UNIVERSE = uapi.RT_SCOPE_UNIVERSE

PROTOCOL_ROUTER = uapi.IFAPROT_KERNEL_RA  # made by the kernel of a router's advertisement


class Bond(NamedTuple):
    """IFLA_INFO_DATA of a bond; ports are interface indices, 0 for none, delays milliseconds."""

    mode: int
    active: int
    primary: int
    miimon: int
    downdelay: int
    primary_reselect: int = 0


class Slave(NamedTuple):
    """IFLA_INFO_SLAVE_DATA of a port of a bond; `state` is 0 for the active port, 1 for a backup.

    `prio` is 0 before kernel 6.0.
    """

    state: int
    mii_status: int
    link_failures: int
    prio: int


class Link(NamedTuple):
    """A network interface; addresses as sysfs shows them, empty where there is none.

    `carrier_down_count` is how often it has lost its carrier (netif_carrier_off()): a loss that
    no message tells of, because the carrier was back too soon, is counted all the same. `lower` is
    the index of the interface that it is made of, a VLAN for one; 0 where there is none, or one in
    another network namespace. `router_flags` are IF_RA_MANAGED and IF_RA_OTHERCONF, as the last
    router's advertisement has them; the kernel keeps them when the link is lost.
    """

    ifindex: int
    name: str
    flags: int
    carrier: bool
    operstate: int
    address: str
    perm_address: str
    master: int
    kind: str
    bond: Bond | None
    slave: Slave | None
    carrier_down_count: int = 0
    lower: int = 0
    router_flags: int = 0

    @property
    def up(self) -> bool:
        """Tell whether it is administratively up."""
        return bool(self.flags & uapi.IFF_UP)

    @property
    def has_carrier(self) -> bool:
        """Tell whether it is up with carrier: what miimon looks at (bond_check_dev_link())."""
        return self.up and self.carrier


class Address(NamedTuple):
    """An IP address of the interface `ifindex`; `text` is empty where the bytes are no address.

    `valid` is the time in seconds for which it still holds, None where there is no end to it.
    `protocol` is who has made it, IFAPROT_*; 0 where nobody has said so.
    """

    ifindex: int
    family: int
    text: str
    octets: bytes
    prefixlen: int
    scope: int
    flags: int
    valid: int | None = None
    protocol: int = 0

    @property
    def tentative(self) -> bool:
        """Tell whether duplicate address detection has not finished (IFA_F_TENTATIVE)."""
        return bool(self.flags & uapi.IFA_F_TENTATIVE)

    @property
    def dadfailed(self) -> bool:
        """Tell whether somebody else has the address (IFA_F_DADFAILED)."""
        return bool(self.flags & uapi.IFA_F_DADFAILED)

    @property
    def optimistic(self) -> bool:
        """Tell whether it may be used while that goes on (IFA_F_OPTIMISTIC, RFC 4429)."""
        return self.family == _socket.AF_INET6 and bool(self.flags & uapi.IFA_F_OPTIMISTIC)

    @property
    def permanent(self) -> bool:
        """Tell whether it has no lifetime (IFA_F_PERMANENT)."""
        return bool(self.flags & uapi.IFA_F_PERMANENT)

    @property
    def deprecated(self) -> bool:
        """Tell whether new connections are to have another one (IFA_F_DEPRECATED)."""
        return bool(self.flags & uapi.IFA_F_DEPRECATED)

    @property
    def temporary(self) -> bool:
        """Tell an IPv6 address that is changed for privacy (IFA_F_TEMPORARY, RFC 8981)."""
        return self.family == _socket.AF_INET6 and bool(self.flags & uapi.IFA_F_TEMPORARY)


class RouterFlags(NamedTuple):
    """A router has changed Link.router_flags, or the neighbours' Reachable Time; nothing else."""

    ifindex: int
    flags: int


class DefaultRoute(NamedTuple):
    """A default route by these interfaces."""

    ifindices: tuple[int, ...]


class Event(NamedTuple):
    """What is new or changed, or is gone; or what a router has said: flags that have changed, or
    names.
    """

    what: Link | Address | Neighbour | DefaultRoute | RouterFlags | advertised.Options
    gone: bool = False


def link_by_name(links: Mapping[int, Link], name: str) -> Link | None:
    """Return the link called `name`; None where there is none."""
    return next((link for link in links.values() if link.name == name), None)


def event(message: Message) -> Event | None:
    """Return what the message reports; None for anything else, and for half a report."""
    if message.type in (uapi.RTM_NEWLINK, uapi.RTM_DELLINK):
        return _link_event(message)
    if message.type in (uapi.RTM_NEWADDR, uapi.RTM_DELADDR):
        return _address_event(message)
    if message.type in (uapi.RTM_NEWNEIGH, uapi.RTM_DELNEIGH):
        neighbour = neighbours.parse(message.body)
        return neighbour and Event(neighbour, message.type == uapi.RTM_DELNEIGH)
    if message.type in (uapi.RTM_NEWROUTE, uapi.RTM_DELROUTE):
        return _route_event(message)
    if message.type == uapi.RTM_NEWNDUSEROPT:
        said = advertised.options(message.body)
        return Event(said) if said else None
    return None


def _route_event(message: Message) -> Event | None:
    routes = default_routes.routes(message.body)
    indices = tuple(route.ifindex for route in routes)
    return Event(DefaultRoute(indices), message.type == uapi.RTM_DELROUTE) if indices else None


def _link_event(message: Message) -> Event | None:
    """Read ifinfomsg and its attributes.

    Not a link's state: a bridge's report about its port, which comes under the
    same types with family AF_BRIDGE (br_ifinfo_notify()), and a radio's wireless
    event, which says nothing of master or carrier (rtnetlink_ifinfo_prep(),
    net/wireless/wext-core.c).
    """
    if len(message.body) < IFINFOMSG.size:
        return None
    family, _, index, flags, _ = IFINFOMSG.unpack_from(message.body)
    fields = parse(message.body[IFINFOMSG.size :])
    if family == _socket.AF_INET6 and uapi.IFLA_PROTINFO in fields:  # inet6_fill_ifinfo()
        return Event(RouterFlags(index, _router_flags(fields[uapi.IFLA_PROTINFO])))
    gone = message.type == uapi.RTM_DELLINK
    whole = uapi.IFLA_OPERSTATE in fields and uapi.IFLA_WIRELESS not in fields
    if family != _socket.AF_UNSPEC or index <= 0 or not (gone or whole):
        return None
    return Event(_link(index, flags, fields), gone)


def _link(index: int, flags: int, fields: dict[int, bytes]) -> Link:
    info = parse(fields.get(uapi.IFLA_LINKINFO, b""))
    kind = text(info.get(uapi.IFLA_INFO_KIND, b""))
    data, slave_data = info.get(uapi.IFLA_INFO_DATA), info.get(uapi.IFLA_INFO_SLAVE_DATA)
    in_bond = text(info.get(uapi.IFLA_INFO_SLAVE_KIND, b"")) == "bond"
    families = parse(fields.get(uapi.IFLA_AF_SPEC, b""))
    return Link(
        ifindex=index,
        name=text(fields.get(uapi.IFLA_IFNAME, b"")),
        flags=flags,
        carrier=number(fields.get(uapi.IFLA_CARRIER)) != 0,
        operstate=number(fields.get(uapi.IFLA_OPERSTATE)),
        address=fields.get(uapi.IFLA_ADDRESS, b"").hex(":"),
        perm_address=fields.get(uapi.IFLA_PERM_ADDRESS, b"").hex(":"),
        master=number(fields.get(uapi.IFLA_MASTER)),
        kind=kind,
        bond=_bond(parse(data)) if kind == "bond" and data is not None else None,
        slave=_slave(parse(slave_data)) if in_bond and slave_data is not None else None,
        carrier_down_count=number(fields.get(uapi.IFLA_CARRIER_DOWN_COUNT)),
        lower=0 if uapi.IFLA_LINK_NETNSID in fields else number(fields.get(uapi.IFLA_LINK)),
        router_flags=_router_flags(families.get(_socket.AF_INET6, b"")),
    )


def _router_flags(inet6: bytes) -> int:
    """Read the flags out of what IPv6 says of a link (inet6_fill_ifla6_attrs())."""
    said = number(parse(inet6).get(uapi.IFLA_INET6_FLAGS))
    return said & (uapi.IF_RA_MANAGED | uapi.IF_RA_OTHERCONF)


def _bond(fields: dict[int, bytes]) -> Bond:
    return Bond(
        mode=number(fields.get(uapi.IFLA_BOND_MODE)),
        active=number(fields.get(uapi.IFLA_BOND_ACTIVE_SLAVE)),
        primary=number(fields.get(uapi.IFLA_BOND_PRIMARY)),
        miimon=number(fields.get(uapi.IFLA_BOND_MIIMON)),
        downdelay=number(fields.get(uapi.IFLA_BOND_DOWNDELAY)),
        primary_reselect=number(fields.get(uapi.IFLA_BOND_PRIMARY_RESELECT)),
    )


def _slave(fields: dict[int, bytes]) -> Slave:
    return Slave(
        state=number(fields.get(uapi.IFLA_BOND_SLAVE_STATE)),
        mii_status=number(fields.get(uapi.IFLA_BOND_SLAVE_MII_STATUS)),
        link_failures=number(fields.get(uapi.IFLA_BOND_SLAVE_LINK_FAILURE_COUNT)),
        prio=number(fields.get(uapi.IFLA_BOND_SLAVE_PRIO), signed=True),
    )


def _address_event(message: Message) -> Event | None:
    """Read ifaddrmsg and its attributes; IFA_LOCAL wins, beside it IFA_ADDRESS is the peer's."""
    if len(message.body) < IFADDRMSG.size:
        return None
    family, prefixlen, flags, scope, index = IFADDRMSG.unpack_from(message.body)
    if family not in (_socket.AF_INET, _socket.AF_INET6):
        return None
    fields = parse(message.body[IFADDRMSG.size :])
    octets = fields.get(uapi.IFA_LOCAL, fields.get(uapi.IFA_ADDRESS, b""))
    if uapi.IFA_FLAGS in fields:  # the header has 8 bits only
        flags = number(fields[uapi.IFA_FLAGS])
    address = Address(
        ifindex=index,
        family=family,
        text=_ip(family, octets),
        octets=octets,
        prefixlen=prefixlen,
        scope=scope,
        flags=flags,
        valid=_lifetime(fields.get(uapi.IFA_CACHEINFO, b"")),
        protocol=number(fields.get(uapi.IFA_PROTO)) & 0xFF,
    )
    return Event(address, message.type == uapi.RTM_DELADDR)


def _lifetime(octets: bytes) -> int | None:
    """Read ifa_valid of ifa_cacheinfo, which comes behind ifa_prefered."""
    valid = number(octets[4:8]) if len(octets) >= 8 else uapi.INFINITY_LIFE_TIME
    return None if valid == uapi.INFINITY_LIFE_TIME else valid


def _ip(family: int, octets: bytes) -> str:
    try:
        return _socket.inet_ntop(family, octets)
    except ValueError:
        return ""


def deprecation(address: Address) -> bytes:
    """Return what makes an address deprecated: itself, with a preferred lifetime of 0.

    inet6_addr_modify() would add a route for the prefix, which a router may have left off the
    link, but for one without an end, which has the route already.
    """
    flags = address.flags if address.permanent else address.flags | uapi.IFA_F_NOPREFIXROUTE
    valid = uapi.INFINITY_LIFE_TIME if address.valid is None else address.valid
    header = IFADDRMSG.pack(
        address.family, address.prefixlen, flags & 0xFF, address.scope, address.ifindex
    )
    fields = (
        attribute(uapi.IFA_LOCAL, address.octets),
        attribute(uapi.IFA_CACHEINFO, struct.pack("=IIII", 0, valid, 0, 0)),
        u32(uapi.IFA_FLAGS, flags),
        u8(uapi.IFA_PROTO, address.protocol),
    )
    return header + b"".join(fields)


class Socket(netlink.Socket):
    """A netlink socket that answers with records. Raises OSError where the kernel refuses it."""

    def links(self) -> dict[int, Link]:
        """Return all interfaces by index. Raises Overrun, OSError."""
        extension = u32(uapi.IFLA_EXT_MASK, uapi.RTEXT_FILTER_SKIP_STATS)
        found = self.dump(uapi.RTM_GETLINK, bytes(IFINFOMSG.size) + extension)
        links = [reported.what for reported in map(event, found) if reported]
        return {link.ifindex: link for link in links if isinstance(link, Link)}

    def addresses(self) -> list[Address]:
        """Return all IPv4 and IPv6 addresses. Raises Overrun, OSError."""
        found = self.dump(uapi.RTM_GETADDR, bytes(IFADDRMSG.size))
        addresses = [reported.what for reported in map(event, found) if reported]
        return [address for address in addresses if isinstance(address, Address)]

    def bring_up(self, index: int) -> None:
        """Set an interface administratively up. Raises OSError; for a blocked radio ERFKILL."""
        body = IFINFOMSG.pack(_socket.AF_UNSPEC, 0, index, uapi.IFF_UP, uapi.IFF_UP)
        self.request(uapi.RTM_NEWLINK, body)

    def deprecate(self, address: Address) -> None:
        """Have an IPv6 address used by what uses it, and by nothing new. Raises OSError.

        Of a prefix that a router advertises again the kernel takes that back
        (addrconf_prefix_rcv_add_addr()).
        """
        self.request(uapi.RTM_NEWADDR, deprecation(address), uapi.NLM_F_REPLACE)

    def hear_only(self, program: bpf.Filter) -> None:
        """Have the kernel drop what a filter does not accept. Raises OSError."""
        bpf.attach(self._socket, program)

    def events(self) -> list[Event]:
        """Return what has come since the last call, oldest first; does not wait.

        Raises Overrun, after which `consistent` has to ask for everything again, and OSError.
        """
        return list(filter(None, map(event, self.reports())))

    def consistent(self, ask: Callable[[], T]) -> T:
        """Return the answer to one or more dumps, asked for until it came whole; then events go on.

        What has been reported before is dropped. Raises OSError, also where more is reported, time
        after time, than can be read.
        """
        for _ in range(netlink.ATTEMPTS):
            try:
                self.discard()
                return ask()
            except Overrun:
                continue
        raise OSError(errno.ENOBUFS, "interfaces change faster than they can be read")

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Links and addresses as the kernel reports them, and addresses deprecated: rtnetlink(7).

Numbers are those of linux/netlink.h, rtnetlink.h, if_link.h and if_addr.h;
byte order and alignment are the host's. What a message says is data, its names
are whatever somebody called an interface: nothing here raises for it.
"""

import errno
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

T = TypeVar("T")

# Groups to subscribe to: RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR.
LINKS = 0x1
ADDRESSES = 0x10 | 0x100

# RFC 2863 operational states (linux/if.h) that this program tells apart.
OPERSTATE_UNKNOWN = 0  # the driver does not say
OPERSTATE_DORMANT = 5  # a radio that is associated, not yet authorised
OPERSTATE_UP = 6

# A port's mii status, BOND_LINK_* of net/bonding.h.
MII_UP = 0
MII_DOWN = 2

SCOPE_UNIVERSE = 0  # RT_SCOPE_UNIVERSE

PROTOCOL_ROUTER = 2  # IFAPROT_KERNEL_RA: made by the kernel of a router's advertisement

_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_NEWLINK, _DELLINK, _GETLINK = 16, 17, 18
_NEWADDR, _DELADDR, _GETADDR = 20, 21, 22
_REQUEST_DUMP = 0x1 | 0x300  # NLM_F_REQUEST | NLM_F_DUMP
_REQUEST_SET = 0x1 | 0x4  # NLM_F_REQUEST | NLM_F_ACK
_REQUEST_CHANGE = _REQUEST_SET | 0x100  # NLM_F_REPLACE
_DUMP_INTERRUPTED = 0x10  # NLM_F_DUMP_INTR
_SKIP_STATISTICS = 8  # RTEXT_FILTER_SKIP_STATS
_IFF_UP = 0x1
_FOREVER = 0xFFFFFFFF  # INFINITY_LIFE_TIME, net/addrconf.h
_NO_PREFIX_ROUTE = 0x200  # IFA_F_NOPREFIXROUTE

_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port id
_LINK = struct.Struct("=BxHiII")  # ifinfomsg: family, type, index, flags, change
_ADDRESS = struct.Struct("=BBBBI")  # ifaddrmsg: family, prefix length, flags, scope, index
_ATTRIBUTE = struct.Struct("=HH")  # nlattr: length, type
_TYPE_MASK = 0x3FFF  # NLA_TYPE_MASK: without the nesting and byte order bits

_BUFFER = 1 << 20  # bytes; a dock brings a burst of messages
_LONGEST = 1 << 16  # bytes, of one datagram; a dump's are 32 KiB at most (netlink_dump())
_SO_RCVBUFFORCE = 33  # asm-generic/socket.h; with CAP_NET_ADMIN beyond net.core.rmem_max


class Overrun(Exception):
    """Messages were lost (ENOBUFS, or a datagram cut short): only a new dump tells the truth."""


class Message(NamedTuple):
    """One netlink message: its type, its flags, the request it answers, and what follows."""

    type: int
    flags: int
    sequence: int
    port: int
    body: bytes


class Bond(NamedTuple):
    """IFLA_INFO_DATA of a bond; ports are interface indices, 0 for none, delays milliseconds."""

    mode: int
    active: int
    primary: int
    miimon: int
    downdelay: int


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
    no message tells of, because the carrier was back too soon, is counted all the same.
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

    @property
    def up(self) -> bool:
        """Tell whether it is administratively up."""
        return bool(self.flags & _IFF_UP)

    @property
    def carries(self) -> bool:
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
        return bool(self.flags & 0x40)

    @property
    def dadfailed(self) -> bool:
        """Tell whether somebody else has the address (IFA_F_DADFAILED)."""
        return bool(self.flags & 0x08)

    @property
    def permanent(self) -> bool:
        """Tell whether it has no lifetime (IFA_F_PERMANENT)."""
        return bool(self.flags & 0x80)

    @property
    def deprecated(self) -> bool:
        """Tell whether new connections are to have another one (IFA_F_DEPRECATED)."""
        return bool(self.flags & 0x20)

    @property
    def temporary(self) -> bool:
        """Tell an IPv6 address that is changed for privacy (IFA_F_TEMPORARY, RFC 8981)."""
        return self.family == socket.AF_INET6 and bool(self.flags & 0x01)


class Event(NamedTuple):
    """A link or address that is new or changed, or that is gone."""

    what: Link | Address
    gone: bool = False


def messages(datagram: bytes) -> Iterator[Message]:
    """Yield the messages of one datagram, up to the first that does not fit into it."""
    offset = 0
    while offset + _HEADER.size <= len(datagram):
        length, kind, flags, sequence, port = _HEADER.unpack_from(datagram, offset)
        if length < _HEADER.size or offset + length > len(datagram):
            return
        body = datagram[offset + _HEADER.size : offset + length]
        yield Message(kind, flags, sequence, port, body)
        offset += _aligned(length)


def attributes(data: bytes) -> dict[int, bytes]:
    """Return netlink attributes by type, up to the first that does not fit; the last one wins."""
    found = {}
    offset = 0
    while offset + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size or offset + length > len(data):
            break
        found[kind & _TYPE_MASK] = data[offset + _ATTRIBUTE.size : offset + length]
        offset += _aligned(length)
    return found


def event(message: Message) -> Event | None:
    """Return what the message reports; None for anything else, and for half a report."""
    if message.type in (_NEWLINK, _DELLINK):
        return _link_event(message)
    if message.type in (_NEWADDR, _DELADDR):
        return _address_event(message)
    return None


def _link_event(message: Message) -> Event | None:
    """Read ifinfomsg and its attributes.

    Not a link's state: a bridge's report about its port, which comes under the
    same types with family AF_BRIDGE (br_ifinfo_notify()), and a radio's wireless
    event, which says nothing of master or carrier (rtnetlink_ifinfo_prep(),
    net/wireless/wext-core.c).
    """
    if len(message.body) < _LINK.size:
        return None
    family, _, index, flags, _ = _LINK.unpack_from(message.body)
    fields = attributes(message.body[_LINK.size :])
    gone = message.type == _DELLINK
    whole = 16 in fields and 11 not in fields  # IFLA_OPERSTATE, IFLA_WIRELESS
    if family != socket.AF_UNSPEC or index <= 0 or not (gone or whole):
        return None
    return Event(_link(index, flags, fields), gone)


def _link(index: int, flags: int, fields: dict[int, bytes]) -> Link:
    info = attributes(fields.get(18, b""))  # IFLA_LINKINFO
    kind = _text(info.get(1, b""))  # IFLA_INFO_KIND
    data, slave_data = info.get(2), info.get(5)  # IFLA_INFO_DATA, IFLA_INFO_SLAVE_DATA
    in_bond = _text(info.get(4, b"")) == "bond"  # IFLA_INFO_SLAVE_KIND
    return Link(
        ifindex=index,
        name=_text(fields.get(3, b"")),  # IFLA_IFNAME
        flags=flags,
        carrier=_number(fields.get(33)) != 0,  # IFLA_CARRIER
        operstate=_number(fields.get(16)),
        address=fields.get(1, b"").hex(":"),  # IFLA_ADDRESS
        perm_address=fields.get(54, b"").hex(":"),  # IFLA_PERM_ADDRESS
        master=_number(fields.get(10)),  # IFLA_MASTER
        kind=kind,
        bond=_bond(attributes(data)) if kind == "bond" and data is not None else None,
        slave=_slave(attributes(slave_data)) if in_bond and slave_data is not None else None,
        carrier_down_count=_number(fields.get(48)),  # IFLA_CARRIER_DOWN_COUNT
    )


def _bond(fields: dict[int, bytes]) -> Bond:
    """Read IFLA_BOND_MODE, _ACTIVE_SLAVE, _PRIMARY, _MIIMON, _DOWNDELAY."""
    return Bond(*(_number(fields.get(number)) for number in (1, 2, 11, 3, 5)))


def _slave(fields: dict[int, bytes]) -> Slave:
    """Read IFLA_BOND_SLAVE_STATE, _MII_STATUS, _LINK_FAILURE_COUNT, _PRIO (signed)."""
    state, mii_status, failures = (_number(fields.get(number)) for number in (1, 2, 3))
    return Slave(state, mii_status, failures, _number(fields.get(9), signed=True))


def _address_event(message: Message) -> Event | None:
    """Read ifaddrmsg and its attributes; IFA_LOCAL wins, beside it IFA_ADDRESS is the peer's."""
    if len(message.body) < _ADDRESS.size:
        return None
    family, prefixlen, flags, scope, index = _ADDRESS.unpack_from(message.body)
    if family not in (socket.AF_INET, socket.AF_INET6):
        return None
    fields = attributes(message.body[_ADDRESS.size :])
    octets = fields.get(2, fields.get(1, b""))
    flags = _number(fields[8]) if 8 in fields else flags  # IFA_FLAGS: the header has 8 bits only
    address = Address(
        ifindex=index,
        family=family,
        text=_ip(family, octets),
        octets=octets,
        prefixlen=prefixlen,
        scope=scope,
        flags=flags,
        valid=_lifetime(fields.get(6, b"")),  # IFA_CACHEINFO
        protocol=_number(fields.get(11)) & 0xFF,  # IFA_PROTO
    )
    return Event(address, message.type == _DELADDR)


def _lifetime(octets: bytes) -> int | None:
    """Read ifa_valid of ifa_cacheinfo, which comes behind ifa_prefered."""
    valid = _number(octets[4:8]) if len(octets) >= 8 else _FOREVER
    return None if valid == _FOREVER else valid


def deprecation(address: Address) -> bytes:
    """Return what makes an address deprecated: itself, with a preferred lifetime of 0.

    inet6_addr_modify() would add a route for the prefix, which a router may have left off the
    link, but for one without an end, which has the route already.
    """
    flags = address.flags if address.permanent else address.flags | _NO_PREFIX_ROUTE
    valid = _FOREVER if address.valid is None else address.valid
    header = _ADDRESS.pack(
        address.family, address.prefixlen, flags & 0xFF, address.scope, address.ifindex
    )
    fields = (
        (2, address.octets),  # IFA_LOCAL
        (6, struct.pack("=IIII", 0, valid, 0, 0)),  # IFA_CACHEINFO
        (8, struct.pack("=I", flags)),  # IFA_FLAGS
        (11, bytes((address.protocol,))),  # IFA_PROTO
    )
    return header + b"".join(_attribute(kind, value) for kind, value in fields)


def _attribute(kind: int, value: bytes) -> bytes:
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + b"\0" * (_aligned(length) - length)


def _ip(family: int, octets: bytes) -> str:
    try:
        return socket.inet_ntop(family, octets)
    except ValueError:
        return ""


def _number(octets: bytes | None, signed: bool = False) -> int:
    """Return an integer of the size that the kernel sent, 4 bytes at most; 0 where it sent none."""
    return int.from_bytes((octets or b"")[:4], sys.byteorder, signed=signed)


def _text(octets: bytes) -> str:
    """Return a NUL-terminated string; bytes that are no UTF-8 become surrogates."""
    return os.fsdecode(octets.split(b"\0", 1)[0])


def _aligned(length: int) -> int:
    """Round up to NLMSG_ALIGNTO, which is NLA_ALIGNTO too: 4 bytes."""
    return (length + 3) & ~3


class Socket:
    """A netlink socket that is subscribed from the start, so that no change escapes a dump.

    Raises OSError where the kernel refuses it. As a context manager it closes itself.
    """

    def __init__(self, groups: int) -> None:
        """Subscribe to `groups`, a sum of LINKS and ADDRESSES."""
        self._socket = _opened(groups)
        self._port = int(self._socket.getsockname()[0])
        self._sequence = 0
        self._waiting: list[Event] = []

    def __enter__(self) -> "Socket":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        """Return the descriptor, for poll(2)."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def links(self) -> dict[int, Link]:
        """Return all interfaces by index. Raises Overrun, OSError."""
        extension = _attribute(29, struct.pack("=I", _SKIP_STATISTICS))  # IFLA_EXT_MASK
        found = self._dump(_GETLINK, _LINK.pack(0, 0, 0, 0, 0) + extension)
        return {link.ifindex: link for link in found if isinstance(link, Link)}

    def addresses(self) -> list[Address]:
        """Return all IPv4 and IPv6 addresses. Raises Overrun, OSError."""
        found = self._dump(_GETADDR, _ADDRESS.pack(0, 0, 0, 0, 0))
        return [address for address in found if isinstance(address, Address)]

    def bring_up(self, index: int) -> None:
        """Set an interface administratively up. Raises OSError; for a blocked radio ERFKILL."""
        self._answer(_NEWLINK, _LINK.pack(0, 0, index, _IFF_UP, _IFF_UP), _REQUEST_SET)

    def deprecate(self, address: Address) -> None:
        """Have an IPv6 address used by what uses it, and by nothing new. Raises OSError.

        Of a prefix that a router advertises again the kernel takes that back
        (addrconf_prefix_rcv_add_addr()).
        """
        self._answer(_NEWADDR, deprecation(address), _REQUEST_CHANGE)

    def events(self) -> list[Event]:
        """Return what has come since the last call, oldest first; does not wait.

        Raises Overrun, after which all is to be asked for `anew`, and OSError.
        """
        events, self._waiting = self._waiting, []
        while received := self._receive(socket.MSG_DONTWAIT):
            events += filter(None, map(event, received))
        return events

    def anew(self, ask: Callable[[], T]) -> T:
        """Return the answer to one or more dumps, asked for until it came whole; then events go on.

        What has been reported before is dropped. Raises OSError.
        """
        while True:
            try:
                self.discard()
                return ask()
            except Overrun:
                continue

    def discard(self) -> None:
        """Empty the queue: what it holds is older than the next dump.

        The kernel goes on dropping, without a further error, until the queue
        is empty (netlink_overrun(), netlink_rcv_wake()).
        """
        self._waiting = []
        while True:
            try:
                if not self._receive(socket.MSG_DONTWAIT):
                    return
            except Overrun:
                continue

    def _dump(self, kind: int, request: bytes) -> list[Link | Address]:
        """Ask for all objects of a kind, again where they changed meanwhile."""
        while True:
            replies = self._answer(kind, request, _REQUEST_DUMP)
            if not any(reply.flags & _DUMP_INTERRUPTED for reply in replies):
                return [found.what for found in map(event, replies) if found]

    def _answer(self, kind: int, request: bytes, flags: int) -> list[Message]:
        """Send a request and return its answer; events that come in between are kept."""
        self._sequence += 1
        length = _HEADER.size + len(request)
        header = _HEADER.pack(length, kind, flags, self._sequence, self._port)
        self._socket.sendto(header + request, (0, 0))
        replies: list[Message] = []
        while True:
            for message in self._receive(0):
                if (message.sequence, message.port) != (self._sequence, self._port):
                    self._waiting += filter(None, (event(message),))
                    continue
                replies.append(message)
                if message.type in (_NLMSG_DONE, _NLMSG_ERROR):
                    _raise_error(message)
                    return replies

    def _receive(self, flags: int) -> list[Message]:
        """Return the kernel's next messages, nothing when none wait. Raises Overrun, OSError."""
        while True:
            try:
                datagram, _, result, sender = self._socket.recvmsg(_LONGEST, 0, flags)
            except BlockingIOError:
                return []
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    raise Overrun from None
                raise
            if result & socket.MSG_TRUNC:
                raise Overrun
            # Only the kernel has port id 0; root may send to this socket too (netlink(7)).
            received = list(messages(datagram)) if sender[0] == 0 else []
            if received:
                return received


def _opened(groups: int) -> socket.socket:
    """Open and bind the socket, with a receive buffer as large as allowed."""
    opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    try:
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    except PermissionError:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    opened.bind((0, groups))
    return opened


def _raise_error(message: Message) -> None:
    """Raise the error with which NLMSG_ERROR and NLMSG_DONE may begin: a negative errno."""
    code = int.from_bytes(message.body[:4], sys.byteorder, signed=True)
    if code < 0:
        raise OSError(-code, os.strerror(-code))

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages to and from the kernel, netlink(7): requests, dumps, and what it reports by itself."""

# The class in C: the module socket around it takes half as long to import as Python to start,
# and the helpers that open one of these run at each boot and plug.
import _socket
import errno
import os
import struct

from wbond_net.kernel import attributes
from wbond_net.kernel.uapi import (
    NETLINK_CAP_ACK,
    NETLINK_EXT_ACK,
    NETLINK_ROUTE,
    NLM_F_ACK,
    NLM_F_ACK_TLVS,
    NLM_F_CAPPED,
    NLM_F_DUMP,
    NLM_F_DUMP_INTR,
    NLM_F_REQUEST,
    NLMSG_DONE,
    NLMSG_ERROR,
    NLMSGERR_ATTR_MSG,
    SOL_NETLINK,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

ATTEMPTS = 10  # at a dump that comes whole; one takes some hundred microseconds

_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port id
_ERRNO_SIZE = 4  # bytes, the first field of nlmsgerr; a header follows
_BUFFER = 1 << 20  # bytes; a dock brings a burst of messages
_LONGEST = 1 << 16  # bytes, of one datagram; a dump's are 32 KiB at most (netlink_dump())
_SO_RCVBUFFORCE = 33  # asm-generic/socket.h; with CAP_NET_ADMIN beyond net.core.rmem_max


class Overrun(Exception):
    """Messages were lost (ENOBUFS, or a datagram cut short): only a new dump tells the truth."""


class KernelError(OSError):
    """The kernel has refused a request: its errno, and its own words where it has given any."""

    def __str__(self) -> str:
        return str(self.strerror)


class Message:
    """One netlink message: its type, its flags, the request it answers, and what follows."""

    __slots__ = ("body", "flags", "port", "sequence", "type")

    def __init__(self, kind: int, flags: int, sequence: int, port: int, body: bytes) -> None:
        self.type, self.flags, self.sequence, self.port = kind, flags, sequence, port
        self.body = body


def messages(datagram: bytes) -> list[Message]:
    """Return the messages of one datagram, up to the first that does not fit into it."""
    found = []
    offset = 0
    while offset + _HEADER.size <= len(datagram):
        length, kind, flags, sequence, port = _HEADER.unpack_from(datagram, offset)
        if length < _HEADER.size or offset + length > len(datagram):
            break
        body = datagram[offset + _HEADER.size : offset + length]
        found.append(Message(kind, flags, sequence, port, body))
        offset += attributes.aligned(length)
    return found


class Socket:
    """A netlink socket, subscribed from the start, so that no change escapes a dump.

    Raises OSError where the kernel refuses it. As a context manager it closes itself.
    """

    def __init__(self, groups: int = 0, protocol: int = NETLINK_ROUTE) -> None:
        """Subscribe to `groups`, a sum of RTMGRP_*; `protocol` is one of NETLINK_*."""
        self._socket = _opened(groups, protocol)
        self._port = int(self._socket.getsockname()[0])
        self._sequence = 0
        self._waiting: list[Message] = []

    def __enter__(self) -> "Self":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        """Return the descriptor, for poll(2)."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def request(self, kind: int, body: bytes, flags: int = 0) -> list[Message]:
        """Have the kernel do something; returns its answer. Raises KernelError, Overrun."""
        return self._answer(kind, body, NLM_F_REQUEST | NLM_F_ACK | flags)

    def dump(self, kind: int, body: bytes) -> list[Message]:
        """Ask for all objects of a kind, again where they changed meanwhile.

        Where they never stop changing, what came last is the answer, as it is to ip(8): each object
        in it is true, and one that is not in it is new to those who have subscribed. Raises
        KernelError, Overrun.
        """
        for _ in range(ATTEMPTS):
            replies = self._answer(kind, body, NLM_F_REQUEST | NLM_F_DUMP)
            if not any(reply.flags & NLM_F_DUMP_INTR for reply in replies):
                break
        return replies

    def reports(self) -> list[Message]:
        """Return what the kernel has reported since the last call, oldest first; does not wait.

        Raises Overrun, after which only a new dump tells the truth, and OSError.
        """
        found, self._waiting = self._waiting, []
        while received := self._receive(_socket.MSG_DONTWAIT):
            found += received
        return found

    def discard(self) -> None:
        """Empty the queue: what it holds is older than the next dump.

        The kernel goes on dropping, without a further error, until the queue
        is empty (netlink_overrun(), netlink_rcv_wake()).
        """
        self._waiting = []
        while True:
            try:
                if not self._receive(_socket.MSG_DONTWAIT):
                    return
            except Overrun:
                continue

    def _answer(self, kind: int, body: bytes, flags: int) -> list[Message]:
        """Send a request and return its answer; reports that come in between are kept."""
        self._sequence += 1
        header = _HEADER.pack(_HEADER.size + len(body), kind, flags, self._sequence, self._port)
        self._socket.sendto(header + body, (0, 0))
        replies: list[Message] = []
        while True:
            for message in self._receive(0):
                if (message.sequence, message.port) != (self._sequence, self._port):
                    self._waiting.append(message)
                    continue
                replies.append(message)
                if message.type in (NLMSG_DONE, NLMSG_ERROR):
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
            if result & _socket.MSG_TRUNC:
                raise Overrun
            # Only the kernel has port id 0; root may send to this socket too (netlink(7)).
            received = messages(datagram) if sender[0] == 0 else []
            if received:
                return received


def _opened(groups: int, protocol: int) -> _socket.socket:
    """Open and bind the socket, with a receive buffer as large as allowed."""
    opened = _socket.socket(_socket.AF_NETLINK, _socket.SOCK_RAW, protocol)
    try:
        opened.setsockopt(_socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    except PermissionError:
        opened.setsockopt(_socket.SOL_SOCKET, _socket.SO_RCVBUF, _BUFFER)
    # Without the request in it, an answer has the kernel's words at a place that is known.
    opened.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
    opened.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
    opened.bind((0, groups))
    return opened


def _raise_error(message: Message) -> None:
    """Raise the error with which NLMSG_ERROR and NLMSG_DONE may begin: a negative errno."""
    code = attributes.number(message.body[:_ERRNO_SIZE], signed=True)
    if code < 0:
        words = _words(message)
        reason = os.strerror(-code)
        raise KernelError(-code, f"{reason}: {words}" if words else reason)


def _words(message: Message) -> str:
    """Return what the kernel says in words of an error (NLMSGERR_ATTR_MSG); mostly nothing."""
    if not message.flags & NLM_F_ACK_TLVS:
        return ""
    offset = _ERRNO_SIZE
    if message.type == NLMSG_ERROR:
        (length,) = struct.unpack_from("=I", message.body.ljust(2 * _ERRNO_SIZE, b"\0"), offset)
        offset += _HEADER.size if message.flags & NLM_F_CAPPED else attributes.aligned(length)
    fields = attributes.parse(message.body[offset:])
    return attributes.text(fields.get(NLMSGERR_ATTR_MSG, b""))

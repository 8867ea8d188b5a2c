# SPDX-License-Identifier: LGPL-2.1-or-later
"""Taps: a port of a bond is asked through and heard by itself, whether it stands by or not.

What comes in by a port reaches a socket that is bound to it: by one that stands by nothing else
does (bond_handle_frame() returns RX_HANDLER_EXACT), and by the active one it is delivered to the
sockets of the device that it came by as well as to the bond's (__netif_receive_skb_core(),
orig_dev). So an answer is always that port's, whatever port is the active one by now.
"""

from __future__ import annotations

import _socket
import errno
import os
import struct

from wbond_net.kernel import bpf, frames, request
from wbond_net.kernel.uapi import (
    ETH_P_ARP,
    ETH_P_IPV6,
    ETH_P_PAE,
    PACKET_ADD_MEMBERSHIP,
    PACKET_MR_MULTICAST,
    SOL_PACKET,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKET_MREQ = struct.Struct("=iHH8s")
# All nodes, to whom an answer to :: goes. A bond moves the groups of its ports to the active one
# (bond_hw_addr_swap()).
_ALL_NODES = bytes.fromhex("333300000001")
_LONGEST = 2048  # bytes, of a frame; what is longer is no answer
_FILTERS = {
    ETH_P_ARP: bpf.ARP_REPLIES,
    ETH_P_IPV6: bpf.ADVERTISEMENTS,
    ETH_P_PAE: bpf.SUCCESSES,
}


class Taps:
    """The taps of all ports that have been asked or listened to."""

    def __init__(self) -> None:
        """There is none yet."""
        self._taps: dict[int, Tap] = {}

    def listen(self, ports: Mapping[int, str]) -> None:
        """Hear the answers that come in by these ports, names by index, and by no others.

        Raises OSError for the last of those for which that does not work.
        """
        failure: OSError | None = None
        for index in [index for index in self._taps if not request.name(index)]:
            self._taps.pop(index).close()
        for index in {**self._taps, **ports}:
            try:
                self._tap(index, ports.get(index, "")).listen(index in ports)
            except OSError as error:
                failure = error
        if failure:
            raise failure

    def send(self, index: int, name: str, frame: bytes) -> None:
        """Send a frame out of a port. Raises OSError."""
        self._tap(index, name).send(frame)

    @property
    def descriptors(self) -> dict[int, int]:
        """Return what is readable when an answer has come, and the index of its port."""
        return {
            descriptor: index
            for index, tap in self._taps.items()
            if tap.listening
            for descriptor in tap.descriptors
        }

    def answers(self, index: int) -> list[frames.Answer | frames.Success]:
        """Return the answers that have come by a port; does not wait."""
        return self._taps[index].answers()

    def _tap(self, index: int, name: str) -> Tap:
        if index not in self._taps:
            self._taps[index] = Tap(index, name)
        return self._taps[index]


class Tap:
    """Asks through one port, and hears answers while it listens.

    It is kept as long as the port is there: to close a packet socket waits for an RCU grace period
    (packet_release()).
    """

    def __init__(self, index: int, name: str) -> None:
        """Take a port's index and name. Raises OSError."""
        self._sockets: list[_socket.socket] = []
        self.listening = False
        try:
            for protocol in _FILTERS:
                self._sockets.append(_opened(index, name, protocol))
        except OSError:
            self.close()
            raise

    @property
    def descriptors(self) -> tuple[int, ...]:
        """Return the descriptors that are readable when an answer has come."""
        return tuple(socket.fileno() for socket in self._sockets)

    def listen(self, on: bool) -> None:
        """Hear answers from now on, or none. Raises OSError."""
        if on == self.listening:
            return
        for socket, program in zip(self._sockets, _FILTERS.values(), strict=True):
            bpf.attach(socket, program if on else bpf.NOTHING)
        self.listening = on
        if not on:
            self.answers()  # else what nobody has read yet would be new the next time

    def send(self, frame: bytes) -> None:
        """Send a frame out of the port. Raises OSError."""
        self._sockets[0].send(frame)

    def answers(self) -> list[frames.Answer | frames.Success]:
        """Return the answers that have come; does not wait.

        A port that is set down makes an error, once (packet_notifier()): it answers nothing.
        """
        found = []
        for socket in self._sockets:
            try:
                while frame := socket.recv(_LONGEST, _socket.MSG_DONTWAIT):
                    found.append(frames.heard(frame))
            except OSError:
                continue
        return [answer for answer in found if answer]

    def close(self) -> None:
        """Close the sockets."""
        for socket in self._sockets:
            socket.close()


def _opened(index: int, name: str, protocol: int) -> _socket.socket:
    """Open a socket that hears nothing yet. Raises OSError."""
    opened = _socket.socket(_socket.AF_PACKET, _socket.SOCK_RAW, 0)
    try:
        bpf.attach(opened, bpf.NOTHING)
        opened.bind((name, protocol))
        group = _PACKET_MREQ.pack(index, PACKET_MR_MULTICAST, len(_ALL_NODES), _ALL_NODES)
        opened.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, group)
    except UnicodeEncodeError:  # the one way to name an interface here is as UTF-8
        opened.close()
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL)) from None
    except OSError:
        opened.close()
        raise
    return opened

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the helpers ask of the kernel, each change with the command by which a person repeats it."""

import _socket
import errno
import os

from wbond_net.kernel import netlink
from wbond_net.kernel.attributes import IFINFOMSG
from wbond_net.kernel.journal import say
from wbond_net.kernel.netlink import KernelError
from wbond_net.kernel.uapi import RTM_GETLINK


class Act:
    """Says the command of ip(8) that does the same, and names it where the kernel refuses.

    `with Act("ip link set dev eth0 up"): …` raises KernelError for any OSError within.
    """

    def __init__(self, command: str) -> None:
        """Take the command; nothing happens yet."""
        self._command = command

    def __enter__(self) -> None:
        say(self._command)

    def __exit__(self, _: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, OSError):
            begin = " ".join(self._command.split()[:4])
            raise KernelError(error.errno, f"{begin} …: {error.strerror}") from error


def send(kind: int, body: bytes, flags: int = 0) -> None:
    """Send one request, and wait until the kernel has done it. Raises KernelError."""
    with netlink.Socket() as kernel:
        kernel.request(kind, body, flags)


def index(name: str) -> int:
    """Return the index of an interface. Raises KernelError where there is none of that name."""
    try:
        return _socket.if_nametoindex(name)
    except OSError:  # which names no errno
        raise KernelError(errno.ENODEV, f"{name}: {os.strerror(errno.ENODEV)}") from None


def name(index: int) -> str:
    """Return what the interface of an index is called now; nothing where there is none."""
    try:
        return _socket.if_indextoname(index)
    except OSError:
        return ""


def link(name: str) -> bytes:
    """Return what the kernel says of an interface: ifinfomsg and attributes. Raises KernelError."""
    with netlink.Socket() as kernel:
        return kernel.request(RTM_GETLINK, IFINFOMSG.pack(0, 0, index(name), 0, 0))[0].body


def dump(kind: int, body: bytes) -> list[bytes]:
    """Return all objects of a kind, each a header and its attributes. Raises KernelError."""
    with netlink.Socket() as kernel:
        return [reply.body for reply in kernel.dump(kind, body)[:-1]]

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The journal, written by systemd's library, which is made to wait for nobody.

sd_journal_sendv(3) sends by a socket that blocks: once the queue of a journald that does not read
is full, sendmsg(2) would hold the watch up. Here it costs the message alone.
"""

from __future__ import annotations

import _socket
import os
import select
import stat

from wbond_net import site_packages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    SendV = Callable[..., object]

SOCKET = "/run/systemd/journal/socket"  # sd_journal_sendv() knows no other (journal_fd())


class Journal:
    """A journal that takes what it has room for; nothing where systemd's library is missing."""

    def __init__(self, sendv: SendV | None) -> None:
        """Take sd_journal_sendv(3); it opens its socket at its first call."""
        self._sendv = sendv
        self._opened = False

    def send(self, *fields: str) -> None:
        """Write an entry, each field as NAME=value. Raises OSError when there is no room for it."""
        if self._sendv is None:
            return
        if self._opened:
            self._sendv(*fields)
            return
        descriptor = _probed()
        self._sendv(*fields)
        self._opened = _made_non_blocking(descriptor)


def _probed() -> int:
    """Return the descriptor that the library's socket will have.

    It is the lowest that is free (socket(2)), as the probe's is. Raises BlockingIOError where
    journald's queue is full: poll(2) reports a connected socket writable when its peer has room
    (unix_dgram_poll()).
    """
    probe = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM)
    try:
        poll = select.poll()
        poll.register(probe, select.POLLOUT)
        try:
            probe.connect(SOCKET)
        except (FileNotFoundError, ConnectionRefusedError):
            pass  # the library does without a journald, too
        if not poll.poll(0):
            raise BlockingIOError
        return probe.fileno()
    finally:
        probe.close()


def _made_non_blocking(descriptor: int) -> bool:
    """Have the library's socket never wait; tells whether that is the one at `descriptor`."""
    try:
        if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            os.set_blocking(descriptor, False)
            return True
    except OSError:
        pass
    return False


def sendv() -> SendV | None:
    """Return sd_journal_sendv(3) of systemd's library, None where that is not installed.

    The public module, systemd.journal, loads logging, uuid and traceback for its handler: 2 MB
    in memory and 20 ms at start, nearly as much as all the rest of the watch.
    """
    for name in ("systemd._journal", "systemd.journal"):
        try:
            found: SendV = site_packages.load(name).sendv
        except ImportError:
            continue
        return found
    return None

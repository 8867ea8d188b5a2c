# SPDX-License-Identifier: LGPL-2.1-or-later
"""sd_notify(3) without systemd's library, which loads the module socket: longer than a radio joins,
and a tenth of the watch's memory."""

import _socket  # socket: as long as Python's start
import os


def ready() -> None:
    """Tell the service manager that the unit has started; nothing where nobody wants to know.

    Once only: what this process becomes is not to know of the socket. Raises OSError.
    """
    send("READY=1")
    os.environ.pop("NOTIFY_SOCKET", None)


def send(text: str) -> None:
    """Tell the service manager; nothing where nobody wants to know. Raises OSError."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # of an abstract one, for the null byte (unix(7))
        address = address.replace("@", "\0", 1)
    manager = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM)
    try:
        manager.sendto(os.fsencode(text), address)
    finally:
        manager.close()

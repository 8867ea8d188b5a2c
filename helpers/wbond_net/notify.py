# SPDX-License-Identifier: LGPL-2.1-or-later
"""sd_notify(3) without systemd's library, which takes longer to load than a radio to join."""

import _socket  # socket: as long as Python's start
import os

# Anybody may send to the manager's socket, and fill its queue (manager_setup_notify()).
WAIT = 5.0  # s, for the manager to have room


def ready() -> None:
    """Tell the service manager that the unit has started; nothing where nobody wants to know.

    Once only: what this process becomes is not to know of the socket. Raises OSError.
    """
    tell("READY=1", os.environ.pop("NOTIFY_SOCKET", ""))


def tell(text: str, address: str) -> None:
    """Tell the service manager, at the `address` that NOTIFY_SOCKET has; nothing without one.

    Raises OSError, TimeoutError where the manager has no room for it within WAIT.
    """
    if not address:
        return
    if address.startswith("@"):  # of an abstract one, for the null byte (unix(7))
        address = address.replace("@", "\0", 1)
    manager = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM)
    try:
        manager.settimeout(WAIT)
        manager.sendto(os.fsencode(text), address)
    finally:
        manager.close()

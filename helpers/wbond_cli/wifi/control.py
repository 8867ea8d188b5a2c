# SPDX-License-Identifier: LGPL-2.1-or-later
"""wpa_supplicant's control socket: a request is a datagram, as is its reply.

Source: hostap's wpa_supplicant/ctrl_iface_unix.c and src/common/wpa_ctrl.c; which commands there
are, https://w1.fi/wpa_supplicant/devel/ctrl_iface_page.html.
"""

import os
import socket
import time
from collections.abc import Iterator

TIMEOUT = 10.0  # seconds; that of wpa_ctrl_request()
_LONGEST = 1 << 16  # bytes; replies have 8192 at most
_FAILURES = (b"FAIL", b"UNKNOWN COMMAND")


class ControlError(Exception):
    """wpa_supplicant does not answer, or refuses; the text says what, without a value."""


class NotRunning(ControlError):
    """Nobody listens at the socket."""


class NotAllowed(ControlError):
    """This user may not talk to wpa_supplicant."""


class Busy(ControlError):
    """wpa_supplicant does already what it is asked for."""


class Control:
    """A connection to one wpa_supplicant; a context manager, which closes it.

    It is connected before it has an address of its own, so that nobody else can reach it: a
    datagram of another sender is refused by the kernel (unix_may_send()).
    """

    def __init__(self, path: str) -> None:
        """Connect. Raises NotRunning, NotAllowed."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(TIMEOUT)
        try:
            self._socket.connect(path)
            self._socket.bind("")  # an abstract name: no file is left behind (unix(7), autobind)
        except PermissionError:
            self._socket.close()
            raise NotAllowed(f"{path}: {os.strerror(13)}") from None
        except OSError as error:
            self._socket.close()
            raise NotRunning(f"{path}: {error.strerror or error}") from None

    def __enter__(self) -> "Control":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def request(self, command: str) -> bytes:
        """Return the reply to a command. Raises ControlError; the text names its first word."""
        word = command.partition(" ")[0]
        try:
            self._socket.send(command.encode("utf-8", "surrogateescape"))
            reply = self._socket.recv(_LONGEST)
        except TimeoutError:
            raise ControlError(f"wpa_supplicant does not answer {word}") from None
        except OSError as error:
            raise NotRunning(f"wpa_supplicant has gone: {error.strerror}") from None
        if reply.startswith(b"FAIL-BUSY"):
            raise Busy(f"wpa_supplicant is busy: {word}")
        if reply.startswith(_FAILURES):
            raise ControlError(f"wpa_supplicant refuses {word}")
        return reply

    def events(self, seconds: float) -> Iterator[str]:
        """Yield what wpa_supplicant tells, after ATTACH, for so many seconds at most.

        Bytes that are not UTF-8 become surrogates. Raises NotRunning.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                event = self._socket.recv(_LONGEST).decode("utf-8", "surrogateescape")
            except TimeoutError:
                return
            except OSError as error:
                raise NotRunning(f"wpa_supplicant has gone: {error.strerror}") from None
            yield event.partition(">")[2] if event.startswith("<") else event


def attached(path: str) -> Control:
    """Return a connection for events alone: they would come between a request and its reply.

    Raises ControlError.
    """
    control = Control(path)
    try:
        control.request("ATTACH")
    except ControlError:
        control.__exit__()
        raise
    return control

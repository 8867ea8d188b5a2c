# SPDX-License-Identifier: LGPL-2.1-or-later
"""wpa_supplicant's file on the disk: read, and written whole or not at all."""

import os
from typing import NamedTuple

from wbond import escape
from wbond.message import ERROR
from wbond_net import regular_file

from wbond_cli import replacement
from wbond_cli.check import supplicant
from wbond_cli.check.machine import Machine
from wbond_cli.errors import UserError

_NEW_MODE = 0o600
_NOT_FOR_OTHERS = 0o770


class Saved(NamedTuple):
    """A file as it was read: its name, its true place, its content; None where there is none."""

    path: str
    place: str
    octets: bytes | None

    @property
    def text(self) -> str:
        """Return its text, with bytes that are not UTF-8 as surrogates."""
        return (self.octets or b"").decode("utf-8", "surrogateescape")

    @property
    def name(self) -> str:
        """Return its name in printable characters."""
        return escape.printable(self.path)


def read(machine: Machine, path: str) -> Saved:
    """Return a file, links followed. Raises UserError for one that cannot be read."""
    name, place = escape.printable(path), machine.real(path)
    try:
        return Saved(path, place, regular_file.read(place))
    except FileNotFoundError:
        return Saved(path, place, None)
    except PermissionError:
        raise UserError(f"{name} cannot be read by this user", "Run it with sudo.") from None
    except OSError as error:
        raise UserError(f"{name}: {error.strerror}; nothing is written") from None


def require_editable(file: Saved) -> None:
    """Raise UserError for a file that cannot be written, or that wpa_supplicant refuses.

    In such a one, a network might end up in the middle of another.
    """
    folder = os.path.dirname(file.place)
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    if not os.access(folder, os.W_OK):
        raise UserError(f"{file.name} cannot be written by this user", "Run it with sudo.")
    for found in supplicant.diagnostics(file.name, file.text):
        if found.severity == ERROR:
            text = f"{file.name}:{found.line}: {found.text}; nothing is written"
            raise UserError(text, found.remedy)


def write(file: Saved, text: str) -> None:
    """Replace a file, in its true place. Raises UserError; then the former one is still there.

    Owner and group stay, and the mode, but for what others may; a new one is its owner's alone.
    """
    octets = text.encode("utf-8", "surrogateescape")
    try:
        replacement.replace(file.place, file.octets, octets, _NEW_MODE, _NOT_FOR_OTHERS)
    except replacement.ChangedMeanwhile:
        message = f"{file.name} has just been changed by another program"
        raise UserError(message, "Run it again.") from None
    except PermissionError:
        raise UserError(
            f"{file.name} cannot be written by this user", "Run it with sudo."
        ) from None
    except OSError as error:
        raise UserError(f"{file.name}: {error.strerror}; it is not written") from None

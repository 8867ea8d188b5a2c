# SPDX-License-Identifier: LGPL-2.1-or-later
"""The file of the configuration that is edited, and how it is saved."""

import os
from typing import NamedTuple

from wbond import escape, ini
from wbond_net import regular_file

from wbond_cli import exit_status, replacement
from wbond_cli.errors import UserError

DROP_INS = "etc/wbond.conf.d"  # of an administrator; those elsewhere are packages' and programs'


class File(NamedTuple):
    """A file as it was read: below which root, its name there, its content; None if it is new.

    `start` is what is edited: the content, or that of the drop-in which a new one replaces.
    """

    root: str
    name: str
    octets: bytes | None
    start: bytes

    @property
    def title(self) -> str:
        """Return its path in printable characters."""
        return escape.printable(f"/{self.name}")

    @property
    def place(self) -> str:
        """Return where it is, links followed."""
        return os.path.realpath(os.path.join(self.root, self.name))


def find(root: str, asked: str) -> File:
    """Return the file that is asked for: a drop-in, or with nothing asked /etc/wbond.conf.

    Raises UserError for a name that no drop-in can have, and what cannot be read.
    """
    name = _drop_in(asked) if asked else ini.CONFIGURATION
    octets = _content(root, name)
    if octets is not None:
        return File(root, name, octets, octets)
    if not asked:
        raise UserError("there is no configuration", "have one written: `sudo wbond init`")
    return File(root, name, None, _replaced(root, name) or b"")


def _drop_in(asked: str) -> str:
    """Return a drop-in's name, relative to the root, by its file name or its whole path."""
    if asked == f"/{ini.CONFIGURATION}":
        return ini.CONFIGURATION
    name = os.path.basename(asked)
    if asked not in (name, f"/{DROP_INS}/{name}"):
        raise UserError(
            f"{escape.printable(asked)} is not in /{DROP_INS}",
            "name a drop-in alone, such as 50-office.conf; in that folder, it replaces one of its "
            "name elsewhere",
            exit_status.USAGE,
        )
    if not ini.is_drop_in(name):
        raise UserError(
            f"{escape.printable(name)} would not be read",
            "a drop-in's name ends in .conf and does not begin with a dot",
            exit_status.USAGE,
        )
    return f"{DROP_INS}/{name}"


def _replaced(root: str, name: str) -> bytes | None:
    """Return the content of the drop-in that one of this name in DROP_INS replaces."""
    base = os.path.basename(name)
    found = (other for other in ini.files(root) if os.path.basename(other) == base)
    return next((_content(root, other) for other in found), None)


def _content(root: str, name: str) -> bytes | None:
    """Return the content of a file, None if there is none. Raises UserError if it is unreadable."""
    try:
        return regular_file.read(os.path.join(root, name))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"{escape.printable(f'/{name}')}: {error.strerror}") from None


def save(file: File, octets: bytes) -> None:
    """Save a file. Raises UserError; then the former one is still there."""
    try:
        replacement.replace(file.place, file.octets, octets)
    except replacement.ChangedMeanwhile:
        raise UserError(
            f"{file.title} has been changed meanwhile, so it is not overwritten"
        ) from None
    except OSError as error:
        raise UserError(f"{file.title}: {error.strerror}; it is not saved") from None

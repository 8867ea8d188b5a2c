# SPDX-License-Identifier: LGPL-2.1-or-later
"""The private copy of the configuration in which a file is edited and checked."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from wbond_net import regular_file
from wbond_net.deployed import snapshot

from wbond_cli import terminal
from wbond_cli.edit.file import File
from wbond_cli.errors import UserError

FOLDER = "var/tmp"  # as sudoedit's: what is left there outlives a reboot
PREFIX = "wbond-edit-"


class Draft:
    """A folder for root alone, with the layout of the root directory, as snapshots have it.

    So the file is checked together with all others.
    """

    def __init__(self, file: File) -> None:
        """Copy the configuration. Raises OSError."""
        self._file = file
        self.folder = tempfile.mkdtemp(prefix=PREFIX, dir=os.path.join(file.root, FOLDER))
        self.path = os.path.join(self.folder, file.name)
        copies = snapshot.read_files(file.root)
        copies[file.name] = snapshot.File(file.start, 0o600, os.geteuid(), os.getegid())
        for name, copy in copies.items():
            snapshot.write_file(os.path.join(self.folder, name), copy)

    def content(self) -> bytes:
        """Return the file as it is now. Raises UserError if the editor has left none."""
        try:
            return regular_file.read(self.path)
        except OSError as error:
            raise UserError(f"what the editor has left: {error.strerror}") from None

    def is_changed(self) -> bool:
        """Tell whether the editor has left anything that would be lost with the copy."""
        try:
            return self.content() != self._file.start
        except UserError:
            return os.path.lexists(self.path)

    def discard(self) -> None:
        """Remove the copy, and what the editor has put beside it."""
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def of(file: File) -> Iterator[Draft]:
    """Give a private copy, which is removed at the end.

    After an error, what a person has written stays, and it is said where. Raises UserError where
    no copy can be made.
    """
    try:
        draft = Draft(file)
    except OSError as error:
        raise UserError(f"no copy can be made in /{FOLDER}: {error.strerror}") from None
    try:
        yield draft
    except BaseException as error:
        if not draft.is_changed():
            draft.discard()
            raise
        where = f"what you have written is in {draft.path}"
        if isinstance(error, UserError):
            raise UserError(error.message, where, error.status) from None
        terminal.complain(where)
        raise
    draft.discard()

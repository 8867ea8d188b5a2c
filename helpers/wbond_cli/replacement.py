# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file that people edit, replaced whole or not at all, unless it has been changed meanwhile."""

import os
import stat
import tempfile

from wbond_net import regular_file


class ChangedMeanwhile(Exception):
    """Somebody has written the file since it was read; it was not replaced."""


def replace(
    place: str, former: bytes | None, octets: bytes, mode: int = 0o644, mask: int = 0o7777
) -> None:
    """Replace the file at `place`, which must still hold `former`; None if there was none.

    Owner, group and mode stay, of the mode what `mask` has; a new file is the caller's, and
    its mode `mode`. Raises OSError or ChangedMeanwhile; then the former file is still there.
    """
    folder, name = os.path.split(place)
    os.makedirs(folder, exist_ok=True)
    # A leading dot: no drop-in, should it be left behind.
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name}-", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as new:
            _set_owner_and_mode(descriptor, place, mode if former is None else None, mask)
            new.write(octets)
            new.flush()
            os.fsync(descriptor)
        _require_unchanged(place, former)
        os.rename(temporary, place)
    except BaseException:
        os.unlink(temporary)
        raise


def _set_owner_and_mode(descriptor: int, place: str, mode: int | None, mask: int) -> None:
    """Give a new file this mode; with None owner and mode of the file at `place`."""
    if mode is not None:
        os.fchmod(descriptor, mode)
        return
    try:
        former, new = os.stat(place), os.fstat(descriptor)
    except FileNotFoundError:
        raise ChangedMeanwhile from None
    if (former.st_uid, former.st_gid) != (new.st_uid, new.st_gid):
        os.fchown(descriptor, former.st_uid, former.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(former.st_mode) & mask)


def _require_unchanged(place: str, former: bytes | None) -> None:
    """Raise ChangedMeanwhile if the file does not hold `former`, None being no file."""
    try:
        now: bytes | None = regular_file.read(place)
    except FileNotFoundError:
        now = None
    if now != former:
        raise ChangedMeanwhile

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files that the helpers write and remove, for other programs and for themselves."""

import os


def write(path: str, content: str | bytes, mode: int = 0o600) -> None:
    """Write a file, whole or not at all, readable by root alone unless `mode` says otherwise; a
    link is replaced, not followed.

    Raises OSError.
    """
    octets = content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
    temporary = f"{path}.new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(octets)
    os.rename(temporary, path)


def remove(path: str) -> None:
    """Remove a file or a link, if there is one. Raises OSError."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files that the DHCP clients read."""

import os


def write(path: str, content: str | bytes) -> None:
    """Write a file, whole or not at all, readable by root alone. Raises OSError."""
    octets = content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
    temporary = f"{path}.new"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(octets)
    os.rename(temporary, path)

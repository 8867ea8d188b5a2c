# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is no file to be read, and stands where one should."""

import os
from pathlib import Path


def hostile(path: Path, kind: str) -> Path:
    """Put something at a path that is no file to be read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "endless":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()
        case "huge":
            with path.open("wb") as file:
                file.truncate(1 << 40)
        case "loop":
            path.symlink_to(path.name)
    return path

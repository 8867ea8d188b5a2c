# SPDX-License-Identifier: LGPL-2.1-or-later
"""cpio archives in the form that the kernel unpacks into an initial RAM disk.

Source: Documentation/driver-api/early-userspace/buffer-format.rst ("newc").
Several may stand behind one another; each starts at a multiple of four bytes.
"""

import os
from collections.abc import Mapping
from typing import NamedTuple

_FILE, _FOLDER = 0o100000, 0o040755


class Entry(NamedTuple):
    """A file's content and permission bits."""

    content: bytes
    mode: int


def archive(files: Mapping[str, Entry]) -> bytes:
    """Return an archive of files by path (without a leading slash), with the folders they need."""
    folders = sorted({parent for path in files for parent in _parents(path)})
    records = [_record(folder, b"", _FOLDER) for folder in folders]
    records += [_record(path, entry.content, _FILE | entry.mode) for path, entry in files.items()]
    return b"".join(records) + _record("TRAILER!!!", b"", 0)


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _record(path: str, content: bytes, mode: int) -> bytes:
    name = os.fsencode(path) + b"\0"
    links = 2 if mode == _FOLDER else 1
    fields = (0, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return _padded(header + name) + _padded(content)


def _padded(octets: bytes) -> bytes:
    return octets + b"\0" * (-len(octets) % 4)

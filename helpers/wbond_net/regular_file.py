# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files that people and other programs write, read so that none of them can hold wbond up.

A name may lead to a FIFO, to a device, to a directory, or to what never ends.
"""

import errno
import os
import stat

# Bytes, as ini.SIZE_MAX: what is larger is no configuration. dhclient's leases take below 2 KB
# each, a DHCP message being an Ethernet frame at most, so that the last 500 of them fit.
LONGEST = 1 << 20


def read(path: str, longest: int = LONGEST) -> bytes:
    """Return the content of a regular file, links followed; never waits.

    Raises OSError: of the system, or EINVAL for what is no regular file, EFBIG for what has more
    than `longest` bytes; strerror says so.
    """
    octets = _read(path, longest + 1, from_end=False)
    if len(octets) > longest:
        raise OSError(errno.EFBIG, f"larger than {longest} bytes", path)
    return octets


def read_end(path: str, longest: int = LONGEST) -> bytes:
    """Return the last bytes of a regular file, at most `longest`. Raises OSError as `read`."""
    return _read(path, longest, from_end=True)


def why_not(path: str) -> str:
    """Say why `read` cannot read a file; nothing when it can."""
    try:
        descriptor = _opened(path)
    except OSError as error:
        return str(error.strerror)
    size = os.fstat(descriptor).st_size
    os.close(descriptor)
    return f"larger than {LONGEST} bytes" if size > LONGEST else ""


def _read(path: str, longest: int, from_end: bool) -> bytes:
    descriptor = _opened(path)
    try:
        if from_end and os.fstat(descriptor).st_size > longest:
            os.lseek(descriptor, -longest, os.SEEK_END)
        octets = b""
        while len(octets) < longest and (part := os.read(descriptor, longest - len(octets))):
            octets += part
        return octets
    finally:
        os.close(descriptor)


def _opened(path: str) -> int:
    """Open a regular file. Raises OSError."""
    # Not blocking: the open(2) of a FIFO waits for who writes.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no regular file", path)
    return descriptor

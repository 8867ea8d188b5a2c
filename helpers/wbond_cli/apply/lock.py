# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lock under which the configuration in force changes."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from wbond_net.deployed import snapshot

TIMEOUT = 180.0  # seconds; after that, whoever has the lock is taken for stuck


@contextmanager
def locked(root: str) -> Iterator[None]:
    """Wait until no other process changes anything; the lock ends with its process (flock(2)).

    Raises OSError where the folder of snapshots cannot be made.
    """
    os.makedirs(snapshot.folder(root), mode=0o700, exist_ok=True)
    descriptor = os.open(snapshot.folder(root), os.O_RDONLY | os.O_CLOEXEC)
    deadline = time.monotonic() + TIMEOUT
    try:
        while time.monotonic() < deadline:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.1)
        yield
    finally:
        os.close(descriptor)

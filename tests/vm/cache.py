# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keeps what takes minutes to make: a folder for each, named by the content of its recipe."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def kept(name: str, recipe: bytes, make: Callable[[Path], Path]) -> Path:
    """Return the folder that `recipe` leads to, made first where it is not there yet.

    `make` gets an empty folder to work in, and returns the folder below it that is kept, whole or
    not at all. Former folders of the same name are removed then.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wbond-lab"
    cache.mkdir(parents=True, exist_ok=True)
    done = cache / f"{name}-{hashlib.sha256(recipe).hexdigest()[:16]}"
    # Another worker may be making it, or have made it.
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            # Former folders, and what an interrupted run has left.
            for former in (*cache.glob(f"{name}-*"), *cache.glob(f".{name}*")):
                shutil.rmtree(former)
            with tempfile.TemporaryDirectory(prefix=f".{name}", dir=cache) as making:
                os.rename(make(Path(making)), done)
    return done

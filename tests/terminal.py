# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program on a terminal of its own, and what it writes there."""

import os
import select
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

LIMIT = 60.0  # seconds, until what is waited for must have come


class Terminal:
    """A pseudo-terminal (pty(7)) with a program on it; `shown` is all that came so far."""

    def __init__(self, words: Sequence[str], environ: Mapping[str, str]) -> None:
        """Start the program, with the terminal in place of its three streams."""
        self._master, slave = os.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            words, env=environ, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self.shown = ""

    def __enter__(self) -> "Terminal":
        """Return the terminal."""
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Hang up, and take care that nothing is left."""
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self._master, text.encode())

    def wait_for(self, text: str) -> None:
        """Read until a text has come, anew or before."""
        deadline = time.monotonic() + LIMIT
        while text not in self.shown:
            assert self._read(deadline), f"ended without {text!r}: {self.shown!r}"

    def end(self) -> int:
        """Read on until the program has ended; returns its exit status."""
        deadline = time.monotonic() + LIMIT
        while self._read(deadline):
            pass
        return self.process.wait(LIMIT)

    def _read(self, deadline: float) -> bool:
        """Read what there is; tells whether there may be more."""
        left = deadline - time.monotonic()
        ready, _, _ = select.select([self._master], [], [], max(0, left))
        assert ready, f"nothing more in {LIMIT:g} s: {self.shown!r}"
        try:
            octets = os.read(self._master, 1 << 16)
        except OSError:  # EIO: nobody has the other end any more
            return False
        self.shown += octets.decode("utf-8", "replace")
        return bool(octets)

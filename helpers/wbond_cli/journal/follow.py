# SPDX-License-Identifier: LGPL-2.1-or-later
"""The entries that wbond-watch writes from now on, as they come."""

import os
import select
import sys
from collections.abc import Iterator, Sequence
from typing import IO

from wbond_cli import command
from wbond_cli.journal import reader
from wbond_cli.journal.reader import Entry, Reading


def entries(reading: Reading, selection: Sequence[str]) -> Iterator[Entry]:
    """Yield the entries that come after those of a reading, which `selection` selected.

    It sleeps in between, and ends when journalctl does. Raises BrokenPipeError when nobody reads
    standard output any more, CommandError without journalctl.
    """
    # One of both: a cursor and --since= exclude each other. Without one, no entry was there.
    place = [f"--after-cursor={reading.cursor}"] if reading.cursor else selection
    with command.started(*reader.call("--follow", "--no-tail", *place)) as pipe:
        for line in _lines(pipe):
            yield from reader.parse(line)


def _lines(pipe: IO[bytes]) -> Iterator[str]:
    """Yield what comes by a pipe, line by line."""
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    poll.register(sys.stdout.fileno(), 0)  # says only that the reader has gone (POLLERR, POLLHUP)
    rest = b""
    while True:
        ready = {descriptor for descriptor, _ in poll.poll()}
        if sys.stdout.fileno() in ready:
            raise BrokenPipeError
        octets = os.read(pipe.fileno(), 1 << 16)
        if not octets:
            return
        *lines, rest = (rest + octets).split(b"\n")
        yield from (line.decode("utf-8", "surrogateescape") for line in lines)

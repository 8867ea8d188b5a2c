# SPDX-License-Identifier: LGPL-2.1-or-later
"""A question on the terminal, with a time limit; without a terminal there is no answer."""

import os
import select

ENDED = None  # nobody is there to answer


def can_ask(descriptor: int = 0) -> bool:
    """Tell whether somebody can answer."""
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def read_line(seconds: float | None, descriptor: int = 0) -> str | None:
    """Return the line typed within so many seconds, empty if none; ENDED when the terminal is gone.

    A terminal hands over a line at a time (termios(3), canonical mode). With None it waits.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if not poll.poll(None if seconds is None else max(0.0, seconds) * 1000):
        return ""
    try:
        octets = os.read(descriptor, 1024)
    except OSError:
        return ENDED
    return octets.decode("utf-8", "replace") if octets else ENDED


def is_yes(answer: str) -> bool:
    """Tell a yes from all else."""
    return answer.strip().lower() in ("y", "yes")


def is_no(answer: str) -> bool:
    """Tell a no from all else."""
    return answer.strip().lower() in ("n", "no")

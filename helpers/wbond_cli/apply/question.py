# SPDX-License-Identifier: LGPL-2.1-or-later
"""A question on the terminal, with a limit of time, and never a fault where there is none."""

import os
import select

ENDED = None  # nobody is there to answer


def possible(descriptor: int = 0) -> bool:
    """Tell whether somebody can answer."""
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def line(seconds: float | None, descriptor: int = 0) -> str | None:
    """Return the line typed within so many seconds, empty if none; ENDED when the terminal is gone.

    A terminal hands over a line at a time (termios(3), canonical mode). With None it waits.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    ready = poll.poll(None if seconds is None else max(0.0, seconds) * 1000)
    if not ready:
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

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Durations, times and bit rates as text; text that every program can read."""

import time

_STEPS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def duration(seconds: float) -> str:
    """Return a duration in its two largest units, below ten seconds with a fraction."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    rest = round(seconds)
    parts: list[str] = []
    for size, unit in _STEPS:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
        if len(parts) == 2:
            break
    return " ".join(filter(None, parts))


def clock(moment: float, now: float) -> str:
    """Return a local time of day, with the date if it is not today's."""
    local, today = time.localtime(moment), time.localtime(now)
    if local[:3] == today[:3]:
        return time.strftime("%H:%M:%S", local)
    if local[0] == today[0]:
        return time.strftime("%d %b %H:%M", local)
    return time.strftime("%Y-%m-%d", local)


def timestamp(moment: float) -> str:
    """Return a time by RFC 3339, local with its offset, to the millisecond."""
    # datetime: 4 ms, for JSON alone.
    from datetime import datetime

    return datetime.fromtimestamp(moment).astimezone().isoformat(timespec="milliseconds")


def unicode(text: str) -> str:
    """Return a text in which escapes stand for bytes that are no UTF-8 (PEP 383)."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def rate(megabits: float) -> str:
    """Return a bit rate, given in Mb/s."""
    return f"{megabits / 1000:g} Gb/s" if megabits >= 1000 else f"{megabits:g} Mb/s"

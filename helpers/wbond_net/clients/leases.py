# SPDX-License-Identifier: LGPL-2.1-or-later
"""dhclient's file of leases, dhclient.leases(5)."""

import datetime
import re
from collections.abc import Iterator
from typing import NamedTuple

from wbond import escape

_LEASE = re.compile(r"^lease \{$(.*?)^\}$", re.MULTILINE | re.DOTALL)
_LONGEST = 0xFFFFFFFE  # s; one more is for ever, to a server (RFC 2131, 3.3) and to the kernel
YEAR_5000 = 95_617_584_000  # in seconds since 1970; within what datetime can show


class Lease(NamedTuple):
    """A lease of dhclient's: whose it is, when the client will ask again, when it ends, how long.

    Moments are seconds since 1970, None where there is none; `seconds` is 0 where it is not said.
    """

    address: str
    server: str = ""
    renew: float | None = None
    expire: float | None = None
    seconds: int = 0


def parse(text: str) -> Iterator[Lease]:
    """Yield the leases of a file; of one address the last counts."""
    for block in _LEASE.findall(text):
        statements = [line.strip().rstrip(";") for line in block.splitlines()]
        said = dict(_statement(line) for line in statements)
        if address := said.get("fixed-address"):
            yield Lease(
                address,
                escape.printable(said.get("dhcp-server-identifier", "")),
                _moment(said.get("renew", "")),
                _moment(said.get("expire", "")),
                _seconds(said.get("dhcp-lease-time", "")),
            )


def _statement(line: str) -> tuple[str, str]:
    name, _, value = line.removeprefix("option ").partition(" ")
    return name, value


def _seconds(text: str) -> int:
    seconds = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0
    return seconds if seconds <= _LONGEST else 0


def _moment(text: str) -> float | None:
    """Read "4 2026/07/30 12:00:00": day of the week, then UTC; or "epoch 1785412800; # …".

    None for "never", and for what no clock shows.
    """
    words = text.replace(";", " ").split()
    try:
        if words[:1] == ["epoch"]:
            moment = float(int(words[1]))
        else:
            numbers = [int(number) for number in re.split("[/ :]", " ".join(words[1:]))]
            year, month, day, hour, minute, second = numbers
            zone = datetime.UTC
            shown = datetime.datetime(year, month, day, hour, minute, second, tzinfo=zone)
            moment = shown.timestamp()
    except (ValueError, IndexError, OverflowError):
        return None
    return moment if 0 <= moment < YEAR_5000 else None

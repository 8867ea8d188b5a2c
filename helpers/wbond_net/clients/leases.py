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

Route = tuple[str, int, str]  # destination, prefix length, gateway; empty for one on the link
_LENGTHS = {str(length): length for length in range(33)}
_CLASSLESS = "rfc3442-classless-static-routes"  # as Debian's dhclient.conf calls option 121


class Lease(NamedTuple):
    """A lease of dhclient's: whose it is, when the client will ask again, when it ends, how long.

    Moments are seconds since 1970, None where there is none; `seconds` is 0 where it is not said,
    and for a lease without an end. `routes` are those that dhclient-script(8) sets for it.
    """

    address: str
    server: str = ""
    renew: float | None = None
    expire: float | None = None
    seconds: int = 0
    routes: tuple[Route, ...] = ()


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
                tuple(_routes(said)),
            )


def _statement(line: str) -> tuple[str, str]:
    name, _, value = line.removeprefix("option ").partition(" ")
    return name, value


def _routes(said: dict[str, str]) -> Iterator[Route]:
    """Yield the routes of a lease; those by option 121 stand in place of the routers (RFC 3442)."""
    if _CLASSLESS in said:
        yield from _classless(_words(said[_CLASSLESS]))
        return
    for router in _words(said.get("routers", "")):
        yield "0.0.0.0", 0, router
        yield router, 32, ""


def _classless(octets: list[str]) -> Iterator[Route]:
    """Yield what option 121 says: a prefix length, as many octets as that needs, a router."""
    while octets and octets[0] in _LENGTHS:
        length = _LENGTHS[octets[0]]
        end = 1 + (length + 7) // 8
        destination, gateway = octets[1:end], octets[end : end + 4]
        if len(gateway) < 4:
            return
        destination += ["0"] * (4 - len(destination))
        on_link = gateway == ["0"] * 4
        yield ".".join(destination), length, "" if on_link else ".".join(gateway)
        octets = octets[end + 4 :]


def _words(value: str) -> list[str]:
    return value.replace(",", " ").split()


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

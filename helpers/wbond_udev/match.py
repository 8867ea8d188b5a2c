# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which port of the configuration a device is. Pure: the device comes as facts, not as a path.

What a device says of itself is hostile input; here it is compared and nothing else.
"""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import NamedTuple

from wbond.config import Bond, Config, Port

WIRED, WIRELESS, VIRTUAL = "wired", "wireless", ""
_IGNORES_CASE = ("match_mac", "match_usb")


class Facts(NamedTuple):
    """A network device: its name to be, WIRED, WIRELESS or VIRTUAL, and what `match_*` looks at.

    `mac` is the permanent address; a text is empty where the device has no such thing.
    """

    name: str
    kind: str
    mac: str = ""
    driver: str = ""
    path: str = ""
    usb: str = ""


class Match(NamedTuple):
    """The bond and the port that a device is."""

    bond: Bond
    port: Port


def find(config: Config, facts: Facts) -> Match | None:
    """Return the bond and port that a device is, None where it is none.

    The most specific wins: a literal name, then a section of its own, then a
    glob; among equals the more preferred port, of the bond that stands first.
    """
    for fits in (_named, _described, _globbed):
        for bond in config.bonds:
            for port in bond.ports:
                if fits(port, facts):
                    return Match(bond, port)
    return None


def needs_address(config: Config) -> bool:
    """Tell whether any port asks for the permanent address, which costs a request to the kernel."""
    return any("match_mac" in port.matches for bond in config.bonds for port in bond.ports)


def _named(port: Port, facts: Facts) -> bool:
    """A literal name takes what it names."""
    return port.literal and port.name == facts.name


def _described(port: Port, facts: Facts) -> bool:
    """A section takes hardware and radios of its kind for which all that it says holds."""
    if not port.matches or port.kind != facts.kind:
        return False
    return all(_any_glob(option, port, facts) for option in port.matches)


def _any_glob(option: str, port: Port, facts: Facts) -> bool:
    value = str(getattr(facts, option.removeprefix("match_")))
    same: Callable[[str], str] = str.lower if option in _IGNORES_CASE else str
    return bool(value) and any(
        fnmatchcase(same(value), same(glob)) for glob in port.matches[option]
    )


def _globbed(port: Port, facts: Facts) -> bool:
    """A glob takes hardware and radios of the list's kind."""
    if port.literal or port.matches or port.kind != facts.kind:
        return False
    return fnmatchcase(facts.name, port.name)

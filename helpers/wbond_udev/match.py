# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which port of the configuration a device is. Pure: the device comes as facts, not as a path.

What a device says of itself is hostile input; here it is compared and nothing else.
"""

from wbond import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wbond.config import Bond, Config, Port

WIRED, WIRELESS, VIRTUAL = "wired", "wireless", ""
_IGNORES_CASE = ("match_mac", "match_usb")


class Facts:
    """A network device: its name to be, WIRED, WIRELESS or VIRTUAL, and what `match_*` looks at.

    `mac` is the permanent address; a text is empty where the device has no such thing.
    """

    __slots__ = ("driver", "kind", "mac", "name", "path", "usb")

    # A NamedTuple would cost the module typing, half as long again as all of a query.
    def __init__(
        self, name: str, kind: str, mac: str = "", driver: str = "", path: str = "", usb: str = ""
    ) -> None:
        self.name, self.kind, self.mac = name, kind, mac
        self.driver, self.path, self.usb = driver, path, usb

    def __eq__(self, other: object) -> bool:
        """Tell whether the other is the same in all."""
        return isinstance(other, Facts) and self._values() == other._values()

    def __hash__(self) -> int:
        """Return the same number for the same device."""
        return hash(self._values())

    def __repr__(self) -> str:
        """Return what makes it again."""
        return f"Facts{self._values()!r}"

    def _values(self) -> tuple[str, ...]:
        return (self.name, self.kind, self.mac, self.driver, self.path, self.usb)


def find(config: "Config", facts: Facts) -> "tuple[Bond, Port] | None":
    """Return the bond and port that a device is, None where it is none.

    The most specific wins: a literal name, then a section of its own, then a
    glob; among equals the more preferred port, of the bond that stands first.
    """
    for fits in (_named, _described, _globbed):
        for bond in config.bonds:
            for port in bond.ports:
                if fits(port, facts):
                    return bond, port
    return None


def options(config: "Config") -> set[str]:
    """Return the `match_` options that ports have: what has to be known of a device."""
    return {option for bond in config.bonds for port in bond.ports for option in port.matches}


def _named(port: "Port", facts: Facts) -> bool:
    """A literal name takes what it names."""
    return port.literal and port.name == facts.name


def _described(port: "Port", facts: Facts) -> bool:
    """A section takes hardware and radios of its kind for which all that it says holds."""
    if not port.matches or port.kind != facts.kind:
        return False
    return all(_any_glob(option, port, facts) for option in port.matches)


def _any_glob(option: str, port: "Port", facts: Facts) -> bool:
    value = str(getattr(facts, option.removeprefix("match_")))
    same: Callable[[str], str] = str.lower if option in _IGNORES_CASE else str
    return bool(value) and any(fits(same(value), same(glob)) for glob in port.matches[option])


def _globbed(port: "Port", facts: Facts) -> bool:
    """A glob takes hardware and radios of the list's kind."""
    if port.literal or port.matches or port.kind != facts.kind:
        return False
    return fits(facts.name, port.name)


def fits(text: str, glob: str) -> bool:
    """Tell whether a glob fits a text as fnmatch(3) does, case included."""
    start = glob.removesuffix("*")
    if glob != start and not escape.is_glob(start):
        return text.startswith(start)
    # re, which fnmatch needs: 10 ms, which `en*` and its like do without.
    from fnmatch import fnmatchcase

    return fnmatchcase(text, glob)

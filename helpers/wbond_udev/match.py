# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which port of the configuration a device is. Pure: the device comes as facts, not as a path.

What a device says of itself is hostile input; here it is compared and nothing else.
"""

from wbond import escape
from wbond.escape import fits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wbond.config import Bond, Config, Port

WIRED, WIRELESS, VIRTUAL = "wired", "wireless", ""
_IGNORES_CASE = ("match_mac", "match_usb")


class Facts:
    """A network device: its name to be, WIRED, WIRELESS or VIRTUAL, and what `match_*` looks at.

    `mac` is the permanent address, or, where the kernel knows none, the one that it came
    with; a text is empty where the device has no such thing.
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
    for bond, port in candidates(config, facts):
        if not _objection(bond, port, facts):
            return bond, port
    return None


def left_out(config: "Config", facts: Facts) -> "tuple[Bond, str] | None":
    """Return the bond that a device is kept out of, and why; None for a port, and for any other."""
    found = [(bond, _objection(bond, port, facts)) for bond, port in candidates(config, facts)]
    return found[0] if found and all(reason for _, reason in found) else None


def candidates(config: "Config", facts: Facts) -> "Iterator[tuple[Bond, Port]]":
    """Yield the ports that would take a device, the most specific first, each with its bond."""
    for takes in (_named, _described, _globbed):
        for bond in config.bonds:
            for port in bond.ports:
                if takes(port, facts):
                    yield bond, port


def _objection(bond: "Bond", port: "Port", facts: Facts) -> str:
    """Return why a device is not to be this port, or nothing."""
    if bond.excludes(facts.name):
        return f"it is in `exclude` of {escape.printable(bond.name)}"
    if port.literal or port.matches or facts.kind != WIRED:
        return ""
    # 0.3 ms, which ports that are named do without.
    from wbond_udev import look_alikes

    what = look_alikes.name(facts.driver, facts.usb)
    return f"it is {what} and only looks like a cable" if what else ""


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

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What other programs are configured to do, in one form: connections, and what is left out.

Texts are as their files have them, with bytes that are not UTF-8 as surrogates, and hostile:
each is checked where it is written.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from wbond import escape

from wbond_cli.check.machine import Machine
from wbond_cli.wifi.security import Fields

BOND = "bond"
# How a family gets its addresses; UNSAID where nothing is said, and the program's default holds.
UNSAID, DHCP, STATIC, NONE = "", "dhcp", "static", "none"


class Given(NamedTuple):
    """A value, what it is called, and where it is given; `line` counts from 1, 0 for none."""

    key: str
    value: str
    file: str
    line: int


class Left(NamedTuple):
    """What is left out, and why. The value is in none of these: it may be a password."""

    file: str
    line: int
    key: str
    why: str


def where(file: str, line: int) -> str:
    """Return a place as people write it."""
    return escape.printable(f"{file}:{line}" if line else file)


class Network(NamedTuple):
    """A Wi-Fi network, with the fields that wpa_supplicant.conf(5) has for it."""

    ssid: bytes
    fields: Fields
    file: str
    line: int


class Authentication(NamedTuple):
    """802.1X on a cable, with the fields that wpa_supplicant.conf(5) has for it."""

    fields: Fields
    file: str
    line: int


class Settings:
    """What a part of a file gives: taken, left out with a reason, or told of at the end."""

    def __init__(self, entries: Iterable[Given]) -> None:
        """Take the entries in the order of their lines."""
        self.entries = list(entries)
        self._taken: set[Given] = set()

    def all(self, *keys: str) -> list[Given]:
        """Take all that is given for these keys."""
        found = [given for given in self.entries if given.key in keys]
        self._taken.update(found)
        return found

    def one(self, *keys: str) -> Given | None:
        """Take what counts of these keys, the last one that has a value."""
        return next((given for given in reversed(self.all(*keys)) if given.value), None)

    def value(self, *keys: str) -> str:
        """Take the same; returns the value alone, nothing if there is none."""
        given = self.one(*keys)
        return given.value if given else ""

    def rest(self) -> Iterator[Given]:
        """Yield what nobody has taken."""
        return (given for given in self.entries if given not in self._taken)


class Connection:
    """An interface, or several that are meant alike: how they are to be connected."""

    def __init__(self, kind: str, name: str, file: str, line: int) -> None:
        """Begin with a kind, what the program calls it, and where it is configured."""
        self.kind, self.name, self.file, self.line = kind, name, file, line
        self.names: set[str] = {name}  # by which a port names its bond
        self.interfaces: list[str] = []
        self.owner = ""  # the bond that it is a port of, by one of its names
        self.ports: list[str] = []  # of a bond
        self.methods = {4: UNSAID, 6: UNSAID}
        self.addresses: list[Given] = []
        self.gateways: list[Given] = []
        self.nameservers: list[Given] = []
        self.search: list[Given] = []
        self.metric: Given | None = None
        self.mac: Given | None = None
        self.device: Given | None = None  # the MAC address of the one that it is for
        self.options: dict[str, Given] = {}  # of a bond, by wbond's names
        self.networks: list[Network] = []
        self.authentication: Authentication | None = None  # of a cable
        self.preference = 0

    @property
    def own(self) -> list[Given]:
        """Return what is said of addresses and names."""
        return [*self.addresses, *self.gateways, *self.nameservers, *self.search]


class Found:
    """All that the readers have found; it grows."""

    def __init__(self, machine: Machine) -> None:
        """Begin with nothing of a machine."""
        self.machine = machine
        self.connections: list[Connection] = []
        self.left: list[Left] = []
        self.files: dict[str, str] = {}  # that were read, each with the program that it is of
        self.country: Given | None = None
        self.notes: list[str] = []
        self.excluded: list[str] = []  # interfaces that other programs go on with

    def leave(self, given: Given, why: str) -> None:
        """Note what is left out."""
        self.left.append(Left(given.file, given.line, given.key, why))

    def leave_rest(self, settings: Settings, ignored: Iterable[str] = ()) -> None:
        """Note what nobody has taken, but for what changes nothing here.

        A name in `ignored` that ends with a dot stands for all that begin so.
        """
        words = tuple(ignored)
        begins = tuple(word for word in words if word.endswith("."))
        for given in settings.rest():
            if given.key not in words and not given.key.startswith(begins or "\0"):
                self.leave(given, "wbond has nothing for it")

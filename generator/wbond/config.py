# SPDX-License-Identifier: LGPL-2.1-or-later
"""Document -> Config: what every option means, its type, range and default.

Every value is checked here and nowhere else, by a reader of wbond.values.
"""

from wbond import escape, values
from wbond.ini import Document, Place, Problem, Section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wbond.values import Reader

DEFAULT_MIIMON, DEFAULT_PEER_NOTIF_DELAY = 100, 300  # ms
PEER_NOTIF_DELAY_MAX = 300_000  # ms, bond_peer_notif_delay_tbl, bond_options.c
PRIORITY_WIRED, PRIORITY_WIRELESS = 200, 100  # where `priority` is not given


class Port:
    """One entry of `wired` or `wireless`, or one `[bond/NAME]` section.

    `name` is an interface, a glob, or the section's label; `matches` holds
    the section's `match_*` globs and is empty for a list entry.
    """

    __slots__ = ("kind", "matches", "name", "place", "priority", "settings")

    def __init__(self, name: str, kind: str, priority: int, place: Place) -> None:
        self.name, self.kind, self.priority, self.place = name, kind, priority, place
        self.matches: dict[str, tuple[str, ...]] = {}
        self.settings: dict[str, str] = {}

    @property
    def literal(self) -> bool:
        """True for a port that is named, not searched for."""
        return not self.matches and not escape.is_glob(self.name)


class Bond:
    """One bond; `settings` and `lists` hold only what the file says, defaults are the units'."""

    __slots__ = ("lists", "name", "place", "ports", "settings")

    def __init__(self, name: str, place: Place) -> None:
        self.name, self.place = name, place
        self.settings: dict[str, str] = {}
        self.lists: dict[str, tuple[str, ...]] = {}
        self.ports: list[Port] = []  # most preferred first


class Config:
    """All bonds of the configuration, and every problem found on the way."""

    __slots__ = ("bonds", "problems")

    def __init__(self, problems: "list[Problem]") -> None:
        self.bonds: list[Bond] = []
        self.problems = problems

    def leave_out(self, bond: Bond, reason: str) -> None:
        """Take out a bond for which no units can be written; the others stay."""
        self.bonds.remove(bond)
        text = f"{reason}; the section is ignored"
        self.problems.append(Problem(bond.place, bond.name, "", text))


# Defaults stand in the templates in units/; only what the file says is written.
BOND_SETTINGS: "dict[str, Reader]" = {
    "mode": values.mode,
    "miimon": values.integer(1, 10_000, " ms"),
    "updelay": values.integer(0, 3_600_000, " ms"),
    "downdelay": values.integer(0, 3_600_000, " ms"),
    "primary_reselect": values.choice("always", "better", "failure"),
    "peer_notif": values.integer(0, 255),
    "peer_notif_delay": values.integer(0, PEER_NOTIF_DELAY_MAX, " ms"),
    "mac": values.mac,
    "dhcp4": values.choice("dhclient", "none"),
    "dhcp6": values.choice("dhcp6c", "none"),
    "duid": values.duid,
    "dhclient_conf": values.path,
    "dhcp6c_conf": values.path,
    "supplicant_conf": values.path,
    "supplicant_driver": values.driver,
    "supplicant_bridge": values.yes_no,
    "legacy_rates": values.yes_no,
}
BOND_LISTS: "dict[str, Reader]" = {
    "wired": values.port_name,
    "wireless": values.port_name,
    "conflicts": values.unit,
    "on_failure": values.unit,
}
PORT_SETTINGS: "dict[str, Reader]" = {
    "kind": values.choice("wired", "wireless"),
    "priority": values.integer(-(2**31), 2**31 - 1),
    "supplicant_conf": values.path,
    "supplicant_driver": values.driver,
    "legacy_rates": values.yes_no,
}
PORT_LISTS: "dict[str, Reader]" = {
    f"match_{what}": values.glob for what in ("name", "mac", "driver", "path", "usb")
}
DEFAULT_PORTS = {"wired": ("en*", "eth*"), "wireless": ("wl*",)}
DELAYS = ("updelay", "downdelay", "peer_notif_delay")
_DEFAULTS_SECTION = "DEFAULT"  # configparser's


def interpret(document: Document, hostname: str) -> Config:
    """Turn sections into bonds for the host named. Never raises; problems are in the result."""
    return _Interpreter(document, hostname).config()


class _Interpreter:
    """Reads sections in order and remembers which names are taken."""

    def __init__(self, document: Document, hostname: str) -> None:
        self.document, self.sections = document, document.sections
        self.result = Config(document.problems)
        self.variants = tuple(_variants(hostname))
        self.taken: dict[str, str] = {}  # literal port -> bond

    def config(self) -> Config:
        """Bonds first, so that a port's section may stand before its bond's."""
        for section in self.sections.values():
            self._check_names(section)
        bonds = {}
        for section in self.sections.values():
            plain = "/" not in section.name and section.name != _DEFAULTS_SECTION
            if plain and (bond := self._bond(section)):
                bonds[section.name] = bond
        for section in self.sections.values():
            if "/" in section.name:
                self._port(section, bonds)
        for bond in bonds.values():
            # A stable sort: within one priority the order of the lists counts.
            bond.ports.sort(key=lambda port: -port.priority)
        self.result.bonds = list(bonds.values())
        self.result.problems.sort(key=lambda found: (found.place.file, found.place.line))
        return self.result

    def _problem(
        self, place: Place, section: str, option: str, text: "str | Callable[[], str]"
    ) -> None:
        """Note a problem; its text as a function where it takes time, for a file of rubbish."""
        self.document.problem(place, section, option, text if callable(text) else lambda: text)

    def _check_names(self, section: Section) -> None:
        """Report parents that do not exist and options that no section of this kind has."""
        for parent in section.parents:
            if parent not in self.sections:
                self._problem(section.place, section.name, "", self._no_section(parent))
        known = self._known(section)
        for option in section.options.values():
            stem, bracket, host = option.name.partition("[")
            if stem not in known:
                self._problem(option.place, section.name, option.name, _unknown(stem, known))
            elif bracket and (host in ("", "]") or host[-1] != "]"):
                text = "lacks a host's name or its ']'; ignored"
                self._problem(option.place, section.name, option.name, text)

    def _no_section(self, name: str) -> "Callable[[], str]":
        return lambda: (
            f"there is no section [{name}]{values.nearest(name, self.sections)}; left out"
        )

    def _known(self, section: Section) -> "list[str]":
        bond, port = [*BOND_SETTINGS, *BOND_LISTS], [*PORT_SETTINGS, *PORT_LISTS]
        if section.name == _DEFAULTS_SECTION:
            return bond + port
        return port if "/" in section.name else bond

    def _lookup(self, section: Section, name: str) -> "Iterator[tuple[Place, str]]":
        """Yield what is said of an option, most decisive first.

        The section itself, its parents from left to right (not their
        parents), then [DEFAULT]; in each the most special host first.
        """
        names = (section.name, *section.parents, _DEFAULTS_SECTION)
        for candidate in names:
            source = self.sections.get(candidate)
            if not source:
                continue
            for spelled in (*(f"{name}[{variant}]" for variant in self.variants), name):
                if option := source.options.get(spelled):
                    yield option.place, option.value

    def _setting(self, section: Section, name: str, reader: "Reader") -> tuple[Place, str] | None:
        """Return the checked value of a single-valued option, None where the default holds."""
        for place, text in self._lookup(section, name):
            try:
                if not text:
                    raise values.Fault("has no value")
                if "\t" in text:  # the one control character that a line may hold
                    raise values.Fault(f"'{text}' has a tab in it, which no unit file can hold")
                return place, reader(text)
            except values.Fault as fault:
                instead = "the default is used" if name != "kind" else "there is no default"
                self._problem(place, section.name, name, f"{fault}; {instead}")
                return None
        return None

    def _list(
        self, section: Section, name: str, reader: "Reader"
    ) -> tuple[Place, tuple[str, ...]] | None:
        """Return the good entries of a list option, None where it is not given."""
        for place, text in self._lookup(section, name):
            good: list[str] = []
            for entry in text.split():
                try:
                    if (value := reader(entry)) not in good:
                        good.append(value)
                except values.Fault as fault:
                    self._problem(place, section.name, name, f"{fault}; this entry is left out")
            return place, tuple(good)
        return None

    def _bond(self, section: Section) -> Bond | None:
        try:
            values.interface_name(section.name)
        except values.Fault as fault:
            self._problem(section.place, section.name, "", f"{fault}; the section is ignored")
            return None
        bond = Bond(section.name, section.place)
        for name, reader in BOND_SETTINGS.items():
            if found := self._setting(section, name, reader):
                bond.settings[name] = found[1]
        self._check_mac(section, bond)
        self._check_delays(section, bond)
        for name, reader in BOND_LISTS.items():
            if name in DEFAULT_PORTS:
                self._list_ports(section, bond, name, reader)
            elif entries := self._list(section, name, reader):
                bond.lists[name] = entries[1]
        return bond

    def _check_mac(self, section: Section, bond: Bond) -> None:
        """A bond has its address from its ports, so that of a bond says nothing."""
        named = bond.settings.get("mac", "")
        if named in self.sections and "/" not in named:
            place = next(self._lookup(section, "mac"))[0]
            text = f"'{named}' is itself a bond; the default is used"
            self._problem(place, section.name, "mac", text)
            del bond.settings["mac"]

    def _check_delays(self, section: Section, bond: Bond) -> None:
        """A delay that is no multiple of miimon would be rounded down by the kernel, silently."""
        miimon = int(bond.settings.get("miimon", DEFAULT_MIIMON))
        if "peer_notif_delay" not in bond.settings and DEFAULT_PEER_NOTIF_DELAY % miimon:
            steps = -(-DEFAULT_PEER_NOTIF_DELAY // miimon)
            bond.settings["peer_notif_delay"] = str(min(steps * miimon, PEER_NOTIF_DELAY_MAX))
        for name in DELAYS:
            value = int(bond.settings.get(name, 0))
            if value % miimon:
                rounded = value - value % miimon
                place = next(self._lookup(section, name))[0]
                text = f"{value} ms is no multiple of miimon ({miimon} ms); {rounded} ms is used"
                self._problem(place, section.name, name, text)
                bond.settings[name] = str(rounded)

    def _list_ports(self, section: Section, bond: Bond, kind: str, reader: "Reader") -> None:
        found = self._list(section, kind, reader)
        place, names = found or (section.place, DEFAULT_PORTS[kind])
        priority = PRIORITY_WIRED if kind == "wired" else PRIORITY_WIRELESS
        for name in names:
            port = Port(name, kind, priority, place)
            if port.literal:
                if name in self.sections and "/" not in name:
                    self._problem(place, section.name, kind, f"'{name}' is itself a bond; left out")
                    continue
                if name in self.taken:
                    text = f"'{name}' is a port of {self.taken[name]} already; left out here"
                    self._problem(place, section.name, kind, text)
                    continue
                self.taken[name] = bond.name
            bond.ports.append(port)

    def _port(self, section: Section, bonds: dict[str, Bond]) -> None:
        """Read a `[bond/NAME]` section."""
        owner, _, label = section.name.partition("/")
        if owner not in bonds:
            self._problem(section.place, section.name, "", _no_bond(owner, bonds))
            return
        settings = {
            name: found[1]
            for name, reader in PORT_SETTINGS.items()
            if (found := self._setting(section, name, reader))
        }
        matches = {
            name: found_list[1]
            for name, reader in PORT_LISTS.items()
            if (found_list := self._list(section, name, reader)) and found_list[1]
        }
        missing = "'kind = wired' or 'kind = wireless'" if "kind" not in settings else ""
        missing = missing or ("a match_ option" if not matches else "")
        if missing or not label:
            text = f"needs {missing or 'a name after the slash'}; the section is ignored"
            self._problem(section.place, section.name, "", text)
            return
        kind = settings.pop("kind")
        default = PRIORITY_WIRED if kind == "wired" else PRIORITY_WIRELESS
        port = Port(label, kind, int(settings.pop("priority", default)), section.place)
        port.matches, port.settings = matches, settings
        bonds[owner].ports.append(port)


def _variants(hostname: str) -> "Iterator[str]":
    """`a_b_c` -> a_b_c, a_b, a: the order in which configparser-extended tries them."""
    variant = hostname.lower()
    while variant:
        yield variant
        variant = variant.rpartition("_")[0]


def _unknown(option: str, known: list[str]) -> "Callable[[], str]":
    return lambda: f"unknown option{values.nearest(option, known)}; ignored"


def _no_bond(name: str, bonds: "Iterable[str]") -> "Callable[[], str]":
    return lambda: f"there is no bond [{name}]{values.nearest(name, bonds)}; the section is ignored"

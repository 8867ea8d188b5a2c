# SPDX-License-Identifier: LGPL-2.1-or-later
"""Document -> Config: what every option means, its type, range and default.

Every value is checked here and nowhere else, by a reader of wbond.values.
"""

from wbond import ConfigError, escape, ini, resolver, units, values
from wbond.ini import Document, Option, Place, Problem, Section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wbond.values import Reader

DEFAULT_MIIMON, DEFAULT_PEER_NOTIF_DELAY = 100, 300  # ms
PEER_NOTIF_DELAY_MAX = 300_000  # ms, bond_peer_notif_delay_tbl, bond_options.c
PRIORITIES = {"wired": 200, "wireless": 100}  # where `priority` is not given
METRIC_MAX = 2**31 - 2  # dhcpcd's has 31 bits; that of an IPv6 router may have one more


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

    @property
    def role(self) -> str:
        """Its unit's: a radio and a cable with 802.1X have wpa_supplicant."""
        authenticated = self.kind == "wireless" or "supplicant_conf" in self.settings
        return units.SUPPLICANT if authenticated else units.WIRED


class Bond:
    """One bond; `settings` and `lists` hold only what the file says, defaults are the units'."""

    __slots__ = ("lists", "name", "place", "ports", "settings")

    def __init__(self, name: str, place: Place) -> None:
        self.name, self.place = name, place
        self.settings: dict[str, str] = {}
        self.lists: dict[str, tuple[str, ...]] = {}
        self.ports: list[Port] = []  # most preferred first

    def excludes(self, name: str) -> bool:
        """Tell whether an interface is never to be a port."""
        return any(escape.fits(name, glob) for glob in self.lists.get("exclude", ()))


class Config:
    """All bonds of the configuration, and every problem found on the way."""

    __slots__ = ("bonds", "problems")

    def __init__(self, problems: "list[Problem]") -> None:
        self.bonds: list[Bond] = []
        self.problems = problems

    def leave_out(self, bond: Bond, error: Exception) -> None:
        """Take out a bond at which wbond itself has failed; the others stay."""
        self.bonds.remove(bond)
        cause = internal_error(error)
        self.problems.append(Problem(bond.place, cause.code, bond.name, arguments=cause.arguments))


def internal_error(error: Exception) -> ConfigError:
    """Turn an exception that nobody has foreseen into one that a problem can carry."""
    return ConfigError(INTERNAL_ERROR, error=f"{type(error).__name__}: {error}")


# Defaults stand in the templates in units/; only what the file says is written.
BOND_SETTINGS: "dict[str, Reader]" = {
    "mode": values.mode,
    "miimon": values.integer(1, 10_000, "ms"),
    "updelay": values.integer(0, 3_600_000, "ms"),
    "downdelay": values.integer(0, 3_600_000, "ms"),
    "primary_reselect": values.choice("always", "better", "failure"),
    "peer_notif": values.integer(0, 255),
    "peer_notif_delay": values.integer(0, PEER_NOTIF_DELAY_MAX, "ms"),
    "mac": values.mac,
    "dhcp4": values.choice("auto", "dhclient", "dhcpcd", "none"),
    "dhcp6": values.choice("auto", "dhcp6c", "dhcpcd", "none"),
    "duid": values.duid,
    "dhclient_conf": values.path,
    "dhcp6c_conf": values.path,
    "dns": values.choice("auto", "resolved", "resolvconf", "file", "none"),
    "supplicant_conf": values.path,
    "supplicant_driver": values.driver,
    "supplicant_bridge": values.yes_no,
    "legacy_rates": values.yes_no,
    "wait_online": values.choice("address", "link", "no"),
    "path": values.choice("proof", "link"),
    "metric": values.integer(1, METRIC_MAX),
}
BOND_LISTS: "dict[str, Reader]" = {
    "exclude": values.port_name,  # before the ports, which it may leave out
    "wired": values.port_name,
    "wireless": values.port_name,
    "address": values.address,
    "gateway": values.gateway,
    "nameservers": resolver.nameserver,
    "search": resolver.domain,
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
    "match_name": values.glob,
    "match_mac": values.glob_of_hexadecimal("not-a-mac-glob"),
    "match_driver": values.glob_of_driver,
    "match_path": values.glob,
    "match_usb": values.glob_of_hexadecimal("not-a-usb-glob"),
}
BOND_OPTIONS, PORT_OPTIONS = (*BOND_SETTINGS, *BOND_LISTS), (*PORT_SETTINGS, *PORT_LISTS)
OPTIONS = frozenset((*BOND_OPTIONS, *PORT_OPTIONS))
DEFAULT_PORTS = {"wired": ("en*", "eth*"), "wireless": ("wl*",)}
DELAYS = ("updelay", "downdelay", "peer_notif_delay")
INTERNAL_ERROR = "internal-error"  # the one code that is not the user's to solve
_DEFAULTS_SECTION = "DEFAULT"  # configparser's


def interpret(document: Document, hostname: str) -> Config:
    """Turn sections into bonds for the host named. Never raises; problems are in the result."""
    return _Interpreter(document, hostname).config()


class _Interpreter:
    """Reads sections in order and remembers which names are taken."""

    def __init__(self, document: Document, hostname: str) -> None:
        self.document, self.sections = document, document.sections
        self.result = Config(document.problems)
        self.variants = tuple(ini.variants(hostname))
        self.taken: dict[str, str] = {}  # literal port -> bond
        self.addresses: dict[str, str] = {}  # static address -> bond

    def config(self) -> Config:
        """Bonds first, so that a port's section may stand before its bond's."""
        bonds: dict[str, Bond] = {}
        for section in self.sections.values():
            self._isolated(section, self._check_names)
        for section in self.sections.values():
            plain = "/" not in section.name and section.name != _DEFAULTS_SECTION
            if plain and (bond := self._isolated(section, self._bond)):
                bonds[section.name] = bond
        for section in self.sections.values():
            if "/" in section.name:
                self._isolated(section, lambda section: self._port(section, bonds))
        for bond in bonds.values():
            # A stable sort: within one priority the order of the lists counts.
            bond.ports.sort(key=lambda port: -port.priority)
        self._check_metrics(bonds)
        self.result.bonds = list(bonds.values())
        self.result.problems.sort(key=lambda problem: (problem.place.file, problem.place.line))
        if self.result.problems:
            from wbond import secrets  # costs 0.2 ms: only where something is wrong

            secrets.hide(self.document, self.result.problems, OPTIONS)
        return self.result

    def _isolated(
        self, section: Section, read: "Callable[[Section], Bond | None]"
    ) -> "Bond | None":
        """Read a section; where wbond itself fails at it, that costs the section alone."""
        try:
            return read(section)
        except Exception as error:
            self.document.problem(section.place, internal_error(error), section.name)
            return None

    def _check_names(self, section: Section) -> None:
        """Report parents that do not exist and options that no section of this kind has."""
        for parent, place in section.parents.items():
            if parent not in self.sections:
                error = ConfigError("no-such-parent", known=self.sections)
                self.document.problem(place, error, section.name, value=parent)
        known = _known(section)
        for option in section.options.values():
            stem, bracket, host = option.name.partition("[")
            if stem not in known:
                error = _unknown_option(stem, known)
            elif bracket and (host in ("", "]") or host[-1] != "]"):
                error = ConfigError("bad-host")
            else:
                continue
            self.document.problem(option.place, error, section.name, option.name, stem)

    def _lookup(self, section: Section, name: str) -> "Iterator[Option]":
        """Yield the assignments of an option, most decisive first.

        Those of the section itself, of its parents from left to right (not of
        their parents), then of [DEFAULT]; in each the most special host first.
        """
        for candidate in (section.name, *section.parents, _DEFAULTS_SECTION):
            source = self.sections.get(candidate)
            if not source:
                continue
            for spelled in (*(f"{name}[{variant}]" for variant in self.variants), name):
                if option := source.options.get(spelled):
                    yield option

    def _setting(self, section: Section, name: str, reader: "Reader") -> str:
        """Return the checked value of a single-valued option, nothing where the default holds."""
        for option in self._lookup(section, name):
            value = option.value
            try:
                if not value:
                    raise ConfigError("empty-value")
                if "\t" in value:  # the one control character that a line may hold
                    raise ConfigError("tab-in-value")
                return reader(value)
            except ConfigError as error:
                effect = "default" if name != "kind" else "no-default"
                place = option.value_place
                self.document.problem(place, error, section.name, name, value, effect)
                return ""
        return ""

    def _list(
        self, section: Section, name: str, reader: "Reader", twice: str = ""
    ) -> "list[tuple[str, Place]] | None":
        """Return the good entries of a list option, each once; None where it is not given.

        `twice` is the code for one that is there again, nothing where that does no harm.
        """
        for option in self._lookup(section, name):
            good: dict[str, Place] = {}
            for entry, place in option.entries():
                try:
                    value = reader(entry)
                    if twice and value in good:
                        raise ConfigError(twice)
                    good.setdefault(value, place)
                except ConfigError as error:
                    self.document.problem(place, error, section.name, name, entry, "entry")
            return list(good.items())
        return None

    def _bond(self, section: Section) -> Bond | None:
        try:
            values.interface_name(section.name)
        except ConfigError as error:
            place, name = section.place, section.name
            self.document.problem(place, error, name, value=name, effect="section")
            return None
        bond = Bond(section.name, section.place)
        for name, reader in BOND_SETTINGS.items():
            if value := self._setting(section, name, reader):
                bond.settings[name] = value
        self._check_mac(section, bond)
        self._check_delays(section, bond)
        for name, reader in BOND_LISTS.items():
            if name in DEFAULT_PORTS:
                self._list_ports(section, bond, name, reader)
            elif name in ("address", "gateway"):
                self._list_own(section, bond, name, reader)
            elif (entries := self._list(section, name, reader)) is not None:
                bond.lists[name] = tuple(entry for entry, _ in entries)
        return bond

    def _check_mac(self, section: Section, bond: Bond) -> None:
        """Refuse a bond's name: a bond takes its address from its ports, in a circle."""
        named = bond.settings.get("mac", "")
        if named in self.sections and "/" not in named:
            place = next(self._lookup(section, "mac")).value_place
            error = ConfigError("mac-of-a-bond")
            self.document.problem(place, error, section.name, "mac", named, "default")
            del bond.settings["mac"]

    def _check_delays(self, section: Section, bond: Bond) -> None:
        """Round delays to multiples of miimon, and tell: the kernel would do so silently."""
        miimon = int(bond.settings.get("miimon", DEFAULT_MIIMON))
        if "peer_notif_delay" not in bond.settings and DEFAULT_PEER_NOTIF_DELAY % miimon:
            steps = -(-DEFAULT_PEER_NOTIF_DELAY // miimon)
            bond.settings["peer_notif_delay"] = str(min(steps * miimon, PEER_NOTIF_DELAY_MAX))
        for name in DELAYS:
            value = int(bond.settings.get(name, 0))
            if value % miimon:
                rounded = value - value % miimon
                place = next(self._lookup(section, name)).value_place
                error = ConfigError("not-a-multiple", miimon=miimon, rounded=rounded)
                self.document.problem(place, error, section.name, name, str(value))
                bond.settings[name] = str(rounded)

    def _list_ports(self, section: Section, bond: Bond, kind: str, reader: "Reader") -> None:
        entries = self._list(section, kind, reader)
        if entries is None:
            entries = [(name, section.place) for name in DEFAULT_PORTS[kind]]
        for name, place in entries:
            port = Port(name, kind, PRIORITIES[kind], place)
            if port.literal:
                if name in self.sections and "/" not in name:
                    error = ConfigError("port-is-a-bond")
                elif bond.excludes(name):
                    error = ConfigError("port-is-excluded")
                elif name in self.taken:
                    error = ConfigError("port-of-another-bond", owner=self.taken[name])
                else:
                    self.taken[name] = bond.name
                    bond.ports.append(port)
                    continue
                self.document.problem(place, error, section.name, kind, name, "entry")
            else:
                bond.ports.append(port)

    def _list_own(self, section: Section, bond: Bond, name: str, reader: "Reader") -> None:
        """Read `address` and, behind it, `gateway`: what stands in one must fit the other."""
        if entries := self._list(section, name, reader, "address-twice"):
            from wbond import addresses  # as its reader does

            good, faults = addresses.sort_out(name, entries, bond, self.addresses)
            bond.lists[name] = tuple(good)
            for place, error, entry in faults:
                self.document.problem(place, error, section.name, name, entry, "entry")

    def _check_metrics(self, bonds: dict[str, Bond]) -> None:
        """Give each bond a metric that no other has."""
        if len(bonds) < 2:
            return
        from wbond import metrics  # costs 0.2 ms: only where there are several

        for name, error in metrics.distinguish(bonds):
            given = next(self._lookup(self.sections[name], "metric"))
            self.document.problem(given.value_place, error, name, "metric", given.value, "default")

    def _port(self, section: Section, bonds: dict[str, Bond]) -> None:
        """Read a `[bond/NAME]` section."""
        owner, _, label = section.name.partition("/")
        if owner not in bonds:
            start = section.place.column
            place = Place(section.place.file, section.place.line, start, start + len(owner))
            error = ConfigError("no-such-bond", known=bonds)
            self.document.problem(place, error, section.name, value=owner)
            return
        settings = {
            name: value
            for name, reader in PORT_SETTINGS.items()
            if (value := self._setting(section, name, reader))
        }
        matches = {
            name: tuple(entry for entry, _ in entries)
            for name, reader in PORT_LISTS.items()
            if (entries := self._list(section, name, reader))
        }
        if missing := _missing(settings, matches, label):
            name = section.name
            self.document.problem(section.place, ConfigError(missing), name, value=name)
            return
        kind = settings.pop("kind")
        port = Port(label, kind, int(settings.pop("priority", PRIORITIES[kind])), section.place)
        if kind == "wired":
            from wbond import cable_authentication  # costs 0.2 ms: only for what is a cable

            settings = cable_authentication.settings(section, self.sections, settings)
        port.matches, port.settings = matches, settings
        bonds[owner].ports.append(port)


def _known(section: Section) -> "list[str]":
    """Return the options that a section may have."""
    if section.name == _DEFAULTS_SECTION:
        return [*BOND_OPTIONS, *PORT_OPTIONS]
    return [*(PORT_OPTIONS if "/" in section.name else BOND_OPTIONS)]


def _unknown_option(name: str, known: "list[str]") -> ConfigError:
    """Tell an option that stands in the wrong section from one that there is not."""
    if name not in OPTIONS:
        return ConfigError("unknown-option", known=known)
    return ConfigError("bond-option-of-a-port" if name in BOND_OPTIONS else "port-option-of-a-bond")


def _missing(settings: dict[str, str], matches: "dict[str, tuple[str, ...]]", label: str) -> str:
    """Return the code of what a port's section lacks, nothing where it lacks nothing."""
    if "kind" not in settings:
        return "port-without-kind"
    if not matches:
        return "port-without-match"
    return "" if label else "port-without-name"

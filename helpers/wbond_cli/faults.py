# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can be wrong with a machine that is to have the configured bonds: CHECKS, one a fault.

An error keeps a bond, a port or an address from working; a warning may disturb
them or gives something away; a note says what a person may not expect.
"""

import os
import shlex
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from wbond import escape
from wbond.config import Bond, Config, Port
from wbond_net import ifupdown
from wbond_udev import match
from wbond_udev.match import WIRED, WIRELESS, Facts

from wbond_cli import hardware
from wbond_cli.findings import ERROR, NOTE, WARNING, Finding
from wbond_cli.hardware import Adapter
from wbond_cli.machine import Machine

# The units' defaults (units/*.service); a test compares them.
SUPPLICANT_CONF = "/etc/wpa_supplicant/wpa_supplicant.conf"
DHCP6C_CONF = "/etc/wide-dhcpv6/dhcp6c.conf"
RULES = "90-wbond.rules"
_RULES_FOLDERS = ("etc/udev", "run/udev", "usr/local/lib/udev", "usr/lib/udev", "lib/udev")
_GENERATOR = "wbond-generator"
_GENERATOR_FOLDERS = tuple(
    f"{folder}/system-generators"
    for folder in (
        "run/systemd",
        "etc/systemd",
        "usr/local/lib/systemd",
        "usr/lib/systemd",
        "lib/systemd",
    )
)
TEMPLATES = (
    *("wbond@", "wbond-watch@", "wbond-plug@", "wbond-found@", "wbond-wait-online@"),
    *("bond0-wired@", "bond0-supplicant@", "dhclient@", "dhcp6c@"),
)
_NETWORKD_ASKS_UDEV = 254  # heeds ID_NET_MANAGED_BY (systemd's NEWS)


class Site(NamedTuple):
    """A machine and what is wanted of it: the material of every check."""

    machine: Machine
    wishes: Config
    adapters: list[Adapter]

    def places(self) -> Iterator[tuple[Adapter, match.Match]]:
        """Yield the adapters that are there and are ports, with their places."""
        for adapter in self.adapters:
            if found := match.find(self.wishes, adapter.facts):
                yield adapter, found

    def ports(self) -> Iterator[tuple[Bond, Port]]:
        """Yield every port of the configuration."""
        for bond in self.wishes.bonds:
            for port in bond.ports:
                yield bond, port

    def interfaces(self) -> dict[str, str]:
        """Return the names of ports, present or named literally, and of bonds; what each is."""
        found = {bond.name: "bond" for bond in self.wishes.bonds}
        found |= {port.name: port.kind for _, port in self.ports() if port.literal}
        return found | {adapter.facts.name: place.port.kind for adapter, place in self.places()}

    def wants_radio(self) -> bool:
        """Tell whether a radio may ever be a port."""
        return any(port.kind == WIRELESS for _, port in self.ports())

    def has_radio(self) -> bool:
        """Tell whether a radio is to be a port now: one is there, or named literally."""
        return WIRELESS in self.interfaces().values()

    def wants(self, option: str) -> bool:
        """Tell whether a bond starts a DHCP client; `none` is the only other value."""
        return any(bond.settings.get(option) != "none" for bond in self.wishes.bonds)


Check = Callable[[Site], Iterator[Finding]]
Sections = dict[str, dict[str, list[str]]]  # of a file: section, key, all values given


def survey(machine: Machine, wishes: Config) -> Site:
    """Look at the hardware, once for all checks."""
    return Site(machine, wishes, hardware.adapters(machine))


def findings(site: Site) -> Iterator[Finding]:
    """Yield what the checks find, in their order."""
    for check in CHECKS:
        yield from check(site)


# --- what wbond needs -----------------------------------------------------------


class Need(NamedTuple):
    """A program or Python module, the package that has it on Debian and on Arch, and what for."""

    name: str
    debian: str
    arch: str
    purpose: str


_ALWAYS = (
    Need("ip", "iproute2", "iproute2", "no bond is made"),
    Need("udevadm", "udev", "systemd", "ports found by globs have no rank"),
    Need("modprobe", "kmod", "kmod", "the bonding module is not loaded as it is to be"),
)
_RADIO = Need("wpa_supplicant", "wpasupplicant", "wpa_supplicant", "no radio connects")
_RATES = Need("iw", "iw", "iw", "radios are not asked to leave 802.11b's rates")
_DHCLIENT = Need("dhclient", "isc-dhcp-client", "dhclient", "no address comes by DHCPv4")
_DHCP6C = Need("dhcp6c", "wide-dhcpv6-client", "wide-dhcpv6", "no address comes by DHCPv6")
_MODULES = (
    Need("systemd", "python3-systemd", "python-systemd", "wbond-watch does not start"),
    Need("pyudev", "python3-pyudev", "python-pyudev", "ports found by globs do not join"),
)


def installation(site: Site) -> Iterator[Finding]:
    """Parts of wbond itself."""
    machine = site.machine
    units = [f"{name}.service" for name in TEMPLATES]
    there = {unit: machine.has_unit(unit) for unit in units}
    there[_GENERATOR] = bool(_first(machine, _GENERATOR_FOLDERS, _GENERATOR))
    there[RULES] = bool(_rules(machine))
    lacking = [name for name, is_there in there.items() if not is_there]
    if lacking:
        parts = "" if len(lacking) == len(there) else f" as a whole; {', '.join(lacking)} lacking"
        text = f"wbond is not installed{parts}"
        remedy = "Install it: `sudo make install` in a checkout, or the package; a part may also "
        yield Finding(ERROR, text, remedy + "be masked, by an empty file or a link to /dev/null.")


def _rules(machine: Machine) -> str:
    return _first(machine, tuple(f"{folder}/rules.d" for folder in _RULES_FOLDERS), RULES)


def _first(machine: Machine, folders: tuple[str, ...], name: str) -> str:
    """Return the path by which a file is taken, nothing where it is absent or masked."""
    for folder in folders:
        path = f"{folder}/{name}"
        if os.path.lexists(os.path.join(machine.root, path)):
            return "" if machine.masks(path) else path
    return ""


def programs(site: Site) -> Iterator[Finding]:
    """Programs that the units call, and modules that the helpers import."""
    for need, severity in _needs(site):
        if not site.machine.which(need.name):
            yield _missing(site.machine, need, "the program", severity)
    for need in _MODULES:
        if not site.machine.has_python_module(need.name):
            yield _missing(site.machine, need, "the Python module", ERROR)


def _needs(site: Site) -> Iterator[tuple[Need, str]]:
    yield from ((need, ERROR) for need in _ALWAYS)
    if site.wants_radio():
        yield _RADIO, ERROR if site.has_radio() else NOTE
        yield _RATES, WARNING if site.has_radio() else NOTE
    if site.wants("dhcp4"):
        yield _DHCLIENT, ERROR
    if site.wants("dhcp6"):
        yield _DHCP6C, ERROR


def missing_programs(site: Site) -> list[str]:
    """Name the programs that are wanted and not there."""
    return [need.name for need, _ in _needs(site) if not site.machine.which(need.name)]


def _missing(machine: Machine, need: Need, what: str, severity: str) -> Finding:
    text = f"{what} {need.name} is not installed: {need.purpose}"
    return Finding(severity, text, _install(machine, need))


def _install(machine: Machine, need: Need) -> str:
    words = machine.distribution()
    instead = {"dhclient": "dhcp4 = none", "dhcp6c": "dhcp6 = none"}.get(need.name)
    otherwise = f", or say {instead} in the bond's section" if instead else ""
    if "arch" in words:
        if need is _DHCP6C:
            return f"Install {need.arch} from the AUR{otherwise}."
        return f"Install it: `sudo pacman -S {need.arch}`{otherwise}."
    if "debian" in words or "ubuntu" in words:
        return f"Install it: `sudo apt install {need.debian}`{otherwise}."
    return f"Install the package that has it; Debian's is {need.debian}{otherwise}."


def bonding_module(site: Site) -> Iterator[Finding]:
    """The kernel's bonding driver."""
    machine = site.machine
    if machine.running and machine.exists("sys/module/bonding"):
        return
    if not any(_has_module(machine, release, "bonding") for release in machine.kernels()):
        which = " that runs" if machine.running else ""
        text = f"the kernel{which} has no bonding module: no bond is made"
        remedy = "Boot a kernel with CONFIG_BONDING, such as Debian's linux-image-amd64; "
        yield Finding(ERROR, text, remedy + "after an update of the kernel, reboot.")
    for name in machine.names("etc/modprobe.d"):
        lines = machine.read(f"etc/modprobe.d/{name}").splitlines()
        for number, line in enumerate(lines, 1):
            if name.endswith(".conf") and line.split()[:2] == ["install", "bonding"]:
                text = "a command is run in place of loading the bonding module"
                file = f"/etc/modprobe.d/{name}"
                yield Finding(ERROR, text, "Take the line out.", file, number)


def _has_module(machine: Machine, release: str, name: str) -> bool:
    """Tell whether a kernel has a module, built in or as a file, compressed or not."""
    for index in ("modules.builtin", "modules.dep"):
        for line in machine.read(f"lib/modules/{release}/{index}").splitlines():
            if os.path.basename(line.partition(":")[0]).partition(".")[0] == name:
                return True
    return False


def machine_id(site: Site) -> Iterator[Finding]:
    """The DUID and a stable MAC address are derived from the machine id."""
    derived = any(
        bond.settings.get("duid", "auto") == "auto" or bond.settings.get("mac") == "stable"
        for bond in site.wishes.bonds
    )
    text = site.machine.read("etc/machine-id").strip()
    if derived and (len(text) != 32 or set(text) - set("0123456789abcdef")):
        told = "holds no machine id: no DHCP client starts with duid = auto"
        remedy = "Make one: `sudo systemd-machine-id-setup`."
        yield Finding(ERROR, told, remedy, "/etc/machine-id")


# --- ports and radios -----------------------------------------------------------


def ports_absent(site: Site) -> Iterator[Finding]:
    """Ports that are named and not there; a bond of which none is there."""
    there = {adapter.facts.name for adapter in site.adapters}
    there |= set(site.machine.names(hardware.FOLDER))
    if not there:
        return  # a machine that does not run shows no hardware
    for bond in site.wishes.bonds:
        for kind in (WIRED, WIRELESS):
            yield from _absent(site, bond, kind, there)
    owners = {place.bond.name for _, place in site.places()}
    owners |= {bond.name for bond, port in site.ports() if port.literal and port.name in there}
    for bond in site.wishes.bonds:
        if bond.name not in owners:
            text = f"no port of {bond.name} is there: it has no link, and no address"
            remedy = f"{_others(site, WIRED)} {_others(site, WIRELESS)}"
            yield Finding(WARNING, text, remedy, bond.place.file, bond.place.line, bond.name)


def _absent(site: Site, bond: Bond, kind: str, there: set[str]) -> Iterator[Finding]:
    named = [port for port in bond.ports if port.literal and port.kind == kind]
    absent = [port for port in named if port.name not in there]
    if absent:
        text = f"not there now: {', '.join(port.name for port in absent)}"
        remedy = f"It joins when it is plugged in. {_others(site, kind)}"
        yield Finding(NOTE, text, remedy, *_where(absent[0]), bond.name, kind)


def _where(port: Port) -> tuple[str, int]:
    return port.place.file, port.place.line


def _others(site: Site, kind: str) -> str:
    names = [adapter.facts.name for adapter in site.adapters if adapter.facts.kind == kind]
    what = "Cables" if kind == WIRED else "Radios"
    return f"{what} that are there: {', '.join(names) or 'none'}."


def kinds_exchanged(site: Site) -> Iterator[Finding]:
    """A radio among the cables has no wpa_supplicant; a cable among the radios no use for it."""
    for adapter, (bond, port) in site.places():
        if adapter.facts.kind != port.kind:
            is_, stands = ("a radio", WIRED) if port.kind == WIRED else ("a cable", WIRELESS)
            text = f"{port.name} is {is_}, and stands in {stands}"
            remedy = f"Move it to {adapter.facts.kind}."
            yield Finding(ERROR, text, remedy, *_where(port), bond.name, port.kind)


def radios_blocked(site: Site) -> Iterator[Finding]:
    """A radio that rfkill blocks joins later, by itself."""
    for adapter, _ in site.places():
        if adapter.blocked:
            text = f"{adapter.facts.name} is blocked by rfkill ({adapter.blocked})"
            how = "by its switch" if adapter.blocked == "hard" else "`rfkill unblock wifi`"
            yield Finding(NOTE, text, f"It joins when it is unblocked: {how}.")


def supplicant_files(site: Site) -> Iterator[Finding]:
    """wpa_supplicant's configuration: there for every radio, and secret."""
    for path, radios in _supplicant_files(site).items():
        try:
            status = site.machine.status(path)
        except PermissionError:
            text = "cannot be looked at by this user"
            yield Finding(NOTE, text, "Run `sudo wbond check`.", path)
            continue
        if status is None:
            known = any(radios)
            who = ", ".join(filter(None, radios)) or "a radio that is plugged in"
            text = f"does not exist: {who} {'does' if known else 'would'} not connect"
            remedy = "Have one made: `sudo wbond init --ssid SSID`, SSID being the network's name."
            yield Finding(ERROR if known else NOTE, text, remedy, path)
        else:
            yield from _supplicant_file(site.machine, path, status)


def _supplicant_files(site: Site) -> dict[str, list[str]]:
    """Return the files that will be read, each with the radios that read it; "" for any other."""
    found: dict[str, list[str]] = {}

    def add(bond: Bond, port: Port, name: str) -> None:
        path = supplicant_file(site.machine, bond, port, name)
        if name not in (names := found.setdefault(path, [])):
            names.append(name)

    for adapter, (bond, port) in site.places():
        if port.kind == WIRELESS:
            add(bond, port, adapter.facts.name)
    for bond, port in site.ports():
        if port.kind == WIRELESS:
            add(bond, port, port.name if port.literal else "")
    return found


def supplicant_file(machine: Machine, bond: Bond, port: Port, name: str) -> str:
    """Return the file that wpa_supplicant reads for a radio (wbond_net.port)."""
    shared = bond.settings.get("supplicant_conf", SUPPLICANT_CONF)
    shared = port.settings.get("supplicant_conf", shared)
    own = os.path.join(os.path.dirname(shared), f"wpa_supplicant-{name}.conf")
    try:
        return own if name and machine.status(own) else shared
    except PermissionError:
        return shared


def _supplicant_file(machine: Machine, path: str, status: os.stat_result) -> Iterator[Finding]:
    if not os.path.isfile(machine.real(path)):
        remedy = "Name a file by supplicant_conf, or put one in this place."
        yield Finding(ERROR, "is no file that wpa_supplicant could read", remedy, path)
        return
    if status.st_mode & 0o004:
        text = "can be read by every user, with the passwords in it"
        yield Finding(WARNING, text, f"Run `sudo chmod 0600 {path}`.", path)
    text = machine.read(path)
    # An ordinary user may not read it, as is right.
    if (text or os.access(machine.real(path), os.R_OK)) and not _networks(text):
        told = "has no network={ } block: no radio connects"
        remedy = "Add the network's name and password, see wpa_supplicant.conf(5)."
        yield Finding(ERROR, told, remedy, path)


def _networks(text: str) -> bool:
    starts = ("network={", "cred={", "include=", "ext_password_backend=")
    lines = ("".join(line.split()) for line in text.splitlines())
    return any(line.startswith(starts) for line in lines)


def client_files(site: Site) -> Iterator[Finding]:
    """The DHCP clients' own configuration, where one is named; and Debian's for dhcp6c."""
    for bond in site.wishes.bonds:
        for option, client in (("dhclient_conf", "dhcp4"), ("dhcp6c_conf", "dhcp6")):
            path = bond.settings.get(option, "")
            if path and bond.settings.get(client) != "none" and not site.machine.exists(path):
                text = f"{path} does not exist: {bond.name}'s client works with defaults"
                remedy = f"Make the file, or take {option} out."
                yield Finding(WARNING, text, remedy, bond.place.file, 0, bond.name, option)
    for path in sorted(_dhcp6c_files(site)):
        words = _without_comments(site.machine.read(path)).replace(";", " ; ").split()
        if "information-only" in words:
            text = "asks for information only: no address comes by DHCPv6, others by SLAAC"
            remedy = "Write `send ia-na 1;` in its place and `id-assoc na 1 { };` at the end, "
            yield Finding(NOTE, text, remedy + "or say dhcp6 = none.", path)


def _dhcp6c_files(site: Site) -> set[str]:
    return {
        bond.settings.get("dhcp6c_conf", DHCP6C_CONF)
        for bond in site.wishes.bonds
        if bond.settings.get("dhcp6") != "none"
    }


def _without_comments(text: str) -> str:
    return "\n".join(line.partition("#")[0] for line in text.splitlines())


# --- others on the same ports -----------------------------------------------------


def bonds_of_others(site: Site) -> Iterator[Finding]:
    """An interface with the bond's name that wbond did not make: it is left alone then."""
    for bond in site.wishes.bonds:
        folder = f"{hardware.FOLDER}/{bond.name}"
        if not site.machine.exists(folder) or site.machine.exists(f"run/wbond/{bond.name}"):
            continue
        where = (bond.place.file, bond.place.line, bond.name)
        remedy = f"Stop what makes it; then `sudo ip link delete dev {bond.name}`."
        if not site.machine.exists(f"{folder}/bonding"):
            yield Finding(ERROR, f"{bond.name} is there, and is no bond", remedy, *where)
        elif site.machine.attribute(f"{folder}/bonding/slaves"):
            text = f"{bond.name} is there, with ports that wbond did not give it"
            yield Finding(ERROR, text, remedy, *where)


def ifupdown_stanzas(site: Site) -> Iterator[Finding]:
    """Stanzas of /etc/network/interfaces for a port or a bond."""
    if not site.machine.which("ifup"):
        return
    for name in sorted(site.interfaces()):
        for place in ifupdown.stanzas(name, site.machine.root):
            file, _, line = place.rpartition(":")
            file = f"/{os.path.relpath(file, site.machine.root)}"
            text = f"ifupdown configures {name} as well: two programs disturb each other"
            yield Finding(WARNING, text, f"Take {name} out there.", file, int(line))


class Rival(NamedTuple):
    """A distribution's unit that configures ports: a glob of names, `{}` standing for a port's."""

    unit: str
    does: str


# Not wpa_supplicant.service: it waits on D-Bus to be asked, by NetworkManager for one.
_RIVALS = (
    Rival("wpa_supplicant@{}.service", "runs wpa_supplicant for {}"),
    Rival("wpa_supplicant-nl80211@{}.service", "runs wpa_supplicant for {}"),
    Rival("wpa_supplicant-wired@{}.service", "runs wpa_supplicant for {}"),
    Rival("dhclient@{}.service", "starts dhclient for {}, as wbond-watch does for bonds"),
    Rival("dhcp6c@{}.service", "starts dhcp6c for {}, as wbond-watch does for bonds"),
    Rival("dhcpcd@{}.service", "runs dhcpcd for {}"),
    Rival("netctl-auto@{}.service", "runs netctl for {}"),
    Rival("netctl-ifplugd@{}.service", "runs netctl for {}"),
    Rival("dhcpcd.service", "configures every interface"),
    Rival("iwd.service", "takes every radio"),
    Rival("connman.service", "configures every interface"),
    Rival("wicked.service", "configures the interfaces that it knows"),
)


def rival_units(site: Site) -> Iterator[Finding]:
    """Units of distributions that are enabled and do what wbond's do."""
    enabled = sorted(set(site.machine.enabled()))
    names = sorted(site.interfaces())
    for rival in _RIVALS:
        if rival.unit == "iwd.service" and not site.wants_radio():
            continue
        for name in names if "{}" in rival.unit else [""]:
            unit = rival.unit.replace("{}", escape.unit_instance(name))
            if unit in enabled and not _denied(site, unit, names):
                text = f"{unit} is enabled: it {rival.does.replace('{}', name)}"
                yield Finding(WARNING, text, f"Run `sudo systemctl disable '{unit}'`.")


def _denied(site: Site, unit: str, names: list[str]) -> bool:
    """Tell whether dhcpcd is told to leave all these interfaces alone (dhcpcd.conf(5))."""
    if unit != "dhcpcd.service":
        return False
    denied: list[str] = []
    for line in site.machine.read("etc/dhcpcd.conf").splitlines():
        word, *globs = line.split() or [""]
        if word == "denyinterfaces":
            denied += globs
    return all(any(fnmatchcase(name, glob) for glob in denied) for name in names)


def wide_dhcpv6(site: Site) -> Iterator[Finding]:
    """Debian's init script for dhcp6c: a second client would take the first one's answers."""
    machine, file = site.machine, "etc/default/wide-dhcpv6-client"
    levels = [name for level in "2345" for name in machine.names(f"etc/rc{level}.d")]
    started = any(name[:1] == "S" and name.endswith("wide-dhcpv6-client") for name in levels)
    if not started or os.path.lexists(
        os.path.join(machine.root, "etc/systemd/system/wide-dhcpv6-client.service")
    ):
        return
    for number, line in enumerate(machine.read(file).splitlines(), 1):
        name, _, value = line.strip().partition("=")
        if name == "INTERFACES" and value.strip("\"' "):
            text = f"an init script starts a second dhcp6c, on {value.strip(chr(34))}"
            remedy = 'Write INTERFACES="", or `sudo systemctl disable wide-dhcpv6-client`.'
            yield Finding(WARNING, text, remedy, f"/{file}", number)


def network_manager(site: Site) -> Iterator[Finding]:
    """NetworkManager leaves ports alone by udev's word; not what it is told to make itself."""
    if "NetworkManager.service" not in site.machine.enabled():
        return
    names = site.interfaces()
    folder = "etc/NetworkManager/system-connections"
    for file in site.machine.names(folder):
        settings = _ini(site.machine.read(f"{folder}/{file}")).get("connection", {})
        name = settings.get("interface-name", [""])[-1]
        if names.get(name) == "bond" and settings.get("autoconnect", ["true"])[-1] != "false":
            text = f"NetworkManager makes {name} by itself from this file"
            known_as = settings.get("id", [file])[-1]
            remedy = f"Delete it: `sudo nmcli connection delete id {shlex.quote(known_as)}`."
            yield Finding(ERROR, text, remedy, f"/{folder}/{file}")


def networkd(site: Site) -> Iterator[Finding]:
    """systemd-networkd must not make the bond; before 254 its files must not match a port."""
    if "systemd-networkd.service" not in site.machine.enabled():
        return
    for path, sections in _files_of_networkd(site.machine, ".netdev"):
        name = sections.get("NetDev", {}).get("Name", [""])[-1]
        if name in (bond.name for bond in site.wishes.bonds):
            text = f"systemd-networkd makes {name} by itself from this file"
            yield Finding(ERROR, text, f"Remove the file; {name} is wbond's to make.", path)
    version = site.machine.systemd_version()
    if version >= _NETWORKD_ASKS_UDEV and _rules(site.machine):
        return
    present = {adapter.facts.name: adapter.facts for adapter in site.adapters}
    takes: dict[str, list[str]] = {}
    for name, kind in sorted(site.interfaces().items()):
        if path := _file_of_networkd(site.machine, present.get(name, Facts(name, kind))):
            takes.setdefault(path, []).append(name)
    for path, names in takes.items():
        text = f"systemd-networkd {version or ''}".strip()
        text += f" configures {', '.join(names)} as well, by this file"
        remedy = "Exclude them in its [Match], or have a file that sorts before it match them, "
        yield Finding(WARNING, text, remedy + "with Unmanaged=yes in its [Link].", path)


def _file_of_networkd(machine: Machine, facts: Facts) -> str:
    """Return the file by which networkd manages an interface; nothing where it does not."""
    for path, sections in _files_of_networkd(machine, ".network"):
        if _matches(sections.get("Match", {}), facts):
            unmanaged = sections.get("Link", {}).get("Unmanaged", ["no"])[-1].lower()
            return "" if unmanaged in ("yes", "true", "on", "1") else path
    return ""


def _files_of_networkd(machine: Machine, suffix: str) -> Iterator[tuple[str, Sections]]:
    """Yield the files in the order in which networkd reads them (systemd.network(5))."""
    found: dict[str, str] = {}
    for base in ("etc", "run", "usr/local/lib", "usr/lib"):
        for name in machine.names(f"{base}/systemd/network"):
            if name.endswith(suffix):
                found.setdefault(name, f"{base}/systemd/network/{name}")
    for name in sorted(found):
        yield f"/{found[name]}", _ini(machine.read(found[name]))


def _ini(text: str) -> Sections:
    """Read a file of systemd's or NetworkManager's syntax: section, key, all values given."""
    sections: Sections = {}
    current: dict[str, list[str]] = {}
    for line in map(str.strip, text.splitlines()):
        if line[:1] == "[":
            current = sections.setdefault(line.strip("[]"), {})
        elif "=" in line and line[0] not in "#;":
            key, _, value = line.partition("=")
            current.setdefault(key.strip(), []).append(value.strip())
    return sections


# What hardware that may be a port is in networkd's terms; other keys are held to be true.
_TYPES = {WIRED: "ether", WIRELESS: "wlan", "bond": "bond"}


def _matches(conditions: dict[str, list[str]], facts: Facts) -> bool:
    """Tell whether a [Match] section may be meant for an interface; an empty one is not."""
    known = {
        "Name": facts.name,
        "Type": _TYPES.get(facts.kind, ""),
        "Kind": facts.kind if facts.kind == "bond" else "",
        "Driver": facts.driver or None,
        "Path": facts.path or None,
        "WLANInterfaceType": "station" if facts.kind == WIRELESS else "",
    }
    return bool(conditions) and all(
        known[key] is None or _fits(values, str(known[key]))
        for key, values in conditions.items()
        if key in known
    )


def _fits(values: list[str], text: str) -> bool:
    """Tell whether a list of globs takes a text; a `!` in front turns the list around."""
    globs = " ".join(values).split()
    if globs and globs[0][0] == "!":
        return not _fits([globs[0][1:], *globs[1:]], text)
    # What an interface does not have fits no glob, not even *.
    return bool(text) and any(fnmatchcase(text, glob) for glob in globs)


CHECKS: tuple[Check, ...] = (
    installation,
    programs,
    bonding_module,
    machine_id,
    ports_absent,
    kinds_exchanged,
    radios_blocked,
    supplicant_files,
    client_files,
    bonds_of_others,
    ifupdown_stanzas,
    rival_units,
    wide_dhcpv6,
    network_manager,
    networkd,
)

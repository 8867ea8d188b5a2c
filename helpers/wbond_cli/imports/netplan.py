# SPDX-License-Identifier: LGPL-2.1-or-later
"""netplan's files (netplan-yaml(5)), by python3-yaml, which netplan's own command needs as well.

The nodes of YAML are walked, not made into objects: they know their lines, and an alias that
stands for many others is refused.
"""

import os
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from wbond_udev.match import WIRED, WIRELESS

from wbond_cli.imports import files, netplan_wifi, networkmanager_wifi
from wbond_cli.imports.networkmanager import bonding_option, profile
from wbond_cli.imports.record import (
    BOND,
    DHCP,
    NONE,
    STATIC,
    Connection,
    Found,
    Given,
    Left,
    Settings,
)

PROGRAM = "netplan"
FOLDERS = ("lib/netplan", "run/netplan", "etc/netplan")  # a later one hides names of those before
LONGEST = 1 << 16  # characters: PyYAML reads some hundred thousand a second
DEPTH_MAX, NODES_MAX = 12, 20_000
WITHOUT_YAML = (
    "python3-yaml is not installed, so netplan's files are not read, only what netplan has made of "
    "them below /run: `sudo apt install python3-yaml`, and import once more."
)
_KINDS = {"ethernets": WIRED, "wifis": WIRELESS, "bonds": BOND}
_IGNORED = (
    *(
        "renderer",
        "optional",
        "critical",
        "set-name",
        "wakeonlan",
        "emit-lldp",
        "optional-addresses",
    ),
    *("networkmanager.", "dhcp-identifier", "link-local", "accept-ra", "ignore-carrier", "mtu"),
)
_BONDING = {
    "mii-monitor-interval": "miimon",
    "up-delay": "updelay",
    "down-delay": "downdelay",
    "primary-reselect-policy": "primary_reselect",
    "gratuitous-arp": "peer_notif",
    "gratuitious-arp": "peer_notif",  # as netplan spelt it once
}
_TRUE, _FALSE = ("true", "yes", "on", "y"), ("false", "no", "off", "n")
Path = tuple[str, ...]
Value = tuple[Path, Given]


def module() -> ModuleType | None:
    """Return python3-yaml where it is installed: wbond does without."""
    try:
        return import_module("yaml")
    except ImportError:
        return None


def paths(found: Found) -> list[str]:
    """Return netplan's files in the order in which they are read."""
    owners: dict[str, str] = {}
    for folder in FOLDERS:
        for path in files.names(found, folder, ".yaml"):
            owners[os.path.basename(path)] = path
    return [owners[name] for name in sorted(owners)]


def read(found: Found) -> bool:
    """Read all files; tells whether they could be read."""
    listed = paths(found)
    if not listed:
        return True
    yaml = module()
    if yaml is None:
        found.notes.append(WITHOUT_YAML)
        return False
    values: list[Value] = []
    for path in listed:
        values += parsed(yaml, found, path, files.text(found, path, PROGRAM))
    _take_all(found, values)
    return True


def parsed(yaml: Any, found: Found, path: str, text: str) -> list[Value]:
    """Return the scalars of a file, each with where it is; notes what is wrong with it."""
    name = files.shown(path)
    if len(text) > LONGEST:
        found.left.append(Left(name, 0, "", f"it has more than {LONGEST} characters"))
        return []
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        return list(_scalars(yaml, root, (), name, [NODES_MAX])) if root else []
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        found.left.append(Left(name, line, "", "it is no YAML that netplan would take"))
        return []


def _scalars(yaml: Any, node: Any, at: Path, file: str, spare: list[int]) -> Iterator[Value]:
    """Yield a node's scalars. Raises ValueError for too many, which aliases can stand for."""
    spare[0] -= 1
    if spare[0] < 0 or len(at) > DEPTH_MAX:
        raise ValueError("too many nodes")
    if isinstance(node, yaml.MappingNode):
        if not node.value:
            yield at, Given("", "", file, node.start_mark.line + 1)
        for key, value in node.value:
            yield from _scalars(yaml, value, (*at, _plain(str(key.value))), file, spare)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            # A mapping in a list keeps its place, so that what belongs together stays so.
            inner = at if isinstance(value, yaml.ScalarNode) else (*at, f"#{number}")
            yield from _scalars(yaml, value, inner, file, spare)
    else:
        null = node.tag.endswith(":null") or node.value == "~"
        value = "" if null else _plain(node.value)
        yield at, Given("", value, file, node.start_mark.line + 1)


def _plain(text: str) -> str:
    """Return a text. Raises ValueError for one that no file can hold, half of a surrogate pair."""
    os.fsencode(text)
    return text


def _take_all(found: Found, values: list[Value]) -> None:
    """Take what the files say together: a later value of a name goes before an earlier one."""
    groups: dict[tuple[str, str], list[Value]] = {}
    for at, given in values:
        if at[:1] == ("network",) and len(at) > 3:
            groups.setdefault((at[1], at[2]), []).append((at[3:], given))
        elif at[:1] == ("network",) and len(at) > 2 and at[1] in _KINDS:
            groups.setdefault((at[1], at[2]), []).append((("",), given._replace(value="")))
            if given.value:
                found.leave(given._replace(key=at[2]), "it is no definition")
    for (section, name), own in groups.items():
        if section in _KINDS:
            _take(found, _KINDS[section], name, own)
        else:
            place = own[0][1]._replace(key=f"{section}.{name}")
            found.leave(place, "only cables, radios and bonds come over")


def _take(found: Found, kind: str, name: str, own: list[Value]) -> None:
    place = own[0][1]
    plain = [value for value in own if value[0][0] != "access-points"]
    settings = Settings(given._replace(key=".".join(at)) for at, given in plain)
    through = _passed_through(settings, "networkmanager.passthrough.")
    if through and kind == WIRED and "connection.type" in {given.key for given in through}:
        profile(found, Settings(through), place.file)
        return
    connection = Connection(kind, name, place.file, place.line)
    connection.interfaces = _interfaces(found, settings, name)
    connection.names |= set(connection.interfaces)
    _common(found, connection, settings)
    if kind == BOND:
        connection.ports = [given.value for given in settings.all("interfaces")]
        _bonding(found, connection, settings)
    if kind == WIRELESS:
        netplan_wifi.take(found, connection, own, settings)
    found.connections.append(connection)
    settings.all(*(given.key for given in settings.entries if given.value == ""))
    found.leave_rest(settings, _IGNORED)


def _passed_through(settings: Settings, prefix: str) -> list[Given]:
    """Return what netplan hands on to NetworkManager as it is."""
    return [
        given._replace(key=given.key.removeprefix(prefix))
        for given in settings.entries
        if given.key.startswith(prefix)
    ]


def _interfaces(found: Found, settings: Settings, name: str) -> list[str]:
    """Return the interfaces that are meant: by `match`, else the definition has their name."""
    matches = [given for given in settings.entries if given.key.startswith("match")]
    if not matches:
        return [name] if not name.startswith("NM-") else []
    named = [given.value for given in settings.all("match.name", "set-name") if given.value]
    for given in settings.all("match.macaddress", "match.driver"):
        if not named:
            found.leave(given, "`match_mac` and `match_driver` in a section of a port find it")
    settings.all("match")
    return named[-1:]


def _common(found: Found, connection: Connection, settings: Settings) -> None:
    for family in (4, 6):
        said = settings.value(f"dhcp{family}").lower()
        has_own = any((":" in one.value) == (family == 6) for one in settings.all("addresses"))
        if said in _TRUE:
            connection.methods[family] = DHCP
        elif has_own:
            connection.methods[family] = STATIC
        elif said in _FALSE or family == 4:
            connection.methods[family] = NONE
    connection.addresses = [one for one in settings.all("addresses") if one.value]
    connection.gateways = settings.all("gateway4", "gateway6")
    _routes(found, connection, settings)
    connection.nameservers = settings.all("nameservers.addresses")
    connection.search = settings.all("nameservers.search")
    metric = settings.one("dhcp4-overrides.route-metric", "dhcp6-overrides.route-metric")
    connection.metric = metric or connection.metric
    connection.mac = settings.one("macaddress")
    if connection.kind == WIRED:
        connection.device = None if connection.interfaces else settings.one("match.macaddress")
        netplan_wifi.take_cable(found, connection, settings)
        # netplan knows 802.1X of Wi-Fi alone where NetworkManager writes its files.
        through = Settings(_passed_through(settings, "networkmanager.passthrough."))
        networkmanager_wifi.take_cable(found, connection, through)


def _routes(found: Found, connection: Connection, settings: Settings) -> None:
    """Take the default routes; of other routes there is no option."""
    numbers = dict.fromkeys(
        given.key.split(".")[1] for given in settings.entries if given.key[:8] == "routes.#"
    )
    for number in numbers:
        to, via, metric = (
            settings.one(f"routes.{number}.{key}") for key in ("to", "via", "metric")
        )
        if to and via and to.value in ("default", "0.0.0.0/0", "::/0"):
            connection.gateways.append(via)
            connection.metric = metric or connection.metric
            settings.all(f"routes.{number}.on-link")
        elif to:
            found.leave(to, "wbond sets default routes alone")


def _bonding(found: Found, connection: Connection, settings: Settings) -> None:
    for given in list(settings.entries):
        if given.key.startswith("parameters."):
            settings.all(given.key)
            name = given.key.removeprefix("parameters.")
            if name not in ("fail-over-mac-policy",):
                bonding_option(found, connection, given, name, _BONDING)

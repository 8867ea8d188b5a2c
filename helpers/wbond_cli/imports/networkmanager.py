# SPDX-License-Identifier: LGPL-2.1-or-later
"""NetworkManager's connection profiles.

Source: nm-settings-keyfile(5), nm-settings(5), and nm-keyfile.c of NetworkManager 1.42 for how
values are escaped.
"""

import re
from collections.abc import Iterator

from wbond_udev.match import WIRED, WIRELESS

from wbond_cli.imports import files, networkmanager_wifi
from wbond_cli.imports.record import (
    BOND,
    DHCP,
    NONE,
    STATIC,
    UNSAID,
    Connection,
    Found,
    Given,
    Settings,
)

PROGRAM = "NetworkManager"
# Of profiles with one UUID, that of the first folder is taken: cmp_fcn() in nms-keyfile-storage.c.
FOLDERS = tuple(f"{base}/NetworkManager/system-connections" for base in ("run", "etc", "usr/lib"))
_ALIASES = {
    "802-3-ethernet": "ethernet",
    "802-11-wireless": "wifi",
    "802-11-wireless-security": "wifi-security",
}
_KINDS = {"ethernet": WIRED, "wifi": WIRELESS, "bond": BOND}
_METHODS = {
    "auto": DHCP,
    "dhcp": DHCP,
    "manual": STATIC,
    "disabled": NONE,
    "ignore": NONE,
    "link-local": NONE,
}
_FALSE = ("false", "0", "no", "off")
# What says nothing that matters here: bookkeeping, defaults, and what is one for wbond as well.
_IGNORED = (
    *("connection.uuid", "connection.timestamp", "connection.permissions", "connection.read-only"),
    *(
        "connection.autoconnect-retries",
        "connection.auth-retries",
        "connection.wait-device-timeout",
    ),
    *("connection.autoconnect-slaves", "connection.autoconnect-ports", "connection.slave-type"),
    *("connection.port-type", "wifi.seen-bssids", "wifi.security", "wifi.mac-address-blacklist"),
    *(
        "wifi.mac-address-randomization",
        "ethernet.mac-address-blacklist",
        "ethernet.auto-negotiate",
    ),
    *("ipv4.may-fail", "ipv6.may-fail", "ipv4.dhcp-timeout", "ipv6.dhcp-timeout"),
    *("ipv4.dad-timeout", "ipv6.addr-gen-mode", "proxy.", "user.", ".nmmeta."),
    *("bond.fail_over_mac", "bond-port.", "wifi-security.auth-alg", "ipv4.dhcp-send-hostname"),
)
BONDING = {
    "miimon": "miimon",
    "updelay": "updelay",
    "downdelay": "downdelay",
    "primary_reselect": "primary_reselect",
    "num_grat_arp": "peer_notif",
    "num_unsol_na": "peer_notif",
}


def read(found: Found, without_netplan: bool) -> None:
    """Read all profiles; those that netplan has made are left to its reader if that one reads."""
    seen: set[str] = set()
    for path in _paths(found):
        if without_netplan and path.startswith("run/") and "/netplan-" in path:
            continue
        if found.machine.masks(path):
            seen.add(path.rpartition("/")[2].removesuffix(".nmmeta"))
            continue
        settings = Settings(_entries(files.text(found, path, PROGRAM), path))
        uuid = settings.value("connection.uuid")
        if settings.entries and uuid not in seen:
            profile(found, settings, path)
        if uuid:
            seen.add(uuid)


def _paths(found: Found) -> Iterator[str]:
    for folder in FOLDERS:
        for path in files.names(found, folder):
            if not path.endswith(("~", ".rpmsave", ".rpmorig", ".rpmnew", ".bak", ".swp")):
                yield path


def _entries(text: str, path: str) -> Iterator[Given]:
    for given in files.sections(text, path):
        section, _, key = given.key.partition(".")
        yield given._replace(key=f"{_ALIASES.get(section, section)}.{key}")


def profile(found: Found, settings: Settings, path: str) -> None:
    """Take in a profile, whose keys are those of a keyfile as `section.key`."""
    name = networkmanager_wifi.unescaped(settings.value("connection.id")) or path.rpartition("/")[2]
    kind = settings.one("connection.type")
    said = _ALIASES.get(kind.value, kind.value) if kind else _guess(settings)
    if said in ("loopback", ""):
        return
    if said not in _KINDS:
        place = kind or settings.entries[0]
        found.leave(place, "only cables, radios and bonds come over; NetworkManager may keep this")
        return
    line = kind.line if kind else settings.entries[0].line
    connection = Connection(_KINDS[said], name, files.shown(path), line)
    connection.names |= {settings.value("connection.uuid")} - {""}
    if _is_wanted(found, connection, settings):
        _common(found, connection, settings)
        found.connections.append(connection)
    found.leave_rest(settings, _IGNORED)


def _guess(settings: Settings) -> str:
    sections = {given.key.partition(".")[0] for given in settings.entries}
    return next((name for name in ("bond", "wifi", "ethernet") if name in sections), "")


def _is_wanted(found: Found, connection: Connection, settings: Settings) -> bool:
    """Take the radio's networks; tell whether the connection is one to come over."""
    mode = settings.one("wifi.mode")
    if mode and mode.value not in ("infrastructure",):
        found.leave(mode, "an access point or a mesh is no uplink")
        settings.all(*(given.key for given in settings.entries))
        return False
    off = settings.value("connection.autoconnect").lower() in _FALSE
    if connection.kind == WIRELESS:
        networkmanager_wifi.take(found, connection, settings, off)
        return bool(connection.networks)
    if off:
        given = settings.one("connection.autoconnect")
        assert given
        found.leave(given, "it does not connect by itself, so it is left out")
        settings.all(*(given.key for given in settings.entries))
    return not off


def _common(found: Found, connection: Connection, settings: Settings) -> None:
    if interface := settings.value("connection.interface-name"):
        connection.interfaces = [interface]
        connection.names.add(interface)
    connection.owner = settings.value("connection.master", "connection.controller")
    priority = settings.value("connection.autoconnect-priority")
    connection.preference = int(priority) if re.fullmatch(r"-?\d{1,4}", priority) else 0
    for family in (4, 6):
        _addresses(found, connection, settings, family)
    metrics = settings.all("ipv4.route-metric", "ipv6.route-metric")
    connection.metric = next((given for given in metrics if given.value not in ("-1", "0")), None)
    _mac(found, connection, settings)
    if connection.kind == BOND:
        _bonding(found, connection, settings)
    if connection.kind == WIRED:
        networkmanager_wifi.take_cable(found, connection, settings)


def _mac(found: Found, connection: Connection, settings: Settings) -> None:
    keys = ("ethernet.cloned-mac-address", "wifi.cloned-mac-address", "bond.cloned-mac-address")
    for given in settings.all(*keys):
        if ":" in given.value:
            connection.mac = given
        elif given.value not in ("preserve", "permanent"):
            found.leave(given, "`mac` in wbond.conf can give all ports one address, but no random")


def _bonding(found: Found, connection: Connection, settings: Settings) -> None:
    """Take the options of a bond; in old profiles `options` has them all in one."""
    given = settings.all(*(entry.key for entry in settings.entries if entry.key[:5] == "bond."))
    for one in list(given):
        if one.key == "bond.options":
            pairs = (part.partition("=") for part in one.value.split(","))
            given += [one._replace(key=f"bond.{key}", value=value) for key, _, value in pairs]
    for one in given:
        bonding_option(found, connection, one, one.key.removeprefix("bond."), BONDING)


def bonding_option(
    found: Found, connection: Connection, given: Given, name: str, known: dict[str, str]
) -> None:
    """Take an option of the kernel's bonding by a program's name of it."""
    if name in known:
        connection.options[known[name]] = given
    elif name in ("mode", "primary"):
        connection.options[name] = given
    elif name not in ("options", "interface-name", "fail_over_mac", "active_slave", "lacp_rate"):
        found.leave(given, "wbond has no such option of a bond")


def _addresses(found: Found, connection: Connection, settings: Settings, family: int) -> None:
    section = f"ipv{family}"
    if method := settings.one(f"{section}.method"):
        connection.methods[family] = _METHODS.get(method.value.lower(), UNSAID)
        if method.value.lower() not in _METHODS:
            found.leave(method, "no such method comes over; DHCP is used")
    for given in settings.all(
        *(
            one.key
            for one in settings.entries
            if re.fullmatch(rf"{section}\.address(es)?\d*", one.key)
        )
    ):
        # IP/PREFIX[,GATEWAY]; of several in one line, as others write it, each has a semicolon.
        for part in filter(None, given.value.split(";")):
            address, _, gateway = part.partition(",")
            connection.addresses.append(given._replace(value=address.strip()))
            if gateway.strip(" ,"):
                connection.gateways.append(given._replace(value=gateway.strip(" ,")))
    connection.gateways += settings.all(f"{section}.gateway")
    connection.nameservers += parts(settings.all(f"{section}.dns"))
    connection.search += parts(settings.all(f"{section}.dns-search"))


def parts(entries: list[Given]) -> list[Given]:
    """Return the members of lists, each with its place."""
    return [
        given._replace(value=part.strip())
        for given in entries
        for part in re.split("[;,]", given.value)
        if part.strip()
    ]

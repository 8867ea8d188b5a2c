# SPDX-License-Identifier: LGPL-2.1-or-later
"""systemd-networkd's .netdev and .network files (systemd.netdev(5), systemd.network(5)).

Radios have their networks in the files of wpa_supplicant@.service, wpa_supplicant-INTERFACE.conf.
"""

import re
from collections.abc import Iterator

from wbond import escape
from wbond_udev.match import WIRED, WIRELESS

from wbond_cli.imports import files, supplicant_file
from wbond_cli.imports.networkmanager import bonding_option
from wbond_cli.imports.record import (
    BOND,
    DHCP,
    NONE,
    STATIC,
    Connection,
    Found,
    Settings,
)

PROGRAM = "systemd-networkd"
_UNITS = ("wpa_supplicant@", "wpa_supplicant-nl80211@")
_IGNORED = (
    *("netdev.description", "match.", "link.requiredforonline", "link.activationpolicy"),
    *("network.ipv6acceptra", "network.linklocaladdressing", "network.ignorecarrierloss"),
    *(
        "network.description",
        "network.primaryslave",
        "network.bindcarrier",
        "network.ipv6privacyextensions",
    ),
    *("network.lldp", "network.emitlldp", "network.multicastdns", "network.llmnr", "network.ntp"),
    *("dhcpv4.usedns", "dhcpv4.clientidentifier", "link.mtubytes", "bond.failovermacpolicy"),
    *(
        "network.configurewithoutcarrier",
        "dhcpv4.usemtu",
        "ipv6acceptra.",
        "link.requiredfamilyforonline",
    ),
)
_BONDING = {
    "miimonitorsec": "miimon",
    "updelaysec": "updelay",
    "downdelaysec": "downdelay",
    "primaryreselectpolicy": "primary_reselect",
    "gratuitousarp": "peer_notif",
}
_UNITS_OF_TIME = {"": 1000, "s": 1000, "sec": 1000, "ms": 1, "msec": 1, "min": 60000, "m": 60000}
_DHCP = {"yes": (4, 6), "true": (4, 6), "both": (4, 6), "ipv4": (4,), "v4": (4,), "ipv6": (6,)}


def read(found: Found, without_netplan: bool) -> None:
    """Read all files; those that netplan has made are left to its reader if that one reads."""
    bonds: dict[str, Connection] = {}
    for path in _paths(found, ".netdev", without_netplan):
        _netdev(found, path, bonds)
    for path in _paths(found, ".network", without_netplan):
        _network(found, path, bonds)
    found.connections += bonds.values()
    _radios(found)


def _paths(found: Found, suffix: str, without_netplan: bool) -> Iterator[str]:
    """Yield the files of people and programs, not those that a distribution brings."""
    owners: dict[str, str] = {}
    for base in ("usr/local/lib", "run", "etc"):
        for path in files.names(found, f"{base}/systemd/network", suffix):
            owners[path.rpartition("/")[2]] = path
    for name in sorted(owners):
        if not (without_netplan and "-netplan-" in name and owners[name].startswith("run/")):
            yield owners[name]


def _settings(found: Found, path: str) -> Settings:
    text = files.text(found, path, PROGRAM)
    return Settings(
        given._replace(value=given.value.rstrip(" \t"))
        for given in files.sections(text, path, apart=("route",))
    )


def _netdev(found: Found, path: str, bonds: dict[str, Connection]) -> None:
    settings = _settings(found, path)
    kind = settings.one("netdev.kind")
    name = settings.one("netdev.name")
    if not kind or not name:
        return
    if kind.value != "bond":
        found.leave(kind, "only cables, radios and bonds come over")
        return
    connection = Connection(BOND, name.value, name.file, name.line)
    connection.interfaces = [name.value]
    connection.mac = settings.one("netdev.macaddress")
    for given in list(settings.entries):
        if given.key.startswith("bond."):
            settings.all(given.key)
            key = given.key.removeprefix("bond.")
            if key.endswith("sec"):
                given = given._replace(value=_milliseconds(given.value))
            if key != "failovermacpolicy":
                bonding_option(found, connection, given, key, _BONDING)
    bonds[name.value] = connection
    found.leave_rest(settings, _IGNORED)


def _milliseconds(text: str) -> str:
    """Return a time span in milliseconds (systemd.time(7)), as it is if it has several parts."""
    match = re.fullmatch(r"(\d{1,9})(?:\.(\d{1,3}))?\s*([a-z]*)", text)
    if not match or match[3] not in _UNITS_OF_TIME:
        return text
    thousandths = int(match[1]) * 1000 + int((match[2] or "0").ljust(3, "0"))
    return str(thousandths * _UNITS_OF_TIME[match[3]] // 1000)


def _network(found: Found, path: str, bonds: dict[str, Connection]) -> None:
    settings = _settings(found, path)
    if not settings.entries or settings.value("link.unmanaged").lower() in ("yes", "true", "1"):
        return
    names = [
        word
        for given in settings.all("match.name")
        for word in given.value.split()
        if word[0] != "!"
    ]
    place = settings.entries[0]
    if len(names) == 1 and names[0] in bonds:
        connection = bonds[names[0]]
    else:
        connection = Connection(
            _kind(settings, names), names[0] if names else "", place.file, place.line
        )
        connection.interfaces = names
        connection.owner = settings.value("network.bond")
        if settings.value("network.primaryslave").lower() in ("yes", "true", "1"):
            connection.preference = 1
        if not names and not settings.value("match.type"):
            found.leave(
                place, "its [Match] has no Name: `match_` in a section of a port finds such"
            )
        found.connections.append(connection)
    _addresses(found, connection, settings)
    found.leave_rest(settings, _IGNORED)


def _kind(settings: Settings, names: list[str]) -> str:
    radio = settings.value("match.type") == "wlan" or any(name[:2] == "wl" for name in names)
    return WIRELESS if radio or settings.value("match.wlaninterfacetype") else WIRED


def _addresses(found: Found, connection: Connection, settings: Settings) -> None:
    families = _DHCP.get(settings.value("network.dhcp").lower(), ())
    connection.addresses += settings.all("network.address", "address.address")
    connection.gateways += [
        given for given in settings.all("network.gateway") if not given.value.startswith("_")
    ]
    for family in (4, 6):
        own = any((":" in given.value) == (family == 6) for given in connection.addresses)
        if family in families:
            connection.methods[family] = DHCP
        elif own or family == 4:
            connection.methods[family] = STATIC if own else NONE
    _routes(found, connection, settings)
    metrics = settings.one("dhcpv4.routemetric", "dhcp.routemetric", "dhcpv6.routemetric")
    connection.metric = metrics or connection.metric
    connection.mac = connection.mac or settings.one("link.macaddress")
    for key, target in (
        ("network.dns", connection.nameservers),
        ("network.domains", connection.search),
    ):
        for given in settings.all(key):
            target += [given._replace(value=word) for word in given.value.split()]


def _routes(found: Found, connection: Connection, settings: Settings) -> None:
    """Take the default routes; of other routes there is no option."""
    sections = [one.key.partition(".")[0] for one in settings.entries if one.key[:6] == "route#"]
    for section in dict.fromkeys(sections):
        keys = ("gateway", "destination", "metric")
        gateway, to, metric = (settings.one(f"{section}.{key}") for key in keys)
        if to and to.value not in ("0.0.0.0/0", "::/0"):
            found.leave(to, "wbond sets default routes alone")
        elif gateway:
            connection.gateways.append(gateway)
            connection.metric = metric or connection.metric


def _radios(found: Found) -> None:
    """Take the networks of the radios for which wpa_supplicant's own units are enabled."""
    for unit in sorted(set(found.machine.enabled())):
        prefix = next((prefix for prefix in _UNITS if unit.startswith(prefix)), "")
        interface = escape.instance_text(unit.removeprefix(prefix).removesuffix(".service"))
        if not prefix or not interface or "/" in interface:
            continue
        kind = "-nl80211" if "nl80211" in prefix else ""
        path = f"/etc/wpa_supplicant/wpa_supplicant{kind}-{interface}.conf"
        connection = _radio(found, interface, path)
        connection.networks += supplicant_file.networks(found, path, PROGRAM)


def _radio(found: Found, interface: str, path: str) -> Connection:
    for connection in found.connections:
        if interface in connection.interfaces and connection.kind != BOND:
            connection.kind = WIRELESS
            return connection
    connection = Connection(WIRELESS, interface, path, 0)
    connection.interfaces = [interface]
    found.connections.append(connection)
    return connection

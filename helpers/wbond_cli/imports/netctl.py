# SPDX-License-Identifier: LGPL-2.1-or-later
"""netctl's profiles (netctl.profile(5)): assignments of bash, none of which is evaluated here."""

import re
import shlex
from collections.abc import Iterator

from wbond import escape
from wbond.message import ERROR
from wbond_udev.match import WIRED, WIRELESS

from wbond_cli.check import supplicant
from wbond_cli.imports import files, networks, supplicant_file
from wbond_cli.imports.record import (
    BOND,
    DHCP,
    NONE,
    STATIC,
    Connection,
    Found,
    Given,
    Left,
    Network,
    Settings,
)
from wbond_cli.wifi import names, network_file, security
from wbond_cli.wifi.security import Fields

PROGRAM = "netctl"
FOLDER = "etc/netctl"
_KINDS = {"ethernet": WIRED, "wireless": WIRELESS, "bond": BOND}
_METHODS = {"dhcp": DHCP, "static": STATIC, "no": NONE}
_METHODS6 = {**_METHODS, "stateless": DHCP, "dhcp-noaddr": DHCP}
_ASSIGNMENT = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)(\+?)=(.*)")
_IGNORED = (
    *("description", "dhcpclient", "dhcp6client", "forceconnect", "excludeauto", "timeoutup"),
    *("timeoutdhcp", "timeoutwpa", "timeoutcarrier", "skipnocarrier", "wpadriver", "country"),
    *("rfkill", "autowired", "skipdad", "ipv4fixedmtu", "waitonline"),
)
_LINES_MAX = 2000  # of an assignment: an array that is not closed takes no more
_BONDING = ("miimon", "updelay", "downdelay", "primary_reselect")


def read(found: Found) -> None:
    """Read all profiles: of radios all, else those that are enabled."""
    enabled = set(found.machine.enabled())
    for path in files.names(found, FOLDER):
        text = files.text(found, path, PROGRAM)
        if not text:
            continue
        profile = path.rpartition("/")[2]
        instance = escape.unit_instance(profile)
        settings = Settings(entries(found, text, path))
        interface = settings.value("interface")
        watched = f"netctl-ifplugd@{escape.unit_instance(interface)}.service"
        wanted = f"netctl@{instance}.service" in enabled or watched in enabled
        _profile(found, settings, profile, path, wanted)


def entries(found: Found, text: str, path: str) -> Iterator[Given]:
    """Yield the assignments, each word of an array by itself; keys are in lower case.

    Notes what bash would have to evaluate.
    """
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        first, line = number + 1, lines[number]
        number += 1
        match = _ASSIGNMENT.fullmatch(line)
        if not match:
            if line.strip() and line.lstrip()[0] != "#":
                found.left.append(Left(files.shown(path), first, "", "it is no assignment"))
            continue
        value = match[3]
        while _is_open(value) and number < min(len(lines), first + _LINES_MAX):
            value += "\n" + lines[number]
            number += 1
        given = Given(match[1].lower(), "", files.shown(path), first)
        words = _words(value)
        if words is None:
            found.leave(given, "only bash could tell what it means")
            continue
        for word in words:
            yield given._replace(value=word)


def _is_open(value: str) -> bool:
    """Tell whether an array or a quoted text goes on in the next line."""
    if value.count("\n") > _LINES_MAX:
        return False
    if value.lstrip()[:1] == "(":
        return _split(value.strip()) is None or not value.rstrip().endswith(")")
    return value[:1] in "'\"" and value[:1] != "" and _split(value) is None


def _split(value: str) -> list[str] | None:
    """Return the words of a value, None for quotes that do not end."""
    try:
        return shlex.split(value, comments=True, posix=True)
    except ValueError:
        return None


def _words(value: str) -> list[str] | None:
    """Return what is assigned; None for what has to be evaluated."""
    value = value.strip()
    if value[:1] == "(":
        value = re.sub(r"\)\s*(#.*)?$", "", value[1:])
    bare = re.sub(r"'[^']*'|\\.", "", value, flags=re.DOTALL)
    if re.search(r"[$`]|[(;&|<>](?=[^\"]*(?:\"[^\"]*\"[^\"]*)*$)", bare):
        return None
    return _split(value)


def _profile(found: Found, settings: Settings, name: str, path: str, wanted: bool) -> None:
    kind = settings.one("connection")
    if kind is None:
        return
    if kind.value not in _KINDS:
        found.leave(kind, "only cables, radios and bonds come over")
        return
    if not wanted and kind.value != "wireless":
        found.leave(kind, "the profile is not enabled")
        return
    connection = Connection(_KINDS[kind.value], name, kind.file, kind.line)
    connection.interfaces = [given.value for given in settings.all("interface") if given.value]
    connection.names |= set(connection.interfaces)
    connection.preference = 0
    for family, suffix, methods in ((4, "", _METHODS), (6, "6", _METHODS6)):
        said = settings.value(f"ip{suffix}").lower()
        connection.methods[family] = methods.get(said, connection.methods[family])
        connection.addresses += settings.all(f"address{suffix}")
        connection.gateways += settings.all(f"gateway{suffix}")
    connection.nameservers = settings.all("dns")
    connection.search = [
        given._replace(value=word)
        for given in settings.all("dnsdomain", "dnssearch")
        for word in given.value.split()
    ]
    if connection.kind == BOND:
        _bond(found, connection, settings)
    if connection.kind == WIRELESS:
        _take_network(found, connection, settings)
        if not wanted and f"netctl-auto@{''.join(connection.interfaces[:1])}.service" not in set(
            found.machine.enabled()
        ):
            _forget_addresses(found, connection)
    if connection.kind != WIRELESS or connection.networks:
        found.connections.append(connection)
    found.leave_rest(settings, _IGNORED)


def _forget_addresses(found: Found, connection: Connection) -> None:
    """Leave out the addresses of a profile that is not enabled; its network comes over."""
    for given in connection.own:
        found.leave(given, "the profile is not enabled: only its network comes over")
    connection.addresses, connection.gateways = [], []
    connection.nameservers, connection.search = [], []
    connection.methods = dict.fromkeys(connection.methods, DHCP)


def _bond(found: Found, connection: Connection, settings: Settings) -> None:
    connection.ports = [given.value for given in settings.all("bindstointerfaces") if given.value]
    if mode := settings.one("mode"):
        connection.options["mode"] = mode
    for given in settings.all("linkoptions"):
        words = given.value.split()
        for name, value in zip(words[::2], words[1::2], strict=False):
            if name in (*_BONDING, "mode", "primary"):
                connection.options[name] = given._replace(value=value)
            elif name not in ("fail_over_mac",):
                found.leave(given, "it has an option that wbond has not")


def _take_network(found: Found, connection: Connection, settings: Settings) -> None:
    for given in settings.all("wpaconfigfile"):
        connection.networks += supplicant_file.networks(found, given.value, PROGRAM)
    settings.all("security")
    lines = settings.all("wpaconfigsection")
    name = settings.one("essid")
    try:
        if lines:
            connection.networks.append(_section(lines))
        elif name:
            ssid = networks.checked(_octets(name.value))
            fields = _fields(settings, ssid)
            hidden = settings.value("hidden").lower() in ("yes", "true", "1")
            fields |= networks.extras(hidden, settings.value("priority"))
            connection.networks.append(Network(ssid, fields, name.file, name.line))
    except networks.Refused as error:
        found.leave(lines[0] if lines else (name or settings.entries[0]), str(error))
    if bssid := settings.one("ap", "adhoc", "scanfrequencies", "frequency"):
        found.leave(bssid, "the network is used on every channel, at every access point")


def _octets(value: str) -> bytes:
    r"""Return a name; behind \" it is hexadecimal (netctl.profile(5), SPECIAL QUOTING RULES)."""
    if value[:1] == '"':
        return names.unquoted(value[1:]) or networks.octets(value[1:])
    return networks.octets(value)


def _fields(settings: Settings, ssid: bytes) -> Fields:
    """Return a network's fields. Raises networks.Refused."""
    word = settings.value("security").lower() or "none"
    secret = settings.value("key").removeprefix('"')
    if word == "wep":
        raise networks.Refused(networks.WEP)
    if word == "none":
        return networks.secret_of(security.OPEN, ssid, "")
    if word not in ("wpa", "wpa2", "wpa3", "wpa-psk"):
        raise networks.Refused("wbond does not know this kind of Security")
    return networks.secret_of(networks.SAE if word == "wpa3" else networks.PSK, ssid, secret)


def _section(lines: list[Given]) -> Network:
    """Return the network of lines for wpa_supplicant.conf(5). Raises networks.Refused."""
    text = "network={\n" + "\n".join(given.value for given in lines) + "\n}\n"
    if any(wrong.severity == ERROR for wrong in supplicant.diagnostics("", text)):
        raise networks.Refused("wpa_supplicant would refuse the whole file for it")
    blocks = network_file.blocks(text)
    if len(blocks) != 1 or blocks[0].ssid is None:
        raise networks.Refused("it is no block with an ssid")
    fields = {key: value for key, value in blocks[0].fields.items() if key != "ssid"}
    return Network(blocks[0].ssid, fields, lines[0].file, lines[0].line)

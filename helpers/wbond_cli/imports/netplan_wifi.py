# SPDX-License-Identifier: LGPL-2.1-or-later
"""The access points of netplan's definitions (netplan-yaml(5), "device type wifis"), and 802.1X."""

import re

from wbond_cli.imports import networks
from wbond_cli.imports.cables import BY_HAND
from wbond_cli.imports.record import Authentication, Connection, Found, Given, Network, Settings
from wbond_cli.wifi import security
from wbond_cli.wifi.security import Fields

_KINDS = {
    "none": security.OPEN,
    "psk": networks.PSK,
    "psk-sha256": networks.PSK,
    "sae": networks.SAE,
    "eap": networks.EAP,
    "eap-sha256": networks.EAP,
    "802.1x": networks.EAP,
}
_STRINGS = {
    "identity": "identity",
    "anonymous-identity": "anonymous_identity",
    "password": "password",
    "ca-certificate": "ca_cert",
    "client-certificate": "client_cert",
    "client-key": "private_key",
    "client-key-password": "private_key_passwd",
}
_THROUGH = "networkmanager.passthrough."
# What netplan hands on to NetworkManager as it is.
_THROUGH_STRINGS = {
    "ca-path": "ca_path",
    "subject-match": "subject_match",
    "domain-suffix-match": "domain_suffix_match",
    "domain-match": "domain_match",
    "altsubject-matches": "altsubject_match",
}
# nt_password_hash(), which wpa_supplicant takes as well (wpa_supplicant.conf(5), password).
_HASH = re.compile(r"hash:[0-9A-Fa-f]{32}")
_IGNORED = (
    *("networkmanager.uuid", "networkmanager.name", "networkmanager.passthrough.connection."),
    *("networkmanager.passthrough.ipv4.", "networkmanager.passthrough.ipv6."),
    *("networkmanager.passthrough.proxy.", "networkmanager.passthrough.wifi-security."),
    *("networkmanager.passthrough.user.", "networkmanager.passthrough.wifi.", "mode"),
)


def take(
    found: Found,
    connection: Connection,
    own: list[tuple[tuple[str, ...], Given]],
    settings: Settings,
) -> None:
    """Take the networks of a definition, and the country."""
    if country := settings.one("regulatory-domain"):
        found.country = found.country or country
    points: dict[str, list[Given]] = {}
    for at, given in own:
        if at[0] == "access-points" and len(at) > 1:
            points.setdefault(at[1], []).append(given._replace(key=".".join(at[2:])))
    for name, entries in points.items():
        _take(found, connection, networks.octets(name), entries)


def take_cable(found: Found, connection: Connection, settings: Settings) -> None:
    """Take 802.1X on a cable, or say why not."""
    management = settings.one("auth.key-management", "auth.method")
    if management is None or management.value == "none":
        return
    try:
        said = _enterprise(found, settings, management, networks.ANY_SOCKET, BY_HAND)
        fields = networks.on_cable(said)
        connection.authentication = Authentication(fields, management.file, management.line)
    except networks.Refused as error:
        found.leave(management, str(error))
        settings.all(*(one.key for one in settings.entries if one.key[:5] == "auth."))


def _take(found: Found, connection: Connection, ssid: bytes, entries: list[Given]) -> None:
    settings = Settings(given for given in entries if given.key)
    file, line = entries[0].file, entries[0].line
    place = Given("access-points", "", file, line)
    mode = settings.value("mode")
    if mode not in ("", "infrastructure"):
        found.leave(place, "an access point or a mesh is no uplink")
        return
    try:
        fields = _fields(found, settings, place, networks.checked(ssid))
        fields |= networks.extras(
            settings.value("hidden").lower() in ("true", "yes", "on"),
            settings.value(f"{_THROUGH}connection.autoconnect-priority"),
            settings.value(f"{_THROUGH}connection.autoconnect").lower() == "false",
        )
    except networks.Refused as error:
        found.leave(place, str(error))
        return
    connection.networks.append(Network(ssid, fields, file, line))
    for given in settings.all("bssid", "band", "channel"):
        found.leave(given, "the network is used on every channel, at every access point")
    found.leave_rest(settings, _IGNORED)


def _fields(found: Found, settings: Settings, place: Given, ssid: bytes) -> Fields:
    """Return a network's fields; with a password alone it is WPA2's. Raises networks.Refused."""
    secret = settings.value("password", "auth.password")
    word = settings.value("auth.key-management") or ("psk" if secret else "none")
    if word not in _KINDS:
        raise networks.Refused("wbond does not know this key-management")
    kind = _KINDS[word]
    if kind != networks.EAP:
        return networks.secret_of(kind, ssid, secret)
    thief = networks.ANY_ACCESS_POINT
    return _enterprise(found, settings, place, thief, networks.WIFI_ADD_ASKS)


def _enterprise(found: Found, settings: Settings, place: Given, thief: str, remedy: str) -> Fields:
    """Return the fields of 802.1X. Raises networks.Refused.

    `thief` may pose as the network where no certificate is asked for, which is noted at `place`;
    `remedy` helps where the password is not there.
    """
    given = {own: settings.value(f"auth.{name}") for name, own in _STRINGS.items()}
    methods = [settings.value("auth.method")]
    if inner := settings.value("auth.phase2-auth"):
        given["phase2"] = f"auth={inner.upper()}"
    for name, own in _THROUGH_STRINGS.items():
        given[own] = settings.value(f"{_THROUGH}802-1x.{name}").strip(";")
    hashed = given["password"] if _HASH.fullmatch(given["password"]) else ""
    if given["password"].startswith("hash:") and not hashed:
        raise networks.Refused("its password is a hash that wpa_supplicant does not take")
    if not given["password"] and networks.by_password(methods):
        raise networks.Refused(f"its password is not in the file: {remedy}")
    if not given["ca_cert"] and not given["ca_path"]:
        found.leave(place, networks.unverified(methods, thief))
    fields = networks.enterprise(methods, given)
    return fields | ({"password": hashed} if hashed else {})

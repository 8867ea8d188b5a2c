# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Wi-Fi network of a NetworkManager profile, and 802.1X, as wpa_supplicant.conf(5) has them.

Source: nm-settings-keyfile(5), and nm-supplicant-config.c for what NetworkManager itself tells
wpa_supplicant.
"""

import re

from wbond_cli.imports import networks
from wbond_cli.imports.cables import BY_HAND
from wbond_cli.imports.record import Authentication, Connection, Found, Given, Network, Settings
from wbond_cli.wifi import enterprise, security
from wbond_cli.wifi.security import Fields

_KINDS = {
    "": security.OPEN,
    "owe": security.OWE,
    "wpa-psk": networks.PSK,
    "sae": networks.SAE,
    "wpa-eap": networks.EAP,
}
_ESCAPES = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\", ";": ";"}
_NOT_IN_THE_FILE = ("1", "2", "3")  # psk-flags: the user's keyring has it, or nobody
_PMF = {"1": "0", "disable": "0", "2": "1", "optional": "1", "3": "2", "required": "2"}
# By NetworkManager's name, what wpa_supplicant calls it.
_STRINGS = {
    "identity": "identity",
    "anonymous-identity": "anonymous_identity",
    "password": "password",
    "ca-path": "ca_path",
    "private-key-password": "private_key_passwd",
    "subject-match": "subject_match",
    "domain-suffix-match": "domain_suffix_match",
    "domain-match": "domain_match",
    "altsubject-matches": "altsubject_match",
}
_FILES = {"ca-cert": "ca_cert", "client-cert": "client_cert", "private-key": "private_key"}
_FLAGS = ("password-flags", "private-key-password-flags", "ca-cert-password-flags")


def take(found: Found, connection: Connection, settings: Settings, off: bool) -> None:
    """Take the network, or say why not; `off`: it is known, and joined only when it is told."""
    name = settings.one("wifi.ssid")
    if name is None:
        place = settings.one("connection.type") or settings.entries[0]
        found.leave(place, "the profile has no ssid")
        return
    try:
        ssid = networks.checked(ssid_of(name.value))
        fields = _fields(found, settings, ssid)
        if bssid := settings.value("wifi.bssid"):
            fields["bssid"] = _address(bssid)
        # In NetworkManager the higher number is preferred as well.
        fields |= networks.extras(
            settings.value("wifi.hidden").lower() in ("true", "1", "yes"),
            settings.value("connection.autoconnect-priority"),
            off,
        )
    except networks.Refused as error:
        settings.all(
            *(given.key for given in settings.entries if given.key[:4] in ("wifi", "802-"))
        )
        found.leave(_place(settings, name), str(error))
        return
    connection.networks = [Network(ssid, fields, name.file, name.line)]
    if mac := settings.one("wifi.mac-address", "wifi.band", "wifi.channel"):
        found.leave(mac, "the network is used by every radio, on every channel")


def take_cable(found: Found, connection: Connection, settings: Settings) -> None:
    """Take 802.1X on a cable, or say why not."""
    eap = settings.one("802-1x.eap")
    if eap is None:
        return
    if not connection.interfaces:  # netplan may have named the device already
        connection.device = connection.device or settings.one("ethernet.mac-address")
    try:
        fields = networks.on_cable(_enterprise(found, settings, networks.ANY_SOCKET, BY_HAND))
        connection.authentication = Authentication(fields, eap.file, eap.line)
    except networks.Refused as error:
        found.leave(eap, str(error))
        settings.all(*(one.key for one in settings.entries if one.key[:7] == "802-1x."))


def _place(settings: Settings, name: Given) -> Given:
    return settings.one("wifi-security.key-mgmt") or name


def _address(text: str) -> str:
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", text):
        raise networks.Refused("its bssid is no MAC address")
    return text.lower()


def ssid_of(value: str) -> bytes:
    """Return a name, which is written as text, or as a list of numbers."""
    if re.fullmatch(r"(?:\d{1,3};)+(?:\d{1,3})?", value):
        numbers = [int(number) for number in value.split(";") if number]
        if all(number < 256 for number in numbers):
            return bytes(numbers)
    return networks.octets(unescaped(value))


def unescaped(value: str) -> str:
    """Return a string as nm-keyfile.c reads it."""
    return re.sub(r"\\([sntr\\;])", lambda match: _ESCAPES[match[1]], value)


def _fields(found: Found, settings: Settings, ssid: bytes) -> Fields:
    management = settings.value("wifi-security.key-mgmt").lower()
    if management in ("none", "ieee8021x"):
        raise networks.Refused(networks.WEP)
    if management not in _KINDS:
        raise networks.Refused("wbond does not know this key-mgmt: `wbond wifi add` has others")
    kind = _KINDS[management]
    if kind == networks.EAP:
        return _enterprise(found, settings, networks.ANY_ACCESS_POINT, networks.WIFI_ADD_ASKS)
    pmf = _PMF.get(settings.value("wifi-security.pmf").lower(), "")
    if kind == networks.PSK and pmf == "0":
        kind = security.WPA2
    settings.all("wifi-security.psk-flags", "wifi-security.proto", "wifi-security.pairwise")
    settings.all("wifi-security.group", "wifi-security.wps-method")
    secret = unescaped(settings.value("wifi-security.psk"))
    if not secret and kind not in security.WITHOUT_SECRET:
        raise networks.Refused(
            _missing(settings.value("wifi-security.psk-flags"), networks.WIFI_ADD_ASKS)
        )
    fields = networks.secret_of(kind, ssid, secret)
    return fields | ({"ieee80211w": pmf} if pmf and kind != networks.SAE else {})


def _missing(flags: str, remedy: str) -> str:
    where = "in the user's keyring or nowhere" if flags in _NOT_IN_THE_FILE else "not in the file"
    return f"its password is {where}: {remedy}"


def _enterprise(found: Found, settings: Settings, thief: str, remedy: str) -> Fields:
    """Return the fields of 802.1X; `thief` would get the password where no certificate is asked
    for, and `remedy` helps where there is none. Raises networks.Refused.
    """
    given = {
        own: unescaped(settings.value(f"802-1x.{name}")).strip(";")
        if own != "password"
        else unescaped(settings.value("802-1x.password"))
        for name, own in _STRINGS.items()
    }
    for name, own in _FILES.items():
        given[own] = _path(unescaped(settings.value(f"802-1x.{name}")))
    methods = [word for word in settings.value("802-1x.eap").split(";") if word]
    flags = [settings.value(f"802-1x.{name}") for name in _FLAGS]
    if not given["password"] and networks.by_password(methods):
        raise networks.Refused(_missing(flags[0], remedy))
    if not given["private_key_passwd"] and flags[1] in _NOT_IN_THE_FILE and "tls" in methods:
        raise networks.Refused(_missing(flags[1], remedy))
    for name, word in (("phase2-auth", "auth"), ("phase2-autheap", "autheap")):
        if value := settings.value(f"802-1x.{name}"):
            given["phase2"] = f"{word}={value.upper()}"
    version = settings.value("802-1x.phase1-peapver")
    given["phase1"] = f"peapver={version}" if version in ("0", "1") else ""
    system = settings.one("802-1x.system-ca-certs")
    if system and system.value.lower() == "true" and not given["ca_cert"]:
        given["ca_cert"] = next(
            filter(found.machine.exists, enterprise.BUNDLES), enterprise.BUNDLES[0]
        )
    if not given["ca_cert"] and not given["ca_path"] and (eap := settings.one("802-1x.eap")):
        found.leave(eap, networks.unverified(methods, thief))
    return networks.enterprise(methods, given)


def _path(value: str) -> str:
    return value.removeprefix("file://").rstrip("\0")

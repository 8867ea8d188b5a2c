# SPDX-License-Identifier: LGPL-2.1-or-later
"""The access points of netplan's definitions (netplan-yaml(5), "device type wifis"), and 802.1X."""

from wbond_cli.imports import networks
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
_IGNORED = (
    *("networkmanager.uuid", "networkmanager.name", "networkmanager.passthrough.connection."),
    *("networkmanager.passthrough.ipv4.", "networkmanager.passthrough.ipv6."),
    *("networkmanager.passthrough.proxy.", "networkmanager.passthrough.wifi-security."),
    *("networkmanager.passthrough.user.", "networkmanager.passthrough.wifi.", "mode"),
    "networkmanager.passthrough.802-1x.",
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
        fields = networks.on_cable(_enterprise(settings))
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
        fields = _fields(settings, networks.checked(ssid))
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


def _fields(settings: Settings, ssid: bytes) -> Fields:
    """Return a network's fields; with a password alone it is WPA2's. Raises networks.Refused."""
    secret = settings.value("password", "auth.password")
    word = settings.value("auth.key-management") or ("psk" if secret else "none")
    if word not in _KINDS:
        raise networks.Refused("wbond does not know this key-management")
    kind = _KINDS[word]
    if kind != networks.EAP:
        return networks.secret_of(kind, ssid, secret)
    return _enterprise(settings)


def _enterprise(settings: Settings) -> Fields:
    """Return the fields of 802.1X. Raises networks.Refused."""
    given = {own: settings.value(f"auth.{name}") for name, own in _STRINGS.items()}
    if inner := settings.value("auth.phase2-auth"):
        given["phase2"] = f"auth={inner.upper()}"
    for name, own in (("domain-suffix-match", "domain_suffix_match"), ("ca-path", "ca_path")):
        given[own] = settings.value(f"{_THROUGH}802-1x.{name}").strip(";")
    return networks.enterprise([settings.value("auth.method")], given)

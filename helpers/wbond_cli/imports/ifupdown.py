# SPDX-License-Identifier: LGPL-2.1-or-later
"""/etc/network/interfaces and what it sources (interfaces(5)), with the options that the packages
wpasupplicant, wireless-tools and ifenslave add.
"""

import ipaddress

from wbond_net.ports import ifupdown
from wbond_udev.match import WIRED, WIRELESS

from wbond_cli.imports import files, networks, supplicant_file
from wbond_cli.imports.networkmanager import bonding_option
from wbond_cli.imports.record import (
    BOND,
    DHCP,
    NONE,
    STATIC,
    Connection,
    Found,
    Given,
    Network,
    Settings,
)
from wbond_cli.wifi import security
from wbond_cli.wifi.security import Fields

PROGRAM = "ifupdown"
_STANZAS = (*ifupdown.KEYWORDS, *ifupdown.SOURCES, "mapping", "template", "rename", "no-scripts")
_METHODS = {"dhcp": DHCP, "auto": DHCP, "static": STATIC, "manual": NONE}
_BONDING = {
    "miimon": "miimon",
    "updelay": "updelay",
    "downdelay": "downdelay",
    "primary-reselect": "primary_reselect",
    "num-grat-arp": "peer_notif",
    "num-unsol-na": "peer_notif",
}
_IGNORED = (
    *("wpa-driver", "wpa-bridge", "wpa-ap-scan", "wpa-debug-level", "wpa-logfile", "wpa-proto"),
    *(
        "wpa-pairwise",
        "wpa-group",
        "bond-give-a-chance",
        "network",
        "broadcast",
        "wpa-action-script",
    ),
    *("wireless-mode", "privext", "accept_ra", "autoconf", "dad-attempts", "wpa-mapping-script"),
)
_EAP = {
    "identity": "identity",
    "anonymous-identity": "anonymous_identity",
    "password": "password",
    "ca-cert": "ca_cert",
    "client-cert": "client_cert",
    "private-key": "private_key",
    "private-key-passwd": "private_key_passwd",
    "phase1": "phase1",
    "phase2": "phase2",
    "domain-suffix-match": "domain_suffix_match",
}


class _Stanza:
    """`iface NAME FAMILY METHOD`, and its options."""

    def __init__(self, head: Given, family: int, method: str) -> None:
        self.head, self.family, self.method = head, family, method
        self.entries: list[Given] = []


def read(found: Found) -> None:
    """Read all stanzas; those of one interface are one connection."""
    connections: dict[str, tuple[Connection, Settings]] = {}
    for stanza in _stanzas(found):
        name = stanza.head.value
        if name not in connections:
            head = stanza.head
            settings = Settings([])
            connections[name] = (Connection(WIRED, name, head.file, head.line), settings)
        connection, settings = connections[name]
        settings.entries += stanza.entries
        _take(found, connection, stanza)
    for connection, settings in connections.values():
        _finish(found, connection, settings)


def _stanzas(found: Found) -> list[_Stanza]:
    stanzas: list[_Stanza] = []
    current: _Stanza | None = None
    for path, number, words in ifupdown.lines(found.machine.root):
        found.files.setdefault(files.shown(path), PROGRAM)
        if not words or words[0][0] == "#":
            continue
        given = Given(words[0], " ".join(words[1:]), files.shown(path), number)
        if words[0] in _STANZAS or words[0].startswith("allow-"):
            current = _head(found, given, words) if words[0] == "iface" else None
            stanzas += [current] if current else []
        elif current:
            current.entries.append(given)
    return stanzas


def _head(found: Found, given: Given, words: list[str]) -> _Stanza | None:
    """Return a stanza; None for one that no bond has anything of."""
    name, family, method = (*words[1:4], "", "", "")[:3]
    if name in ("", "lo") or method == "loopback":
        return None
    place = given._replace(key="iface")
    if family not in ("inet", "inet6") or method not in _METHODS:
        found.leave(place, "only dhcp, auto, static and manual come over")
        return None
    if ":" in name or "." in name:
        found.leave(place, "a VLAN or an alias does not come over; write its address as `address`")
        return None
    return _Stanza(place._replace(value=name), 6 if family == "inet6" else 4, method)


def _take(found: Found, connection: Connection, stanza: _Stanza) -> None:
    connection.methods[stanza.family] = _METHODS[stanza.method]
    own = Settings(stanza.entries)
    masks = [given.value for given in own.all("netmask")]
    for given in own.all("address"):
        connection.addresses.append(given._replace(value=_with_prefix(given.value, masks)))
    connection.gateways += own.all("gateway")
    for key, target in (
        ("dns-nameservers", connection.nameservers),
        ("dns-nameserver", connection.nameservers),
        ("dns-search", connection.search),
        ("dns-domain", connection.search),
    ):
        for given in own.all(key):
            target += [given._replace(value=word) for word in given.value.split()]


def _with_prefix(address: str, masks: list[str]) -> str:
    """Return an address with its prefix length, which `netmask` may give in two ways."""
    if "/" in address or not masks:
        return address
    try:
        return str(ipaddress.ip_interface(f"{address}/{masks[-1]}"))
    except ValueError:
        return f"{address}/{masks[-1]}"


def _finish(found: Found, connection: Connection, settings: Settings) -> None:
    settings.all("address", "netmask", "gateway", "dns-nameservers", "dns-nameserver", "dns-search")
    settings.all("dns-domain")
    connection.interfaces = [connection.name]
    connection.metric = settings.one("metric")
    mac = settings.one("hwaddress")
    connection.mac = mac._replace(value=mac.value.removeprefix("ether ")) if mac else None
    connection.owner = settings.value("bond-master")
    ports = [
        word
        for key in ("bond-slaves", "bond-ports", "slaves")
        for given in settings.all(key)
        for word in given.value.split()
        if word != "none"
    ]
    bonding = [given for given in settings.entries if given.key.startswith("bond-")]
    if ports or any(given.key == "bond-mode" for given in bonding):
        connection.kind, connection.ports = BOND, ports
    for given in bonding:
        name = given.key.removeprefix("bond-")
        if connection.kind == BOND and name not in ("slaves", "ports", "fail-over-mac"):
            settings.all(given.key)
            bonding_option(found, connection, given, name, _BONDING)
    settings.all("bond-fail-over-mac", *(["bond-primary"] if connection.owner else []))
    bridged = settings.all("bridge_ports", "bridge-ports")
    if bridged or settings.value("vlan-raw-device", "vlan_raw_device"):
        place = Given("iface", "", connection.file, connection.line)
        found.leave(place, "a bridge or a VLAN does not come over, and may stay")
        found.excluded += [name for given in bridged for name in given.value.split()]
        return
    _radio(found, connection, settings)
    found.connections.append(connection)
    found.leave_rest(settings, _IGNORED)


def _radio(found: Found, connection: Connection, settings: Settings) -> None:
    """Take the networks of a radio: one in the stanza, or those of a file of wpa_supplicant's."""
    for given in settings.all("wpa-conf", "wpa-roam"):
        connection.kind = WIRELESS
        connection.networks += supplicant_file.networks(found, given.value, PROGRAM)
    name = settings.one("wpa-ssid") or settings.one("wireless-essid")
    if name is None:
        return
    connection.kind = WIRELESS
    try:
        ssid = networks.checked(networks.octets(_unquoted(name.value)))
        fields = _fields(settings, ssid)
        hidden = settings.value("wpa-scan-ssid") == "1"
        fields |= networks.extras(hidden, settings.value("wpa-priority"))
        connection.networks.append(Network(ssid, fields, name.file, name.line))
    except networks.Refused as error:
        found.leave(name, str(error))


def _unquoted(text: str) -> str:
    """Return a text without the double quotes that wpa_supplicant's scripts leave in place."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _fields(settings: Settings, ssid: bytes) -> Fields:
    """Return a network's fields by the options wpa-…. Raises networks.Refused."""
    management = settings.value("wpa-key-mgmt").upper()
    secret = settings.value("wpa-psk", "wpa-sae-password")
    if settings.all("wireless-key", "wireless-key1", "wpa-wep-key0"):
        raise networks.Refused(networks.WEP)
    if "EAP" in management or settings.value("wpa-eap"):
        given = {own: _unquoted(settings.value(f"wpa-{name}")) for name, own in _EAP.items()}
        return networks.enterprise(settings.value("wpa-eap").split(), given)
    if management == "NONE" or not (management or secret):
        return networks.secret_of(security.OPEN, ssid, "")
    kind = networks.SAE if management == "SAE" else networks.PSK
    return networks.secret_of(kind, ssid, _unquoted(secret))

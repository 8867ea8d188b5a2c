# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tells who and where somebody is: addresses, names of networks and hosts, numbers of devices.

The same text gets the same label, so that the report stays readable; what says nothing of a person
(loopback, multicast, netmasks) stays.
"""

import ipaddress
import os
import re

from wbond_cli.report import assignments
from wbond_cli.report.redaction import Redaction

SSID, HOST, MAC, SERIAL = "ssid", "host", "mac", "serial"
# What begins with a quote, as in JSON, ends with one.
_SSID = re.compile(
    r"(?<![a-z_])ssid(?P<json>[\"'])?[ \t]*[=:][ \t]*(?:\"(?P<quoted>(?:[^\"\\\n]|\\.)*)\""
    r"|'(?P<single>[^'\n]*)'|(?(json)(?!)|(?P<bare>[^\n]*)))",
    re.IGNORECASE,
)
_SERIAL = re.compile(r"SERIAL(?:_SHORT)?=([^\n]+)")
# A profile of NetworkManager is called as the network is.
_PROFILE = re.compile(r"/([^/\n]+?)(?:\.nmconnection)|^id=([^\n]+)", re.MULTILINE)
# Six pairs of digits are a MAC address; more of them an identifier that often contains one.
_OCTETS = re.compile(
    r"(?<![0-9a-fA-F:-])(?:[0-9a-fA-F]{1,2}[:-]){5,}[0-9a-fA-F]{1,2}(?![0-9a-fA-F:])"
)
_COMPACT = re.compile(r"(?<=enx)[0-9a-f]{12}(?![0-9a-f])|(?<=wlx)[0-9a-f]{12}(?![0-9a-f])")
_IPV6 = re.compile(r"[0-9a-fA-F:]{2,}(?:(?:\.\d{1,3}){3})?")
_IPV6_LONGEST = 64  # with what may stand before and behind it
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)")
_DOMAINS = re.compile(r"^(?:search|domain)[ \t=:]+([^\n]+)", re.MULTILINE)
_KEPT_HOSTS = ("localhost", "localdomain")
_NOBODY = {"ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"}


def add_hosts(redaction: Redaction, *names: str) -> None:
    """Have names of hosts and domains replaced everywhere, with and without their domain."""
    for name in names:
        short, _, domain = name.strip().partition(".")
        for part in (name.strip(), short, domain):
            if part and part not in _KEPT_HOSTS and "." in (name if part == domain else "."):
                redaction.add(HOST, part)


def find(text: str, redaction: Redaction) -> None:
    """Have names of networks, domains and devices that a printable text shows replaced."""
    for found in _SSID.finditer(text):
        _add_ssid(redaction, found["quoted"] or found["single"] or (found["bare"] or "").strip())
    for found in _PROFILE.finditer(text):
        redaction.add(SSID, found[1] or found[2])
    for found in _SERIAL.finditer(text):
        redaction.add(SERIAL, found[1].strip())
    for found in _DOMAINS.finditer(text):
        for domain in found[1].split():
            redaction.add(HOST, domain.removeprefix("~").rstrip("."))


def _add_ssid(redaction: Redaction, value: str) -> None:
    """Take a name as it is and as what its escapes or its digits stand for."""
    octets = re.sub(rb"\\x([0-9a-f]{2})", assignments.octet, os.fsencode(value))
    plain = assignments.unquoted(value.removeprefix("P"))
    *_, meant = [plain, *assignments.meanings(value, plain)]
    if os.fsdecode(octets) != value:
        meant = os.fsdecode(octets)
    redaction.add(SSID, meant, plain, value)


def replaced(text: str, redaction: Redaction) -> str:
    """Return a text with labels in place of addresses, by their form."""
    text = _OCTETS.sub(lambda found: _octets(found[0], redaction), text)
    text = _COMPACT.sub(lambda found: _octets(found[0], redaction), text)
    text = _IPV6.sub(lambda found: _ipv6(found[0], redaction), text)
    return _IPV4.sub(lambda found: _address(found[0], redaction), text)


def _octets(text: str, redaction: Redaction) -> str:
    pairs = re.split("[:-]", text) if len(text) != 12 or ":" in text or "-" in text else []
    pairs = pairs or [text[at : at + 2] for at in range(0, 12, 2)]
    value = ":".join(pair.lower().zfill(2) for pair in pairs)
    if value in _NOBODY or _is_multicast(value):
        return text
    return redaction.sign(MAC if len(pairs) == 6 else "identifier", value)


def _is_multicast(mac: str) -> bool:
    return mac.startswith(("01:00:5e", "01:80:c2", "33:33"))


def _ipv6(text: str, redaction: Redaction) -> str:
    """Replace what is an address in a run of digits and colons, such as one before a colon."""
    if text.count(":") < 2 or len(text) > _IPV6_LONGEST:
        return text
    rest = text
    while rest.count(":") >= 2:
        for address in (rest, rest.rstrip(":")):
            if (shown := _address(address, redaction)) != address:
                return text.replace(address, shown)
        rest = rest.partition(":")[2]
    return text


def _address(text: str, redaction: Redaction) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if address.is_loopback or address.is_multicast or address.is_unspecified or _is_mask(address):
        return text
    kind = f"ipv{address.version}"
    if address.is_link_local:
        kind += "-link-local"
    return redaction.sign(kind, str(address))


def _is_mask(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Tell a netmask or the broadcast address: ones, and behind them only zeros."""
    bits = f"{int(address):0{address.max_prefixlen}b}"
    return address.version == 4 and bits.startswith("11111111") and "01" not in bits

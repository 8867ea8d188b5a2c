# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks as wpa_supplicant.conf(5) has them, by the writer that `wbond wifi add` uses."""

import os
from collections.abc import Iterable, Mapping

from wbond_cli.wifi import names, passphrase, security
from wbond_cli.wifi.security import Fields

PSK, SAE, EAP = security.WPA2_WPA3, security.WPA3, security.EAP
METHODS = ("PEAP", "TTLS", "TLS", "PWD", "FAST", "LEAP", "MD5", "MSCHAPV2", "GTC", "SIM", "AKA")
PRIORITY_MAX = 1_000_000
# Who may pose as a network, and as the switch of a cable; and who asks for a password.
ANY_ACCESS_POINT, ANY_SOCKET = "anybody's access point of that name", "whoever owns the socket"
WIFI_ADD_ASKS = "`sudo wbond wifi add` asks for it"
WEP = "WEP protects nothing, and many a wpa_supplicant would refuse the whole file for it"
# What may be shown of a block; all else may be a password, or says who somebody is.
_NAMES_SHOWN = (
    "ssid key_mgmt ieee80211w eap phase1 phase2 priority scan_ssid disabled bssid auth_alg proto "
    "pairwise group ca_cert ca_path client_cert private_key domain_suffix_match domain_match "
    "ctrl_interface eapol_flags"
)
SHOWN = frozenset(_NAMES_SHOWN.split())
_STRINGS = (
    "identity anonymous_identity password ca_cert ca_path client_cert private_key "
    "private_key_passwd phase1 phase2 domain_suffix_match domain_match altsubject_match "
    "subject_match pac_file"
)
_FILES = ("ca_cert", "client_cert", "private_key", "pac_file")


class Refused(ValueError):
    """A network that is left out; the text says why, without a secret."""


def octets(text: str) -> bytes:
    """Return the bytes that a text stands for in its file."""
    return os.fsencode(text)


def checked(ssid: bytes) -> bytes:
    """Return a network's name. Raises Refused for one that there cannot be."""
    if not 0 < len(ssid) <= names.SSID_MAX:
        raise Refused(f"its name has {len(ssid)} bytes, and 1 to {names.SSID_MAX} are possible")
    return ssid


def personal(kind: str, ssid: bytes, secret: bytes) -> Fields:
    """Return the fields for a passphrase or a key. Raises Refused."""
    try:
        return security.personal(kind, checked(ssid), secret)
    except passphrase.PasswordError as error:
        raise Refused(str(error)) from None


def enterprise(methods: Iterable[str], given: Mapping[str, str]) -> Fields:
    """Return the fields of 802.1X. Raises Refused for what wpa_supplicant would not take.

    `given` has the names of wpa_supplicant.conf(5), and values without quotes.
    """
    known = [word.upper() for word in methods]
    if not known or any(word not in METHODS for word in known):
        raise Refused("its method of 802.1X is none that wbond knows")
    fields = {"key_mgmt": "WPA-EAP WPA-EAP-SHA256", "ieee80211w": "1", "eap": " ".join(known)}
    for name in _STRINGS.split():
        if value := given.get(name, ""):
            fields[name] = names.quoted(_string(name, value))
    if "TLS" in known and "private_key" not in fields:
        raise Refused("its private key is not said")
    return fields


def by_password(methods: Iterable[str]) -> bool:
    """Tell whether one of the methods of 802.1X sends something that is made of a password."""
    return any(method.upper() != "TLS" for method in methods)


def unverified(methods: Iterable[str], thief: str) -> str:
    """Say what no certificate of the server costs; `thief` may pose as that."""
    gets = "gets the password" if by_password(methods) else "may pose as the network"
    return f"no certificate is asked for: {thief} {gets}"


def on_cable(fields: Fields) -> Fields:
    """Return the fields of 802.1X for a cable, which has no frames to encrypt."""
    own = {name: fields[name] for name in fields if name not in ("key_mgmt", "ieee80211w")}
    return {"key_mgmt": "IEEE8021X", **own, "eapol_flags": "0"}


def _string(name: str, value: str) -> bytes:
    secret = octets(value)
    if any(octet < 0x20 or octet == 0x7F for octet in secret):
        raise Refused(f"its {name} has control characters")
    if name in _FILES and not value.startswith("/"):
        raise Refused(f"its {name} is not the path of a file")
    return secret


def extras(hidden: bool = False, priority: str = "", disabled: bool = False) -> Fields:
    """Return the fields that say how a network is looked for. Raises Refused."""
    fields = {"scan_ssid": "1"} if hidden else {}
    number = whole(priority) if priority else 0
    if number is None or abs(number) > PRIORITY_MAX:
        raise Refused("its priority is no whole number")
    fields |= {"priority": str(number)} if number else {}
    return fields | ({"disabled": "1"} if disabled else {})


def whole(text: str) -> int | None:
    """Return a whole number, None for what is none or has too many digits."""
    digits = text.strip().removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 10:
        return None
    return int(text)


def secret_of(kind: str, ssid: bytes, secret: str) -> Fields:
    """Return the fields of a network by its kind, with a passphrase where it has one."""
    if kind in security.WITHOUT_SECRET:
        checked(ssid)
        return security.without_secret(kind)
    return personal(kind, ssid, octets(secret))


def masked(text: str) -> str:
    """Return a block's text with stars in place of what may be a secret."""
    lines = []
    for line in text.split("\n"):
        name, sign, _ = line.partition("=")
        hide = sign and name.strip() not in SHOWN and not line.startswith("network={")
        lines.append(f"{name}=***" if hide else line)
    return "\n".join(lines)

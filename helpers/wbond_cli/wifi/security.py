# SPDX-License-Identifier: LGPL-2.1-or-later
"""How networks are protected: what an access point tells, and what a configuration needs for it."""

import re
from collections.abc import Iterable, Mapping

from wbond_cli.wifi import names, passphrase

# Words of --security, and of JSON.
AUTO = "auto"
OPEN, OWE, WEP = "open", "owe", "wep"
WPA, WPA2, WPA3 = "wpa", "wpa2", "wpa3"
WPA2_WPA3 = "wpa2-wpa3"
EAP, PEAP, TLS = "eap", "peap", "tls"
CHOICES = (AUTO, WPA2_WPA3, WPA2, WPA3, OPEN, OWE, PEAP, TLS)
WITHOUT_SECRET = (OPEN, OWE)
ENTERPRISE = (PEAP, TLS)
_LABELS = {
    WPA: "WPA",
    WPA2: "WPA2",
    WPA3: "WPA3",
    EAP: "802.1X",
    OWE: "enhanced open",
    WEP: "WEP",
    OPEN: "open",
}
_SAE_MAX = 128  # bytes; wpa_supplicant takes more, access points do not

Fields = dict[str, str]


def of_flags(flags: str) -> frozenset[str]:
    """Return the words for an access point's flags, such as "[WPA2-PSK+SAE-CCMP][ESS]".

    Source: wpa_supplicant_ie_txt() in wpa_supplicant/ctrl_iface.c.
    """
    found = set()
    for flag in re.findall(r"\[([^\]]*)\]", flags):
        protocol, _, rest = flag.partition("-")
        if flag == "WEP":
            found.add(WEP)
        elif protocol in ("WPA", "WPA2", "WPA3", "RSN"):
            found |= _methods(rest, WPA if protocol == "WPA" else WPA2)
    return frozenset(found or {OPEN})


def _methods(text: str, personal: str) -> set[str]:
    words = {"PSK": personal, "SAE": WPA3, "EAP": EAP, "OWE": OWE}
    return {word for method, word in words.items() if method in text}


def of_fields(fields: Mapping[str, str]) -> frozenset[str]:
    """Return the words for a network of a configuration."""
    if "key_mgmt" not in fields:  # WPA-PSK WPA-EAP
        return frozenset({EAP if "eap" in fields else WPA2})
    methods = " ".join(fields["key_mgmt"].split())
    if "IEEE8021X" in methods:
        return frozenset({EAP})
    return frozenset(_methods(methods, WPA2) or {WEP if "wep_key0" in fields else OPEN})


def label(words: Iterable[str]) -> str:
    """Return these words for people."""
    given = set(words)
    return "/".join(text for word, text in _LABELS.items() if word in given)


def choose(seen: frozenset[str]) -> str:
    """Return what suits a network that was seen so; nothing for what has to be told.

    One with a passphrase gets WPA2 and WPA3 both, so that it may change from one to the other.
    """
    if seen & {WPA, WPA2, WPA3}:
        return WPA3 if not seen & {WPA, WPA2} else WPA2_WPA3
    for word in (OWE, OPEN):
        if seen == {word}:
            return word
    return ""


def personal(security: str, ssid: bytes, secret: bytes) -> Fields:
    """Return the fields for a passphrase. Raises passphrase.PasswordError.

    With WPA2 alone, the key is kept in place of the passphrase; WPA3 (SAE) needs the passphrase
    itself. A key cannot serve WPA3, so it means WPA2.
    Source: wpa_supplicant.conf(5), key_mgmt, ieee80211w, sae_password.
    """
    if security == WPA3:
        return _sae(secret)
    passphrase.check(secret)
    if security == WPA2 or passphrase.is_key(secret):
        return {"key_mgmt": "WPA-PSK", "psk": passphrase.key(secret, ssid)}
    fields = {"key_mgmt": "WPA-PSK SAE", "ieee80211w": "1"}
    if names.is_plain(secret):
        return {**fields, "psk": names.quoted(secret)}
    # psk takes no hexadecimal form of a passphrase, and a # behind a quote would be a comment.
    return {
        **fields,
        "psk": passphrase.key(secret, ssid),
        "sae_password": names.quoted(secret),
    }


def _sae(secret: bytes) -> Fields:
    if not 0 < len(secret) <= _SAE_MAX:
        raise passphrase.PasswordError(
            f"a password for WPA3 has 1 to {_SAE_MAX} bytes; this one has {len(secret)}"
        )
    passphrase.check_characters(secret)
    return {"key_mgmt": "SAE", "ieee80211w": "2", "sae_password": names.quoted(secret)}


def without_secret(security: str) -> Fields:
    """Return the fields of a network that asks for no passphrase."""
    if security == OWE:
        return {"key_mgmt": "OWE", "ieee80211w": "2"}
    return {"key_mgmt": "NONE"}

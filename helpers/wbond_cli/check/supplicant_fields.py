# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fields of a network={ } block of wpa_supplicant.conf(5), and which values they take.

Source: ssid_fields[] and the parsers in wpa_supplicant/config.c of wpa_supplicant 2.10 to 2.12.
A reader returns what is wrong with a value, without repeating it, or nothing.
"""

from collections.abc import Callable
from difflib import get_close_matches

PSK_DIGITS, SSID_MAX = 64, 32  # hexadecimal digits; bytes
_SHORTEST, _LONGEST = 8, 63  # bytes of a passphrase: wpa_config_parse_psk()
_ALIKE = 0.8  # of difflib: a name that is another one, misspelt
Reader = Callable[[str], str]


def string(value: str) -> str:
    """Text in double quotes, P"..." with escapes, or bytes in hexadecimal.

    Source: wpa_config_parse_string(), src/utils/common.c.
    """
    if value == "NULL":
        return ""
    quoted = value.removeprefix("P")
    if quoted[:1] == '"':
        return "" if len(quoted) > 1 and quoted[-1] == '"' else "has something behind its quotes"
    if len(value) % 2 == 0 and is_hexadecimal(value):
        return ""
    return "has no double quotes"


def anything(value: str) -> str:
    """Read what depends on how wpa_supplicant was built."""
    return ""


def ssid(value: str) -> str:
    """Read a network's name."""
    if wrong := string(value):
        return wrong
    size = octets(value[1:-1]) if value[:1] == '"' else len(value) // 2
    escaped = value[:1] == "P"  # its escapes are not counted here
    return "" if escaped or size <= SSID_MAX else f"has {size} bytes, and at most 32 are possible"


def psk(value: str) -> str:
    """Read a passphrase in double quotes, or a key (wpa_config_parse_psk())."""
    if value.startswith("ext:"):
        return ""
    if value[:1] == '"':
        text = value[1:].rpartition('"')[0]
        size = octets(text)
        if size == PSK_DIGITS and is_hexadecimal(text):
            return "is a key of 64 digits, which stands without quotes"
        if any(ord(sign) < ord(" ") or sign == "\x7f" for sign in text):
            return "has a control character"
        if not _SHORTEST <= size <= _LONGEST:
            return f"has {size} bytes, and a passphrase has 8 to 63"
        return ""
    if len(value) == PSK_DIGITS and is_hexadecimal(value):
        return ""
    return "is neither a passphrase in double quotes nor a key of 64 hexadecimal digits"


def password(value: str) -> str:
    """Read a password of EAP (wpa_config_parse_password())."""
    kind, _, rest = value.partition(":")
    if kind == "ext":
        return ""
    if kind == "hash":
        good = len(rest) == 32 and is_hexadecimal(rest)
        return "" if good else "is no hash of 32 hexadecimal digits"
    return string(value)


def number(low: int = -(2**31), high: int = 2**31 - 1) -> Reader:
    """Return a reader of whole numbers (strtol(3) with base 0)."""

    def read(value: str) -> str:
        try:
            good = low <= int(value.strip() or "0", 8 if _is_octal(value) else 0) <= high
        except ValueError:
            good = False
        span = f" from {low} to {high}" if low >= 0 else ""
        return "" if good else f"is not a whole number{span}"

    return read


def words(*known: str) -> Reader:
    """Return a reader of one or more words, with blanks between them."""

    def read(value: str) -> str:
        given = value.split()
        wrong = [word for word in given if word not in known]
        if given and not wrong:
            return ""
        if "," in value:
            return "has a comma: blanks alone separate the words"
        likely = get_close_matches(wrong[0].upper(), known, 1) if wrong else []
        return f"is not one of its words, such as {(likely or known)[0]}"

    return read


def is_hexadecimal(text: str) -> bool:
    """Tell whether a text has nothing but hexadecimal digits."""
    return all(sign in "0123456789abcdefABCDEF" for sign in text)


def octets(text: str) -> int:
    """Return how many bytes a text has in its file."""
    return len(text.encode("utf-8", "surrogateescape"))


def _is_octal(value: str) -> bool:
    return len(value.strip()) > 1 and value.strip().isdecimal() and value.strip()[0] == "0"


KEY_MGMT = (
    *("WPA-PSK", "WPA-EAP", "SAE", "OWE", "NONE", "IEEE8021X", "WPA-PSK-SHA256", "WPA-EAP-SHA256"),
    *("FT-PSK", "FT-EAP", "FT-SAE", "FT-EAP-SHA384", "WPA-EAP-SHA384", "WPA-NONE", "WPS", "DPP"),
    *("SAE-EXT-KEY", "FT-SAE-EXT-KEY", "WPA-EAP-SUITE-B", "WPA-EAP-SUITE-B-192", "EPPKE"),
    *("FILS-SHA256", "FILS-SHA384", "FT-FILS-SHA256", "FT-FILS-SHA384", "OSEN"),
)
_CIPHERS = ("CCMP", "TKIP", "GCMP", "CCMP-256", "GCMP-256", "NONE")
_STRINGS = (
    "sae_password sae_password_id id_str bgscan identity anonymous_identity machine_identity "
    "ca_cert ca_path client_cert private_key private_key_passwd subject_match altsubject_match "
    "domain_suffix_match domain_match check_cert_subject ca_cert2 ca_path2 client_cert2 "
    "private_key2 private_key2_passwd subject_match2 altsubject_match2 domain_suffix_match2 "
    "domain_match2 phase1 phase2 pin pin2 engine_id key_id cert_id ca_cert_id openssl_ciphers "
    "pac_file"
)
_NUMBERS = (
    "priority mem_only_psk sae_pwe bg_scan_period eapol_flags eap_workaround engine "
    "fragment_size ocsp erp wep_tx_keyidx dtim_period beacon_int"
)
_FLAGS = "scan_ssid proactive_key_caching mixed_cell ft_over_ds disable_ht disable_vht"
READERS: dict[str, Reader] = {
    "ssid": ssid,
    "psk": psk,
    "password": password,
    "machine_password": password,
    "key_mgmt": words(*KEY_MGMT),
    "proto": words("RSN", "WPA", "WPA2", "OSEN"),
    "pairwise": words(*_CIPHERS),
    "group": words(*_CIPHERS, "WEP40", "WEP104", "GTK_NOT_USED"),
    "eap": anything,
    "auth_alg": words("OPEN", "SHARED", "LEAP"),
    "disabled": number(0, 2),
    "ieee80211w": number(0, 2),
    "mode": number(0, 5),
    "mac_addr": number(0, 3),
    **dict.fromkeys(_STRINGS.split(), string),
    **dict.fromkeys(_NUMBERS.split(), number()),
    **dict.fromkeys(_FLAGS.split(), number(0, 1)),
}
# Fields that are like one of those above and another one.
_OTHERS = (
    "bssid alt_sae_password_ids sae_password_id_change disable_ldpc disable_twt wps_disabled "
    "owe_ptk_workaround imsi_identity machine_ca_cert machine_ca_path machine_client_cert "
    "machine_private_key machine_private_key_passwd machine_subject_match "
    "machine_altsubject_match machine_pin machine_domain_suffix_match machine_domain_match "
    "machine_phase2 machine_check_cert_subject check_cert_subject2 engine_id2 key_id2 cert_id2 "
    "ca_cert_id2 machine_engine_id machine_key_id machine_cert_id machine_ca_cert_id engine2 "
    "machine_engine ocsp2 machine_ocsp disable_vht80 disable_ht40 disable_he disable_eht "
    "disable_uhr mka_priority group_mgmt dh_file dh_file2"
)


def meant(name: str) -> str:
    """Return the field that an unknown name is like; nothing for one that may be a field.

    Which fields there are depends on version and build.
    """
    bare = name.strip().lower()
    if bare in READERS:
        return bare if bare != name else ""
    near = get_close_matches(bare, READERS, 1, _ALIKE) if name not in _OTHERS.split() else []
    return near[0] if near else ""

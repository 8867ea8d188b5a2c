# SPDX-License-Identifier: LGPL-2.1-or-later
"""wpa_supplicant.conf for one network: the passphrase is asked for, hashed, and never written."""

import getpass
import hashlib
import sys

from wbond import escape

SSID_MAX = 32  # bytes, IEEE 802.11-2020, 9.4.2.2
_ITERATIONS, _KEY_SIZE = 4096, 32  # J.4.1; bytes
_SHORTEST, _LONGEST = 8, 63  # characters of a passphrase, J.4.1
_TEXT = """\
# Networks for wpa_supplicant, see wpa_supplicant.conf(5). Written by wbond init.
# This file holds keys: let nobody but root read it.
ctrl_interface=DIR=/run/wpa_supplicant

# The country's rules for radio; two letters. Without it the strictest hold.
#country=DE

# Network: {name}
# The key is the passphrase hashed with the network's name: another name needs
# another key. A network with WPA3 alone takes no key; write for it, in place of
# psk, the lines `key_mgmt=SAE`, `ieee80211w=2` and `sae_password="..."`. One that
# hides its name is found only if it is asked for, which scan_ssid=1 does.
network={{
    ssid={ssid}
    {asks}
    psk={key}
}}
"""


class PasswordError(ValueError):
    """A name or a passphrase that cannot be; the text says why, without the passphrase."""


def check_ssid(ssid: bytes) -> None:
    """Raise PasswordError for a name that no network can have."""
    if not 0 < len(ssid) <= SSID_MAX:
        raise PasswordError(f"a network's name has 1 to {SSID_MAX} bytes, this one has {len(ssid)}")


def ask(name: str) -> bytes:
    """Return a passphrase from the terminal, not shown; without one, a line of standard input.

    Raises PasswordError if there is none.
    """
    if sys.stdin.isatty():
        try:
            text = getpass.getpass(f"Passphrase of {name}: ")
        except EOFError:
            raise PasswordError("no passphrase was given") from None
        return text.encode("utf-8", "surrogateescape")
    line = sys.stdin.buffer.readline()
    if not line:
        raise PasswordError("standard input has no passphrase")
    return line.rstrip(b"\r\n")


def key(passphrase: bytes, ssid: bytes) -> str:
    """Return the key as 64 hexadecimal digits, which a passphrase of 64 already is.

    Raises PasswordError for what is no passphrase.
    """
    if len(passphrase) == 2 * _KEY_SIZE and _is_hexadecimal(passphrase):
        return passphrase.decode("ascii").lower()
    if not _SHORTEST <= len(passphrase) <= _LONGEST:
        raise PasswordError(
            f"a passphrase has {_SHORTEST} to {_LONGEST} characters, or is a key of "
            f"{2 * _KEY_SIZE} hexadecimal digits; this one has {len(passphrase)}"
        )
    return hashlib.pbkdf2_hmac("sha1", passphrase, ssid, _ITERATIONS, _KEY_SIZE).hex()


def _is_hexadecimal(text: bytes) -> bool:
    return all(octet in b"0123456789abcdefABCDEF" for octet in text)


def configuration(ssid: bytes, hashed: str, hidden: bool = False) -> str:
    """Return the file's text; a `hidden` network does not tell its name until it is asked for."""
    name = escape.printable(ssid.decode("utf-8", "surrogateescape"))
    asks = "scan_ssid=1" if hidden else "#scan_ssid=1"
    return _TEXT.format(name=name, ssid=_quoted(ssid), asks=asks, key=hashed)


def _quoted(ssid: bytes) -> str:
    """Return a name in quotes, or, if it is not plain ASCII, as hexadecimal digits.

    Source: wpa_config_parse_string(), src/utils/common.c of wpa_supplicant.
    """
    plain = all(0x20 <= octet < 0x7F and octet not in b'"\\' for octet in ssid)
    return f'"{ssid.decode("ascii")}"' if plain else ssid.hex()

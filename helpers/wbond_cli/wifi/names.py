# SPDX-License-Identifier: LGPL-2.1-or-later
"""Names of networks, which are bytes that anybody may send: how they are written and shown."""

import re

from wbond import escape

from wbond_cli.wifi.passphrase import PasswordError

SSID_MAX = 32  # bytes, IEEE 802.11-2020, 9.4.2.2
HIDDEN = "(hidden)"
_SIMPLE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"e": b"\x1b"}
_ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)


def check(ssid: bytes) -> None:
    """Raise PasswordError for a name that no network can have."""
    if not 0 < len(ssid) <= SSID_MAX:
        raise PasswordError(f"a network's name has 1 to {SSID_MAX} bytes, this one has {len(ssid)}")


def quoted(octets: bytes) -> str:
    """Return a string in quotes, or, if it is not plain ASCII, as hexadecimal digits.

    Source: wpa_config_parse_string(), src/utils/common.c of wpa_supplicant.
    """
    return f'"{octets.decode("ascii")}"' if is_plain(octets) else octets.hex()


def is_plain(octets: bytes) -> bool:
    """Tell whether a string means the same between quotes, to any reader."""
    return all(0x20 <= octet < 0x7F and octet not in b'"\\' for octet in octets)


def unquoted(value: str) -> bytes | None:
    """Return the bytes of a string as a configuration has it; None for what is none.

    It is between quotes, as P"..." with escapes, or in hexadecimal (wpa_config_parse_string()).
    """
    octets = value.encode("utf-8", "surrogateescape")
    if octets[:1] == b'"':
        return octets[1:-1] if len(octets) > 1 and octets[-1:] == b'"' else None
    if octets[:2] == b'P"':
        return unescaped(octets[2:-1]) if len(octets) > 2 and octets[-1:] == b'"' else None
    try:
        return bytes.fromhex(value) if not re.search(r"\s", value) else None
    except ValueError:
        return None


def unescaped(octets: bytes) -> bytes:
    """Return the bytes that printf_encode() has escaped (src/utils/common.c)."""

    def replaced(match: "re.Match[bytes]") -> bytes:
        code = match[1]
        if code[:1] == b"x" and len(code) > 1:
            return bytes([int(code[1:], 16)])
        if code[:1] in b"01234567":
            return bytes([int(code, 8) & 0xFF])
        return _SIMPLE.get(code, code)

    return _ESCAPE.sub(replaced, octets)


def shown(ssid: bytes) -> str:
    """Return a name in printable characters; a network that hides its name sends none, or NULs."""
    if not ssid.strip(b"\0"):
        return HIDDEN
    return escape.printable(ssid.decode("utf-8", "surrogateescape"))

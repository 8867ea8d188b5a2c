# SPDX-License-Identifier: LGPL-2.1-or-later
"""Readers of values: the text of an option -> the value in the form that the units use.

A reader raises `Fault` for a text that cannot be taken. Which option has which
reader stands in wbond.config.
"""

from wbond import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Reader = Callable[[str], str]

IFNAMSIZ = 16  # bytes with the closing NUL, linux/if.h


class Fault(ValueError):
    """A value that cannot be taken; the text says why."""


def interface_name(text: str) -> str:
    """Check a name by the kernel's rules (dev_valid_name(), net/core/dev.c), and `-` besides."""
    octets = text.encode("utf-8", "surrogateescape")
    if not 0 < len(octets) < IFNAMSIZ:
        size = f"it has {len(octets)} bytes, 1 to 15 are possible"
        raise Fault(f"'{text}' is not an interface name: {size}")
    if text[0] == "." or text in ("all", "default"):
        # A leading dot is escaped in a unit and not in a device unit; the kernel keeps the words.
        raise Fault(f"'{text}' cannot be used as an interface name")
    # The kernel takes each byte for a character: 0xa0 is Latin-1's no-break space.
    if text.split() != [text] or "/" in text or ":" in text or "%" in text or b"\xa0" in octets:
        raise Fault(f"'{text}' is not an interface name: blanks, / : and % cannot be part of one")
    if text[0] == "-":
        raise Fault(f"'{text}' starts with '-', which the programs called would take for an option")
    return text


def integer(low: int, high: int, unit: str = "") -> "Reader":
    def read(text: str) -> str:
        digits = text.removeprefix("-")
        # The length first: int() of a very long number takes very long.
        number = digits.isascii() and digits.isdigit() and len(digits) <= 10 and int(text)
        if number is False or not low <= number <= high:
            raise Fault(f"'{text}' is not a whole number from {low} to {high}{unit}")
        return str(number)

    return read


def choice(*names: str) -> "Reader":
    def read(text: str) -> str:
        if text.lower() not in names:
            raise Fault(f"'{text}' is none of {', '.join(names)}{nearest(text.lower(), names)}")
        return text.lower()

    return read


def yes_no(text: str) -> str:
    """systemd's words for a boolean (systemd.syntax(7))."""
    words = {"1": "yes", "yes": "yes", "true": "yes", "on": "yes"}
    words |= {"0": "no", "no": "no", "false": "no", "off": "no"}
    if text.lower() not in words:
        raise Fault(f"'{text}' is neither yes nor no")
    return words[text.lower()]


def mode(text: str) -> str:
    if text != "active-backup":
        raise Fault(
            f"'{text}' cannot work with Wi-Fi: an access point accepts only frames from the "
            "associated station, so a bond with a radio can use one port at a time (active-backup)"
        )
    return text


def path(text: str) -> str:
    if text[0] != "/" or ".." in text.split("/"):
        raise Fault(f"'{text}' is not an absolute path")
    return text


def _octets(text: str) -> bytes | None:
    """Read hexadecimal bytes, alone or with colons or dashes between them; None if they are not."""
    try:
        return bytes.fromhex(text.replace(":", " ").replace("-", " "))
    except ValueError:
        return None


def mac(text: str) -> str:
    octets = _octets(text) if [len(pair) for pair in text.split(":")] == [2] * 6 else None
    if octets is not None and len(octets) == 6:
        if octets[0] & 1 or not any(octets):
            raise Fault(f"'{text}' is no address of a single station (multicast or zero)")
        return text.lower()
    if text == "follow":
        raise Fault(
            "'follow' changes a radio's address at failover, which an associated radio refuses: "
            "connectivity would be lost"
        )
    if ":" in text:
        raise Fault(f"'{text}' is not a MAC address such as 02:00:00:12:34:56")
    return text if text in ("active", "stable") else interface_name(text)


def duid(text: str) -> str:
    """`auto`, or a DUID: type code and 1 to 128 octets (RFC 8415, 11.1), as aa:bb:…"""
    if text == "auto":
        return text
    octets = _octets(text)
    if octets is None or not 3 <= len(octets) <= 130:
        raise Fault(f"'{text}' is neither 'auto' nor 3 to 130 bytes in hexadecimal")
    return octets.hex(":")


def driver(text: str) -> str:
    if not text.replace(",", "").replace("_", "").isalnum() or not text.isascii():
        raise Fault(f"'{text}' is not a wpa_supplicant driver such as nl80211")
    return text


def unit(text: str) -> str:
    """A unit's name by systemd's rules (unit_name_is_valid())."""
    types = [
        "service",
        "socket",
        "target",
        "device",
        "mount",
        "automount",
        "swap",
        "path",
        "timer",
        "slice",
        "scope",
    ]
    stem, _, suffix = text.rpartition(".")
    legal = text.isascii() and all(c.isalnum() or c in ":-_.\\@" for c in text)
    if not stem or suffix not in types or not legal or len(text) > 255 or stem[0] == "@":
        raise Fault(f"'{text}' is not the name of a unit such as dhcpcd.service")
    return text


def port_name(text: str) -> str:
    """A literal interface name, or a glob that could match one."""
    if not escape.is_glob(text):
        return interface_name(text)
    if "/" in text or ":" in text.replace("[:", "").replace(":]", ""):
        raise Fault(f"'{text}' can match no interface name: / and : cannot be part of one")
    return text


def glob(text: str) -> str:
    return text


def nearest(word: str, known: "Iterable[str]") -> str:
    """Return a suggestion for a misspelt word, or nothing."""
    from difflib import get_close_matches  # costs 10 ms: only where there is a fault

    near = get_close_matches(word, list(known), 1)
    return f" (did you mean '{near[0]}'?)" if near else ""

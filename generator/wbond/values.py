# SPDX-License-Identifier: LGPL-2.1-or-later
"""Readers of values: the text of an option -> the value in the form that the units use.

A reader raises `ConfigError` for what cannot be taken, and takes nothing that
cannot be written into a unit. wbond.config says which option has which reader.
"""

from wbond import ConfigError, escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Reader = Callable[[str], str]

IFNAMSIZ = 16  # bytes with the closing NUL, linux/if.h


def interface_name(text: str) -> str:
    """Check a name by the kernel's rules (dev_valid_name(), net/core/dev.c), and `-` besides."""
    octets = text.encode("utf-8", "surrogateescape")
    if not 0 < len(octets) < IFNAMSIZ:
        raise ConfigError("interface-name-length", size=len(octets), high=IFNAMSIZ - 1)
    if text[0] == "." or text in ("all", "default"):
        # A leading dot is escaped in a unit and not in a device unit; the kernel keeps the words.
        raise ConfigError("interface-name-reserved")
    # The kernel takes each byte for a character: 0xa0 is Latin-1's no-break space.
    if text.split() != [text] or "/" in text or ":" in text or "%" in text or b"\xa0" in octets:
        raise ConfigError("interface-name-characters")
    if text[0] == "-":
        raise ConfigError("interface-name-dash")
    return text


def integer(low: int, high: int, unit: str = "") -> "Reader":
    """Return a reader of whole numbers; `unit` is what they count, for a person."""

    def read(text: str) -> str:
        digits = text.removeprefix("-")
        # The length first: int() of a very long number takes very long.
        number = digits.isascii() and digits.isdigit() and len(digits) <= 10 and int(text)
        if number is False or not low <= number <= high:
            raise ConfigError("not-an-integer", low=low, high=high, unit=unit)
        return str(number)

    return read


def choice(*names: str) -> "Reader":
    """Return a reader of one of these words."""

    def read(text: str) -> str:
        if text.lower() not in names:
            raise ConfigError("not-one-of", names=", ".join(names), known=names)
        return text.lower()

    return read


def yes_no(text: str) -> str:
    """systemd's words for a boolean (systemd.syntax(7))."""
    words = {"1": "yes", "yes": "yes", "true": "yes", "on": "yes"}
    words |= {"0": "no", "no": "no", "false": "no", "off": "no"}
    if text.lower() not in words:
        raise ConfigError("not-a-boolean")
    return words[text.lower()]


def mode(text: str) -> str:
    """The one mode of a bond that works with a radio, by any of the names that it has.

    The kernel's number and ip(8)'s word (bond_mode_tbl, bond_options.c), and nmcli's.
    """
    if text.lower() not in ("active-backup", "active_backup", "1"):
        raise ConfigError("mode-with-radio")
    return "active-backup"


def path(text: str) -> str:
    """An absolute path without `..`."""
    if text[0] != "/" or ".." in text.split("/"):
        raise ConfigError("not-an-absolute-path")
    return text


def _octets(text: str) -> bytes | None:
    """Read hexadecimal bytes, alone or with colons or dashes between them; None if they are not."""
    try:
        return bytes.fromhex(text.replace(":", " ").replace("-", " "))
    except ValueError:
        return None


class MacPolicy:
    """Which address a bond's ports have: `active | stable | INTERFACE | ADDRESS`.

    `active`: each its own. Else all have one: derived from the machine id
    (`stable`), that of `interface`, or `address`; the last two are texts, and
    empty where something else holds.
    """

    __slots__ = ("address", "interface", "text")

    def __init__(self, text: str, interface: str = "", address: str = "") -> None:
        self.text, self.interface, self.address = text, interface, address

    @classmethod
    def parse(cls, text: str) -> "MacPolicy":
        """Read what the configuration or a unit's variable says; an address in any case.

        Raises ConfigError for what is none of the four.
        """
        if text in ("active", "stable"):
            return cls(text)
        octets = _octets(text) if [len(pair) for pair in text.split(":")] == [2] * 6 else None
        if octets is not None and len(octets) == 6:
            if octets[0] & 1 or not any(octets):
                raise ConfigError("mac-not-unicast")
            return cls(text.lower(), address=text.lower())
        if text == "follow":
            raise ConfigError("mac-follow")
        if text in ("random", "preserve", "permanent"):  # NetworkManager's
            raise ConfigError("not-a-mac-policy")
        if ":" in text:
            raise ConfigError("not-a-mac-address")
        return cls(text, interface=interface_name(text))

    @property
    def active(self) -> bool:
        """Tell whether each port keeps its own address."""
        return self.text == "active"

    @property
    def stable(self) -> bool:
        """Tell whether the address is derived from the machine id."""
        return self.text == "stable"


def mac(text: str) -> str:
    """The address of the ports, see MacPolicy."""
    return MacPolicy.parse(text).text


def duid(text: str) -> str:
    """`auto`, or a DUID: type code and 1 to 128 octets (RFC 8415, 11.1), as aa:bb:…"""
    if text == "auto":
        return text
    octets = _octets(text)
    if octets is None or not 3 <= len(octets) <= 130:
        raise ConfigError("not-a-duid")
    return octets.hex(":")


def driver(text: str) -> str:
    """wpa_supplicant's drivers, with commas between them."""
    if not text.replace(",", "").replace("_", "").isalnum() or not text.isascii():
        raise ConfigError("not-a-driver")
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
        raise ConfigError("not-a-unit-name")
    return text


def port_name(text: str) -> str:
    """A literal interface name, or a glob that could match one.

    The kernel would take a comma, quotes or an `@` as well; whoever writes them has copied them.
    """
    if "," in text:
        raise ConfigError("name-with-comma")
    if text[0] in "\"'" or text[-1] in "\"'":
        raise ConfigError("name-in-quotes")
    if "@" in text[1:]:
        raise ConfigError("name-with-parent")
    if not escape.is_glob(text):
        return interface_name(text)
    if "/" in text or ":" in text.replace("[:", "").replace(":]", ""):
        raise ConfigError("glob-characters")
    return text


def address(text: str) -> str:
    """An IP address of the bond's own and its prefix length: 192.0.2.10/24."""
    from wbond import addresses  # with a class in C that a file without any does without

    return addresses.with_prefix(text)


def gateway(text: str) -> str:
    """The IP address of a router."""
    from wbond import addresses

    return addresses.router(text)


def glob(text: str) -> str:
    """A glob of anything that a device says of itself."""
    return text


def glob_of_hexadecimal(code: str) -> "Reader":
    """Return a reader of globs of numbers with colons between them; `code` says what they are."""

    def read(text: str) -> str:
        # A dash and a `!` have a meaning within brackets alone.
        outside = "".join(part.rpartition("]")[2] for part in f"]{text}".split("["))
        if any(sign not in "0123456789abcdefABCDEF:*?" for sign in outside):
            raise ConfigError(code)
        return text

    return read


def glob_of_driver(text: str) -> str:
    """A glob of a driver's name, which is not that of its module's file."""
    if text.endswith((".ko", ".ko.xz", ".ko.zst", ".ko.gz")):
        raise ConfigError("driver-file")
    return text

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Static addresses and gateways: their text -> the one form that units and the kernel's tools have.

Loaded only where a configuration has some: the class socket that reads them is not for nothing.
"""

import _socket

from wbond import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from wbond.config import Bond
    from wbond.ini import Place

    Entries = list[tuple[str, Place]]
    Faults = list[tuple[Place, ConfigError, str]]

BITS = {_socket.AF_INET: 32, _socket.AF_INET6: 128}
_MAPPED = bytes(10) + b"\xff\xff"  # RFC 4291, 2.5.5.2
_LINK_LOCAL = 0b1111111010  # the first ten bits, RFC 4291, 2.5.6


def parse(text: str) -> tuple[int, bytes]:
    """Return family and octets of an address, without a zone. Raises ValueError."""
    family = _socket.AF_INET6 if ":" in text else _socket.AF_INET
    try:
        return family, _socket.inet_pton(family, text)
    except OSError:
        raise ValueError(text) from None


def split(text: str) -> tuple[int, bytes, int]:
    """Return family, octets and prefix length of a checked `address`."""
    address, _, length = text.partition("/")
    return (*parse(address), int(length))


def host(text: str) -> str:
    """Return a checked `address` without its prefix length."""
    return text.partition("/")[0]


def with_prefix(text: str) -> str:
    """Read an entry of `address`, such as 192.0.2.10/24; returns it in its canonical spelling.

    Raises ConfigError.
    """
    if "," in text:
        raise ConfigError("address-with-comma")
    address, slash, suffix = text.partition("/")
    family, octets = _unicast(address, "not-an-address")
    if not slash:
        raise ConfigError("address-without-prefix")
    bits = BITS[family]
    # Neither `²` nor a number that int() takes long for; 0 is no network.
    length = int(suffix) if suffix.isascii() and suffix.isdigit() and len(suffix) <= 3 else 0
    if not 1 <= length <= bits:
        raise ConfigError("not-a-prefix-length", high=bits)
    _check_host(family, octets, bits - length)
    return f"{_socket.inet_ntop(family, octets)}/{length}"


def _check_host(family: int, octets: bytes, size: int) -> None:
    """Refuse what means a network as a whole; `size` is the number of bits that tell its hosts.

    Of two addresses or one, all are hosts (RFC 3021, RFC 6164). In IPv6 the first one is that of
    all routers (RFC 4291, 2.6.1), and there is no broadcast.
    """
    mask = (1 << size) - 1
    number = int.from_bytes(octets, "big") & mask
    if size > 1 and not number:
        raise ConfigError("address-of-network")
    if size > 1 and family == _socket.AF_INET and number == mask:
        raise ConfigError("address-of-broadcast")


def router(text: str) -> str:
    """Read an entry of `gateway`; returns it in its canonical spelling. Raises ConfigError."""
    if "," in text:
        raise ConfigError("address-with-comma")
    if "/" in text:
        raise ConfigError("gateway-with-prefix")
    family, octets = _unicast(text, "not-a-gateway")
    return _socket.inet_ntop(family, octets)


def _unicast(text: str, code: str) -> tuple[int, bytes]:
    """Read the address of one host. Raises ConfigError, with `code` for what is no address."""
    if "%" in text:
        raise ConfigError("address-with-zone")
    try:
        family, octets = parse(text)
    except ValueError:
        raise ConfigError(code) from None
    if octets.startswith(_MAPPED):
        own = _socket.inet_ntop(_socket.AF_INET, octets[len(_MAPPED) :])
        raise ConfigError("address-mapped", own=own)
    if _is_special(family, octets):
        raise ConfigError("address-of-no-host")
    return family, octets


def _is_special(family: int, octets: bytes) -> bool:
    """Tell what the kernel or every host takes for itself: this host, loopback, multicast.

    IPv4: 0/8, 127/8, 224/4 and 240/4, the last of which holds the broadcast address (RFC 6890).
    """
    if family == _socket.AF_INET:
        return octets[0] in (0, 127) or octets[0] >= 224
    return octets[0] == 0xFF or octets in (bytes(16), bytes(15) + b"\1")


def unreachable(gateway: str, addresses: "Iterable[str]") -> str:
    """Return the code of what keeps a gateway from being one beside these; nothing where it is.

    A link-local router needs none: every interface has a link-local address.
    """
    family, octets = parse(gateway)
    own = [split(text) for text in addresses]
    if any((family, octets) == (of, mine) for of, mine, _ in own):
        return "gateway-is-own-address"
    if _is_link_local(family, octets):
        return ""
    near = (of == family and _same_network(octets, mine, length) for of, mine, length in own)
    return "" if any(near) else "gateway-off-link"


def _is_link_local(family: int, octets: bytes) -> bool:
    return family == _socket.AF_INET6 and int.from_bytes(octets[:2], "big") >> 6 == _LINK_LOCAL


def _same_network(octets: bytes, others: bytes, length: int) -> bool:
    size = len(octets) * 8 - length
    return int.from_bytes(octets, "big") >> size == int.from_bytes(others, "big") >> size


def sort_out(
    name: str, entries: "Entries", bond: "Bond", taken: dict[str, str]
) -> "tuple[list[str], Faults]":
    """Return the good ones of the checked entries of `address` or `gateway`, and what is wrong.

    `taken` says which bond has an address, without its prefix length; it grows.
    """
    good: list[str] = []
    faults: Faults = []
    for entry, place in entries:
        if name == "address":
            error = _taken(entry, bond.name, good, taken)
        else:
            error = _no_gateway(entry, good, bond.lists.get("address", ()))
        if error:
            faults.append((place, error, entry))
        else:
            good.append(entry)
    return good, faults


def _taken(
    entry: str, bond: str, listed: "Iterable[str]", taken: dict[str, str]
) -> ConfigError | None:
    """Tell of an address that is another bond's, or is there with another prefix length."""
    owner = taken.setdefault(host(entry), bond)
    if owner != bond:
        return ConfigError("address-of-another-bond", owner=owner)
    twice = any(host(other) == host(entry) for other in listed)
    return ConfigError("address-twice") if twice else None


def _no_gateway(
    entry: str, listed: "Iterable[str]", addresses: "Iterable[str]"
) -> ConfigError | None:
    """Tell of a second gateway of a family, and of one that no address of the bond's reaches."""
    if any((":" in other) == (":" in entry) for other in listed):
        return ConfigError("second-gateway")
    code = unreachable(entry, addresses)
    return ConfigError(code) if code else None

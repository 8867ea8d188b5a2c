# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a resolver takes: addresses of name servers, and domains to search (resolv.conf(5)).

For the configuration, and for what networks say, which is hostile input: what leaves this module
is one word of ASCII without a control character.
"""

from wbond import ConfigError

DOMAIN_MAX, LABEL_MAX = 253, 63  # characters, RFC 1035, 2.3.4, without the root's dot
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
_ADDRESS_MAX = 45  # characters, INET6_ADDRSTRLEN without its NUL


def nameserver(text: str) -> str:
    """The address of one host, in the form that inet_ntop(3) gives it.

    Raises ConfigError for anything else, a zone included: where an address needs one, it is the
    bond, see `with_zone`.
    """
    # 0.3 ms where it is not built in: only for those who name a server.
    import _socket

    family = _socket.AF_INET6 if ":" in text else _socket.AF_INET
    try:
        octets = _socket.inet_pton(family, text) if len(text) <= _ADDRESS_MAX else b""
    except (OSError, ValueError):
        octets = b""
    if not any(octets) or octets[0] == 0xFF or (len(octets) == 4 and octets[0] >= 0xE0):
        raise ConfigError("not-a-nameserver")
    return _socket.inet_ntop(family, octets)


def is_link_local(address: str) -> bool:
    """Tell whether an IPv6 address has a meaning on one link alone (fe80::/10, RFC 4291)."""
    return address[:3] in ("fe8", "fe9", "fea", "feb") and address[4:5] == ":"


def with_zone(address: str, interface: str) -> str:
    """Add the interface to an address that has a meaning on its link alone (RFC 4007, 11)."""
    return f"{address}%{interface}" if is_link_local(address) else address


def is_own(address: str) -> bool:
    """Tell an address by which a host speaks to itself: no network is to name that one."""
    return address.startswith(("127.", "0.", "::ffff:127.")) or address == "::1"


def domain(text: str) -> str:
    """A domain name by the rules of DNS, without the root's dot. Raises ConfigError."""
    name = text.removesuffix(".")
    labels = name.split(".")
    fits = len(name) <= DOMAIN_MAX and all(0 < len(label) <= LABEL_MAX for label in labels)
    if not fits or not _LETTERS.issuperset(name.replace(".", "")):
        raise ConfigError("not-a-domain")
    if any(label[0] == "-" or label[-1] == "-" for label in labels):
        raise ConfigError("not-a-domain")
    return name

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Addresses of name servers, and domains: what is taken, and in which form."""

import pytest
from wbond import ConfigError, resolver


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("fe80::1", "fe80::1"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_addresses_of_servers(text: str, read: str) -> None:
    assert resolver.nameserver(text) == read


@pytest.mark.parametrize(
    "text",
    [
        *("", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "ff02::1", "192.0.2.1:53"),
        *("192.0.2", "0192.0.2.1", "dns.example", "fe80::1%bond0", "192.0.2.1\n", "1" * 5000),
        *("2001:db8::1\0", "２.0.0.1", "\udcff"),
    ],
)
def test_what_is_no_address_of_a_server(text: str) -> None:
    with pytest.raises(ConfigError, match="not-a-nameserver"):
        resolver.nameserver(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("example.org", "example.org"),
        ("lab.", "lab"),
        ("_x.xn--bcher-kva.de", "_x.xn--bcher-kva.de"),
    ],
)
def test_domains(text: str, read: str) -> None:
    assert resolver.domain(text) == read


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "a..b", "-a.b", "a-.b", "a b", "a\nb", "a;b", "$(x)", "büro.de", "a\x7f"),
        *("x" * 64 + ".org", ".".join(["x" * 60] * 5), "a\\032b"),
    ],
)
def test_what_is_no_domain(text: str) -> None:
    with pytest.raises(ConfigError, match="not-a-domain"):
        resolver.domain(text)

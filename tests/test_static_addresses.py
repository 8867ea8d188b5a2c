# SPDX-License-Identifier: LGPL-2.1-or-later
"""Addresses, gateways and metrics: what is taken, and what is told of the rest."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wbond import ConfigError, addresses, messages

from tests.configuration import good, read, told

HOME = "address = 192.0.2.10/24 2001:db8::10/64"


def lists(text: str, bond: str = "bond0") -> dict[str, tuple[str, ...]]:
    return good(text)[bond].lists


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("192.0.2.10/24", "192.0.2.10/24"),
        ("192.0.2.10/024", "192.0.2.10/24"),
        ("192.0.2.0/31", "192.0.2.0/31"),
        ("192.0.2.255/32", "192.0.2.255/32"),
        ("10.0.1.0/8", "10.0.1.0/8"),
        ("169.254.1.2/16", "169.254.1.2/16"),
        ("2001:DB8:0:0::10/64", "2001:db8::10/64"),
        ("2001:db8::/127", "2001:db8::/127"),
        ("2001:db8::ffff/112", "2001:db8::ffff/112"),
        ("fe80::5/64", "fe80::5/64"),
    ],
)
def test_an_address_is_taken_in_its_canonical_spelling(text: str, value: str) -> None:
    assert lists(f"[bond0]\naddress = {text}") == {"address": (value,)}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("192.0.2.10", "address-without-prefix"),
        ("2001:db8::10", "address-without-prefix"),
        *[(f"192.0.2.10/{end}", "not-a-prefix-length") for end in ("", "0", "33", "x", "²", "+8")],
        *[(f"192.0.2.10/{end}", "not-a-prefix-length") for end in ("255.255.255.0", "-1", "9" * 9)],
        *[(f"2001:db8::10/{end}", "not-a-prefix-length") for end in ("0", "129", "64/64")],
        *[
            (f"{text}/24", "not-an-address")
            for text in ("host", "192.0.2", "1.2.3.4.5", "256.1.1.1")
        ],
        *[(f"{text}/64", "not-an-address") for text in (":", "2001:db8", "2001::db8::1", "1::x")],
        ("/24", "not-an-address"),
        ("192.0.2.10/24,", "address-with-comma"),
        ("192.0.2.10/24,192.0.2.11/24", "address-with-comma"),
        ("fe80::1%eth0/64", "address-with-zone"),
        ("::ffff:192.0.2.10/120", "address-mapped"),
        *[(f"{text}/8", "address-of-no-host") for text in ("0.1.2.3", "127.0.0.1", "224.0.0.5")],
        *[(f"{text}/8", "address-of-no-host") for text in ("240.1.2.3", "255.255.255.255")],
        *[(f"{text}/64", "address-of-no-host") for text in ("::", "::1", "ff02::1")],
        ("192.0.2.0/24", "address-of-network"),
        ("192.0.2.4/30", "address-of-network"),
        ("2001:db8::/64", "address-of-network"),
        ("192.0.2.255/24", "address-of-broadcast"),
        ("192.0.2.7/30", "address-of-broadcast"),
    ],
)
def test_what_no_host_can_have_is_told_and_costs_no_other(text: str, code: str) -> None:
    found = read(f"[bond0]\naddress = 198.51.100.1/24 {text} 198.51.100.2/24")
    assert told(found.problems) == [f"2:27-{27 + len(text)} [bond0] address {code}"]
    assert found.bonds[0].lists == {"address": ("198.51.100.1/24", "198.51.100.2/24")}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("192.0.2.1/24", "gateway-with-prefix"),
        ("router", "not-a-gateway"),
        ("192.0.2.1,", "address-with-comma"),
        ("fe80::1%bond0", "address-with-zone"),
        ("::ffff:192.0.2.1", "address-mapped"),
        ("ff02::2", "address-of-no-host"),
        ("198.51.100.1", "gateway-off-link"),
        ("2001:db8:1::1", "gateway-off-link"),
        ("192.0.2.10", "gateway-is-own-address"),
        ("2001:db8::10", "gateway-is-own-address"),
    ],
)
def test_what_can_be_no_gateway_is_told(text: str, code: str) -> None:
    found = read(f"[bond0]\n{HOME}\ngateway = {text} 192.0.2.1")
    assert told(found.problems) == [f"3:11-{11 + len(text)} [bond0] gateway {code}"]
    assert found.bonds[0].lists["gateway"] == ("192.0.2.1",)


@pytest.mark.parametrize("text", ["192.0.2.1 2001:DB8::1", "fe80::1 192.0.2.254", "fe80::1"])
def test_a_gateway_of_each_family_is_taken(text: str) -> None:
    assert lists(f"[bond0]\n{HOME}\ngateway = {text}")["gateway"] == tuple(text.lower().split())


def test_a_link_local_gateway_needs_no_static_address() -> None:
    assert lists("[bond0]\ngateway = fe80::1") == {"gateway": ("fe80::1",)}


@pytest.mark.parametrize("second", ["192.0.2.2", "192.0.2.1"])
def test_a_second_gateway_of_a_family_is_left_out(second: str) -> None:
    found = read(f"[bond0]\n{HOME}\ngateway = 192.0.2.1 fe80::1 {second}")
    assert [problem.code for problem in found.problems] == [
        "second-gateway" if second == "192.0.2.2" else "address-twice"
    ]
    assert found.bonds[0].lists["gateway"] == ("192.0.2.1", "fe80::1")


@pytest.mark.parametrize("again", ["192.0.2.10/24", "192.0.2.10/25", "2001:db8:0::10/64"])
def test_an_address_is_there_once(again: str) -> None:
    found = read(f"[bond0]\n{HOME} {again}")
    assert told(found.problems) == [f"2:41-{41 + len(again)} [bond0] address address-twice"]
    assert found.bonds[0].lists["address"] == ("192.0.2.10/24", "2001:db8::10/64")


def test_an_address_is_that_of_one_bond_also_where_both_inherit_it() -> None:
    found = read(f"[DEFAULT]\n{HOME}\n[bond0]\n[lan]\naddress[h] = 192.0.2.10/25\n", "h")
    assert told(found.problems) == ["5:14-27 [lan] address address-of-another-bond"]
    assert found.problems[0].arguments["owner"] == "bond0"
    assert [bond.lists["address"] for bond in found.bonds] == [
        ("192.0.2.10/24", "2001:db8::10/64"),
        (),
    ]


@pytest.mark.parametrize(
    ("given_metrics", "metrics"),
    [
        (("", "", ""), (None, "2000", "3000")),
        (("100", "", ""), ("100", "2000", "3000")),
        (("2000", "", "5"), ("2000", "3000", "5")),
        (("", "3000", ""), (None, "3000", "2000")),
        (("", "", "2000"), (None, "3000", "2000")),
    ],
)
def test_bonds_have_metrics_in_their_order(
    given_metrics: tuple[str, ...], metrics: tuple[str | None, ...]
) -> None:
    text = "".join(
        f"[b{number}]\n" + (f"metric = {metric}\n" if metric else "")
        for number, metric in enumerate(given_metrics)
    )
    assert tuple(bond.settings.get("metric") for bond in good(text).values()) == metrics


def test_of_two_bonds_with_one_metric_the_second_has_that_of_its_place() -> None:
    found = read("[DEFAULT]\nmetric = 7\n[bond0]\n[lan]")
    assert told(found.problems) == ["2:10-11 [lan] metric metric-of-another-bond"]
    assert [bond.settings["metric"] for bond in found.bonds] == ["7", "2000"]


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), st.integers(1, 128))
def test_what_is_taken_is_a_host_in_its_network(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int
) -> None:
    text = f"{address}/{min(length, address.max_prefixlen)}"
    wanted = ipaddress.ip_interface(text)
    size = address.max_prefixlen - wanted.network.prefixlen
    first = size > 1 and address == wanted.network.network_address
    last = size > 1 and address.version == 4 and address == wanted.network.broadcast_address
    mapped = getattr(address, "ipv4_mapped", None)
    no_host = address.is_multicast or address.is_loopback or address.is_unspecified
    no_host = no_host or (address.version == 4 and str(address).startswith(("0.", *RESERVED)))
    refused = bool(first or last or mapped or no_host)
    try:
        found = addresses.with_prefix(text)
    except ConfigError:
        found = ""
    assert found == ("" if refused else str(wanted))


RESERVED = tuple(f"{octet}." for octet in range(240, 256))


def test_what_is_meant_by_a_mapped_address_is_told() -> None:
    (problem,) = read("[bond0]\naddress = ::ffff:c000:209/120").problems
    assert "the IPv4 address 192.0.2.9," in messages.text(problem)

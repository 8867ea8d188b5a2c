# SPDX-License-Identifier: LGPL-2.1-or-later
"""Configurations at random: only checked values are taken, and problems are data."""

import ipaddress
import itertools
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wbond import config, ini, messages
from wbond.message import ERROR, WARNING

from tests.configuration import read
from tests.test_values import BAD, GOOD


def whole(low: int, high: int) -> Callable[[str], bool]:
    return lambda text: bool(re.fullmatch("-?[0-9]+", text)) and low <= int(text) <= high


def matching(pattern: str) -> Callable[[str], bool]:
    return lambda text: bool(re.fullmatch(pattern, text, re.DOTALL))


def interface(text: str) -> bool:
    return matching(r"(?!-|\.\.?$)[^\s/:%]+")(text) and len(text.encode()) < 16


def interface_or_glob(text: str) -> bool:
    return interface(text) or matching(r"[^\s/]*[*?[][^\s/]*")(text)


CHECKS: dict[str, Callable[[str], bool]] = {
    "mode": matching("active-backup"),
    "miimon": whole(1, 10_000),
    "updelay": whole(0, 3_600_000),
    "downdelay": whole(0, 3_600_000),
    "primary_reselect": matching("always|better|failure"),
    "peer_notif": whole(0, 255),
    "peer_notif_delay": whole(0, 300_000),
    "mac": lambda text: matching("([0-9a-f]{2}:){5}[0-9a-f]{2}")(text) or interface(text),
    "dhcp4": matching("auto|dhclient|dhcpcd|none"),
    "dhcp6": matching("auto|dhcp6c|dhcpcd|none"),
    "duid": matching("auto|([0-9a-f]{2}:){2,129}[0-9a-f]{2}"),
    "dhclient_conf": matching(r"(?!.*/\.\.(/|$))/.*"),
    "dhcp6c_conf": matching(r"(?!.*/\.\.(/|$))/.*"),
    "supplicant_conf": matching(r"(?!.*/\.\.(/|$))/.*"),
    "supplicant_driver": matching("[a-zA-Z0-9_,]+"),
    "supplicant_bridge": matching("yes|no"),
    "legacy_rates": matching("yes|no"),
    "metric": whole(1, 2**31 - 2),
    "dns": matching("auto|resolved|resolvconf|file|none"),
    "wait_online": matching("address|link|no"),
}
UNIT = matching(r"[a-zA-Z0-9:_.\\-][a-zA-Z0-9:_.\\@-]*\.[a-z]+")

_LINE = st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32)), "\x7f"])
WORD = st.one_of(
    st.sampled_from([text for _, text, _ in [*GOOD, *BAD] if len(text) < 300]),
    st.sampled_from(["192.0.2.7/24", "192.0.2.1", "2001:db8::7/64", "fe80::1", "10.0.0.0/31"]),
    st.sampled_from(["a", "b", "c", "x", "e*", "w?", "bond0", "a.service", "b@.socket", "wired"]),
    st.text(st.one_of(st.sampled_from("a-./:%*[]@\\\"' "), _LINE), max_size=18),
)
SECTION = st.one_of(st.sampled_from(["bond0", "a", "x", "bond0/s", "a/t", "DEFAULT", "a b"]), WORD)
OPTION = st.one_of(
    st.sampled_from([*config.BOND_SETTINGS, *config.BOND_LISTS]),
    st.sampled_from([*config.PORT_SETTINGS, *config.PORT_LISTS]),
    WORD,
)
HEADER = st.lists(SECTION, min_size=1, max_size=3).map(lambda names: f"[{':'.join(names)}]")
ASSIGNMENT = st.builds(
    lambda option, host, values: f"{option}{host} = {' '.join(values)}",
    OPTION,
    st.sampled_from(["", "", "[h]", "[", "[]"]),
    st.lists(WORD, max_size=4),
)
TEXT = st.lists(st.one_of(HEADER, ASSIGNMENT, ASSIGNMENT, ASSIGNMENT), max_size=30).map("\n".join)


@given(TEXT, st.sampled_from(["", "h", "h_i", "_", "__"]))
@settings(deadline=None)
def test_of_any_text_only_checked_values_are_taken(text: str, hostname: str) -> None:
    bonds = read(f"[bond0]\n{text}", hostname).bonds
    metrics = [bond.settings["metric"] for bond in bonds if "metric" in bond.settings]
    assert len(set(metrics)) == len(metrics) >= len(bonds) - 1
    names = [bond.name for bond in bonds]
    assert all(map(interface, names))
    assert len(set(names)) == len(names)
    for bond in bonds:
        assert all(CHECKS[name](value) for name, value in bond.settings.items()), bond.settings
        units = (bond.lists.get(name, ()) for name in ("conflicts", "on_failure"))
        assert all(map(UNIT, itertools.chain(*units)))
        own = [ipaddress.ip_interface(text) for text in bond.lists.get("address", ())]
        assert len({address.ip for address in own}) == len(own)
        for gateway in map(ipaddress.ip_address, bond.lists.get("gateway", ())):
            assert gateway.is_link_local or any(gateway in address.network for address in own)
        assert all(map(interface_or_glob, bond.lists.get("exclude", ())))
        assert not any(bond.excludes(port.name) for port in bond.ports if port.literal)
        miimon = int(bond.settings.get("miimon", 100))
        delays = (
            bond.settings.get(f"{which}delay", "0") for which in ("up", "down", "peer_notif_")
        )
        assert all(int(delay) % miimon == 0 for delay in delays)
        for port in bond.ports:
            assert all(CHECKS[name](value) for name, value in port.settings.items())
            assert not port.literal or interface(port.name)
            assert -(2**31) <= port.priority < 2**31
            assert port.kind in ("wired", "wireless")


@given(TEXT)
@settings(deadline=None)
def test_in_any_text_a_port_is_in_one_bond_and_in_order(text: str) -> None:
    bonds = read(f"[bond0]\nwired = a b c\n[a]\nwireless = b x\n{text}").bonds
    literal = [port.name for bond in bonds for port in bond.ports if port.literal]
    assert len(set(literal)) == len(literal)
    assert not {bond.name for bond in bonds} & set(literal)
    for bond in bonds:
        ranks = [port.priority for port in bond.ports]
        assert ranks == sorted(ranks, reverse=True)


@given(TEXT)
@settings(deadline=None)
def test_problems_are_told_in_the_order_of_lines(text: str) -> None:
    lines = [problem.place.line for problem in read(text).problems]
    assert lines == sorted(lines)


OF_THE_NAME = {"unknown-option", "bad-host", "empty-value"}
OF_THE_NAME |= {"port-option-of-a-bond", "bond-option-of-a-port"}


@given(TEXT)
@settings(deadline=None)
def test_what_is_wrong_stands_where_its_place_says(text: str) -> None:
    lines = text.split("\n")
    for problem in read(text).problems:
        line = lines[problem.place.line - 1]
        meant = line[problem.place.column - 1 : problem.place.end - 1]
        if problem.code in OF_THE_NAME:
            assert meant.lower().startswith(problem.option.partition("[")[0])
        elif problem.code not in ("too-many-problems", "not-a-multiple"):
            # What may be a password has as many stars.
            assert len(meant) == len(problem.value)
            assert meant.startswith(problem.value.rstrip("*"))


@given(TEXT)
@settings(deadline=None)
def test_every_problem_has_words(text: str) -> None:
    for problem in read(text).problems:
        assert messages.text(problem)
        assert messages.remedy(problem).endswith(".")
        assert messages.severity(problem) in (ERROR, WARNING)


@given(TEXT)
@settings(deadline=None)
def test_no_text_is_an_internal_error(text: str) -> None:
    assert config.INTERNAL_ERROR not in {problem.code for problem in read(text).problems}


@given(st.binary(max_size=300), st.text(max_size=10))
@settings(deadline=None)
def test_no_bytes_raise(content: bytes, hostname: str) -> None:
    assert read(b"[bond0]\n" + content, hostname).bonds[0].name == "bond0"


@pytest.mark.parametrize(
    "text",
    [
        "[bond0" + "".join(f":x{n}" for n in range(500)) + "]\n",
        "[bond0]\n" + "".join(f"option{n} = 1\n" for n in range(500)),
        "".join(f"[bond{n}]\n[bondx{n}/a]\nkind = wired\n" for n in range(500)),
        "[bond0]\nwired =" + "\n a/b" * 500,
    ],
    ids=["parents", "options", "ports", "entries"],
)
def test_of_rubbish_a_bounded_number_of_problems_is_listed(text: str) -> None:
    problems = read(text).problems
    assert len(problems) == ini.PROBLEMS_MAX + 1
    assert problems[-1].code == "too-many-problems"

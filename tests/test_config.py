# SPDX-License-Identifier: LGPL-2.1-or-later
"""What options mean: every value that is taken or refused, who inherits what, whose port it is."""

import re
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wbond import config, ini, values
from wbond.config import Bond, Config, Port

FILE = "/etc/wbond.conf"
DEFAULT_IS_USED = "; the default is used"


def read(text: str, hostname: str = "") -> Config:
    document = ini.Document()
    ini.parse(text.encode(), FILE, document)
    return config.interpret(document, hostname)


def problems(found: Config) -> list[str]:
    """Return the problems without the name of the one file."""
    return [str(problem).removeprefix(f"{FILE}:") for problem in found.problems]


def good(text: str, hostname: str = "") -> dict[str, Bond]:
    """Return the bonds of a text without a fault, by name."""
    found = read(text, hostname)
    assert problems(found) == []
    return {bond.name: bond for bond in found.bonds}


def ports(bond: Bond) -> list[str]:
    return [port.name for port in bond.ports]


# --- the options of a bond, one by one --------------------------------------------

GOOD = [
    ("mode", "active-backup", "active-backup"),
    ("miimon", "1", "1"),
    ("miimon", "10000", "10000"),
    ("miimon", "0050", "50"),
    ("updelay", "0", "0"),
    ("updelay", "-0", "0"),
    ("updelay", "3600000", "3600000"),
    ("downdelay", "200", "200"),
    ("primary_reselect", "always", "always"),
    ("primary_reselect", "Better", "better"),
    ("primary_reselect", "FAILURE", "failure"),
    ("peer_notif", "0", "0"),
    ("peer_notif", "255", "255"),
    ("peer_notif_delay", "0", "0"),
    ("peer_notif_delay", "300000", "300000"),
    ("mac", "active", "active"),
    ("mac", "stable", "stable"),
    ("mac", "02:00:00:AB:cd:ef", "02:00:00:ab:cd:ef"),
    ("mac", "enp0s10", "enp0s10"),
    ("dhcp4", "dhclient", "dhclient"),
    ("dhcp4", "None", "none"),
    ("dhcp6", "dhcp6c", "dhcp6c"),
    ("dhcp6", "none", "none"),
    ("duid", "auto", "auto"),
    ("duid", "00:04:AA", "00:04:aa"),
    ("duid", "0004aa", "00:04:aa"),
    ("duid", "00-04-aa", "00:04:aa"),
    ("duid", "00" * 130, ":".join(["00"] * 130)),
    ("dhclient_conf", "/etc/dhcp/a b%.conf", "/etc/dhcp/a b%.conf"),
    ("dhcp6c_conf", "/", "/"),
    ("supplicant_conf", "/etc/größe..conf", "/etc/größe..conf"),
    ("supplicant_driver", "nl80211", "nl80211"),
    ("supplicant_driver", "nl80211,wext", "nl80211,wext"),
    ("supplicant_driver", "macsec_linux", "macsec_linux"),
    ("supplicant_bridge", "1", "yes"),
    ("supplicant_bridge", "off", "no"),
    ("legacy_rates", "Yes", "yes"),
    ("legacy_rates", "TRUE", "yes"),
    ("legacy_rates", "on", "yes"),
    ("legacy_rates", "0", "no"),
    ("legacy_rates", "no", "no"),
    ("legacy_rates", "false", "no"),
]
NO_MIIMON = "is not a whole number from 1 to 10000 ms"
NO_DELAY = "is not a whole number from 0 to 3600000 ms"
NO_NAME = "is not an interface name: blanks, / : and % cannot be part of one"
NO_STATION = "is no address of a single station (multicast or zero)"
NO_MAC = "is not a MAC address such as 02:00:00:12:34:56"
NO_DUID = "is neither 'auto' nor 3 to 130 bytes in hexadecimal"
NO_DRIVER = "is not a wpa_supplicant driver such as nl80211"
NO_PATH = "is not an absolute path"
NO_MODE = (
    "cannot work with Wi-Fi: an access point accepts only frames from the associated station, "
    "so a bond with a radio can use one port at a time (active-backup)"
)
BAD = [
    *[("mode", text, NO_MODE) for text in ("balance-rr", "1", "Active-Backup")],
    *[
        ("miimon", text, NO_MIIMON)
        for text in ("0", "-1", "10001", "x", "1.5", "+5", "1_0", "0x10", "5 0", "٥", "²", "-")
    ],
    ("miimon", "99999999999", NO_MIIMON),
    ("updelay", "-1", NO_DELAY),
    ("downdelay", "3600001", NO_DELAY),
    ("primary_reselect", "never", "is none of always, better, failure"),
    ("primary_reselect", "beter", "is none of always, better, failure (did you mean 'better'?)"),
    ("peer_notif", "256", "is not a whole number from 0 to 255"),
    ("peer_notif_delay", "300001", "is not a whole number from 0 to 300000 ms"),
    *[("mac", text, NO_STATION) for text in ("01:00:00:00:00:01", "00:00:00:00:00:00")],
    *[("mac", text, NO_MAC) for text in ("02:00:00:00:00", "02:00:00:00:00:0g", "2:0:0:0:0:1")],
    (
        "mac",
        "follow",
        "changes a radio's address at failover, which an associated radio refuses: "
        "connectivity would be lost",
    ),
    ("mac", "a b", NO_NAME),
    ("mac", "a/b", NO_NAME),
    ("dhcp4", "dhcpcd", "is none of dhclient, none"),
    ("dhcp4", "dhclien", "is none of dhclient, none (did you mean 'dhclient'?)"),
    ("dhcp6", "dhclient", "is none of dhcp6c, none"),
    *[("duid", text, NO_DUID) for text in ("AUTO", "00:04", "0:04:aa", "xx:yy:zz", "00" * 131)],
    ("dhclient_conf", "dhclient.conf", NO_PATH),
    ("dhcp6c_conf", "~/x", NO_PATH),
    ("supplicant_conf", "/etc/../x", NO_PATH),
    *[("supplicant_driver", text, NO_DRIVER) for text in ("nl 80211", "-x", "größe", ",", "a%n")],
    ("supplicant_bridge", "maybe", "is neither yes nor no"),
    ("legacy_rates", "2", "is neither yes nor no"),
    *[
        (option, "/etc/a\tb", "has a tab in it, which no unit file can hold")
        for option in ("dhclient_conf", "dhcp6c_conf", "supplicant_conf")
    ],
]


def test_the_tables_name_every_option() -> None:
    assert {option for option, *_ in GOOD} == set(config.BOND_SETTINGS)
    assert {option for option, *_ in BAD} == set(config.BOND_SETTINGS)


def test_nothing_said_is_nothing_set() -> None:
    (bond,) = good("[bond0]").values()
    assert (bond.settings, bond.lists, str(bond.place)) == ({}, {}, f"{FILE}:1")


@pytest.mark.parametrize(("option", "text", "value"), GOOD)
def test_a_good_value_is_taken(option: str, text: str, value: str) -> None:
    # A delay is rounded to miimon, which is another test's.
    miimon = "miimon = 1\n" if option.endswith("delay") else ""
    (bond,) = good(f"[bond0]\n{miimon}{option} = {text}").values()
    assert bond.settings[option] == value


@pytest.mark.parametrize(("option", "text", "reason"), BAD)
def test_a_bad_value_is_told_and_not_taken(option: str, text: str, reason: str) -> None:
    found = read(f"[bond0]\n{option} = {text}")
    assert problems(found) == [f"2: [bond0] {option}: '{text}' {reason}{DEFAULT_IS_USED}"]
    assert [bond.settings for bond in found.bonds] == [{}]


def test_a_number_of_any_length_is_refused() -> None:
    # int() of it would raise, or take long (sys.set_int_max_str_digits()).
    (problem,) = problems(read(f"[bond0]\nmiimon = {'9' * 500_000}"))
    assert problem.endswith(f"{NO_MIIMON}{DEFAULT_IS_USED}")


@pytest.mark.parametrize("option", config.BOND_SETTINGS)
def test_an_option_needs_a_value(option: str) -> None:
    found = read(f"[bond0]\n{option} =")
    assert problems(found) == [f"2: [bond0] {option}: has no value{DEFAULT_IS_USED}"]
    assert [bond.settings for bond in found.bonds] == [{}]


@pytest.mark.parametrize("option", ["conflicts", "on_failure"])
def test_units_are_listed(option: str) -> None:
    units = "dhcpcd.service a@.socket a@b.mount a-b_c:d\\x2d.target"
    assert good(f"[bond0]\n{option} = {units}")["bond0"].lists == {option: tuple(units.split())}


@pytest.mark.parametrize(
    "unit",
    [
        "dhcpcd",
        "dhcpcd.servce",
        ".service",
        "@.service",
        "größe.service",
        "a%n.service",
        "a/b.path",
        "a" * 249 + ".target",
    ],
)
def test_what_is_no_unit_is_left_out_of_a_list(unit: str) -> None:
    found = read(f"[bond0]\nconflicts = a.service {unit} b.service a.service")
    text = f"'{unit}' is not the name of a unit such as dhcpcd.service; this entry is left out"
    assert problems(found) == [f"2: [bond0] conflicts: {text}"]
    assert found.bonds[0].lists == {"conflicts": ("a.service", "b.service")}


# --- names ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["a", "bond0", "fifteen-bytes-x", "größe", "a.1", "type", "up", "a\\b", "x*", "ä" * 7],
)
def test_a_bond_s_name(name: str) -> None:
    assert list(good(f"[{name}]")) == [name]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("sixteen-bytes-xx", "is not an interface name: it has 16 bytes, 1 to 15 are possible"),
        ("ä" * 8, "is not an interface name: it has 16 bytes, 1 to 15 are possible"),
        (".", "cannot be used as an interface name"),
        ("..", "cannot be used as an interface name"),
        (".x", "cannot be used as an interface name"),
        ("all", "cannot be used as an interface name"),
        ("default", "cannot be used as an interface name"),
        ("\u00e0", "is not an interface name: blanks, / : and % cannot be part of one"),
        ("a b", NO_NAME),
        ("a\tb", NO_NAME),
        ("a%d", NO_NAME),
        ("-x", "starts with '-', which the programs called would take for an option"),
    ],
)
def test_what_is_no_bond_s_name_costs_its_section_alone(name: str, reason: str) -> None:
    found = read(f"[bond0]\n[{name}]\nmiimon = x\n[bond1]")
    assert problems(found) == [f"2: [{name}]: '{name}' {reason}; the section is ignored"]
    assert [bond.name for bond in found.bonds] == ["bond0", "bond1"]


# --- ports by list ----------------------------------------------------------------


def seen(port: Port) -> tuple[str, str, int, bool]:
    return (port.name, port.kind, port.priority, port.literal)


def test_without_lists_ports_are_found_by_their_usual_names() -> None:
    assert [seen(port) for port in good("[bond0]")["bond0"].ports] == [
        ("en*", "wired", 200, False),
        ("eth*", "wired", 200, False),
        ("wl*", "wireless", 100, False),
    ]


def test_cables_come_before_radios_then_the_order_of_the_lists_counts() -> None:
    bond = good("[bond0]\nwireless = w2 w1\nwired = e2 e* e1")["bond0"]
    assert [seen(port) for port in bond.ports] == [
        ("e2", "wired", 200, True),
        ("e*", "wired", 200, False),
        ("e1", "wired", 200, True),
        ("w2", "wireless", 100, True),
        ("w1", "wireless", 100, True),
    ]
    assert [str(port.place) for port in bond.ports] == [f"{FILE}:3"] * 3 + [f"{FILE}:2"] * 2


def test_an_empty_list_says_none() -> None:
    assert ports(good("[bond0]\nwired =\nwireless =")["bond0"]) == []


def test_a_name_given_twice_in_a_list_is_one_port() -> None:
    assert ports(good("[bond0]\nwired = a b a\nwireless =")["bond0"]) == ["a", "b"]


@pytest.mark.parametrize("glob", ["en*", "e?", "[ab]x", "[[:alpha:]]*", "a" * 20 + "*"])
def test_a_glob_that_can_match_is_taken(glob: str) -> None:
    assert ports(good(f"[bond0]\nwired = {glob}\nwireless =")["bond0"]) == [glob]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a/*", "can match no interface name: / and : cannot be part of one"),
        ("a:*", "can match no interface name: / and : cannot be part of one"),
        ("-a", "starts with '-', which the programs called would take for an option"),
        ("a:1", NO_NAME),
        ("sixteen-bytes-xx", "is not an interface name: it has 16 bytes, 1 to 15 are possible"),
    ],
)
def test_what_can_be_no_port_is_left_out(name: str, reason: str) -> None:
    found = read(f"[bond0]\nwired = a {name} b\nwireless =")
    assert problems(found) == [f"2: [bond0] wired: '{name}' {reason}; this entry is left out"]
    assert ports(found.bonds[0]) == ["a", "b"]


def test_a_port_belongs_to_the_first_bond_that_names_it() -> None:
    found = read("[b]\nwired = x y\nwireless =\n[a]\nwired = x z\nwireless = y")
    assert [ports(bond) for bond in found.bonds] == [["x", "y"], ["z"]]
    assert problems(found) == [
        "5: [a] wired: 'x' is a port of b already; left out here",
        "6: [a] wireless: 'y' is a port of b already; left out here",
    ]


def test_a_port_cannot_be_a_cable_and_a_radio() -> None:
    found = read("[b]\nwired = x\nwireless = x w")
    assert ports(found.bonds[0]) == ["x", "w"]
    assert problems(found) == ["3: [b] wireless: 'x' is a port of b already; left out here"]


def test_a_glob_may_stand_in_several_bonds() -> None:
    bonds = good("[a]\nwired = x*\nwireless =\n[b]\nwired = x*\nwireless =")
    assert [ports(bond) for bond in bonds.values()] == [["x*"], ["x*"]]


def test_a_bond_is_no_port() -> None:
    found = read("[b]\nwired = b x a\nwireless =\n[a]")
    assert ports(found.bonds[0]) == ["x"]
    assert problems(found) == [
        f"2: [b] wired: '{name}' is itself a bond; left out" for name in ("b", "a")
    ]


# --- ports by section -------------------------------------------------------------

STICK = "[bond0/stick]\nkind = wireless\nmatch_usb = 0cf3:*"


def port(text: str) -> Port:
    (bond,) = good(f"[bond0]\nwired =\nwireless =\n{text}").values()
    (found,) = bond.ports
    return found


def test_a_port_s_section() -> None:
    found = port(f"{STICK} 1:2\nmatch_name = wl* %\npriority = 7\nsupplicant_conf = /x")
    assert seen(found) == ("stick", "wireless", 7, False)
    assert found.matches == {"match_name": ("wl*", "%"), "match_usb": ("0cf3:*", "1:2")}
    assert found.settings == {"supplicant_conf": "/x"}
    assert str(found.place) == f"{FILE}:4"


@pytest.mark.parametrize("option", ["match_name", "match_mac", "match_driver", "match_path"])
def test_each_match_will_do(option: str) -> None:
    assert port(f"[bond0/x]\nkind = wired\n{option} = a:b/c").matches == {option: ("a:b/c",)}


@pytest.mark.parametrize(("kind", "priority"), [("wired", 200), ("Wireless", 100)])
def test_a_port_s_rank_is_its_kind_s(kind: str, priority: int) -> None:
    found = port(f"[bond0/x]\nkind = {kind}\nmatch_name = a")
    assert seen(found) == ("x", kind.lower(), priority, False)


@pytest.mark.parametrize("priority", [-(2**31), -1, 0, 2**31 - 1])
def test_a_priority_is_what_the_kernel_takes(priority: int) -> None:
    assert port(f"{STICK}\npriority = {priority}").priority == priority


@pytest.mark.parametrize("priority", ["-2147483649", "2147483648", "high", "1.0"])
def test_any_other_priority_is_told(priority: str) -> None:
    found = read(f"[bond0]\nwired =\nwireless =\n{STICK}\npriority = {priority}")
    text = f"'{priority}' is not a whole number from -2147483648 to 2147483647"
    assert problems(found) == [f"7: [bond0/stick] priority: {text}{DEFAULT_IS_USED}"]
    assert [found.priority for found in found.bonds[0].ports] == [100]


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("supplicant_conf", "/x", "/x"),
        ("supplicant_driver", "wext", "wext"),
        ("legacy_rates", "on", "yes"),
    ],
)
def test_a_setting_for_one_port(option: str, text: str, value: str) -> None:
    assert port(f"{STICK}\n{option} = {text}").settings == {option: value}


def test_priorities_order_all_ports_of_a_bond() -> None:
    text = "[bond0]\nwired = e1 e2\nwireless = w1\n"
    for label, priority in (("top", 300), ("as-cables", 200), ("middle", 150), ("last", 0)):
        text += f"[bond0/{label}]\nkind = wireless\nmatch_name = x\npriority = {priority}\n"
    bond = good(text)["bond0"]
    assert ports(bond) == ["top", "e1", "e2", "as-cables", "middle", "w1", "last"]


def test_a_port_s_section_may_stand_before_its_bond_s() -> None:
    assert "stick" in ports(good(f"{STICK}\n[bond0]")["bond0"])


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ("[bond0/x]\nmatch_name = a", "needs 'kind = wired' or 'kind = wireless'"),
        ("[bond0/x]\nkind = wired", "needs a match_ option"),
        ("[bond0/x]\nkind = wired\nmatch_name =", "needs a match_ option"),
        ("[bond0/]\nkind = wired\nmatch_name = a", "needs a name after the slash"),
        ("[bnod0/x]\nkind = wired", "there is no bond [bnod0] (did you mean 'bond0'?)"),
        ("[DEFAULT/x]\nkind = wired", "there is no bond [DEFAULT]"),
        ("[a b/x]\nkind = wired", "there is no bond [a b]"),
    ],
)
def test_a_port_s_section_without_sense_is_left_out(section: str, reason: str) -> None:
    found = read(f"[bond0]\nwired = e\nwireless =\n{section}")
    name = section.partition("]")[0][1:]
    assert problems(found) == [f"4: [{name}]: {reason}; the section is ignored"]
    assert ports(found.bonds[0]) == ["e"]


def test_a_port_of_unknown_kind_is_left_out() -> None:
    found = read("[b]\nwired =\nwireless =\n[b/x]\nkind = wirless\nmatch_name = a")
    near = "(did you mean 'wireless'?)"
    assert problems(found) == [
        "4: [b/x]: needs 'kind = wired' or 'kind = wireless'; the section is ignored",
        f"5: [b/x] kind: 'wirless' is none of wired, wireless {near}; there is no default",
    ]
    assert ports(found.bonds[0]) == []


# --- unknown names ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "line", "text"),
    [
        ("bond0", "wirless = x", "wirless: unknown option (did you mean 'wireless'?)"),
        ("bond0", "mimon[h] = x", "mimon[h]: unknown option (did you mean 'miimon'?)"),
        ("bond0", "xyzzy = x", "xyzzy: unknown option"),
        ("bond0", "priority = 1", "priority: unknown option"),
        ("bond0/p", "miimon = 1", "miimon: unknown option"),
        ("bond0/p", "match_nam = x", "match_nam: unknown option (did you mean 'match_name'?)"),
        ("DEFAULT", "miimom = 1", "miimom: unknown option (did you mean 'miimon'?)"),
        ("bond0", "miimon[h = 1", "miimon[h: lacks a host's name or its ']'"),
    ],
)
def test_an_unknown_option_is_told_and_changes_nothing(section: str, line: str, text: str) -> None:
    rest = "[bond0]\nwired =\nwireless =\n[bond0/p]\nkind = wired\nmatch_name = a\n"
    found = read(f"{rest}[{section}]\n{line}")
    assert problems(found) == [f"8: [{section}] {text}; ignored"]
    assert found.bonds[0].settings == {}
    assert [(port.name, port.settings) for port in found.bonds[0].ports] == [("p", {})]


def test_options_of_both_kinds_may_be_defaults() -> None:
    bond = good(f"[DEFAULT]\npriority = 5\nmiimon = 50\n[bond0]\nwired =\n{STICK}")["bond0"]
    assert bond.settings == {"miimon": "50"}
    assert [(port.name, port.priority) for port in bond.ports] == [("wl*", 100), ("stick", 5)]


# --- who inherits what ------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ({"a", "p", "q", "DEFAULT"}, "1"),
        ({"p", "q", "DEFAULT"}, "2"),
        ({"q", "DEFAULT"}, "3"),
        ({"DEFAULT"}, "4"),
        ({"grandparent"}, None),
        (set(), None),
    ],
)
def test_what_a_section_does_not_say_its_parents_say(said: set[str], value: str | None) -> None:
    headers = {"a": "a:p:q", "p": "p:grandparent", "q": "q", "DEFAULT": "DEFAULT"}
    numbers = {"a": 1, "p": 2, "q": 3, "DEFAULT": 4, "grandparent": 5}
    text = ""
    for name, number in numbers.items():
        text += f"[{headers.get(name, name)}]\nwired =\nwireless =\n"
        text += f"peer_notif = {number}\n" if name in said else ""
    assert good(text)["a"].settings.get("peer_notif") == value


def test_a_list_is_inherited_as_a_whole() -> None:
    bonds = good("[a:p]\nconflicts = x.service\n[b:p]\n[p]\nconflicts = y.service z.service")
    assert bonds["a"].lists == {"conflicts": ("x.service",)}
    assert bonds["b"].lists == {"conflicts": ("y.service", "z.service")}


def test_an_empty_list_of_its_own_hides_the_parents() -> None:
    bonds = good("[DEFAULT]\nconflicts = x.service\nwired = e*\n[a]\nconflicts =\nwired =")
    assert bonds["a"].lists == {"conflicts": ()}
    assert ports(bonds["a"]) == ["wl*"]


def test_a_bad_value_of_its_own_does_not_let_the_parents_through() -> None:
    found = read("[a:p]\nmiimon = x\n[p]\nmiimon = 50")
    assert problems(found) == [f"2: [a] miimon: 'x' {NO_MIIMON}{DEFAULT_IS_USED}"]
    assert [bond.settings for bond in found.bonds] == [{}, {"miimon": "50"}]


def test_a_fault_in_a_parent_is_told_where_it_stands() -> None:
    found = read("[DEFAULT]\nmiimon = x\n[a]")
    assert problems(found) == [f"2: [a] miimon: 'x' {NO_MIIMON}{DEFAULT_IS_USED}"]


def test_a_port_s_section_inherits_too() -> None:
    text = "[bond0]\nwired =\nwireless =\n[bond0/a:bond0/b]\nkind = wired\nmatch_name = a\n"
    bond = good(f"{text}[bond0/b]\nkind = wireless\nmatch_name = b\npriority = 9")["bond0"]
    assert [(port.name, port.priority, port.kind) for port in bond.ports] == [
        ("a", 9, "wired"),
        ("b", 9, "wireless"),
    ]


def test_a_parent_that_does_not_exist_is_left_out() -> None:
    found = read("[a:fsat:x]\n[fast]\n[x]\nmiimon = 50")
    reason = "there is no section [fsat] (did you mean 'fast'?); left out"
    assert problems(found) == [f"1: [a]: {reason}"]
    assert found.bonds[0].settings == {"miimon": "50"}


def test_sections_that_are_each_other_s_parents_end() -> None:
    bonds = good("[a:b]\nmiimon = 50\n[b:a]\npeer_notif = 7\n[c:c]")
    assert bonds["a"].settings == bonds["b"].settings == {"miimon": "50", "peer_notif": "7"}


# --- hosts ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hostname", "value"),
    [
        ("a_b_c", "3"),
        ("A_B_C", "3"),
        ("a_b_d", "2"),
        ("a_b", "2"),
        ("a_x_c", "1"),
        ("a", "1"),
        ("ab", "0"),
        ("b_c", "0"),
        ("", "0"),
    ],
)
def test_the_most_special_host_wins(hostname: str, value: str) -> None:
    text = "[x]\npeer_notif[a] = 1\npeer_notif = 0\npeer_notif[A_b_C] = 3\npeer_notif[a_b] = 2"
    assert good(text, hostname)["x"].settings == {"peer_notif": value}


def test_a_dash_in_a_host_s_name_parts_nothing() -> None:
    assert good("[x]\nmiimon[a] = 50", "a-b")["x"].settings == {}


def test_what_the_section_says_of_all_hosts_wins_over_what_a_parent_says_of_this_one() -> None:
    text = "[x:p]\nmiimon = 50\n[p]\nmiimon[h] = 200\npeer_notif[h] = 6\npeer_notif = 7"
    assert good(text, "h")["x"].settings == {"miimon": "50", "peer_notif": "6"}


def test_lists_have_hosts_too() -> None:
    text = "[x]\nwired = a\nwired[h] = b\nwireless = w\nwireless[h] =\n"
    assert ports(good(text, "h")["x"]) == ["b"]
    assert ports(good(text, "other")["x"]) == ["a", "w"]


def test_a_bad_value_for_another_host_is_no_fault_here() -> None:
    assert good("[x]\nmiimon[other] = rubbish", "h")["x"].settings == {}


# --- delays -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("miimon", "delay"),
    [
        ("100", None),
        ("50", None),
        ("300", None),
        ("80", "320"),
        ("7", "301"),
        ("299", "598"),
        ("301", "301"),
        ("10000", "10000"),
    ],
)
def test_the_default_of_the_notifications_delay_follows_miimon(
    miimon: str, delay: str | None
) -> None:
    settings = good(f"[x]\nmiimon = {miimon}")["x"].settings
    assert settings.get("peer_notif_delay") == delay


@pytest.mark.parametrize("option", ["updelay", "downdelay", "peer_notif_delay"])
@pytest.mark.parametrize(
    ("lines", "given", "rounded", "miimon"),
    [("", 250, 200, 100), ("miimon = 80\n", 250, 240, 80), ("miimon = 500\n", 250, 0, 500)],
)
def test_a_delay_is_rounded_down_to_a_multiple_of_miimon(
    option: str, lines: str, given: int, rounded: int, miimon: int
) -> None:
    found = read(f"[x]\n{option} = {given}\n{lines}")
    text = f"{given} ms is no multiple of miimon ({miimon} ms); {rounded} ms is used"
    assert problems(found) == [f"2: [x] {option}: {text}"]
    assert found.bonds[0].settings[option] == str(rounded)


# --- any configuration ------------------------------------------------------------


def whole(low: int, high: int) -> Callable[[str], bool]:
    return lambda text: bool(re.fullmatch("-?[0-9]+", text)) and low <= int(text) <= high


def matching(pattern: str) -> Callable[[str], bool]:
    return lambda text: bool(re.fullmatch(pattern, text, re.DOTALL))


def interface(text: str) -> bool:
    return matching(r"(?!-|\.\.?$)[^\s/:%]+")(text) and len(text.encode()) < 16


CHECKS: dict[str, Callable[[str], bool]] = {
    "mode": matching("active-backup"),
    "miimon": whole(1, 10_000),
    "updelay": whole(0, 3_600_000),
    "downdelay": whole(0, 3_600_000),
    "primary_reselect": matching("always|better|failure"),
    "peer_notif": whole(0, 255),
    "peer_notif_delay": whole(0, 300_000),
    "mac": lambda text: matching("([0-9a-f]{2}:){5}[0-9a-f]{2}")(text) or interface(text),
    "dhcp4": matching("dhclient|none"),
    "dhcp6": matching("dhcp6c|none"),
    "duid": matching("auto|([0-9a-f]{2}:){2,129}[0-9a-f]{2}"),
    "dhclient_conf": matching(r"(?!.*/\.\.(/|$))/.*"),
    "dhcp6c_conf": matching(r"(?!.*/\.\.(/|$))/.*"),
    "supplicant_conf": matching(r"(?!.*/\.\.(/|$))/.*"),
    "supplicant_driver": matching("[a-zA-Z0-9_,]+"),
    "supplicant_bridge": matching("yes|no"),
    "legacy_rates": matching("yes|no"),
}
UNIT = matching(r"[a-zA-Z0-9:_.\\-][a-zA-Z0-9:_.\\@-]*\.[a-z]+")

_LINE = st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32)), "\x7f"])
WORD = st.one_of(
    st.sampled_from([text for _, text, _ in [*GOOD, *BAD] if len(text) < 300]),
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
    names = [bond.name for bond in bonds]
    assert all(map(interface, names))
    assert len(set(names)) == len(names)
    for bond in bonds:
        assert all(CHECKS[name](value) for name, value in bond.settings.items()), bond.settings
        assert all(map(UNIT, (unit for units in bond.lists.values() for unit in units)))
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


@given(st.binary(max_size=300), st.text(max_size=10))
@settings(deadline=None)
def test_no_bytes_raise(content: bytes, hostname: str) -> None:
    document = ini.Document()
    ini.parse(b"[bond0]\n" + content, FILE, document)
    assert config.interpret(document, hostname).bonds[0].name == "bond0"


@pytest.mark.parametrize(
    "text",
    [
        "[bond0" + "".join(f":x{n}" for n in range(500)) + "]\n",
        "[bond0]\n" + "".join(f"option{n} = 1\n" for n in range(500)),
        "".join(f"[bond{n}]\n[bondx{n}/a]\nkind = wired\n" for n in range(500)),
    ],
    ids=["parents", "options", "ports"],
)
def test_suggestions_are_looked_for_only_where_they_are_listed(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def nearest(word: str, known: Iterable[str]) -> str:
        asked.append(word)
        return ""

    monkeypatch.setattr(values, "nearest", nearest)
    document = ini.Document()
    ini.parse(text.encode(), "file", document)
    assert len(config.interpret(document, "").problems) == ini.PROBLEMS_MAX + 1
    assert len(asked) <= ini.PROBLEMS_MAX

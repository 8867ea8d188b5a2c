# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where an option's value comes from: the section, its parents, [DEFAULT]; and for which host."""

import pytest

from tests.configuration import good, ports, read, told

# --- who inherits what -----------------------------------------------------------


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
    assert told(found.problems) == ["2:10-11 [a] miimon not-an-integer"]
    assert [bond.settings.get("miimon") for bond in found.bonds] == [None, "50"]


def test_a_fault_in_a_parent_is_told_where_it_stands() -> None:
    found = read("[DEFAULT]\nmiimon = x\n[a]")
    assert told(found.problems) == ["2:10-11 [a] miimon not-an-integer"]


def test_a_parent_that_is_named_later_has_its_own_place() -> None:
    found = read("[a:b]\n[b]\n[ a : b : c ]")
    assert told(found.problems) == ["3:11-12 [a] no-such-parent"]


def test_the_address_of_a_bond_is_refused() -> None:
    found = read("[a]\nmac = b\n[b]")
    assert told(found.problems) == ["2:7-8 [a] mac mac-of-a-bond"]
    assert found.bonds[0].settings == {}


def test_a_port_s_section_inherits_too() -> None:
    text = "[bond0]\nwired =\nwireless =\n[bond0/a:bond0/b]\nkind = wired\nmatch_name = a\n"
    bond = good(f"{text}[bond0/b]\nkind = wireless\nmatch_name = b\npriority = 9")["bond0"]
    assert [(port.name, port.priority, port.kind) for port in bond.ports] == [
        ("a", 9, "wired"),
        ("b", 9, "wireless"),
    ]


def test_a_parent_that_does_not_exist_is_left_out() -> None:
    found = read("[a:fsat:x]\n[fast]\n[x]\nmiimon = 50")
    assert told(found.problems) == ["1:4-8 [a] no-such-parent"]
    assert [problem.value for problem in found.problems] == ["fsat"]
    assert found.bonds[0].settings == {"miimon": "50"}


def test_sections_that_are_each_other_s_parents_end() -> None:
    bonds = good("[a:b]\nmiimon = 50\n[b:a]\npeer_notif = 7\n[c:c]")
    own = {"miimon": "50", "peer_notif": "7"}
    assert bonds["a"].settings == own
    assert bonds["b"].settings == own | {"metric": "2000"}


# --- hosts -----------------------------------------------------------------------


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

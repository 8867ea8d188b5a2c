# SPDX-License-Identifier: LGPL-2.1-or-later
"""What sections come to: ports by list and by section, options, delays."""

import pytest
from wbond import config
from wbond.config import Port

from tests.configuration import FILE, good, ports, read, told

# --- ports by list ---------------------------------------------------------------


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
    ("name", "code"),
    [
        ("a/*", "glob-characters"),
        ("a:*", "glob-characters"),
        ("-a", "interface-name-dash"),
        ("a:1", "interface-name-characters"),
        ("sixteen-bytes-xx", "interface-name-length"),
    ],
)
def test_what_can_be_no_port_is_left_out(name: str, code: str) -> None:
    found = read(f"[bond0]\nwired = a {name} b\nwireless =")
    assert told(found.problems) == [f"2:11-{11 + len(name)} [bond0] wired {code}"]
    assert [problem.effect for problem in found.problems] == ["entry"]
    assert ports(found.bonds[0]) == ["a", "b"]


def test_a_port_belongs_to_the_first_bond_that_names_it() -> None:
    found = read("[b]\nwired = x y\nwireless =\n[a]\nwired = x z\nwireless = y")
    assert [ports(bond) for bond in found.bonds] == [["x", "y"], ["z"]]
    assert told(found.problems) == [
        "5:9-10 [a] wired port-of-another-bond",
        "6:12-13 [a] wireless port-of-another-bond",
    ]
    assert [problem.arguments for problem in found.problems] == [{"owner": "b"}] * 2


def test_a_port_cannot_be_a_cable_and_a_radio() -> None:
    found = read("[b]\nwired = x\nwireless = x w")
    assert ports(found.bonds[0]) == ["x", "w"]
    assert told(found.problems) == ["3:12-13 [b] wireless port-of-another-bond"]


def test_a_glob_may_stand_in_several_bonds() -> None:
    bonds = good("[a]\nwired = x*\nwireless =\n[b]\nwired = x*\nwireless =")
    assert [ports(bond) for bond in bonds.values()] == [["x*"], ["x*"]]


def test_a_bond_is_no_port() -> None:
    found = read("[b]\nwired = b x a\nwireless =\n[a]")
    assert ports(found.bonds[0]) == ["x"]
    assert told(found.problems) == [
        "2:9-10 [b] wired port-is-a-bond",
        "2:13-14 [b] wired port-is-a-bond",
    ]


def test_an_entry_has_its_place_in_a_continued_list() -> None:
    found = read("[b]\nwired = x\n# why\n\ty  a/1\n  x:1 z\nwireless =")
    assert told(found.problems) == [
        "4:5-8 [b] wired interface-name-characters",
        "5:3-6 [b] wired interface-name-characters",
    ]
    assert [str(port.place) for port in found.bonds[0].ports] == [
        f"{FILE}:{line}" for line in (2, 4, 5)
    ]


# --- ports by section ------------------------------------------------------------

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


@pytest.mark.parametrize("option", config.PORT_LISTS)
def test_each_match_will_do(option: str) -> None:
    assert port(f"[bond0/x]\nkind = wired\n{option} = a:b*").matches == {option: ("a:b*",)}


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
    columns = f"12-{12 + len(priority)}"
    assert told(found.problems) == [f"7:{columns} [bond0/stick] priority not-an-integer"]
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
    ("section", "columns", "code"),
    [
        ("[bond0/x]\nmatch_name = a", "2-9", "port-without-kind"),
        ("[bond0/x]\nkind = wired", "2-9", "port-without-match"),
        ("[bond0/x]\nkind = wired\nmatch_name =", "2-9", "port-without-match"),
        ("[bond0/]\nkind = wired\nmatch_name = a", "2-8", "port-without-name"),
        ("[bnod0/x]\nkind = wired", "2-7", "no-such-bond"),
        ("[DEFAULT/x]\nkind = wired", "2-9", "no-such-bond"),
        ("[a b/x]\nkind = wired", "2-5", "no-such-bond"),
    ],
)
def test_a_port_s_section_without_sense_is_left_out(section: str, columns: str, code: str) -> None:
    found = read(f"[bond0]\nwired = e\nwireless =\n{section}")
    name = section.partition("]")[0][1:]
    assert told(found.problems) == [f"4:{columns} [{name}] {code}"]
    assert ports(found.bonds[0]) == ["e"]


def test_a_port_of_unknown_kind_is_left_out() -> None:
    found = read("[b]\nwired =\nwireless =\n[b/x]\nkind = wirless\nmatch_name = a")
    assert told(found.problems) == [
        "4:2-5 [b/x] port-without-kind",
        "5:8-15 [b/x] kind not-one-of",
    ]
    assert found.problems[1].effect == "no-default"
    assert ports(found.bonds[0]) == []


# --- unknown names ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "line", "code"),
    [
        ("bond0", "wirless = x", "unknown-option"),
        ("bond0", "mimon[h] = x", "unknown-option"),
        ("bond0", "priority = 1", "port-option-of-a-bond"),
        ("bond0/p", "miimon = 1", "bond-option-of-a-port"),
        ("bond0/p", "match_nam = x", "unknown-option"),
        ("DEFAULT", "miimom = 1", "unknown-option"),
        ("bond0", "miimon[h = 1", "bad-host"),
        ("bond0", "miimon[] = 1", "bad-host"),
    ],
)
def test_an_unknown_option_is_told_and_changes_nothing(section: str, line: str, code: str) -> None:
    rest = "[bond0]\nwired =\nwireless =\n[bond0/p]\nkind = wired\nmatch_name = a\n"
    found = read(f"{rest}[{section}]\n{line}")
    name = line.partition(" = ")[0]
    assert told(found.problems) == [f"8:1-{1 + len(name)} [{section}] {name} {code}"]
    assert found.bonds[0].settings == {}
    assert [(port.name, port.settings) for port in found.bonds[0].ports] == [("p", {})]


def test_options_of_both_kinds_may_be_defaults() -> None:
    bond = good(f"[DEFAULT]\npriority = 5\nmiimon = 50\n[bond0]\nwired =\n{STICK}")["bond0"]
    assert bond.settings == {"miimon": "50"}
    assert [(port.name, port.priority) for port in bond.ports] == [("wl*", 100), ("stick", 5)]


# --- delays ----------------------------------------------------------------------


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
    columns = f"{len(option) + 4}-{len(option) + 7}"
    assert told(found.problems) == [f"2:{columns} [x] {option} not-a-multiple"]
    assert [problem.arguments for problem in found.problems] == [
        {"miimon": miimon, "rounded": rounded}
    ]
    assert found.bonds[0].settings[option] == str(rounded)


# --- wbond's own errors -----------------------------------------------------------


def test_an_error_of_wbond_s_own_in_one_section_costs_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(text: str) -> str:
        raise KeyError(text)

    monkeypatch.setitem(config.BOND_SETTINGS, "duid", fails)
    monkeypatch.setitem(config.PORT_SETTINGS, "priority", fails)
    text = "[a]\n[b]\nduid = auto\n[c]\n[c/s]\nkind = wired\nmatch_name = x\npriority = 1\n"
    found = read(f"{text}[c/t]\nkind = wired\nmatch_name = y\n")
    assert [bond.name for bond in found.bonds] == ["a", "c"]
    assert "t" in ports(found.bonds[1])
    assert told(found.problems) == ["2:2-3 [b] internal-error", "5:2-5 [c/s] internal-error"]
    assert found.problems[0].arguments == {"error": "KeyError: 'auto'"}


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("eth0,", "name-with-comma"),
        ("eth0,en*", "name-with-comma"),
        ('"eth0', "name-in-quotes"),
        ("en*'", "name-in-quotes"),
        ('"', "name-in-quotes"),
        ("eth0@if2", "name-with-parent"),
        ("veth*@br0", "name-with-parent"),
    ],
)
def test_what_is_copied_into_a_list_with_a_name(entry: str, code: str) -> None:
    found = read(f"[bond0]\nwired = {entry} good0\nwireless =\n")
    assert [(problem.code, problem.value) for problem in found.problems] == [(code, entry)]
    assert ports(found.bonds[0]) == ["good0"]


@pytest.mark.parametrize(
    ("option", "glob", "code"),
    [
        ("match_mac", "02-00-00-12-34-56", "not-a-mac-glob"),
        ("match_mac", "02:00:*", ""),
        ("match_mac", "0[!2-4]:?0:[a-f]*", ""),
        ("match_mac", "active", "not-a-mac-glob"),
        ("match_usb", "17ef/a387", "not-a-usb-glob"),
        ("match_usb", "17EF:*", ""),
        ("match_usb", "[12]7ef:a38[0-9]", ""),
        ("match_driver", "r8152.ko", "driver-file"),
        ("match_driver", "r8152.ko.xz", "driver-file"),
        ("match_driver", "r8152", ""),
        ("match_path", "pci-0000:00:14.0-usb-*", ""),
        ("match_name", "enx*-dock", ""),
    ],
)
def test_what_a_match_can_fit(option: str, glob: str, code: str) -> None:
    found = read(f"[bond0]\nwired =\nwireless =\n[bond0/x]\nkind = wired\n{option} = {glob}\n")
    missing = ["port-without-match"] if code else []
    assert sorted(problem.code for problem in found.problems) == sorted(
        [*filter(None, [code]), *missing]
    )

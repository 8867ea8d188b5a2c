# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every value of every option, taken or refused; and the names that a bond may have."""

import pytest
from wbond import ConfigError, config
from wbond.values import MacPolicy

from tests.configuration import FILE, good, read, told

# --- the options of a bond, one by one --------------------------------------------

GOOD = [
    *[("mode", text, "active-backup") for text in ("active-backup", "1", "Active_Backup")],
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
    ("dhcp4", "dhcpcd", "dhcpcd"),
    ("dhcp6", "Auto", "auto"),
    ("dhcp6", "dhcp6c", "dhcp6c"),
    ("dhcp6", "none", "none"),
    ("metric", "1", "1"),
    ("metric", "2147483646", "2147483646"),
    ("wait_online", "link", "link"),
    ("wait_online", "No", "no"),
    ("path", "proof", "proof"),
    ("path", "Link", "link"),
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
    ("dns", "Auto", "auto"),
    *[("dns", sink, sink) for sink in ("resolved", "resolvconf", "file", "none")],
]
BAD = [
    *[("mode", text, "mode-with-radio") for text in ("balance-rr", "2", "active backup")],
    *[
        ("miimon", text, "not-an-integer")
        for text in ("0", "-1", "10001", "x", "1.5", "+5", "1_0", "0x10", "5 0", "٥", "²", "-")
    ],
    ("miimon", "99999999999", "not-an-integer"),
    ("updelay", "-1", "not-an-integer"),
    *[("metric", text, "not-an-integer") for text in ("0", "2147483647", "low")],
    ("wait_online", "carrier", "not-one-of"),
    ("path", "yes", "not-one-of"),
    ("downdelay", "3600001", "not-an-integer"),
    ("primary_reselect", "never", "not-one-of"),
    ("primary_reselect", "beter", "not-one-of"),
    ("peer_notif", "256", "not-an-integer"),
    ("peer_notif_delay", "300001", "not-an-integer"),
    *[("mac", text, "not-a-mac-policy") for text in ("random", "preserve", "permanent")],
    *[("mac", text, "mac-not-unicast") for text in ("01:00:00:00:00:01", "00:00:00:00:00:00")],
    *[
        ("mac", text, "not-a-mac-address")
        for text in ("02:00:00:00:00", "02:00:00:00:00:0g", "2:0:0:0:0:1")
    ],
    ("mac", "follow", "mac-follow"),
    ("mac", "a b", "interface-name-characters"),
    ("mac", "a/b", "interface-name-characters"),
    ("dhcp4", "dhcp6c", "not-one-of"),
    ("dhcp4", "dhclien", "not-one-of"),
    ("dhcp6", "dhclient", "not-one-of"),
    *[
        ("duid", text, "not-a-duid")
        for text in ("AUTO", "00:04", "0:04:aa", "xx:yy:zz", "00" * 131)
    ],
    ("dhclient_conf", "dhclient.conf", "not-an-absolute-path"),
    ("dhcp6c_conf", "~/x", "not-an-absolute-path"),
    ("supplicant_conf", "/etc/../x", "not-an-absolute-path"),
    *[
        ("supplicant_driver", text, "not-a-driver")
        for text in ("nl 80211", "-x", "größe", ",", "a%n")
    ],
    ("dns", "192.0.2.1", "not-one-of"),
    ("supplicant_bridge", "maybe", "not-a-boolean"),
    ("legacy_rates", "2", "not-a-boolean"),
    *[
        (option, "/etc/a\tb", "tab-in-value")
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


@pytest.mark.parametrize(("option", "text", "code"), BAD)
def test_a_bad_value_is_told_and_not_taken(option: str, text: str, code: str) -> None:
    found = read(f"[bond0]\n{option} = {text}")
    start = len(option) + 4
    columns = f"{start}-{start + len(text)}"
    assert told(found.problems) == [f"2:{columns} [bond0] {option} {code}"]
    assert [problem.value for problem in found.problems] == [text]
    assert [problem.effect for problem in found.problems] == ["default"]
    assert [bond.settings for bond in found.bonds] == [{}]


@pytest.mark.parametrize(
    ("option", "limits"),
    [
        ("miimon", (1, 10_000, "ms")),
        ("updelay", (0, 3_600_000, "ms")),
        ("peer_notif", (0, 255, "")),
        ("peer_notif_delay", (0, 300_000, "ms")),
    ],
)
def test_a_number_s_limits_are_told(option: str, limits: tuple[int, int, str]) -> None:
    (problem,) = read(f"[bond0]\n{option} = x").problems
    assert tuple(problem.arguments[name] for name in ("low", "high", "unit")) == limits


def test_a_number_of_any_length_is_refused() -> None:
    # int() of it would raise, or take long (sys.set_int_max_str_digits()).
    (problem,) = read(f"[bond0]\nmiimon = {'9' * 500_000}").problems
    assert problem.code == "not-an-integer"


@pytest.mark.parametrize("option", config.BOND_SETTINGS)
def test_an_option_needs_a_value(option: str) -> None:
    found = read(f"[bond0]\n{option} =")
    assert told(found.problems) == [f"2:1-{len(option) + 1} [bond0] {option} empty-value"]
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
    columns = f"23-{23 + len(unit)}"
    assert told(found.problems) == [f"2:{columns} [bond0] conflicts not-a-unit-name"]
    assert found.bonds[0].lists == {"conflicts": ("a.service", "b.service")}


# --- names ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["a", "bond0", "fifteen-bytes-x", "größe", "a.1", "type", "up", "a\\b", "x*", "ä" * 7],
)
def test_a_bond_s_name(name: str) -> None:
    assert list(good(f"[{name}]")) == [name]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("sixteen-bytes-xx", "interface-name-length"),
        ("ä" * 8, "interface-name-length"),
        (".", "interface-name-reserved"),
        ("..", "interface-name-reserved"),
        (".x", "interface-name-reserved"),
        ("all", "interface-name-reserved"),
        ("default", "interface-name-reserved"),
        ("\u00e0", "interface-name-characters"),
        ("a b", "interface-name-characters"),
        ("a\tb", "interface-name-characters"),
        ("a%d", "interface-name-characters"),
        ("-x", "interface-name-dash"),
    ],
)
def test_what_is_no_bond_s_name_costs_its_section_alone(name: str, code: str) -> None:
    found = read(f"[bond0]\n[{name}]\nmiimon = x\n[bond1]")
    assert told(found.problems) == [f"2:2-{2 + len(name)} [{name}] {code}"]
    assert [problem.effect for problem in found.problems] == ["section"]
    assert [bond.name for bond in found.bonds] == ["bond0", "bond1"]


# --- the policy of MAC addresses ---------------------------------------------------


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("active", ("active", True, False, "", "")),
        ("stable", ("stable", False, True, "", "")),
        ("enp0s10", ("enp0s10", False, False, "enp0s10", "")),
        ("Active", ("Active", False, False, "Active", "")),
        (
            "02:00:00:AB:cd:ef",
            ("02:00:00:ab:cd:ef", False, False, "", "02:00:00:ab:cd:ef"),
        ),
    ],
)
def test_exactly_one_of_four_policies_holds(
    text: str, holds: tuple[str, bool, bool, str, str]
) -> None:
    policy = MacPolicy.parse(text)
    found = (policy.text, policy.active, policy.stable, policy.interface, policy.address)
    assert found == holds


@pytest.mark.parametrize("text", ["", "follow", "a/b", "01:00:00:00:00:01", "02:00:00:00:00"])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        MacPolicy.parse(text)

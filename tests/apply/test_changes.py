# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which steps a change of the configuration comes to, each kind of change a story."""

import pytest
from wbond import config, ini, plan
from wbond_cli.apply import changes, target
from wbond_cli.apply.changes import AwaitSuccessor, Command, Running
from wbond_cli.apply.target import TargetState
from wbond_udev.match import VIRTUAL, WIRED, WIRELESS, Facts

from tests.conftest import REPOSITORY

CARD = Facts("enp0s10", WIRED, mac="52:54:00:00:00:01", driver="e1000e")
RADIO = Facts("wlp3s0", WIRELESS, mac="02:00:00:00:00:00")
DOCK = Facts("enx1", WIRED, mac="52:54:00:00:00:09", usb="17ef:a387")
STICK = Facts("wlan1", WIRELESS, mac="02:00:00:00:00:09")
LOOPBACK = Facts("lo", VIRTUAL)
DEVICES = [LOOPBACK, CARD, RADIO]
UP = {"bond0": Running("enp0s10", ("enp0s10", "wlp3s0"))}
BOTH = "[bond0]\nwired = enp0s10\nwireless = wlp3s0\n"
RELOAD = "systemctl daemon-reload"
WIRED_UNIT, RADIO_UNIT = "bond0-wired@enp0s10.service", "bond0-supplicant@wlp3s0.service"


def template(name: str) -> str:
    return (REPOSITORY / "units" / name).read_text(encoding="utf-8")


DEFAULTS = target.defaults(template)


def target_state(text: str, devices: list[Facts] | None = None) -> TargetState:
    document = ini.Document()
    ini.parse(text.encode(), "/etc/wbond.conf", document)
    wanted = config.interpret(document, "")
    assert wanted.problems == []
    return target.target_state(wanted, devices or DEVICES, DEFAULTS, lambda program: True)


def commands(
    before: str | None,
    after: str,
    devices: list[Facts] | None = None,
    running: dict[str, Running] | None = None,
) -> list[str]:
    """Return the steps as lines; a wait is shown as the port that must not leave before."""
    base = None if before is None else target_state(before, devices)
    up = UP if running is None else running
    return [line(step) for step in changes.steps(base, target_state(after, devices), up)]


def line(step: changes.Step) -> str:
    if isinstance(step, AwaitSuccessor):
        return f"await {step.bond} {step.port}"
    assert isinstance(step, Command)
    return (
        " ".join(step.argv)
        .replace("-- ", "")
        .replace(changes.PORT_PROGRAM, "wbond-port")
        .replace(changes.BOND_PROGRAM, "wbond-bond")
    )


def triggered(*names: str) -> str:
    patterns = " ".join(f"--sysname-match={name}" for name in names)
    return f"udevadm trigger --settle --action=change --subsystem-match=net {patterns}"


# --- nothing is touched that stays --------------------------------------------


@pytest.mark.parametrize(
    "after",
    [
        BOTH,
        BOTH + "# a comment\n",
        BOTH + "miimon = 100\nmac = active\nsupplicant_driver = nl80211\n",
        BOTH + "conflicts = dhcpcd.service\non_failure = mail.service\n",
    ],
    ids=["the same", "a comment", "defaults, written", "dependencies"],
)
def test_only_the_units_are_made_anew(after: str) -> None:
    assert changes.is_idle(changes.steps(target_state(BOTH), target_state(after), UP))


def test_a_dock_that_is_absent_moves_no_port() -> None:
    """One below both changes the numbers of both; their order is the same, and costs nothing."""
    after = BOTH + "\n[bond0/dock]\nkind = wired\nmatch_usb = 17ef:a387\npriority = 50\n"
    assert commands(BOTH, after) == [
        RELOAD,
        triggered("enp0s10", "wlp3s0"),
        "wbond-port rank bond0 enp0s10 30 wlp3s0 20",
    ]


def test_a_bond_that_somebody_has_stopped_is_left() -> None:
    changed = BOTH.replace("enp0s10", "enp0s11") + "miimon = 50\nmac = stable\ndhcp6 = none\n"
    found = commands(BOTH, changed, running={})
    assert [line for line in found if "udevadm" not in line] == [RELOAD]


# --- a bond's options ---------------------------------------------------------


@pytest.mark.parametrize(
    "option",
    [
        "miimon = 50\npeer_notif_delay = 300",
        "updelay = 200",
        "downdelay = 100",
        "peer_notif = 7",
        "peer_notif_delay = 500",
        "nameservers = 192.0.2.53 2001:db8::53",
        "search = example.org",
        "dns = file",
    ],
)
@pytest.mark.parametrize("back", [False, True])
def test_an_option_that_a_bond_in_use_takes_is_set(option: str, back: bool) -> None:
    texts = [BOTH, BOTH + option + "\n"]
    before, after = reversed(texts) if back else texts
    assert commands(before, after) == [RELOAD, "systemctl reload wbond@bond0.service"]


@pytest.mark.parametrize("back", [False, True])
def test_the_watch_and_the_bond_both_learn_when_a_better_port_is_used(back: bool) -> None:
    texts = [BOTH, BOTH + "primary_reselect = failure\n"]
    before, after = reversed(texts) if back else texts
    assert commands(before, after) == [
        RELOAD,
        "systemctl reload wbond@bond0.service",
        "systemctl try-restart wbond-watch@bond0.service",
    ]


def test_an_option_of_one_bond_leaves_the_other_alone() -> None:
    other = "[uplink]\nwired = enx1\nwireless =\n"
    running = UP | {"uplink": Running("enx1", ("enx1",))}
    found = commands(BOTH + other, BOTH + "updelay = 200\n" + other, [*DEVICES, DOCK], running)
    assert found == [RELOAD, "systemctl reload wbond@bond0.service"]


WATCH_AGAIN = "try-restart wbond-watch@bond0.service"


@pytest.mark.parametrize(
    ("option", "steps"),
    [
        ("dhclient_conf = /etc/dhcp/x.conf", ["try-reload-or-restart dhclient@bond0.service"]),
        ("dhcp6c_conf = /etc/x.conf", ["try-reload-or-restart dhcp6c@bond0.service"]),
        (
            "duid = 00:03:00:01:aa",
            ["try-restart dhclient@bond0.service", "try-restart dhcp6c@bond0.service"],
        ),
        ("path = link", [WATCH_AGAIN]),
        ("dhcp6 = none", ["stop dhcp6c@bond0.service", WATCH_AGAIN]),
        (
            "dhcp4 = dhcpcd",
            ["stop dhclient@bond0.service", WATCH_AGAIN, "start wbond-dhcpcd@bond0.service"],
        ),
        (
            "dhcp4 = dhcpcd\ndhcp6 = dhcpcd",
            [
                *("stop dhclient@bond0.service", "stop dhcp6c@bond0.service"),
                *(WATCH_AGAIN, "start wbond-dhcpcd@bond0.service"),
            ],
        ),
    ],
)
def test_a_client_s_option_concerns_the_client(option: str, steps: list[str]) -> None:
    assert commands(BOTH, f"{BOTH}{option}\n") == [RELOAD, *(f"systemctl {step}" for step in steps)]


def test_one_process_for_another_number_of_families_gives_up_what_it_does_not_serve() -> None:
    """With `persistent`, a reload would leave the other family's address."""
    both = f"{BOTH}dhcp4 = dhcpcd\ndhcp6 = dhcpcd\n"
    one = both.replace("dhcp6 = dhcpcd", "dhcp6 = none")
    steps = [f"systemctl {WATCH_AGAIN}", "systemctl try-restart wbond-dhcpcd@bond0.service"]
    assert commands(both, one) == [RELOAD, *steps]
    assert commands(one, both) == [RELOAD, *steps]
    duid = "duid = 00:03:00:01:aa\n"
    assert commands(both, both + duid) == [RELOAD, steps[1]]


def test_a_client_that_is_wanted_again_is_started_once_the_watch_knows() -> None:
    assert commands(BOTH + "dhcp4 = none\n", BOTH) == [
        RELOAD,
        "systemctl try-restart wbond-watch@bond0.service",
        "systemctl start dhclient@bond0.service",
    ]


def test_a_client_that_is_not_wanted_is_not_told_of_its_file() -> None:
    none = BOTH + "dhcp6 = none\n"
    assert commands(none, none + "dhcp6c_conf = /etc/x.conf\n") == [RELOAD]


# --- a radio's options --------------------------------------------------------


@pytest.mark.parametrize(
    "option",
    [
        "supplicant_conf = /etc/office.conf",
        "supplicant_driver = wext",
        "supplicant_bridge = yes",
        "legacy_rates = yes",
    ],
)
def test_a_radio_s_option_concerns_the_radio_alone(option: str) -> None:
    assert commands(BOTH, f"{BOTH}{option}\n") == [
        RELOAD,
        triggered("wlp3s0"),
        f"systemctl try-restart {RADIO_UNIT}",
    ]


def test_of_two_radios_the_one_in_use_is_last_and_waits_for_the_other() -> None:
    before = "[bond0]\nwired =\nwireless = wlan1 wlp3s0\n"
    after = before + "legacy_rates = yes\n"
    up = {"bond0": Running("wlan1", ("wlan1", "wlp3s0"))}
    assert commands(before, after, [*DEVICES, STICK], up)[2:] == [
        f"systemctl try-restart {RADIO_UNIT}",
        "await bond0 wlan1",
        "systemctl try-restart bond0-supplicant@wlan1.service",
    ]


def test_the_only_radio_does_not_wait_for_what_cannot_come() -> None:
    up = {"bond0": Running("wlp3s0", ("enp0s10", "wlp3s0"))}
    found = commands(BOTH, BOTH + "legacy_rates = yes\n", running=up)
    assert not any(line.startswith("await") for line in found)


def test_an_option_of_a_port_s_own_section_concerns_that_port() -> None:
    described = "\n[bond0/stick]\nkind = wireless\nmatch_name = wlan*\n"
    found = commands(BOTH + described, BOTH + described + "legacy_rates = yes\n", [*DEVICES, STICK])
    assert found[1:] == [
        triggered("wlan1"),
        "systemctl try-restart bond0-supplicant@wlan1.service",
    ]


# --- ranks --------------------------------------------------------------------


def test_ports_that_change_places_stay_in() -> None:
    first, second = "[bond0]\nwired = enp0s10 enx1\n", "[bond0]\nwired = enx1 enp0s10\n"
    up = {"bond0": Running("enp0s10", ("enp0s10", "enx1", "wlp3s0"))}
    found = commands(first, second, [*DEVICES, DOCK], up)
    assert found == [
        RELOAD,
        triggered("enp0s10", "enx1"),
        "wbond-port rank bond0 enx1 30 enp0s10 20 wlp3s0 10",
    ]


def test_a_port_that_becomes_a_glob_s_is_not_touched() -> None:
    assert commands(BOTH, BOTH.replace("wlp3s0", "wl*")) == [RELOAD, triggered("wlp3s0")]


# --- ports that come and go ---------------------------------------------------


def test_a_port_joins_behind_the_ranks_of_the_others() -> None:
    found = commands(BOTH, BOTH.replace("enp0s10", "enp0s10 enx1"), [*DEVICES, DOCK])
    assert found == [
        RELOAD,
        triggered("enp0s10", "enx1"),
        "wbond-port rank bond0 enp0s10 30 wlp3s0 10",
        "systemctl start bond0-wired@enx1.service",
    ]


def test_a_port_found_by_a_glob_joins_when_udev_knows_it() -> None:
    found = commands(BOTH, BOTH.replace("wlp3s0", "wlp3s0 wl*"), [*DEVICES, STICK])
    assert found[-1] == "systemctl start bond0-supplicant@wlan1.service"
    assert found.index(triggered("enp0s10", "wlan1", "wlp3s0")) < len(found) - 1


def test_the_active_port_leaves_last_and_lets_another_take_over() -> None:
    """A cable is exchanged for another: no moment without."""
    found = commands(BOTH, BOTH.replace("enp0s10", "enx1"), [*DEVICES, DOCK])
    assert found == [
        RELOAD,
        triggered("enp0s10", "enx1"),
        "systemctl start bond0-wired@enx1.service",
        "await bond0 enp0s10",
        f"systemctl stop {WIRED_UNIT}",
        "wbond-port rank bond0 enx1 20 wlp3s0 10",
    ]


def test_a_standby_port_just_leaves() -> None:
    found = commands(BOTH, BOTH.replace("wlp3s0", ""))
    assert found == [
        RELOAD,
        triggered("enp0s10", "wlp3s0"),
        # Its former number would be as good as the cable's new one.
        "wbond-port rank bond0 enp0s10 10 wlp3s0 0",
        f"systemctl stop {RADIO_UNIT}",
        "wbond-port rank bond0 enp0s10 10",
    ]


def test_a_device_that_nobody_wants_is_nobody_s() -> None:
    assert target_state(BOTH, [*DEVICES, DOCK]).ports.keys() == {"enp0s10", "wlp3s0"}


# --- bonds --------------------------------------------------------------------


def test_a_new_bond_takes_a_port_over() -> None:
    after = BOTH.replace("enp0s10", "") + "[uplink]\nwired = enp0s10\nwireless =\n"
    found = commands(BOTH, after)
    assert found[:2] == [f"systemctl stop {WIRED_UNIT}", RELOAD]
    assert found[-2:] == [
        "systemctl start wbond@uplink.service",
        "systemctl start uplink-wired@enp0s10.service",
    ]


def test_a_bond_that_is_gone_stops_while_systemd_knows_its_ports_units() -> None:
    before = BOTH.replace("enp0s10", "") + "[my-link]\nwired = enp0s10\nwireless =\n"
    running = {"bond0": Running("wlp3s0", ("wlp3s0",)), "my-link": Running("", ())}
    found = commands(before, BOTH, running=running)
    assert found[:2] == [r"systemctl stop wbond@my\x2dlink.service", RELOAD]
    assert found[-1] == f"systemctl start {WIRED_UNIT}"


def test_the_way_back_undoes_each_way() -> None:
    changed = BOTH.replace("enp0s10", "enx1") + "dhcp6 = none\n"
    devices = [*DEVICES, DOCK]
    up = {"bond0": Running("enx1", ("enx1", "wlp3s0"))}
    back = commands(changed, BOTH, devices, up)
    assert f"systemctl start {WIRED_UNIT}" in back
    assert "systemctl stop bond0-wired@enx1.service" in back
    assert back[-1] == "systemctl start dhcp6c@bond0.service"


def test_without_knowing_what_is_in_force_all_is_made_anew() -> None:
    found = commands(None, BOTH, running=UP | {"old": Running("", ())})
    assert found == [
        "systemctl stop wbond@old.service",
        RELOAD,
        triggered("enp0s10", "wlp3s0"),
        "systemctl restart wbond@bond0.service",
        f"systemctl start {WIRED_UNIT}",
        f"systemctl start {RADIO_UNIT}",
    ]


# --- one address for all ------------------------------------------------------


def test_a_common_address_has_the_ports_join_anew_the_active_one_last() -> None:
    assert commands(BOTH, BOTH + "mac = stable\n") == [
        RELOAD,
        triggered("enp0s10", "wlp3s0"),
        "systemctl reload wbond@bond0.service",
        "systemctl stop wbond-watch@bond0.service",
        f"systemctl try-restart {RADIO_UNIT}",
        "await bond0 enp0s10",
        f"systemctl try-restart {WIRED_UNIT}",
        "systemctl start wbond-watch@bond0.service",
    ]


def test_ports_that_had_a_common_address_get_their_own_back() -> None:
    """The unit that stops has the new policy, under which it does not."""
    assert commands(BOTH + "mac = stable\n", BOTH)[4:] == [
        f"systemctl stop {RADIO_UNIT}",
        "ip link set dev wlp3s0 address 02:00:00:00:00:00",
        f"systemctl start {RADIO_UNIT}",
        "await bond0 enp0s10",
        f"systemctl stop {WIRED_UNIT}",
        "ip link set dev enp0s10 address 52:54:00:00:00:01",
        f"systemctl start {WIRED_UNIT}",
        "systemctl start wbond-watch@bond0.service",
    ]


def test_a_port_that_is_not_in_is_not_started_by_that() -> None:
    """Somebody has stopped the radio."""
    up = {"bond0": Running("enp0s10", ("enp0s10",))}
    found = commands(BOTH + "mac = stable\n", BOTH, running=up)
    assert f"systemctl try-restart {RADIO_UNIT}" in found
    assert f"systemctl start {RADIO_UNIT}" not in found


def test_defaults_are_those_of_the_units() -> None:
    assert DEFAULTS["miimon"] == "100"
    assert DEFAULTS["dhcp6"] == "dhcp6c@.service"
    assert {name for names in plan.UNIT_SETTINGS.values() for name in names} <= set(DEFAULTS)
    assert set(plan.PORT_SETTINGS) <= set(DEFAULTS)

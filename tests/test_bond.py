# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-bond: what it makes, adopts, refuses and removes, command by command."""

import errno
import re
import shutil

import pytest
from wbond import units
from wbond_net.clients import identity
from wbond_net.kernel import bonds
from wbond_net.kernel.netlink import KernelError
from wbond_net.ports import bond

from tests.conftest import REPOSITORY
from tests.fake import Machine

TEMPLATE = (REPOSITORY / "units/wbond@.service").read_text(encoding="utf-8")
ENVIRON = dict(re.findall(r"^Environment=(\w+)=(.*)$", TEMPLATE, re.MULTILINE))
OPTIONS = (
    "mode active-backup miimon 100 updelay 0 downdelay 0 peer_notify_delay 300 "
    "primary_reselect always fail_over_mac active num_grat_arp 5 resend_igmp 1 "
    "all_slaves_active 0 min_links 0"
)
QUEUES = "numtxqueues 1 numrxqueues 1"
STOP = "systemctl stop --no-block -- bond0-wired@*.service bond0-supplicant@*.service"
START = "systemctl start --no-block --"


def address(name: str = "bond0") -> str:
    return identity.mac(name)


def test_a_bond_is_made_in_one_message(machine: Machine) -> None:
    assert bond.main(["up", "bond0"], ENVIRON) == 0
    assert machine.ran == [
        f"ip link add dev bond0 address {address()} {QUEUES} type bond {OPTIONS}",
        "ip link set dev bond0 up",
    ]


def test_a_bond_that_comes_with_its_module_is_adopted(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel loads the module for the request, and its parameters may make a bond0."""

    def create(name: str, _address: str, _options: object) -> None:
        machine.add_bond(name)
        raise KernelError(errno.EEXIST, "File exists")

    monkeypatch.setattr(bonds, "create", create)
    assert bond.main(["up", "bond0"], ENVIRON) == 0
    assert machine.ran == [
        "ip link set dev bond0 down",
        f"ip link set dev bond0 type bond {OPTIONS}",
        f"ip link set dev bond0 address {address()}",
        "ip link set dev bond0 up",
    ]


def test_a_kernel_without_bonding_is_told(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.refused["ip link add"] = "Unknown device type"
    assert bond.main(["up", "bond0"], ENVIRON) == 1
    assert "Unknown device type" in capsys.readouterr().err


def test_every_setting_reaches_the_kernel(machine: Machine) -> None:
    values = {
        name: str(number) for number, name in enumerate(ENVIRON, 7) if name not in ("MAC",)
    } | {"MAC": "active", "PRIMARY_RESELECT": "failure"}
    bond.main(["up", "bond0"], values)
    words = machine.ran[0].split()
    for name, option in {
        "MIIMON": "miimon",
        "UPDELAY": "updelay",
        "DOWNDELAY": "downdelay",
        "PRIMARY_RESELECT": "primary_reselect",
        "PEER_NOTIF": "num_grat_arp",
        "PEER_NOTIF_DELAY": "peer_notify_delay",
    }.items():
        assert words[words.index(option) + 1] == values[name]


def test_an_address_that_is_given_is_the_bond_s_from_the_start(machine: Machine) -> None:
    bond.main(["up", "bond0"], ENVIRON | {"MAC": "02:00:00:aa:bb:cc"})
    start = f"ip link add dev bond0 address 02:00:00:aa:bb:cc {QUEUES} type bond"
    assert machine.ran[0].startswith(start)


@pytest.mark.parametrize("mac", ["stable", "enp0s10", "02:00:00:aa:bb:cc"])
def test_what_comes_in_by_a_standby_port_is_taken_where_all_share_an_address(
    machine: Machine, mac: str
) -> None:
    bond.main(["up", "bond0"], ENVIRON | {"MAC": mac})
    assert " all_slaves_active 1 " in machine.ran[0]


def wanted(machine: Machine, interface: str, bond: str, role: str) -> str:
    """Have the generator link the port of a name to its device; returns the port's unit."""
    unit = units.port(bond, role, interface)
    folder = machine.generated / f"{units.device(interface)}.wants"
    folder.mkdir(exist_ok=True)
    (folder / unit).symlink_to(f"/usr/lib/systemd/system/{units.template(unit)}")
    return unit


@pytest.mark.parametrize("name", ["enp0s10", "my-veth", "-", "1:é\\x2d", "."])
def test_ports_that_are_named_literally_are_started_where_their_devices_are_there(
    machine: Machine, name: str
) -> None:
    if name != ".":
        machine.add(name)
    unit = wanted(machine, name, "my-wifi", "wired")
    wanted(machine, "absent0", "my-wifi", units.SUPPLICANT)
    wanted(machine, name, "my", "wired")
    (machine.generated / f"{units.device(name)}.wants/other@x.service").symlink_to("/x")
    (machine.generated / "multi-user.target.wants").mkdir()
    (machine.generated / r"sys-subsystem-net-devices-\xzz.device.wants").mkdir()
    (machine.generated / f"{units.device(name)}.wants/wbond-plug@\\xzz.service").symlink_to("/x")
    bond.main(["up", "my-wifi"], ENVIRON)
    assert machine.ran[-1] == f"{START} {unit}"


def test_ports_that_udev_has_found_are_started_too(machine: Machine) -> None:
    machine.add("wlan0")
    stated = wanted(machine, "wlan0", "bond0", units.SUPPLICANT)
    assert stated == "bond0-supplicant@wlan0.service"
    machine.add("eth9")
    machine.note("wlan0", "WBOND_BOND=bond0\nWBOND_UNIT=bond0-supplicant@wlan0.service\n")
    machine.note("eth9", "WBOND_BOND=bond1\nWBOND_UNIT=bond1-wired@eth9.service\n")
    bond.main(["up", "bond0"], ENVIRON)
    assert machine.ran[-1] == f"{START} bond0-supplicant@wlan0.service"


@pytest.mark.parametrize("runs", [True, False])
def test_where_udev_does_not_run_it_is_said(
    machine: Machine, capsys: pytest.CaptureFixture[str], runs: bool
) -> None:
    if not runs:
        machine.udev.rmdir()
    assert bond.main(["up", "bond0"], ENVIRON) == 0
    assert ("udev does not run" not in capsys.readouterr().out) is runs


BEGIN_AGAIN = "systemctl try-restart --no-block -- wbond-watch@bond0.service"


def test_ports_that_have_stopped_are_started_and_clients_by_a_watch_that_begins_again(
    machine: Machine,
) -> None:
    (machine.runtime / "bond0").mkdir()
    marker = machine.runtime / "bond0/clients-started"
    marker.touch()
    machine.add("eth0")
    wanted(machine, "eth0", "bond0", "wired")
    assert bond.main(["ports", "bond0"], {}) == 0
    assert machine.ran == [BEGIN_AGAIN, f"{START} bond0-wired@eth0.service"]
    assert not marker.exists()


def test_a_bond_that_is_just_made_says_so(machine: Machine) -> None:
    (machine.runtime / "bond0").mkdir()
    assert bond.main(["up", "bond0"], ENVIRON) == 0
    assert (machine.runtime / "bond0" / bond.JUST_MADE).exists()


def test_a_bond_without_ports_is_adopted_with_every_option(machine: Machine) -> None:
    machine.add_bond()
    assert bond.main(["up", "bond0"], ENVIRON) == 0
    assert machine.ran[:4] == [
        "ip link set dev bond0 down",
        f"ip link set dev bond0 type bond {OPTIONS}",
        f"ip link set dev bond0 address {address()}",
        "ip link set dev bond0 up",
    ]


def test_a_bond_with_ports_is_left_alone(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.add_bond(ports="eth0 eth1")
    assert bond.main(["up", "bond0"], ENVIRON) == 2
    assert machine.ran == []
    assert "bond0 is there and has ports (eth0 eth1)" in capsys.readouterr().err


def test_what_is_no_bond_is_left_alone(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.add("bond0")
    assert bond.main(["up", "bond0"], ENVIRON) == 2
    assert machine.ran == []
    assert "bond0 is there and is no bond" in capsys.readouterr().err


def test_a_bond_that_cannot_be_brought_up_is_taken_back(machine: Machine) -> None:
    machine.refused["ip link set dev bond0 up"] = "RTNETLINK answers: No buffer space"
    assert bond.main(["up", "bond0"], ENVIRON) == 1
    assert machine.ran[-1] == "ip link delete dev bond0"


def test_an_adopted_bond_that_cannot_be_brought_up_is_not_deleted(machine: Machine) -> None:
    machine.add_bond()
    machine.refused["ip link set dev bond0 up"] = "RTNETLINK answers: No buffer space"
    assert bond.main(["up", "bond0"], ENVIRON) == 1
    assert not any("delete" in command for command in machine.ran)


def test_down_removes_the_bond_and_stops_the_ports_that_are_still_active(machine: Machine) -> None:
    machine.add_bond()
    bond.main(["up", "bond0"], ENVIRON)
    machine.ran.clear()
    assert bond.main(["down", "bond0"], {}) == 0
    assert machine.ran == ["ip link delete dev bond0", STOP]


def settings(machine: Machine) -> dict[str, str]:
    """Return the settings of the bond that are there."""
    files = sorted(path for path in machine.sysctl.rglob("*") if path.is_file())
    return {f"{path.parts[-3]} {path.name}": path.read_text().strip() for path in files}


@pytest.mark.parametrize(("before", "after"), [("1", "2"), ("0", "0"), ("2", "2")])
def test_routes_hide_no_other_uplink_and_outlast_forwarding(
    machine: Machine, before: str, after: str
) -> None:
    machine.add_bond()
    machine.add_sysctls("bond0", before)
    assert bond.main(["up", "bond0"], ENVIRON) == 0
    assert settings(machine) == {
        "ipv4 ignore_routes_with_linkdown": "1",
        "ipv6 ignore_routes_with_linkdown": "1",
        "ipv6 accept_ra": after,
        "ipv6 stable_secret": identity.ipv6_secret("bond0"),
    }


def test_a_kernel_without_ipv6_has_nothing_of_it_set(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.add_bond()
    machine.add_sysctls("bond0", "")
    assert bond.main(["up", "bond0"], ENVIRON) == 0
    assert settings(machine) == {"ipv4 ignore_routes_with_linkdown": "1"}
    assert "No such file" not in capsys.readouterr().out


def test_down_removes_a_bond_that_has_been_renamed(machine: Machine) -> None:
    (machine.runtime / "bond0").mkdir()
    assert bond.main(["up", "bond0"], ENVIRON) == 0
    (machine.sysfs / "bond0").rename(machine.sysfs / "uplink")
    machine.add_bond("bond0")  # another's by now
    assert bond.main(["down", "bond0"], {}) == 0
    assert machine.ran[-2:] == ["ip link delete dev uplink", STOP]


def test_down_after_a_start_that_was_broken_off_at_once_removes_nobody_s_bond(
    machine: Machine,
) -> None:
    machine.add_bond()
    assert bond.main(["down", "bond0"], {}) == 0
    assert machine.ran == [STOP]


@pytest.mark.parametrize("made", [False, True])
def test_down_leaves_a_bond_alone_that_is_not_wbond_s(machine: Machine, made: bool) -> None:
    """It has been refused, or has come in the place of wbond's own."""
    (machine.runtime / "bond0").mkdir()
    if made:
        bond.main(["up", "bond0"], ENVIRON)
        shutil.rmtree(machine.sysfs / "bond0")
        machine.add("eth8")
    machine.add_bond(ports="eth0")
    if not made:
        assert bond.main(["up", "bond0"], ENVIRON) == bond.REFUSED
    machine.ran.clear()
    assert bond.main(["down", "bond0"], {}) == 0
    assert machine.ran == [STOP]


def test_down_stops_the_ports_of_a_bond_that_it_cannot_remove(machine: Machine) -> None:
    machine.add_bond()
    bond.main(["up", "bond0"], ENVIRON)
    machine.refused["ip link delete"] = "busy"
    assert bond.main(["down", "bond0"], {}) == 1
    assert machine.ran[-1] == STOP


def test_down_is_content_where_there_is_no_bond(machine: Machine) -> None:
    machine.add("bond0")
    assert [bond.main(["down", name], {}) for name in ("bond0", "bond1")] == [0, 0]
    assert machine.ran == [STOP, STOP.replace("bond0", "bond1")]


def test_without_a_machine_id_the_kernel_chooses_the_address(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nothing(purpose: str, root: str = "/") -> bytes:
        raise identity.NoMachineId("no machine id")

    monkeypatch.setattr(identity, "derive", nothing)
    assert bond.main(["up", "bond0"], ENVIRON) == 0
    assert machine.ran[0].startswith(f"ip link add dev bond0 {QUEUES} type bond")
    assert "no machine id" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["up"], ["sideways", "bond0"], ["up", "a", "b"]])
def test_wrong_calls(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert bond.main(arguments, ENVIRON) == 2
    assert "usage:" in capsys.readouterr().err


# --- a bond in use ------------------------------------------------------------

IN_USE = {
    "miimon": "100",
    "updelay": "0",
    "downdelay": "0",
    "peer_notif_delay": "300",
    "primary_reselect": "always 0",
    "num_grat_arp": "5",
    "all_slaves_active": "0",
}


@pytest.fixture
def in_use(machine: Machine) -> Machine:
    machine.add_bond(ports="enp0s10")
    for name, value in IN_USE.items():
        (machine.sysfs / "bond0/bonding" / name).write_text(f"{value}\n")
    return machine


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"PEER_NOTIF": "7"}, "num_grat_arp 7"),
        ({"PRIMARY_RESELECT": "failure"}, "primary_reselect failure"),
        ({"MAC": "stable"}, "all_slaves_active 1"),
        ({"UPDELAY": "200", "DOWNDELAY": "100"}, "updelay 200 downdelay 100"),
        # The kernel counts delays in steps of miimon: all are given anew.
        ({"MIIMON": "50"}, "miimon 50 updelay 0 downdelay 0 peer_notify_delay 300"),
    ],
)
def test_of_a_bond_in_use_only_what_differs_is_set(
    in_use: Machine, changed: dict[str, str], words: str
) -> None:
    assert bond.main(["set", "bond0"], ENVIRON | changed) == 0
    assert in_use.ran == [f"ip link set dev bond0 type bond {words}"]


def test_what_the_bond_has_already_is_not_set_again(in_use: Machine) -> None:
    assert bond.main(["set", "bond0"], ENVIRON) == 0
    assert in_use.ran == []


def test_only_a_bond_is_changed(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.add("bond0")
    assert bond.main(["set", "bond0"], ENVIRON) == 2
    assert machine.ran == []
    assert "is no bond" in capsys.readouterr().err

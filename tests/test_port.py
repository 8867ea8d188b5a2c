# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-port: joining, ranks, alignment, leaving, and wpa_supplicant's command line."""

import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from wbond_net.kernel import link, rfkill
from wbond_net.ports import ifupdown, mac_policy, port

from tests.conftest import REPOSITORY
from tests.fake import OWN, Machine

TEMPLATE = (REPOSITORY / "units/bond0-supplicant@.service").read_text(encoding="utf-8")
WIRED = {"BOND": "bond0", "PRIORITY": "20", "MAC": "active"}
ENVIRON = dict(re.findall(r"^Environment=(\w+)=(.*)$", TEMPLATE, re.MULTILINE)) | {"PRIORITY": "20"}
CARD, RADIO = "enp0s10", "wlp3s0"
COMMON = "02:00:00:aa:bb:cc"


@pytest.fixture
def bonded(machine: Machine) -> Machine:
    machine.add_bond()
    machine.add(CARD)
    machine.add(RADIO)
    return machine


def join(name: str = CARD, **environ: str) -> int:
    return port.main(["join", "bond0", name], ENVIRON | environ)


def test_a_port_joins_down_flushed_ranked(bonded: Machine) -> None:
    assert join() == 0
    assert bonded.ran == [
        f"ip link set dev {CARD} down",
        f"ip address flush dev {CARD}",
        f"ip link set dev {CARD} master bond0",
        f"ip link set dev {CARD} type bond_slave prio 20",
        f"ip link set dev bond0 type bond primary {CARD}",
    ]


def test_a_port_that_is_in_is_ranked_and_otherwise_left(machine: Machine) -> None:
    machine.add_bond(primary=CARD)
    machine.add(CARD, up=True, master="bond0")
    assert join() == 0
    assert machine.ran == [f"ip link set dev {CARD} type bond_slave prio 20"]


def test_a_port_that_somebody_has_taken_down_comes_up(machine: Machine) -> None:
    machine.add_bond(primary=CARD)
    machine.add(CARD, master="bond0")
    join()
    assert machine.ran[-1] == f"ip link set dev {CARD} up"


def test_another_s_port_is_left_alone(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.add_bond()
    machine.add(CARD, master="br0")
    assert join() == 1
    assert machine.ran == []
    assert f"{CARD} is a port of br0; it is left alone" in capsys.readouterr().err


@pytest.mark.parametrize("switch", ["soft", "hard"])
def test_a_blocked_radio_waits(
    bonded: Machine, switch: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bonded.rfkill(RADIO, **{switch: 1})
    assert join(RADIO) == 0
    assert bonded.ran == []
    assert "blocked by rfkill" in capsys.readouterr().out


@pytest.mark.parametrize(("mine", "becomes"), [("30", True), ("20", False), ("10", False)])
def test_the_primary_is_the_best_ranked_port(machine: Machine, mine: str, becomes: bool) -> None:
    machine.add_bond(primary=CARD)
    machine.add(CARD, master="bond0", up=True)
    machine.add(RADIO)
    machine.priorities = {CARD: 20}
    join(RADIO, PRIORITY=mine)
    assert (f"ip link set dev bond0 type bond primary {RADIO}" in machine.ran) is becomes


def test_a_port_ranked_down_since_it_left_is_the_primary_no_longer(machine: Machine) -> None:
    machine.add_bond(primary=RADIO)
    machine.add(CARD, master="bond0", up=True)
    machine.add(RADIO)
    machine.priorities = {CARD: 20}
    join(RADIO, PRIORITY="10")
    assert machine.ran[-1] == f"ip link set dev bond0 type bond primary {CARD}"


def test_ports_are_ranked_one_after_the_other(bonded: Machine) -> None:
    with link.locked("bond0"):
        thread = threading.Thread(target=join)
        thread.start()
        thread.join(0.2)
        assert not any("prio" in command for command in bonded.ran)
    thread.join()
    assert bonded.ran[-1] == f"ip link set dev bond0 type bond primary {CARD}"


def test_a_bond_that_goes_meanwhile_fails_the_unit(
    bonded: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mac_policy, "remember", lambda *_: shutil.rmtree(bonded.sysfs / "bond0"))
    assert join(CARD, MAC=CARD) == 1
    assert "bond0: No such file or directory" in capsys.readouterr().err


def test_the_kernel_chooses_once_more_when_it_knows_the_rank(machine: Machine) -> None:
    machine.add_bond(primary=CARD)
    (machine.sysfs / "bond0/bonding/primary_reselect").write_text("better 1\n")
    machine.add(CARD, master="bond0", up=True)
    machine.add(RADIO)
    machine.priorities = {CARD: 20}
    join(RADIO, PRIORITY="10")
    assert machine.ran[-2:] == [
        f"ip link set dev {RADIO} type bond_slave prio 10",
        "ip link set dev bond0 type bond primary_reselect better",
    ]


def test_a_kernel_without_ranks_has_its_primary(bonded: Machine) -> None:
    bonded.refused[f"ip link set dev {CARD} type bond_slave prio"] = "Operation not supported"
    assert join() == 0
    assert bonded.ran[-1] == f"ip link set dev bond0 type bond primary {CARD}"


@pytest.mark.parametrize(("own", "rank"), [("0", "70"), ("20", "20")])
def test_a_port_without_a_rank_of_its_own_has_what_udev_knows(
    bonded: Machine, own: str, rank: str
) -> None:
    bonded.udev[RADIO] = "ID_BUS=usb\nWBOND_BOND=bond0\nWBOND_SET_PRIORITY=70\n"
    join(RADIO, PRIORITY=own)
    assert f"ip link set dev {RADIO} type bond_slave prio {rank}" in bonded.ran


def test_a_refusal_of_the_kernel_fails_the_unit(
    bonded: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    bonded.refused[f"ip link set dev {CARD} master"] = "RTNETLINK answers: Device or resource busy"
    assert join() == 1
    assert "Device or resource busy" in capsys.readouterr().err


@pytest.mark.parametrize(("shown", "written"), [("", "\n"), (f"{RADIO}\n", f"{RADIO}\n")])
def test_a_primary_that_has_left_is_forgotten_and_another_is_not(
    bonded: Machine, shown: str, written: str
) -> None:
    primary = bonded.sysfs / "bond0/bonding/primary"
    primary.write_text(shown)
    assert join() == 0
    assert primary.read_text() == written


@pytest.mark.parametrize("step", ["down", "master bond0"])
def test_a_port_that_is_pulled_while_it_joins_is_no_failure(
    bonded: Machine, capsys: pytest.CaptureFixture[str], step: str
) -> None:
    bonded.pulled = f"ip link set dev {CARD} {step}"
    assert join() == 0
    said = capsys.readouterr()
    assert f"{CARD} has gone\n" in said.out
    assert "Cannot find device" in said.err


def test_an_ifupdown_stanza_is_told(
    bonded: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ifupdown, "stanzas", lambda name: ["/etc/network/interfaces:3"])
    assert join() == 0
    assert (
        "/etc/network/interfaces:3: ifupdown configures enp0s10 as well" in capsys.readouterr().out
    )


# --- other ranks for ports that are in ----------------------------------------


@pytest.fixture
def in_use(machine: Machine) -> Machine:
    machine.add_bond(primary=CARD)
    machine.add(CARD, up=True, master="bond0")
    machine.add(RADIO, up=True, master="bond0")
    machine.priorities = {CARD: 20, RADIO: 10}
    return machine


def test_ports_change_their_ranks_and_the_active_one_moves_once(in_use: Machine) -> None:
    assert port.main(["rank", "bond0", CARD, "10", RADIO, "20"], {}) == 0
    assert in_use.ran == [
        f"ip link set dev {CARD} type bond_slave prio 10",
        f"ip link set dev {RADIO} type bond_slave prio 20",
        f"ip link set dev bond0 type bond primary {RADIO}",
    ]


def test_ranks_that_grow_together_leave_the_primary_alone(in_use: Machine) -> None:
    port.main(["rank", "bond0", CARD, "30", RADIO, "20"], {})
    assert not any(" primary " in command for command in in_use.ran)


def test_a_kernel_without_ranks_has_the_right_primary(in_use: Machine) -> None:
    in_use.priorities = {}
    in_use.refused["ip link set dev enp0s10 type bond_slave"] = "Error: Unknown attribute"
    in_use.refused["ip link set dev wlp3s0 type bond_slave"] = "Error: Unknown attribute"
    assert port.main(["rank", "bond0", CARD, "30", RADIO, "20"], {}) == 0
    assert not any(" primary " in command for command in in_use.ran)
    assert port.main(["rank", "bond0", RADIO, "20", CARD, "10"], {}) == 0
    assert in_use.ran[-1] == f"ip link set dev bond0 type bond primary {RADIO}"


def test_a_port_that_is_not_in_waits_for_its_rank(machine: Machine) -> None:
    machine.add_bond()
    machine.add(RADIO)
    assert port.main(["rank", "bond0", RADIO, "20"], {}) == 0
    assert machine.ran == []


@pytest.mark.parametrize("words", [[CARD], [CARD, "x"], [], [CARD, "-1"]])
def test_a_rank_is_a_number(in_use: Machine, words: list[str]) -> None:
    assert port.main(["rank", "bond0", *words], {}) == 2
    assert in_use.ran == []


# --- one address for all ------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "address"),
    [(COMMON, COMMON), (RADIO, OWN[RADIO]), ("stable", "")],
    ids=["given", "an interface's", "stable"],
)
def test_a_port_is_aligned_while_it_is_down(bonded: Machine, policy: str, address: str) -> None:
    join(MAC=policy)
    wanted = address or mac_policy.common_address("bond0", "stable")
    assert bonded.ran[:2] == [
        f"ip link set dev {CARD} down",
        f"ip link set dev {CARD} address {wanted}",
    ]
    assert bonded.ran.index(f"ip link set dev {CARD} master bond0") > 1


def test_the_interface_that_is_named_keeps_its_own_and_is_remembered(bonded: Machine) -> None:
    join(MAC=CARD)
    assert not any(" address 5" in command for command in bonded.ran)
    (bonded.sysfs / CARD / "address").unlink()
    assert mac_policy.common_address("bond0", CARD) == OWN[CARD]


def test_an_interface_that_is_absent_is_remembered(machine: Machine) -> None:
    machine.add_bond()
    dock = machine.add("eth9")
    join("eth9", MAC="eth9")
    for path in dock.iterdir():
        path.unlink()
    dock.rmdir()
    machine.add(CARD)
    machine.ran.clear()
    join(CARD, MAC="eth9")
    assert f"ip link set dev {CARD} address {OWN['eth9']}" in machine.ran


def test_an_interface_that_was_never_there_changes_nothing(bonded: Machine) -> None:
    assert join(MAC="eth9") == 0
    assert not any(" address " in command and "flush" not in command for command in bonded.ran)


def test_a_port_that_is_aligned_already_is_left(machine: Machine) -> None:
    machine.add_bond()
    machine.add(CARD, address=COMMON)
    join(MAC=COMMON)
    assert not any("address 02" in command for command in machine.ran)


def test_an_adapter_that_refuses_works_all_the_same(
    bonded: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    bonded.refused[f"ip link set dev {CARD} address"] = "RTNETLINK answers: Operation not supported"
    assert join(MAC=COMMON) == 0
    assert f"ip link set dev {CARD} master bond0" in bonded.ran
    assert f"{CARD} refuses the address {COMMON}; it works with its own" in capsys.readouterr().out


def test_leaving_gives_the_own_address_back(machine: Machine) -> None:
    machine.add_bond()
    machine.add(CARD, address=COMMON, up=True, master="bond0")
    assert port.main(["leave", "bond0", CARD], WIRED | {"MAC": COMMON}) == 0
    assert machine.ran == [
        f"ip link set dev {CARD} nomaster",
        f"ip link set dev {CARD} down",
        f"ip link set dev {CARD} address {OWN[CARD]}",
    ]


def test_leaving_touches_no_address_that_wbond_has_not_set(machine: Machine) -> None:
    machine.add_bond()
    machine.add(CARD, address=COMMON, up=True, master="bond0")
    port.main(["leave", "bond0", CARD], WIRED)
    assert machine.ran == [f"ip link set dev {CARD} nomaster", f"ip link set dev {CARD} down"]


RATES_BACK = [f"ip link set dev {RADIO} up", f"iw dev {RADIO} set bitrates"]


@pytest.mark.parametrize(("environ", "between"), [({}, RATES_BACK), ({"LEGACY_RATES": "yes"}, [])])
def test_leaving_lets_a_radio_use_all_rates_again(
    machine: Machine, environ: dict[str, str], between: list[str]
) -> None:
    machine.add_bond()
    machine.add(RADIO, master="bond0")
    port.main(["leave", "bond0", RADIO], ENVIRON | environ)
    down = f"ip link set dev {RADIO} down"
    assert machine.ran == [f"ip link set dev {RADIO} nomaster", *between, down]


@pytest.mark.parametrize("master", ["", "br0"])
def test_leaving_is_content_where_the_port_is_not_in(machine: Machine, master: str) -> None:
    machine.add_bond()
    machine.add(CARD, master=master)
    assert port.main(["leave", "bond0", CARD], ENVIRON) == 0
    assert port.main(["leave", "bond0", "gone0"], ENVIRON) == 0
    assert machine.ran == []


# --- wpa_supplicant -----------------------------------------------------------


class Executed(Exception):
    """Stands for a process that has become another program."""


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    words: list[str] = []

    def execute(program: str, arguments: list[str]) -> None:
        words.extend(arguments)
        raise Executed(program)

    monkeypatch.setattr(os, "execvp", execute)
    return words


def test_the_unit_becomes_wpa_supplicant(machine: Machine, executed: list[str]) -> None:
    machine.add_bond()
    machine.add(RADIO, master="bond0", up=True)
    with pytest.raises(Executed, match="wpa_supplicant"):
        port.main(["supplicant", "bond0", RADIO], ENVIRON)
    assert machine.ran == [f"iw dev {RADIO} set bitrates legacy-2.4 6 9 12 18 24 36 48 54"]
    assert executed[:7] == [
        *("wpa_supplicant", "-i", RADIO, "-D", "nl80211", "-c"),
        "/etc/wpa_supplicant/wpa_supplicant.conf",
    ]
    overrides = Path(executed[executed.index("-I") + 1]).read_text()
    for line in ("mac_addr=0", "preassoc_mac_addr=0", "p2p_disabled=1"):
        assert f"\n{line}\n" in overrides


def test_legacy_rates_lift_the_restriction(machine: Machine, executed: list[str]) -> None:
    machine.add_bond()
    machine.add(RADIO, master="bond0", up=True)
    with pytest.raises(Executed):
        port.main(["supplicant", "bond0", RADIO], ENVIRON | {"LEGACY_RATES": "yes"})
    assert machine.ran == [f"iw dev {RADIO} set bitrates"]


def test_a_driver_that_knows_no_rates_is_no_failure(machine: Machine, executed: list[str]) -> None:
    machine.add_bond()
    machine.add(RADIO, master="bond0", up=True)
    machine.refused["iw"] = "command failed: Operation not supported (-95)"
    with pytest.raises(Executed):
        port.main(["supplicant", "bond0", RADIO], ENVIRON)


def test_an_unblocked_radio_joins_before(
    bonded: Machine, executed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bonded.rfkill(RADIO, soft=1)
    monkeypatch.setattr(rfkill, "wait_unblocked", lambda name: bonded.rfkill(name, soft=0))
    with pytest.raises(Executed):
        port.main(["supplicant", "bond0", RADIO], ENVIRON)
    assert f"ip link set dev {RADIO} master bond0" in bonded.ran


def test_an_interface_s_own_configuration_wins(tmp_path: Path) -> None:
    common, own = tmp_path / "wpa_supplicant.conf", tmp_path / f"wpa_supplicant-{RADIO}.conf"
    environ = ENVIRON | {"SUPPLICANT_CONF": str(common)}
    common.write_text("")
    assert str(common) in port.supplicant_command("bond0", RADIO, environ)
    own.write_text("")
    assert str(own) in port.supplicant_command("bond0", RADIO, environ)
    assert str(common) not in port.supplicant_command("bond0", RADIO, environ)


def test_the_bridge_is_named_on_demand() -> None:
    assert "-b" not in port.supplicant_command("bond0", RADIO, ENVIRON)
    words = port.supplicant_command("bond0", RADIO, ENVIRON | {"SUPPLICANT_BRIDGE": "yes"})
    assert words[-2:] == ["-b", "bond0"]


@pytest.mark.parametrize("arguments", [[], ["join", "bond0"], ["marry", "bond0", "eth0"]])
def test_wrong_calls(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert port.main(arguments, ENVIRON) == 2
    assert "usage:" in capsys.readouterr().err


# --- neighbours and switches --------------------------------------------------


def test_ifupdown_s_stanzas_are_found_by_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "etc/network/interfaces.d"
    folder.mkdir(parents=True)
    (tmp_path / "etc/network/interfaces").write_text(
        "# auto wlp3s0\nsource interfaces.d/*\nauto lo wlp3s0\niface wlp3s0 inet dhcp\n"
        "    wpa-ssid wlp3s0\niface eth0 inet manual\n"
    )
    (folder / "wifi").write_text("\nallow-hotplug wlp3s0\niface eth1 inherits wlp3s0\n")
    places = [place.rpartition("/")[2] for place in ifupdown.stanzas(RADIO, str(tmp_path))]
    assert places == ["interfaces:3", "interfaces:4", "wifi:2"]
    assert ifupdown.stanzas("wlan9", str(tmp_path)) == []
    assert ifupdown.stanzas(RADIO, str(tmp_path / "nowhere")) == []


def sourcing(root: Path, **files: str) -> list[str]:
    """Return the radio's stanzas, where `interfaces` and others beside it say this."""
    for name, text in files.items():
        path = root / "etc/network" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    places = ifupdown.stanzas(RADIO, str(root))
    return [place.removeprefix(f"{root}/etc/network/") for place in places]


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("", []),
        ("source interfaces.d/*", ["b", "c-d", "e.cfg"]),
        ("source /etc/network/interfaces.d/?", ["b"]),
        ("\tsource interfaces.d/[!b]*", ["c-d", "e.cfg"]),
        ("source interfaces.d/b interfaces.d/c-d", ["b"]),
        ("source interfaces.d", []),
        ("source", []),
        ("source interfaces.d/\0*", []),
        ("source-directory \0", []),
        ("source elsewhere/*", []),
        ("source-directory interfaces.d", ["b", "c-d"]),
        ("source-directory /etc/network/inter*.d/", ["b", "c-d"]),
        ("sources interfaces.d/*", []),
        ("# source interfaces.d/*", []),
    ],
)
def test_ifupdown_s_files_are_those_that_are_sourced(
    tmp_path: Path, line: str, read: list[str]
) -> None:
    stanza = f"auto {RADIO}\n"
    (tmp_path / "etc/network/interfaces.d/folder").mkdir(parents=True)
    names = (".hidden", "b", "c-d", "e.cfg")
    files = {f"interfaces.d__{name}": stanza for name in names}
    found = sourcing(tmp_path, interfaces=line + "\n", **files)
    assert found == [f"interfaces.d/{name}:1" for name in read]


def test_a_sourced_file_sources_others_and_each_is_read_once(tmp_path: Path) -> None:
    assert sourcing(
        tmp_path,
        interfaces="source more/*\nsource interfaces\nsource more/../more/a\n",
        more__a=f"source ../interfaces\nsource a\nsource deep/c\nauto {RADIO}\n",
        more__b=f"auto {RADIO}\n",
        more__deep__c=f"iface {RADIO} inet dhcp\n",
    ) == ["more/a:4", "more/b:1", "more/deep/c:1"]


def test_ifupdown_s_lines_go_on_behind_a_backslash(tmp_path: Path) -> None:
    lines = (
        "auto lo \\",
        RADIO,
        f"auto {RADIO[:3]}\\",
        RADIO[3:],
        "# a comment \\",
        f"auto {RADIO}",
    )
    assert sourcing(tmp_path, interfaces="\n".join(lines)) == [
        f"interfaces:{number}" for number in (1, 3, 6)
    ]
    assert sourcing(tmp_path, interfaces=f"auto {RADIO} \\\n") == ["interfaces:1"]


def test_nothing_is_imported_to_find_files_that_are_not_sourced() -> None:
    code = (
        "from wbond_net.ports import ifupdown, port; import sys; ifupdown.stanzas('x', '/nowhere')"
    )
    code += "; sys.exit('glob' in sys.modules)"
    words = [sys.executable, "-S", "-c", code]
    assert not subprocess.run(words, cwd=REPOSITORY / "helpers", env={}).returncode


@pytest.mark.parametrize(
    ("soft", "hard", "blocked"), [(0, 0, False), (1, 0, True), (0, 1, True), (1, 1, True)]
)
def test_either_switch_blocks(machine: Machine, soft: int, hard: int, blocked: bool) -> None:
    machine.add(RADIO)
    assert rfkill.blocked(RADIO) is False
    machine.rfkill(RADIO, soft, hard)
    assert rfkill.blocked(RADIO) is blocked


def test_waiting_ends_when_the_radio_is_gone(machine: Machine) -> None:
    rfkill.wait_unblocked("gone0")
    assert not (machine.sysfs / "gone0").exists()


def test_waiting_reads_events_until_nothing_blocks(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.add(RADIO)
    machine.rfkill(RADIO, soft=1, hard=1)
    states = [(1, 0), (0, 0)]
    asked = []

    def read(fd: int, size: int) -> bytes:
        asked.append(size)
        machine.rfkill(RADIO, *states.pop(0))
        return b"\0" * size

    monkeypatch.setattr(rfkill, "DEVICE", os.devnull)
    monkeypatch.setattr(os, "read", read)
    rfkill.wait_unblocked(RADIO)
    assert asked == [8, 8]

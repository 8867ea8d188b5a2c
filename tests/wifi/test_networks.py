# SPDX-License-Identifier: LGPL-2.1-or-later
"""`wbond wifi scan`, `list`, `forget` and `select`, beside a wpa_supplicant on a real socket."""

import io
import subprocess
from pathlib import Path

import jsonschema
import pytest
from wbond_cli import exit_status, terminal
from wbond_cli.wifi import networks, screen, security, station
from wbond_cli.wifi.control import Control
from wbond_cli.wifi.networks import Found

from tests.conftest import REPOSITORY
from tests.wifi.command import BY_HAND, FILE, SCHEMA, SECRET, SOCKET, file, run, shown
from tests.wifi.supplicant import BOTH, REPLY_SIZE, WPA2, Point, Supplicant


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_what_is_saved_is_listed(root: Path, radio: Supplicant) -> None:
    run(root, "add", "home", "--stdin", "--hidden", text=f"{SECRET}\n")
    office, home = shown(root, "list")["networks"]
    assert (office["ssid"], office["connected"], office["priority"]) == ("office", ["wlp3s0"], 5)
    assert (home["ssid"], home["connected"], home["hidden"]) == ("home", [], True)
    assert (office["file"], office["line"]) == (f"/{FILE}", 4)
    code, out, _ = run(root, "list")
    assert code == 0
    assert [line.split() for line in out.splitlines()[1:]] == [
        ["*", "office", "WPA2", "5", "connected:", "wlp3s0"],
        ["home", "WPA2/WPA3", "hidden"],
    ]
    assert run(root, "list")[1] == run_alone(root)


def run_alone(root: Path) -> str:
    """Run `wbond wifi` alone; it has no --root, so it is called from within."""
    script = (
        "import sys; sys.path[:0] = sys.argv[2:]; from wbond_cli import arguments;"
        "from wbond_cli.verbs import wifi; options = arguments.parse(['wifi']);"
        "options.root = sys.argv[1]; wifi.run(options)"
    )
    folders = [str(REPOSITORY / name) for name in ("helpers", "generator")]
    command = ["/usr/bin/python3", "-I", "-c", script, str(root), *folders]
    environ = {"PATH": "/usr/bin", "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, env=environ, capture_output=True, text=True).stdout


def test_what_is_forgotten_is_in_no_place(root: Path, radio: Supplicant) -> None:
    run(root, "add", "home", "--stdin", text=f"{SECRET}\n")
    code, out, _ = run(root, "forget", "home")
    assert (code, out) == (0, f"home is forgotten, in /{FILE}.\n")
    assert file(root).read_text() == BY_HAND
    assert (list(radio.networks), radio.current) == ([0], 0)
    code, _, err = run(root, "forget", "home")
    assert code == exit_status.USAGE
    assert "no network home is saved" in err
    assert "saved here: office" in err


def test_a_selected_network_leaves_the_others_enabled(root: Path, radio: Supplicant) -> None:
    run(root, "add", "home", "--stdin", text=f"{SECRET}\n")
    radio.networks[2], radio.requests = {"ssid": '"off"'}, []
    code, out, _ = run(root, "select", "home")
    assert (code, out) == (0, "wlp3s0 is connected to home.\n")
    assert radio.current == 1
    assert radio.enabled == {0, 1}  # and not what a person has disabled
    assert radio.requests[-1] == "ENABLE_NETWORK 0 no-connect"


def test_one_that_is_out_of_reach_gives_way_to_the_others(
    root: Path, radio: Supplicant, monkeypatch: pytest.MonkeyPatch
) -> None:
    radio.networks[1] = {"ssid": '"far"', "psk": '"x"'}
    radio.enabled, radio.passwords[b"far"] = {0, 1}, '"y"'
    code, out, _ = run(root, "select", "far")
    assert code == exit_status.FAILURE
    assert "wlp3s0 has the wrong password for far." in out
    assert (radio.current, radio.enabled) == (0, {0, 1})


def test_what_is_not_known_cannot_be_selected(root: Path, radio: Supplicant) -> None:
    code, _, err = run(root, "select", "nowhere")
    assert code == exit_status.USAGE
    assert "known here: office" in err
    assert not any(request.startswith("SELECT") for request in radio.requests)


@pytest.mark.parametrize("words", [("scan",), ("select", "home")])
def test_without_wpa_supplicant_it_says_so(root: Path, words: tuple[str, ...]) -> None:
    code, out, err = run(root, *words)
    assert (code, out) == (exit_status.FAILURE, "")
    assert "wlp3s0: no wpa_supplicant runs for it" in err


def test_a_file_without_a_control_interface_is_told(root: Path) -> None:
    file(root).write_text("network={\n}\n")
    assert "has no ctrl_interface" in run(root, "scan")[2]


# --- scan -------------------------------------------------------------------------


def test_networks_in_reach(root: Path, radio: Supplicant) -> None:
    radio.points.append(Point(b"home", BOTH, -60, 2437, "02:00:00:00:00:03"))
    office, home = shown(root, "scan")["networks"]
    assert (office["connected"], office["known"], office["bars"]) == (["wlp3s0"], True, 4)
    assert (home["signal"], home["bands"], home["access_points"]) == (-60, ["2.4", "5"], 2)
    assert (home["security"], home["known"]) == (["wpa2", "wpa3"], False)
    code, out, _ = run(root, "scan")
    assert code == 0
    assert out.splitlines()[1].split() == [
        *("*", "office", "▂▄▆█", "-50", "dBm", "WPA2", "2.4", "GHz", "connected:", "wlp3s0")
    ]


HOSTILE = [b"\x1b[2J\x1b]0;x\x07", b"a\nwlp3s0 is connected", b"\xff\xfe", "\u202eevil".encode()]


def test_names_of_strangers_do_nothing_to_a_terminal(root: Path, radio: Supplicant) -> None:
    radio.points = [Point(ssid, bssid=f"02:00:00:00:01:0{n}") for n, ssid in enumerate(HOSTILE)]
    code, out, _ = run(root, "scan")
    assert code == 0
    assert len(out.splitlines()) == len(HOSTILE) + 1
    assert all(line.isprintable() for line in out.splitlines())
    found = shown(root, "scan")["networks"]
    assert {one["ssid_bytes"] for one in found} == {ssid.hex() for ssid in HOSTILE}


def test_more_than_a_reply_has_room_for(root: Path, radio: Supplicant) -> None:
    radio.points = [Point(b"net %d" % n, bssid=f"02:00:00:00:02:{n:02x}") for n in range(200)]
    assert len(radio._bss("RANGE=0- MASK=0x21887")) < REPLY_SIZE
    assert len(shown(root, "scan")["networks"]) == 200


def test_more_networks_than_a_reply_has_room_for(root: Path, radio: Supplicant) -> None:
    radio.networks = {n: {"ssid": f'"net {n}"'} for n in range(300)}
    with Control(str(root / SOCKET)) as connection:
        assert len(station.networks(connection)) == 300


def test_while_connected_a_scan_only_looks(root: Path, radio: Supplicant) -> None:
    run(root, "scan")
    assert "SCAN TYPE=ONLY" in radio.requests
    radio.current, radio.requests = None, []
    run(root, "scan")
    assert "SCAN" in radio.requests


def test_a_trap_of_the_same_name_is_another_network() -> None:
    seen = [
        ("wlp3s0", station.AccessPoint(f"02:00:00:00:00:0{n}", 2412, -50, flags, b"home"))
        for n, flags in enumerate([WPA2, "[ESS]", WPA2])
    ]
    found = networks.merge(seen, set(), {})
    assert sorted((security.label(one.security), one.access_points) for one in found) == [
        ("WPA2", 2),
        ("open", 1),
    ]


def test_those_that_hide_their_names_are_one_each() -> None:
    seen = [
        ("wlp3s0", station.AccessPoint(f"02:00:00:00:00:0{n}", 2412, -50, WPA2, ssid))
        for n, ssid in enumerate([b"", b"\0\0", b""])
    ]
    assert len(networks.merge(seen, set(), {})) == 3


@pytest.mark.parametrize(
    ("frequency", "band"),
    [(2412, "2.4"), (5180, "5"), (5885, "5"), (5955, "6"), (58320, "60"), (0, "")],
)
def test_bands(frequency: int, band: str) -> None:
    assert networks.band(frequency) == band


@pytest.mark.parametrize(
    ("signal", "bars"), [(-30, 4), (-54, 4), (-60, 3), (-75, 2), (-90, 1), (-127, 1)]
)
def test_bars(signal: int, bars: int) -> None:
    assert networks.bars(signal) == bars


def test_a_locale_without_blocks_has_asterisks() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    one = Found("ü".encode(), -75, frozenset({"wpa2"}), ["5"], 1, True, [])
    screen.print_scan(terminal.console(stream), [one])
    stream.seek(0)
    assert stream.read().splitlines()[1].split()[:2] == [r"\xfc", "**.."]


def test_a_list_of_networks_that_is_none() -> None:
    head = b"network id / ssid / bssid / flags\n"
    long = b"9" * 5000
    reply = head + b"0\thome\tany\t[CURRENT]\n" + long + b"\tx\tany\t\nx\ty\tany\t\n1\tz\n"
    assert [one.ssid for one in station.parse_networks(reply)] == [b"home"]

# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-dhcp: the files that the clients read, and a clean stop."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wbond_net import files, notify, runtime, wait_online
from wbond_net.clients import dhclient, dhcp, dhcp6c, identity

from tests.fake import Machine

ENVIRON = {"DUID": "00:04:aa:bb"}
program = dhcp._program  # which other tests do without


@pytest.fixture
def places(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that wbond-dhcp writes goes below a folder of the test."""
    machine.add("bond0", address="02:00:00:00:00:07")
    for name in ("run/bond0", "lib/dhcp", "lib/dhcpv6", "etc"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(runtime, "FOLDER", str(tmp_path / "run"))
    monkeypatch.setattr(dhclient, "STATE", str(tmp_path / "lib/dhcp"))
    monkeypatch.setattr(dhcp6c, "DUID", str(tmp_path / "lib/dhcpv6/dhcp6c_duid"))
    monkeypatch.setattr(dhclient, "SCRIPTS", (str(tmp_path / "lib/dhclient-script"),))
    (tmp_path / "lib/dhclient-script").write_text(f"run_hookdir {dhclient.HOOKS}\n")
    monkeypatch.setattr(dhcp, "_program", lambda name: f"/usr/sbin/{name}")
    monkeypatch.setattr(dhcp, "_become", lambda program, words: None)
    return tmp_path


def hooks(places: Path) -> str:
    """Return the command by which hooks take back what they have set."""
    return f"{places}/lib/dhclient-script"


def prepared(places: Path, own: str) -> str:
    environ = ENVIRON | {"DHCLIENT_CONF": own}
    assert dhcp.main(["dhclient", "bond0"], environ) == 0
    return (places / "lib/dhcp/dhclient.bond0.conf").read_text()


def test_the_identity_stands_behind_the_user_s_file_and_wins(places: Path) -> None:
    own = places / "etc/dhclient.conf"
    own.write_text("timeout 60;\nsend dhcp-client-identifier 1:2:3;\n")
    lines = prepared(places, str(own)).splitlines()
    identifier = identity.client_identifier("bond0", ENVIRON["DUID"]).hex(":")
    assert lines[-3:] == [
        'interface "bond0" {',
        f"  send dhcp-client-identifier {identifier};",
        "}",
    ]
    assert lines.index("retry 15;") < lines.index("timeout 60;") < len(lines) - 3


def test_where_var_is_read_only_the_lease_is_kept_in_run(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class ReadOnly:
        f_flag = os.ST_RDONLY | os.ST_NOSUID

    shutil.rmtree(places / "lib/dhcp")
    asked: list[str] = []

    def statvfs(path: str) -> type[ReadOnly]:
        asked.append(path)
        return ReadOnly

    monkeypatch.setattr(os, "statvfs", statvfs)
    monkeypatch.setattr(dhclient, "VOLATILE", str(places / "run"))
    assert dhcp.main(["dhclient", "bond0"], ENVIRON | {"DHCLIENT_CONF": "/none"}) == 0
    assert set(asked) == {f"{places}/lib"}
    assert not (places / "lib/dhcp").exists()
    written = places / "run/dhclient.bond0.lease.conf"
    assert "send dhcp-client-identifier" in written.read_text()
    words = dhclient.command("bond0", {})
    assert (str(written), f"{places}/run/dhclient.bond0.leases") == (words[5], words[7])
    assert "is read-only: the lease is kept in" in capsys.readouterr().out


def test_a_file_that_apparmor_lets_dhclient_read_is_included(places: Path) -> None:
    with_own = dhclient.configuration("bond0", "/etc/dhcp/dhclient.conf", b"\xff")
    there = Path("/etc/dhcp/dhclient.conf").exists()
    assert ('include "/etc/dhcp/dhclient.conf";' in with_own) is there


def test_a_link_out_of_that_folder_is_copied(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = places / "etc/dhclient.conf"
    own.write_text("timeout 60;\n")
    (places / "etc/link.conf").symlink_to(own)
    monkeypatch.setattr(dhclient, "MAY_READ", (f"{places}/etc/link",))
    assert "\ntimeout 60;\n" in prepared(places, str(places / "etc/link.conf"))


def test_without_a_file_dhclient_has_its_own_defaults(
    places: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = f"{places}/nowhere.conf"
    assert "include" not in prepared(places, own)
    assert f"{own}: No such file or directory; " in capsys.readouterr().out


def test_the_address_that_dhclient_reads_is_noted(places: Path) -> None:
    prepared(places, "/nowhere")
    assert (places / "run/bond0/dhclient.address").read_text() == "02:00:00:00:00:07\n"


LEASES = """\
lease {{
  fixed-address 192.0.2.100;
  option dhcp-lease-time {seconds};
  expire epoch {expire};
}}
"""


@pytest.mark.parametrize(
    ("held", "seconds", "left", "prolonged"),
    [
        (("192.0.2.100", 60), 3600, 60, True),
        (("192.0.2.101", 60), 3600, 60, False),
        (("192.0.2.100", None), 3600, 60, False),
        (("192.0.2.100", 60), 3600, -60, False),
        (("192.0.2.100", 60), 0xFFFFFFFF, 60, False),
        (None, 3600, 60, False),
    ],
    ids=["the lease's", "another", "one for ever", "a lease that has ended", "no end", "none"],
)
def test_an_address_that_is_to_be_confirmed_outlives_its_first_lease(
    places: Path,
    machine: Machine,
    held: tuple[str, int | None] | None,
    seconds: int,
    left: int,
    prolonged: bool,
) -> None:
    machine.add("eth1")
    machine.add_address("eth1", "192.0.2.100", 60)
    if held:
        machine.add_address("bond0", *held)
    text = LEASES.format(seconds=seconds, expire=round(time.time()) + left)
    (places / "lib/dhcp/dhclient.bond0.leases").write_text(text)
    prepared(places, "/nowhere")
    told = "ip -4 address change 192.0.2.100/24 dev bond0 valid_lft 3600 preferred_lft 3600"
    assert machine.ran == ([told] if prolonged else [])


def test_an_address_that_cannot_be_prolonged_costs_no_client(
    places: Path, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.add_address("bond0", "192.0.2.100", 60)
    text = LEASES.format(seconds=3600, expire=round(time.time()) + 60)
    (places / "lib/dhcp/dhclient.bond0.leases").write_text(text)
    machine.refused["ip -4 address change"] = "no"
    assert "identifier" in prepared(places, "/nowhere")
    assert "the address keeps the end of its first lease" in capsys.readouterr().out


def test_a_name_with_quotes_stays_in_its_place() -> None:
    text = dhclient.configuration('a"\\b', "/nowhere", b"\xff\x00")
    assert '\ninterface "a\\"\\\\b" {\n' in text


def test_dhcp6c_s_duid_file_has_a_length_and_the_same_bytes(places: Path) -> None:
    assert dhcp.main(["dhcp6c", "bond0"], ENVIRON | {"DHCP6C_CONF": "/nowhere"}) == 0
    duid = bytes.fromhex("0004aabb")
    found = (places / "lib/dhcpv6/dhcp6c_duid").read_bytes()
    assert found == len(duid).to_bytes(2, sys.byteorder) + duid
    assert identity.client_identifier("bond0", ENVIRON["DUID"]).endswith(duid)


def test_dhcp6c_reads_the_user_s_file(places: Path) -> None:
    own = places / "etc/dhcp6c.conf"
    own.write_text("profile default { };\n")
    for _ in range(2):
        dhcp.main(["dhcp6c", "bond0"], ENVIRON | {"DHCP6C_CONF": str(own)})
        assert (places / "run/bond0/dhcp6c.conf").readlink() == own


def test_without_a_file_dhcp6c_asks_for_an_address(places: Path) -> None:
    (places / "run/bond0/dhcp6c-script").write_text("")
    dhcp.main(["dhcp6c", "bond0"], ENVIRON | {"DHCP6C_CONF": "/nowhere"})
    text = (places / "run/bond0/dhcp6c.conf").read_text()
    number = int.from_bytes(identity.iaid("bond0"), "big")
    assert f"  send ia-na {number};\n" in text
    assert text.endswith(f"}};\nid-assoc na {number} {{ }};\n")
    assert f'  script "{places}/run/bond0/dhcp6c-script";\n' in text


def test_debian_s_script_for_dhcp6c_gives_way_and_no_other(places: Path) -> None:
    own, used = places / "etc/dhcp6c.conf", places / "run/bond0/dhcp6c.conf"
    text = 'profile default { script "%s"; };\n'
    own.write_text(text % dhcp6c.FOREIGN_SCRIPT)
    dhcp.main(["dhcp6c", "bond0"], ENVIRON | {"DHCP6C_CONF": str(own)})
    assert used.read_text() == text % (places / "run/bond0/dhcp6c-script")
    own.write_text(text % "/etc/my-script")
    dhcp.main(["dhcp6c", "bond0"], ENVIRON | {"DHCP6C_CONF": str(own)})
    assert used.readlink() == own


def test_where_no_hook_is_read_dhclient_gets_wbond_s_script(places: Path) -> None:
    assert "script" not in prepared(places, "/nowhere")
    (places / "lib/dhclient-script").write_text("run_hook /etc/dhclient-enter-hooks\n")
    assert f'  script "{dhclient.OWN_SCRIPT}";\n}}\n' in prepared(places, "/nowhere")
    assert Path(dhclient.OWN_SCRIPT).stat().st_mode & 0o111


@pytest.mark.parametrize(("pid", "flushed"), [("123", True), ("", False)])
def test_the_address_goes_only_when_the_client_is_stopped(
    places: Path, machine: Machine, pid: str, flushed: bool
) -> None:
    assert dhcp.main(["dhclient-stop", "bond0"], {"MAINPID": pid} if pid else {}) == 0
    assert machine.ran == ([hooks(places), "ip -4 address flush dev bond0 dynamic"] * flushed)


LASTING = """\
lease {
  fixed-address 192.0.2.7;
}
lease {
  fixed-address 192.0.2.100;
  option routers 192.0.2.1;
  option dhcp-lease-time 4294967295;
}
"""


@pytest.mark.parametrize("static", ["", "192.0.2.7"])
def test_an_address_that_is_leased_for_ever_goes_with_its_client_and_no_static_one(
    places: Path, machine: Machine, static: str
) -> None:
    (places / "lib/dhcp/dhclient.bond0.leases").write_text(LASTING)
    machine.add_address("bond0", static or "192.0.2.100", None)
    assert dhcp.main(["dhclient-stop", "bond0"], {"MAINPID": "1"}) == 0
    deleted = [] if static else ["ip -4 address delete 192.0.2.100 dev bond0"]
    assert machine.ran == [hooks(places), *deleted, "ip -4 address flush dev bond0 dynamic"]


def test_an_address_that_is_static_though_it_was_once_leased_stays(
    places: Path, machine: Machine
) -> None:
    text = LEASES.format(seconds=3600, expire=1785412800)
    (places / "lib/dhcp/dhclient.bond0.leases").write_text(text)
    machine.add_address("bond0", "192.0.2.100", None)
    assert dhcp.main(["dhclient-stop", "bond0"], {"MAINPID": "1"}) == 0
    assert machine.ran == [hooks(places), "ip -4 address flush dev bond0 dynamic"]


def test_leases_that_cannot_be_read_keep_no_address(places: Path, machine: Machine) -> None:
    (places / "lib/dhcp/dhclient.bond0.leases").mkdir()
    assert dhcp.main(["dhclient-stop", "bond0"], {"MAINPID": "1"}) == 1
    assert machine.ran == [hooks(places), "ip -4 address flush dev bond0 dynamic"]


def test_the_routes_of_the_lease_go_and_others_stay(places: Path, machine: Machine) -> None:
    (places / "lib/dhcp/dhclient.bond0.leases").write_text(LASTING)
    machine.add("eth1")
    machine.add_route("bond0", "0.0.0.0/0", "192.0.2.1")
    machine.add_route("bond0", "192.0.2.1/32", "")
    machine.add_route("bond0", "0.0.0.0/0", "192.0.2.9")
    machine.add_route("bond0", "198.51.100.0/24", "192.0.2.1")
    machine.add_route("eth1", "0.0.0.0/0", "192.0.2.1")
    machine.add_route("bond0", "0.0.0.0/0", "192.0.2.1", protocol=4)
    machine.add_route("bond0", "0.0.0.0/0", "192.0.2.1", table=100)
    assert dhcp.main(["dhclient-stop", "bond0"], {"MAINPID": "1"}) == 0
    assert machine.ran == [
        hooks(places),
        "ip -4 route delete 0.0.0.0/0 via 192.0.2.1 dev bond0",
        "ip -4 route delete 192.0.2.1/32 dev bond0",
        "ip -4 address flush dev bond0 dynamic",
    ]


def test_there_is_nothing_to_flush_without_a_bond(machine: Machine) -> None:
    assert dhcp.main(["dhclient-stop", "bond0"], {"MAINPID": "1"}) == 0
    assert machine.ran == []


# Stands for dhcp6c: heeds SIGTERM when it has got it so often, and then waits for a server.
DHCP6C = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print(flush=True)
for _ in range(int(sys.argv[1])):
    signal.sigwait([signal.SIGTERM])
os.unlink(sys.argv[2])
if sys.argv[3] == "silent":
    signal.pause()
"""


@pytest.mark.parametrize(
    ("heeds", "server", "ended_by"),
    [(1, "answers", 0), (1, "silent", -signal.SIGINT), (3, "silent", -signal.SIGINT)],
)
def test_dhcp6c_has_time_to_release_but_does_not_wait_for_a_silent_server(
    places: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    heeds: int,
    server: str,
    ended_by: int,
) -> None:
    monkeypatch.setattr(dhcp6c, "RELEASE_MS", 200 if server == "silent" else 60_000)
    file = places / "run/bond0/dhcp6c.pid"
    file.write_text("1")
    words = [sys.executable, "-c", DHCP6C, str(heeds), str(file), server]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as running:
        assert running.stdout
        assert running.stdout.readline() == b"\n"
        # A child that nobody has waited for counts as there; its descriptor is readable.
        assert dhcp.main(["dhcp6c-stop", "bond0"], {"MAINPID": str(running.pid)}) == 0
        assert running.wait(10) == ended_by
    assert not file.exists()
    said = capsys.readouterr().out
    assert ("no server has confirmed the release" in said) is (server == "silent")


def test_there_is_nothing_to_release_when_dhcp6c_has_ended(places: Path) -> None:
    assert dhcp.main(["dhcp6c-stop", "bond0"], {}) == 0
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert dhcp.main(["dhcp6c-stop", "bond0"], {"MAINPID": str(ended.pid)}) == 0


def test_files_are_root_s_alone_and_come_whole(places: Path) -> None:
    path = places / "etc/file"
    files.write(str(path), "first\n")
    inode = path.stat().st_ino
    files.write(str(path), b"second\n")
    assert path.read_bytes() == b"second\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_ino != inode
    assert [name.name for name in path.parent.iterdir()] == ["file"]


def test_no_link_is_followed_to_a_file(places: Path) -> None:
    path, other = places / "etc/file", places / "etc/other"
    other.write_text("another's\n")
    path.symlink_to(other)
    files.write(str(path), "first\n")
    assert path.read_text() == "first\n"
    (places / "etc/file.new").symlink_to(other)
    with pytest.raises(OSError, match="symbolic links"):
        files.write(str(path), "second\n")
    assert other.read_text() == "another's\n"


def test_what_cannot_be_written_is_told(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (places / "run/bond0").rmdir()
    assert dhcp.main(["dhclient", "bond0"], ENVIRON | {"DHCLIENT_CONF": "/nowhere"}) == 1
    assert "No such file or directory" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["dhclient"], ["dhcp3c", "bond0"]])
def test_wrong_calls(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert dhcp.main(arguments, ENVIRON) == 2
    assert "usage:" in capsys.readouterr().err


# --- becoming a client --------------------------------------------------------------


def test_it_becomes_the_client_once_its_files_are_there_and_the_unit_has_started(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    program = places / "etc/dhclient"
    program.write_text("")
    program.chmod(0o755)
    done: list[object] = []
    monkeypatch.setattr(dhcp, "FOLDERS", (str(places), str(program.parent)))
    monkeypatch.setattr(notify, "ready", lambda: done.append("ready"))
    monkeypatch.setattr(os, "execv", lambda *words: done.append(words))
    words = dhclient.command("bond0", {})
    dhcp._become(dhcp._program("dhclient"), words)
    assert done == ["ready", (str(program), words)]
    assert words[0] == "dhclient"
    assert words[-1] == "bond0"


def test_a_client_that_is_missing_is_told_before_a_port_is_waited_for(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dhcp, "_program", program)
    monkeypatch.setattr(dhcp, "FOLDERS", (str(places),))
    monkeypatch.setattr(wait_online, "wait", pytest.fail)
    assert dhcp.main(["dhclient", "bond0"], ENVIRON | {"DHCLIENT_CONF": "/nowhere"}) == 1
    assert "dhclient is not installed\n" in capsys.readouterr().out

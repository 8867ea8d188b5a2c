# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-dns: what sources say, what of it holds, and where it is published."""

import errno
import os
import stat
from pathlib import Path

import pytest
from wbond_net import runtime
from wbond_net.kernel import command
from wbond_net.names import main, publisher, records, resolv_conf, resolvconf, sink

from tests.fake import Machine

FORMER = "# by hand\nnameserver 203.0.113.1\noptions timeout:1\n"


@pytest.fixture
def etc(tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two bonds that run, and a folder that stands for /etc."""
    folder = tmp_path / "etc"
    folder.mkdir()
    for bond in ("bond0", "uplink"):
        machine.add(bond)
        (tmp_path / "run" / bond).mkdir(parents=True)
    monkeypatch.setattr(runtime, "FOLDER", str(tmp_path / "run"))
    monkeypatch.setattr(resolv_conf, "PATH", str(folder / "resolv.conf"))
    monkeypatch.setattr(resolv_conf, "KEPT", str(folder / "resolv.conf.before-wbond"))
    monkeypatch.setattr(resolv_conf, "WRITTEN", str(tmp_path / "run/resolv.conf"))
    monkeypatch.setattr(publisher, "OF_RESOLVED", (str(tmp_path / "resolve/"),))
    monkeypatch.setattr(sink, "PROGRAM_PATH", (str(tmp_path / "bin"),))
    for name in ("PATH", "SYSTEMD_BUS_TIMEOUT", "IF_METRIC"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    return folder


def say(source: str, servers: str, domains: str = "", bond: str = "bond0") -> int:
    return main.main(["set", bond, source, servers, domains])


def start(bond: str = "bond0", **settings: str) -> None:
    publisher.configure(bond, settings)


def lines(etc: Path) -> list[str]:
    """Return what resolv.conf says, without its comments."""
    text = (etc / "resolv.conf").read_text()
    return [line for line in text.splitlines() if not line.startswith("#")]


def installed(etc: Path, name: str, target: str = "") -> None:
    """Install a program that does nothing."""
    path = etc.parent / "bin" / name
    path.parent.mkdir(exist_ok=True)
    real = path.with_name(target) if target else path
    real.write_text("#!/bin/sh\n")
    real.chmod(0o755)
    if target:
        path.symlink_to(real)


# --- what may be said ---------------------------------------------------------


def test_what_is_none_is_left_out_and_told(etc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start()
    said = "192.0.2.1 127.0.0.1 evil\x1b fe80::1 fe80::2%eth0 fe80::3%bond0 192.0.2.1"
    assert say("dhclient", said, "lab Lab -x") == 0
    assert records.read("bond0") == [
        records.Record("dhclient", ("192.0.2.1", "fe80::1%bond0", "fe80::3%bond0"), ("lab",))
    ]
    out = capsys.readouterr().out
    assert "127.0.0.1 evil\\x1b fe80::2%eth0 -x" in out
    assert "\x1b" not in out


def test_a_record_that_was_not_finished_is_none(etc: Path) -> None:
    start()
    say("dhclient", "192.0.2.1")
    Path(runtime.path("bond0", "dns", "dhclient.new")).write_text("nameserver 192.0.2.2\n")
    assert records.sources("bond0") == ["dhclient"]


def test_a_flood_is_cut(etc: Path) -> None:
    start()
    servers = " ".join(f"192.0.2.{n}" for n in range(1, 200))
    say("dhclient", servers, " ".join(f"d{n}.lab" for n in range(200)))
    (record,) = records.read("bond0")
    assert (len(record.servers), len(record.domains)) == (16, 32)


# --- what holds ---------------------------------------------------------------


def test_static_servers_come_first_and_routers_last_each_once(etc: Path) -> None:
    start(NAMESERVERS="192.0.2.9", SEARCH="static.lab")
    say("ra", "2001:db8::1 fe80::1", "lab")
    say("dhcp6c", "2001:db8::1", "LAB")
    say("dhclient", "192.0.2.1 192.0.2.9", "lab")
    servers = ["192.0.2.9", "192.0.2.1", "2001:db8::1", "fe80::1%bond0"]
    assert lines(etc) == ["search static.lab lab", *(f"nameserver {one}" for one in servers)]
    main.main(["drop", "bond0", "dhclient"])
    assert "nameserver 192.0.2.1" not in lines(etc)


def later(path: Path, seconds: int) -> None:
    now = path.stat().st_mtime
    os.utime(path, (now + seconds, now + seconds))


def test_in_another_network_the_former_names_go_when_new_ones_come(etc: Path) -> None:
    start(NAMESERVERS="192.0.2.9")
    say("dhclient", "192.0.2.1", "former.lab")
    say("dhcp6c", "2001:db8::1")
    marker = Path(runtime.path("bond0", records.NETWORK))
    marker.touch()
    later(marker, 10)
    main.main(["publish", "bond0"])
    assert "nameserver 192.0.2.1" in lines(etc)
    say("ra", "", "new.lab")
    later(Path(runtime.path("bond0", "dns", "ra")), 20)
    main.main(["publish", "bond0"])
    assert "nameserver 192.0.2.1" in lines(etc)  # a domain is no server
    say("dhclient", "198.51.100.1", "new.lab")
    later(Path(runtime.path("bond0", "dns", "dhclient")), 20)
    main.main(["publish", "bond0"])
    assert lines(etc) == ["search new.lab", "nameserver 192.0.2.9", "nameserver 198.51.100.1"]


def test_two_bonds_share_the_file_in_the_order_of_their_metrics(etc: Path) -> None:
    start("bond0", METRIC="200")
    start("uplink", METRIC="100")
    say("dhclient", "192.0.2.1")
    say("dhclient", "198.51.100.1", bond="uplink")
    assert lines(etc) == ["nameserver 198.51.100.1", "nameserver 192.0.2.1"]
    publisher.withdraw("uplink")
    assert lines(etc) == ["nameserver 192.0.2.1"]


# --- the file -----------------------------------------------------------------


def test_the_file_is_the_same_one_again_after_the_stop(etc: Path) -> None:
    path = etc / "resolv.conf"
    path.write_text(FORMER)
    path.chmod(0o640)
    former = path.stat()
    start()
    assert path.stat().st_ino == former.st_ino
    say("dhclient", "192.0.2.1", "lab")
    assert lines(etc) == ["search lab", "nameserver 192.0.2.1", "options timeout:1"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    for _ in range(2):
        say("dhclient", "192.0.2.2")
    assert "options timeout:1" in lines(etc)
    publisher.withdraw("bond0")
    assert (path.read_text(), path.stat().st_ino) == (FORMER, former.st_ino)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [file.name for file in etc.iterdir()] == ["resolv.conf"]


def test_where_there_was_no_file_there_is_none_after_the_stop(etc: Path) -> None:
    start()
    say("dhclient", "192.0.2.1")
    assert lines(etc) == ["nameserver 192.0.2.1"]
    publisher.withdraw("bond0")
    assert list(etc.iterdir()) == []


def test_after_a_crash_the_start_puts_the_file_back(etc: Path) -> None:
    path = etc / "resolv.conf"
    path.write_text(FORMER)
    start()
    say("dhclient", "192.0.2.1")
    (etc.parent / "run/resolv.conf").unlink()  # /run is new
    for name in records.sources("bond0"):
        records.drop("bond0", name)
    start()
    assert path.read_text() == FORMER


def test_what_others_write_stays_until_the_names_change(etc: Path) -> None:
    path = etc / "resolv.conf"
    start()
    say("dhclient", "192.0.2.1")
    path.unlink()
    path.write_text(FORMER)
    assert say("dhclient", "192.0.2.1") == 2
    assert path.read_text() == FORMER
    assert "another program" in records.published("bond0").fault
    assert say("dhclient", "192.0.2.2") == 0
    assert lines(etc)[0] == "nameserver 192.0.2.2"
    publisher.withdraw("bond0")
    assert path.read_text() == FORMER


@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
def test_a_link_is_neither_followed_nor_replaced(etc: Path, target: str) -> None:
    (etc / "elsewhere").write_text(FORMER)
    (etc / "resolv.conf").symlink_to(target)
    start()
    assert say("dhclient", "192.0.2.1") == 2
    assert (etc / "resolv.conf").readlink() == Path(target)
    assert (etc / "elsewhere").read_text() == FORMER
    assert f"is a link to {target}" in records.published("bond0").fault
    publisher.withdraw("bond0")
    assert (etc / "resolv.conf").readlink() == Path(target)


def test_a_file_that_is_mounted_there_is_written_through(
    etc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rename, link = etc / "resolv.conf", os.rename, os.link

    def no_rename(new: str, old: str) -> None:
        if old == str(path):
            raise OSError(errno.EBUSY, "Device or resource busy")
        rename(new, old)

    def no_link(old: str, new: str) -> None:
        if old == str(path):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        link(old, new)

    monkeypatch.setattr(os, "rename", no_rename)
    monkeypatch.setattr(os, "link", no_link)
    path.write_text(FORMER)
    inode = path.stat().st_ino
    start()
    assert say("dhclient", "192.0.2.1") == 0
    assert (lines(etc)[0], path.stat().st_ino) == ("nameserver 192.0.2.1", inode)
    publisher.withdraw("bond0")
    assert (path.read_text(), path.stat().st_ino) == (FORMER, inode)
    assert [file.name for file in etc.iterdir()] == ["resolv.conf"]


@pytest.mark.parametrize(
    ("code", "words"), [(errno.EPERM, "lsattr"), (errno.EROFS, "read-only"), (errno.EIO, "Input")]
)
def test_a_file_that_cannot_be_changed_is_told(
    etc: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    def refuse(*_: str) -> None:
        raise OSError(code, os.strerror(code))

    (etc / "resolv.conf").write_text(FORMER)
    start()
    monkeypatch.setattr(os, "link", refuse)
    assert say("dhclient", "192.0.2.1") == 2
    assert words in records.published("bond0").fault
    assert (etc / "resolv.conf").read_text() == FORMER


# --- the other sinks ----------------------------------------------------------


def test_systemd_resolved_is_told_where_resolv_conf_is_its(etc: Path, machine: Machine) -> None:
    (etc / "resolv.conf").symlink_to(etc.parent / "resolve/stub-resolv.conf")
    start()
    assert machine.ran == []
    say("dhclient", "192.0.2.1", "lab")
    assert machine.ran == [
        "resolvectl dns bond0 192.0.2.1",
        "resolvectl domain bond0 lab",
        "resolvectl default-route bond0 yes",
    ]
    machine.ran.clear()
    say("dhclient", "192.0.2.1")
    assert "resolvectl domain bond0 " in machine.ran
    assert records.published("bond0") == records.Published("resolved")
    main.main(["drop", "bond0", "dhclient"])
    assert machine.ran[-1] == "resolvectl revert bond0"


def test_what_resolved_does_not_take_is_tried_again_by_a_unit(etc: Path, machine: Machine) -> None:
    start(DNS="none")
    machine.refused["resolvectl dns"] = "no bus"
    records.write_settings("bond0", records.Settings("resolved"))
    assert say("dhclient", "192.0.2.1") == 1
    assert machine.ran[-1] == "systemctl start --no-block -- wbond-dns@bond0.service"
    assert "no bus" in records.published("bond0").fault
    machine.ran.clear()
    assert main.main(["publish", "bond0"]) == 1
    assert not any(ran.startswith("systemctl") for ran in machine.ran)
    machine.refused.clear()
    assert main.main(["publish", "bond0"]) == 0
    assert records.published("bond0") == records.Published("resolved")


def test_resolvconf_is_told_by_the_bond_s_name(etc: Path, machine: Machine) -> None:
    installed(etc, "resolvconf")
    start(METRIC="100")
    assert machine.ran == []
    say("dhclient", "192.0.2.1 fe80::1", "lab a.lab")
    assert machine.ran[-1] == "resolvconf -a bond0.wbond"
    assert machine.given == ["search lab a.lab\nnameserver 192.0.2.1\nnameserver fe80::1%bond0\n"]
    assert os.environ["IF_METRIC"] == "100"
    main.main(["drop", "bond0", "dhclient"])
    assert machine.ran[-1] == "resolvconf -d bond0.wbond"


def test_the_resolvconf_of_systemd_resolved_is_none(etc: Path) -> None:
    assert publisher.choice("auto") == "file"
    installed(etc, "resolvconf", "resolvectl")
    assert not resolvconf.installed()
    assert publisher.choice("auto") == "file"


def test_a_sink_that_is_left_is_cleaned(etc: Path, machine: Machine) -> None:
    (etc / "resolv.conf").write_text(FORMER)
    start()
    say("dhclient", "192.0.2.1")
    start(DNS="resolvconf")
    assert (etc / "resolv.conf").read_text() == FORMER
    assert machine.ran == ["resolvconf -a bond0.wbond"]
    start(DNS="none")
    assert machine.ran[-1] == "resolvconf -d bond0.wbond"
    assert (etc / "resolv.conf").read_text() == FORMER


def test_none_publishes_nothing(etc: Path, machine: Machine) -> None:
    start(DNS="none", NAMESERVERS="192.0.2.9")
    assert say("dhclient", "192.0.2.1") == 0
    assert machine.ran == []
    assert list(etc.iterdir()) == []


# --- calls --------------------------------------------------------------------


def test_records_are_for_everybody_and_the_lock_is_not(etc: Path) -> None:
    start()
    say("dhclient", "192.0.2.1")
    for name, mode in {"bond0/dns/dhclient": 0o644, "dns.lock": 0o600}.items():
        assert stat.S_IMODE((etc.parent / "run" / name).stat().st_mode) == mode


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["set", "bond0", "dhclient", "192.0.2.1"],
        ["drop", "bond0"],
        ["publish"],
        ["forget", "bond0"],
        ["drop", "bond0", "../index"],
        ["set", "bond0", ".x", "", ""],
        ["set", "bond0", "dhclient.new", "", ""],
        ["set", "bond0", "", "", ""],
        ["set", "bond0", "x" * 33, "", ""],
    ],
)
def test_wrong_calls(arguments: list[str]) -> None:
    assert main.main(arguments) == 2


@pytest.mark.parametrize("bond", ["bond9", "", ".", "..", "../run/bond0"])
def test_a_bond_that_does_not_run_has_no_names(etc: Path, bond: str) -> None:
    assert say("dhclient", "192.0.2.1", bond=bond) == 1
    assert not (etc / "resolv.conf").exists()


def test_a_command_is_given_its_input() -> None:
    assert command.execute(("cat",), "two\nlines\n") == (0, "two\nlines\n", "")
    assert command.execute(("cat",)) == (0, "", "")

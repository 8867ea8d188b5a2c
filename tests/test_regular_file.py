# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files that are links, FIFOs, endless, huge or missing: each reader goes on, and none waits."""

import errno
import os
from pathlib import Path

import pytest
from wbond_cli.check.machine import Machine as Root
from wbond_cli.status import collect
from wbond_cli.status.model import Facts
from wbond_net import regular_file, runtime
from wbond_net.clients import dhclient, dhcp, dhcp6c, identity
from wbond_net.ports import ifupdown

from tests.fake import Machine
from tests.hostile import hostile
from tests.status.programs import Programs
from tests.stories import LEASE_FILE

pytestmark = pytest.mark.usefixtures("in_time")


each_kind = pytest.mark.parametrize("kind", ["fifo", "endless", "folder", "huge", "loop"])


@pytest.mark.parametrize(
    ("kind", "number", "words"),
    [
        ("fifo", errno.EINVAL, "no regular file"),
        ("endless", errno.EINVAL, "no regular file"),
        ("folder", errno.EINVAL, "no regular file"),
        ("huge", errno.EFBIG, "larger than 1048576 bytes"),
        ("loop", errno.ELOOP, os.strerror(errno.ELOOP)),
    ],
)
def test_what_is_no_file_to_be_read(tmp_path: Path, kind: str, number: int, words: str) -> None:
    path = str(hostile(tmp_path / "file", kind))
    with pytest.raises(OSError, match=words) as raised:
        regular_file.read(path)
    assert raised.value.errno == number
    assert regular_file.why_not(path) == words


def test_a_file_up_to_the_limit_is_read_also_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abcd")
    (tmp_path / "link").symlink_to("file")
    path = str(tmp_path / "link")
    assert regular_file.read(path, 4) == b"abcd"
    with pytest.raises(OSError, match="larger than 3 bytes"):
        regular_file.read(path, 3)
    assert regular_file.read_end(path, 3) == b"bcd"
    assert regular_file.read_end(path, 9) == b"abcd"
    assert regular_file.why_not(path) == ""


def test_a_file_of_the_kernel_s_says_no_size_and_is_read() -> None:
    assert b"Name:" in regular_file.read("/proc/self/status")


@pytest.mark.parametrize("kind", ["fifo", "endless", "folder", "huge"])
def test_no_descriptor_is_left_open(tmp_path: Path, kind: str) -> None:
    path = str(hostile(tmp_path / "file", kind))
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match=r"no regular file|larger"):
        regular_file.read(path)
    assert regular_file.why_not(path)
    assert len(os.listdir("/proc/self/fd")) == before


# --- who reads them ----------------------------------------------------------------


@pytest.fixture
def places(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that wbond-dhcp writes goes below a folder of the test."""
    machine.add("bond0", address="02:00:00:00:00:07")
    for name in ("run/bond0", "lib"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(runtime, "FOLDER", str(tmp_path / "run"))
    monkeypatch.setattr(dhclient, "STATE", str(tmp_path / "lib"))
    monkeypatch.setattr(dhcp6c, "DUID", str(tmp_path / "lib/dhcp6c_duid"))
    monkeypatch.setattr(dhcp, "_program", lambda name: f"/usr/sbin/{name}")
    monkeypatch.setattr(dhcp, "_become", lambda program, words: None)
    return tmp_path


@each_kind
def test_dhclient_works_without_a_configuration_that_cannot_be_read(
    places: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    own = hostile(places / "dhclient.conf", kind)
    environ = {"DUID": "00:04:aa:bb", "DHCLIENT_CONF": str(own)}
    assert dhcp.main(["dhclient", "bond0"], environ) == 0
    assert "send dhcp-client-identifier" in (places / "lib/dhclient.bond0.conf").read_text()
    assert f"{own}: " in capsys.readouterr().out


def test_dhclient_works_without_a_configuration_that_it_may_not_read(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = places / "dhclient.conf"
    own.write_text("timeout 60;\n")
    opened = os.open

    def refuse(path: str, *rest: int) -> int:  # a test that root runs may read all
        if path == str(own):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return opened(path, *rest)

    monkeypatch.setattr(os, "open", refuse)
    environ = {"DUID": "00:04:aa:bb", "DHCLIENT_CONF": str(own)}
    assert dhcp.main(["dhclient", "bond0"], environ) == 0
    assert f"{own}: Permission denied; dhclient works" in capsys.readouterr().out


@each_kind
def test_dhcp6c_works_without_a_configuration_that_cannot_be_read(
    places: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    own = hostile(places / "dhcp6c.conf", kind)
    environ = {"DUID": "00:04:aa:bb", "DHCP6C_CONF": str(own)}
    assert dhcp.main(["dhcp6c", "bond0"], environ) == 0
    assert "profile default" in (places / "run/bond0/dhcp6c.conf").read_text()
    assert f"{own}: " in capsys.readouterr().out


@each_kind
def test_dhclient_starts_whatever_its_leases_are(
    places: Path, kind: str, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.add_address("bond0", "192.0.2.100", 600)
    hostile(places / "lib/dhclient.bond0.leases", kind)
    environ = {"DUID": "00:04:aa:bb", "DHCLIENT_CONF": "/nowhere"}
    assert dhcp.main(["dhclient", "bond0"], environ) == 0


@each_kind
def test_status_shows_no_servers_where_leases_cannot_be_read(tmp_path: Path, kind: str) -> None:
    hostile(tmp_path / "var/lib/dhcp/dhclient.bond0.leases", kind)
    (tmp_path / "run/wbond/bond0").mkdir(parents=True)
    facts = collect.Collector(Programs(), str(tmp_path)).collect({}, (), (), 0.0)
    assert isinstance(facts, Facts)
    assert not any(facts.leases.values())


def test_status_reads_the_end_of_long_leases(tmp_path: Path) -> None:
    path = tmp_path / "var/lib/dhcp/dhclient.bond0.leases"
    path.parent.mkdir(parents=True)
    path.write_text("lease {\n" + "#" * regular_file.LONGEST + "\n}\n" + LEASE_FILE)
    (tmp_path / "run/wbond/bond0").mkdir(parents=True)
    facts = collect.Collector(Programs(), str(tmp_path)).collect({}, (), (), 0.0)
    assert facts.leases["bond0"]


@each_kind
def test_a_port_joins_whatever_ifupdown_s_files_are(tmp_path: Path, kind: str) -> None:
    (tmp_path / "etc/network").mkdir(parents=True)
    (tmp_path / "etc/network/interfaces").write_text("source interfaces.d/*\nauto eth0\n")
    hostile(tmp_path / "etc/network/interfaces.d/a", kind)
    (tmp_path / "etc/network/interfaces.d/b").write_text("iface eth0 inet dhcp\n")
    found = [place.rpartition("/")[2] for place in ifupdown.stanzas("eth0", str(tmp_path))]
    assert found == ["interfaces:2", "b:1"]


@each_kind
def test_a_machine_id_that_is_no_file_is_none(tmp_path: Path, kind: str) -> None:
    hostile(tmp_path / "etc/machine-id", kind)
    with pytest.raises(identity.NoMachineId):
        identity.mac("bond0", str(tmp_path))


@each_kind
def test_check_takes_what_is_no_file_for_nothing(tmp_path: Path, kind: str) -> None:
    hostile(tmp_path / "run/udev/data/n2", kind)
    assert Root(str(tmp_path)).attribute("run/udev/data/n2") == ""

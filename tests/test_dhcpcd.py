# SPDX-License-Identifier: LGPL-2.1-or-later
"""dhcpcd: its configuration, its end, its leases, and the hook that it calls."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from wbond_net import runtime
from wbond_net.clients import dhcp, dhcpcd, dhcpcd_leases, identity, notes
from wbond_net.kernel import addresses

from tests.conftest import REPOSITORY
from tests.fake import Machine

ENVIRON = {"DUID": "00:04:aa:bb", "FAMILIES": "4 6", "METRIC": ""}
NUMBER = int.from_bytes(identity.iaid("bond0"), "big")
CLIENT_ID = "clientid " + identity.client_identifier("bond0", ENVIRON["DUID"]).hex(":")


@pytest.fixture
def places(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    machine.add("bond0", address="02:00:00:00:00:07")
    for name in ("run/bond0", "lib"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(runtime, "FOLDER", str(tmp_path / "run"))
    monkeypatch.setattr(dhcpcd, "STATE", str(tmp_path / "lib"))
    monkeypatch.setattr(dhcpcd, "PUBLISHER", "wbond-dns")
    monkeypatch.setattr(dhcp, "_program", lambda name: f"/usr/sbin/{name}")
    monkeypatch.setattr(dhcp, "_become", lambda program, words: None)
    return tmp_path


@pytest.mark.parametrize(
    ("families", "asked", "said"),
    [
        ("4 6", notes.ADDRESS, [CLIENT_ID, f"ia_na {NUMBER}"]),
        ("4 6", notes.INFORMATION, [CLIENT_ID, "inform6"]),
        ("4 6", notes.NOTHING, [CLIENT_ID, "ipv4only"]),
        ("4", notes.ADDRESS, [CLIENT_ID, "ipv4only"]),
        ("6", notes.ADDRESS, ["ipv6only", f"ia_na {NUMBER}"]),
        ("6", notes.INFORMATION, ["ipv6only", "inform6"]),
        ("6", notes.NOTHING, ["ipv6only", f"ia_na {NUMBER}"]),
    ],
)
def test_it_asks_for_its_families_what_the_routers_say(
    families: str, asked: str, said: list[str]
) -> None:
    text = dhcpcd.configuration("bond0", ENVIRON | {"FAMILIES": families}, asked)
    lines = text.splitlines()
    assert {"persistent", "noarp", "reboot 0", "noipv4ll", "noipv6rs", "duid 00:04:aa:bb"} < set(
        lines
    )
    known = {CLIENT_ID, f"ia_na {NUMBER}", "inform6", "ipv4only", "ipv6only"}
    assert [line for line in lines if line in known] == said
    assert not any(line.startswith("metric") for line in lines)


def test_it_has_the_metric_that_the_unit_says() -> None:
    text = dhcpcd.configuration("bond0", ENVIRON | {"METRIC": "100"}, notes.ADDRESS)
    assert "\nmetric 100\n" in text


@pytest.mark.parametrize(("families", "notes_it"), [("4 6", True), ("4", True), ("6", False)])
def test_the_address_that_it_reads_is_noted_where_it_serves_ipv4(
    places: Path, families: str, notes_it: bool
) -> None:
    assert dhcp.main(["dhcpcd", "bond0"], ENVIRON | {"FAMILIES": families}) == 0
    assert (places / "run/bond0/dhclient.address").exists() is notes_it
    assert (places / "run/bond0/dhcpcd.conf").stat().st_mode & 0o777 == 0o600
    assert dhcpcd.command("bond0", {})[1:] == (
        "-B",
        "-f",
        f"{places}/run/bond0/dhcpcd.conf",
        "bond0",
    )


@pytest.mark.parametrize("asked", [notes.ADDRESS, notes.INFORMATION, notes.NOTHING])
def test_an_address_that_it_asks_for_no_longer_goes(
    places: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    """It has kept it, and would until the lease's end."""
    (places / "run/bond0" / notes.ASKED_FILE).write_text(asked)
    lease = places / "lib/bond0.lease6"
    lease.write_bytes(LEASE6)
    (places / "lib/bond0.lease").write_bytes(LEASE)
    removed: list[tuple[str, str]] = []
    monkeypatch.setattr(addresses, "remove", lambda *words: removed.append(words))
    assert dhcp.main(["dhcpcd", "bond0"], ENVIRON) == 0
    stays = asked == notes.ADDRESS
    assert lease.exists() is stays
    assert removed == ([] if stays else [("bond0", "2001:db8::1000")])


# --- its end ------------------------------------------------------------------------

LEASE = bytes(16) + bytes((192, 0, 2, 100)) + bytes(216) + b"\x63\x82\x53\x63"
LEASE += bytes((0, 53, 1, 5, 51, 4, 0, 0, 2, 88, 54, 4, 192, 0, 2, 1, 58, 4, 0, 0, 1, 44, 255, 9))
ADDRESS6 = bytes.fromhex("20010db8000000000000000000001000")
IA_ADDRESS = bytes((0, 5, 0, 24)) + ADDRESS6 + bytes(8)
LEASE6 = bytes((7, 1, 2, 3, 0, 1, 0, 2, 9, 9, 0, 3, 0, 12 + len(IA_ADDRESS))) + bytes(12)
LEASE6 += IA_ADDRESS

# Stands for dhcpcd: ends at SIGALRM, or is deaf.
DHCPCD = """
import signal, sys, time
signal.signal(signal.SIGALRM, signal.SIG_IGN if sys.argv[1] == "deaf" else lambda *_: sys.exit(0))
print(flush=True)
while True:  # not pause(), which misses a signal that comes just before
    time.sleep(0.1)
"""


@pytest.mark.parametrize("how", ["heeds", "deaf"])
def test_it_releases_and_nothing_is_left(
    places: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(dhcpcd, "RELEASE_MS", 200 if how == "deaf" else 60_000)
    (places / "lib/bond0.lease").write_bytes(LEASE)
    noted = Path(runtime.path("bond0", runtime.DHCP_SERVER))
    noted.write_text("192.0.2.1\n")
    machine.add_address("bond0", "192.0.2.100", 600)
    machine.add_address("bond0", "192.0.2.7", None)
    words = [sys.executable, "-c", DHCPCD, how]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as running:
        assert running.stdout
        assert running.stdout.readline() == b"\n"
        assert dhcp.main(["dhcpcd-stop", "bond0"], ENVIRON | {"MAINPID": str(running.pid)}) == 0
        assert running.wait(10) == (-9 if how == "deaf" else 0)
    assert machine.ran == [
        "ip -4 address delete 192.0.2.100 dev bond0",
        "wbond-dns drop bond0 dhcpcd4",
        "wbond-dns drop bond0 dhcpcd6",
    ]
    assert not noted.exists()


def test_there_is_nothing_to_release_when_it_has_ended(places: Path, machine: Machine) -> None:
    (places / "lib/bond0.lease").write_bytes(LEASE)
    machine.add_address("bond0", "192.0.2.100", 600)
    assert dhcp.main(["dhcpcd-stop", "bond0"], ENVIRON) == 0
    assert machine.ran == []


# --- its leases ---------------------------------------------------------------------


def test_leases_are_read(tmp_path: Path) -> None:
    assert dhcpcd_leases.addresses(str(tmp_path), "bond0") == []
    (tmp_path / "bond0.lease").write_bytes(LEASE)
    (tmp_path / "bond0.lease6").write_bytes(LEASE6)
    found = dhcpcd_leases.addresses(str(tmp_path), "bond0")
    assert found == ["192.0.2.100", "2001:db8::1000"]
    options = dhcpcd_leases.options4(LEASE)
    assert options[dhcpcd_leases.SERVER] == bytes((192, 0, 2, 1))
    assert options[dhcpcd_leases.LEASE_TIME] == (600).to_bytes(4, "big")
    assert options[dhcpcd_leases.RENEW] == (300).to_bytes(4, "big")


@pytest.mark.parametrize("whole", [LEASE, LEASE6])
def test_half_a_lease_is_no_reason_to_fail(whole: bytes) -> None:
    for end in range(len(whole)):
        part = whole[:end]
        assert dhcpcd_leases.address4(part) in ("", "192.0.2.100")
        assert dhcpcd_leases.addresses6(part) in ([], ["2001:db8::1000"])
        dhcpcd_leases.options4(part)


# --- its hook -----------------------------------------------------------------------

HOSTILE = "192.0.2.1 $(touch hostile) `touch hostile` ;touch hostile"


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        (
            {"reason": "BOUND", "new_domain_name_servers": HOSTILE, "new_domain_name": "a.example"},
            ["set", "bond0", "dhcpcd4", HOSTILE, "a.example"],
        ),
        (
            {"reason": "REBOOT", "new_domain_name": "a", "new_domain_search": "b c"},
            ["set", "bond0", "dhcpcd4", "", "b c"],
        ),
        (
            {"reason": "BOUND6", "new_dhcp6_name_servers": "2001:db8::1"},
            ["set", "bond0", "dhcpcd6", "2001:db8::1", ""],
        ),
        ({"reason": "EXPIRE"}, ["drop", "bond0", "dhcpcd4"]),
        ({"reason": "RELEASE6"}, ["drop", "bond0", "dhcpcd6"]),
        ({"reason": "STOPPED"}, []),  # it comes back with the same lease
        ({"reason": "PREINIT"}, []),
    ],
)
def test_names_go_to_wbond_dns(tmp_path: Path, environ: dict[str, str], said: list[str]) -> None:
    hook = tmp_path / "dhcpcd-script"
    text = (REPOSITORY / "helpers/hooks/dhcpcd-script").read_text()
    text = text.replace("/usr/lib/wbond/helpers", str(tmp_path))
    text = text.replace("/run/wbond/$interface", str(tmp_path))
    hook.write_text(text.replace("/usr/", "/nowhere/"))
    dns = tmp_path / "wbond-dns"
    dns.write_text('#!/bin/sh\nfor word; do echo "$word" >> said; done\n')
    for program in (hook, dns):
        program.chmod(0o755)
    environ |= {"interface": "bond0", "PATH": os.environ["PATH"]}
    subprocess.run([hook], env=environ, cwd=tmp_path, check=True)
    told = tmp_path / "said"
    assert (told.read_text().split("\n")[:-1] if told.exists() else []) == said
    assert not (tmp_path / "hostile").exists()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-wait-online: what counts as online, and what is said when it does not come."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wbond_net import wait_online
from wbond_net.kernel import rtnetlink
from wbond_net.kernel.cache import Cache
from wbond_net.kernel.netlink import Overrun
from wbond_net.kernel.rtnetlink import Address, Event, Link

from tests import reports

TENTATIVE, DADFAILED, PERMANENT = 0x40, 0x08, 0x80
LINK_SCOPE, HOST_SCOPE = 253, 254
SCRIPT = Path(__file__).parent.parent / "helpers" / "wbond-wait-online"


def link(name: str = "bond0", index: int = 9, up: bool = True, carrier: bool = True) -> Link:
    return Link(index, name, int(up), carrier, 6, "", "", 0, "", None, None)


def address(text: str, flags: int = 0, scope: int = 0, index: int = 9) -> Address:
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return Address(index, family, text, socket.inet_pton(family, text), 24, scope, flags)


@pytest.mark.parametrize(
    ("story", "links", "addresses", "lacks"),
    [
        ("no bond yet", [link("eth0", 2)], [], "does not exist"),
        ("bond not yet up", [link(up=False)], [address("192.0.2.2")], "has no carrier"),
        ("cable pulled", [link(carrier=False)], [address("192.0.2.2")], "has no carrier"),
        ("no lease yet", [link()], [], "has no routable address"),
        ("lease", [link()], [address("192.0.2.2")], ""),
        ("lease of another", [link()], [address("192.0.2.2", index=2)], "has no routable address"),
        ("IPv6 alone", [link()], [address("2001:db8::2")], ""),
        ("IPv6, unique local", [link()], [address("fd00::2", PERMANENT)], ""),
        (
            "IPv6, still tested",
            [link()],
            [address("fd00::2", TENTATIVE)],
            "has no routable address",
        ),
        ("IPv6, taken", [link()], [address("fd00::2", DADFAILED)], "has no routable address"),
        (
            "IPv6 of the link",
            [link()],
            [address("fe80::2", 0, LINK_SCOPE)],
            "has no routable address",
        ),
        ("zeroconf", [link()], [address("169.254.3.4")], "has no routable address"),
        ("host", [link()], [address("192.0.2.2", 0, HOST_SCOPE)], "has no routable address"),
        (
            "link-local and lease",
            [link()],
            [address("fe80::2", 0, LINK_SCOPE), address("192.0.2.2")],
            "",
        ),
    ],
)
def test_missing(story: str, links: list[Link], addresses: list[Address], lacks: str) -> None:
    assert wait_online.missing("bond0", dict(enumerate(links)), addresses) == lacks, story


ACTIVE_RADIO = reports.bond(reports.RADIO)
DORMANT = reports.port(reports.RADIO, operstate=reports.DORMANT)
OPTIMISTIC = TENTATIVE | 0x04


@pytest.mark.parametrize(
    ("links", "own", "lacks"),
    [
        ([ACTIVE_RADIO, reports.port(reports.RADIO)], address("192.0.2.2", PERMANENT), ""),
        ([ACTIVE_RADIO, reports.port(reports.RADIO)], address("2001:db8::2", OPTIMISTIC), ""),
        ([ACTIVE_RADIO, DORMANT], address("192.0.2.2", PERMANENT), "has no operational port"),
        ([reports.bond()], address("192.0.2.2", PERMANENT), "has no carrier"),
        (
            [ACTIVE_RADIO, reports.port(reports.RADIO)],
            address("2001:db8::2", OPTIMISTIC | DADFAILED),
            "has no routable address",
        ),
    ],
)
def test_a_static_address_needs_a_port_that_lets_frames_through(
    links: list[Link], own: Address, lacks: str
) -> None:
    by_index = {found.ifindex: found for found in links}
    assert wait_online.missing("bond0", by_index, [own]) == lacks


BRIDGE = link("br0", 20)._replace(kind="bridge")
IN_BRIDGE = link()._replace(master=20)
VLAN = link("bond0.5", 21)._replace(kind="vlan", lower=9)
ABOVE_ALL = link("br0.7", 22)._replace(kind="vlan", lower=20)


@pytest.mark.parametrize(
    ("links", "index", "lacks"),
    [
        ([IN_BRIDGE, BRIDGE], 20, " (set wait_online = link: br0 above it has one)"),
        ([IN_BRIDGE, BRIDGE, ABOVE_ALL], 22, " (set wait_online = link: br0.7 above it has one)"),
        ([link(), VLAN], 21, " (set wait_online = link: bond0.5 above it has one)"),
        ([link(), BRIDGE], 20, ""),
    ],
)
def test_an_address_above_the_bond_is_named(links: list[Link], index: int, lacks: str) -> None:
    found = {one.ifindex: one for one in links}
    told = wait_online.missing("bond0", found, [address("192.0.2.2", index=index)])
    assert told == f"has no routable address{lacks}"


@pytest.mark.parametrize(
    ("active", "operstate", "carrier", "lacks"),
    [
        (2, 6, True, ""),
        (2, 0, True, ""),  # UNKNOWN: its driver does not say
        (2, 5, True, "has no operational port"),  # DORMANT: a radio, not authorised yet
        (2, 2, False, "has no operational port"),
        (0, 6, True, "has no operational port"),
    ],
)
def test_what_a_link_is(active: int, operstate: int, carrier: bool, lacks: str) -> None:
    links = {9: reports.bond(active, carrier=True)}
    links[2] = reports.port(reports.CABLE, operstate=operstate, carrier=carrier)
    assert wait_online.missing("bond0", links, [], wait_online.LINK) == lacks


def test_for_nothing_it_does_not_wait() -> None:
    begin = time.monotonic()
    assert wait_online.main(["--timeout", "9", "--for", "no", "wbond-none"]) == 0
    assert time.monotonic() - begin < 5


class FakeSocket(rtnetlink.Socket):
    """Gives what the test puts in."""

    def __init__(self) -> None:
        self.now: dict[int, Link] = {}
        self.known: list[Address] = []
        self.coming: list[Event] = []
        self.lost = False

    def discard(self) -> None:
        self.coming = []

    def links(self) -> dict[int, Link]:
        return dict(self.now)

    def addresses(self) -> list[Address]:
        return list(self.known)

    def events(self) -> list[Event]:
        if self.lost:
            self.lost = False
            raise Overrun
        events, self.coming = self.coming, []
        return events


def lacking(cache: Cache) -> str:
    return wait_online.missing("bond0", cache.links, cache.addresses.values())


def test_the_way_to_online_and_back() -> None:
    netlink = FakeSocket()
    cache = Cache(netlink)
    told = []
    for event in (
        Event(link(carrier=False)),
        Event(link()),
        Event(address("fd00::2", TENTATIVE)),
        Event(address("fd00::2")),
        Event(address("fd00::2"), gone=True),
        Event(link(), gone=True),
    ):
        netlink.coming = [event]
        cache.update()
        told.append(lacking(cache))
    no_address = "has no routable address"
    assert told == ["has no carrier", no_address, no_address, "", no_address, "does not exist"]


def test_after_lost_events_the_truth_is_read_anew() -> None:
    netlink = FakeSocket()
    cache = Cache(netlink)
    netlink.now, netlink.known, netlink.lost = {9: link()}, [address("192.0.2.2")], True
    cache.update()
    assert lacking(cache) == ""


def test_a_link_is_found_by_its_name() -> None:
    links = {2: link("eth0", 2), 9: link()}
    assert rtnetlink.link_by_name(links, "bond0") is links[9]
    assert rtnetlink.link_by_name(links, "bond1") is None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["bond0"], ("bond0", 30.0, "address")),
        (["--timeout", "5", "bond0"], ("bond0", 5.0, "address")),
        (["--timeout", "0", "--timeout"], ("--timeout", 0.0, "address")),
        (["--timeout", "5", "--for", "link", "bond0"], ("bond0", 5.0, "link")),
        (["--for", "no", "--for"], ("--for", 30.0, "no")),
    ],
)
def test_arguments(arguments: list[str], expected: tuple[str, float, str]) -> None:
    assert wait_online.parse(arguments) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["bond0", "5"],
        ["--timeout", "soon", "b"],
        ["--timeout", "nan", "b"],
        ["-t", "5", "b"],
        ["--for", "yes", "b"],
    ],
)
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert wait_online.main(arguments) == 2
    assert "usage:" in capsys.readouterr().err


def test_time_runs_out_and_the_reason_is_told() -> None:
    begin = time.monotonic()
    command = [sys.executable, "-I", str(SCRIPT), "--timeout", "0.3", "wbond-none"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert result.returncode == 1
    assert result.stderr == "wbond-none does not exist, after 0.3 s\n"
    assert time.monotonic() - begin >= 0.3


def test_a_kernel_that_does_not_answer_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(groups: int) -> None:
        raise OSError(105, "No buffer space available")

    monkeypatch.setattr(rtnetlink, "Socket", refuse)
    assert wait_online.main(["bond0"]) == 1
    told = capsys.readouterr().err
    assert told == "bond0 cannot be looked at: No buffer space available, after 30 s\n"

# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-watch and names: what routers advertise, as long as it holds."""

import socket
import struct

import pytest
from wbond_net.kernel import advertised, rtnetlink
from wbond_net.kernel.advertised import FOREVER, Advertised, Options
from wbond_net.kernel.netlink import Message
from wbond_net.kernel.rtnetlink import Event
from wbond_net.watch import names

from tests.reports import BOND, CABLE, bond, port
from tests.watch_story import NO_LINK, Story, on_cable

SERVER, OTHER = "2001:db8::1", "fe80::53"


def rdnss(lifetime: int, *servers: str) -> bytes:
    octets = b"".join(socket.inet_pton(socket.AF_INET6, server) for server in servers)
    return struct.pack("!BBHI", 25, 1 + len(octets) // 8, 0, lifetime) + octets


def dnssl(lifetime: int, *domains: str) -> bytes:
    octets = b""
    for domain in domains:
        octets += b"".join(bytes([len(label)]) + label.encode() for label in domain.split("."))
        octets += b"\0"
    octets += bytes(-len(octets) % 8)
    return struct.pack("!BBHI", 31, 1 + len(octets) // 8, 0, lifetime) + octets


def message(octets: bytes, kind: int = 134, family: int = socket.AF_INET6) -> Message:
    """Return RTM_NEWNDUSEROPT as ndisc_ra_useropt() composes it, the router's address behind."""
    header = struct.pack("=BBHiBBHI", family, 0, len(octets), BOND, kind, 0, 0, 0)
    source = struct.pack("=HH", 20, 1) + socket.inet_pton(socket.AF_INET6, "fe80::1")
    return Message(68, 0, 0, 0, header + octets + source)


def test_options_are_read_as_routers_send_them() -> None:
    octets = rdnss(600, SERVER, OTHER) + dnssl(FOREVER, "lab.example", "example")
    event = rtnetlink.event(message(octets))
    assert event == Event(Options(BOND, octets))
    assert advertised.names(octets) == [
        Advertised("nameserver", SERVER, 600),
        Advertised("nameserver", OTHER, 600),
        Advertised("search", "lab.example", FOREVER),
        Advertised("search", "example", FOREVER),
    ]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x19",
        bytes(8),
        rdnss(600, SERVER)[:-1],
        rdnss(600, "::", "::1", "ff02::1"),
        dnssl(600, "a b", "-", "x\ny", "ä"),
        struct.pack("!BBHI", 31, 2, 0, 600) + b"\x3flabel..",
        struct.pack("!BBHI", 24, 1, 0, 600),
    ],
)
def test_what_is_no_name_is_left_out(octets: bytes) -> None:
    assert advertised.names(octets) == []


@pytest.mark.parametrize(
    "wrong", [message(b"", kind=135), message(b"", family=2), Message(68, 0, 0, 0, b"short")]
)
def test_other_messages_say_nothing(wrong: Message) -> None:
    assert rtnetlink.event(wrong) is None


def say(story: Story, *options: bytes, index: int = BOND) -> list[str]:
    story.host.did.clear()
    story.watching.take([Event(Options(index, octets)) for octets in options])
    return list(story.host.did)


PUBLISHED = f"wbond-dns set bond0 ra {SERVER} lab.example"


def test_what_routers_say_is_published_once_and_ends_with_its_lifetime(story: Story) -> None:
    on_cable(story)
    assert say(story, rdnss(600, SERVER), dnssl(1200, "lab.example")) == [PUBLISHED]
    assert say(story, rdnss(600, SERVER), index=BOND + 1) == []
    story.lets_pass(300)
    assert say(story, rdnss(600, SERVER)) == []
    assert story.lets_pass(599) == []
    assert story.lets_pass(2) == ["wbond-dns set bond0 ra  lab.example"]
    assert story.lets_pass(301) == ["wbond-dns drop bond0 ra"]
    assert story.watching.poll_timeout_ms() is None


def test_a_lifetime_of_zero_ends_it_and_the_largest_never(story: Story) -> None:
    on_cable(story)
    say(story, rdnss(FOREVER, SERVER), dnssl(FOREVER, "lab.example"))
    assert story.lets_pass(1e7) == []
    assert say(story, rdnss(0, SERVER)) == ["wbond-dns set bond0 ra  lab.example"]


def test_a_flood_of_servers_is_cut(story: Story) -> None:
    on_cable(story)
    (did,) = say(story, *(rdnss(600, f"2001:db8::{n:x}") for n in range(1, 200)))
    assert len(did.split()) == 4 + names.MOST["nameserver"]


def test_another_watch_knows_what_was_said(story: Story) -> None:
    on_cable(story)
    say(story, rdnss(600, SERVER), dnssl(1200, "lab.example"))
    story.watch(bond(CABLE), port(CABLE))
    assert say(story, rdnss(600, SERVER)) == []
    assert story.lets_pass(1201)[-1] == "wbond-dns drop bond0 ra"


def test_in_another_network_what_was_said_is_former(story: Story) -> None:
    on_cable(story)
    say(story, rdnss(600, SERVER))
    story.happens(*NO_LINK)
    assert not any(did.startswith("wbond-dns") for did in story.host.did)
    story.happens(port(CABLE), bond(CABLE))
    assert (story.folder / names.NETWORK).exists()
    assert (story.folder / names.RECORD).read_text() == ""
    assert say(story, rdnss(600, SERVER)) == [f"wbond-dns set bond0 ra {SERVER} "]


def test_what_cannot_be_published_is_told(story: Story) -> None:
    on_cable(story)
    story.host.breaks["publish"] = FileNotFoundError("wbond-dns is not installed")
    say(story, rdnss(600, SERVER))
    assert "write-failed" in story.events


@pytest.mark.parametrize("record", ["x", "nameserver", "nameserver a b", "search a nan", "\n \n"])
def test_a_broken_record_is_none(record: str) -> None:
    assert names.parse(record) == {}

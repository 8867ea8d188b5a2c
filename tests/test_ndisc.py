# SPDX-License-Identifier: LGPL-2.1-or-later
"""ndisc: what is theirs among the addresses, and how they are asked; with the kernel's own."""

import json
import socket
import subprocess
import sys

import pytest
from wbond_net.kernel import ndisc, rtnetlink
from wbond_net.kernel.netlink import Message
from wbond_net.kernel.rtnetlink import Address

from tests.conftest import REPOSITORY
from tests.namespaces import in_a_network_of_its_own
from tests.reports import BOND, address

PREFIX = "2001:db8:1:2::"
MADE = address(f"{PREFIX}7", 64, 3600, protocol=2)


@pytest.mark.parametrize(
    ("what", "found", "theirs"),
    [
        ("made of an advertisement", MADE, True),
        ("for privacy", MADE._replace(protocol=0, flags=0x01), True),
        ("without an end", MADE._replace(flags=0x80, valid=None), True),
        ("set by a person, or by DHCPv6", MADE._replace(protocol=0), False),
        ("of link scope", address("fe80::7", 64, protocol=3), False),
        ("another interface's", MADE._replace(ifindex=BOND + 1), False),
        # A secondary address of version 4 has the flag of a temporary one.
        ("of version 4", address("192.0.2.7", flags=0x01), False),
    ],
)
def test_which_addresses_are_routers_word(what: str, found: Address, theirs: bool) -> None:
    assert ndisc.slaac_addresses([found], BOND) == [found] * theirs, what


def test_an_interface_without_an_address_of_version_6_does_not_speak_it() -> None:
    others = [address("192.0.2.7"), address("fe80::7")._replace(ifindex=BOND + 1)]
    assert ndisc.ipv6_addresses(others, BOND) == []


def test_a_solicitation_says_who_asks() -> None:
    asked = ndisc.solicitation("02:00:00:00:0a:01")
    assert asked.hex() == "85" + "00" * 7 + "0101" + "020000000a01"


def test_what_deprecates_an_address_leaves_all_else_as_it_is() -> None:
    message = Message(20, 0, 0, 0, rtnetlink.deprecation(MADE))
    event = rtnetlink.event(message)
    assert event is not None
    # A route for the prefix is the router's to give.
    assert event.what == MADE._replace(flags=MADE.flags | 0x200)
    assert (0).to_bytes(4, sys.byteorder) + (3600).to_bytes(4, sys.byteorder) in message.body


def test_one_without_an_end_keeps_its_route_and_that() -> None:
    endless = MADE._replace(flags=0x80 | 0x100, valid=None)
    event = rtnetlink.event(Message(20, 0, 0, 0, rtnetlink.deprecation(endless)))
    assert event is not None
    assert event.what == endless


# A laptop (d0) and a router (d1) on one cable. Prints what d0's address of the prefix was like
# after an advertisement, after it was deprecated, and after another advertisement; the routes to
# the prefix before and after; and the question as it came out of the cable.
PROGRAM = f"""
import json, socket, struct, subprocess, sys, time
sys.path[:0] = sys.argv[1:]
from wbond_net.kernel import rtnetlink
from wbond_net.kernel import ndisc

def ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout

def index(name):
    return socket.if_nametoindex(name)

def wait(condition):
    end = time.monotonic() + 20
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found

def advertise(on_link):
    option = struct.pack("!BBBBIII16s", 3, 4, 64, 0x40 | 0x80 * on_link, 3600, 1800, 0,
        socket.inet_pton(socket.AF_INET6, "{PREFIX}"))
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as router:
        router.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        router.sendto(struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + option,
            ("ff02::1", 0, 0, index("d1")))

def theirs():
    return ndisc.slaac_addresses(netlink.addresses(), index("d0"))

def look():
    return [[a.text.startswith("{PREFIX[:-1]}"), a.deprecated, a.permanent] for a in theirs()]

def route():
    return ip("-6", "route", "show", "dev", "d0", "{PREFIX}/64").split()[:4]

def settled(name):
    shown = json.loads(ip("-json", "-6", "address", "show", "dev", name))
    entries = [entry for link in shown for entry in link.get("addr_info", [])]
    return entries and not any(entry.get("tentative") for entry in entries)

ip("link", "add", "d0", "type", "veth", "peer", "name", "d1")
for name in ("d0", "d1"):
    ip("link", "set", "dev", name, "up")
netlink = rtnetlink.Socket(0)
wait(lambda: settled("d0") and settled("d1"))
on_link = sys.argv[3] == "on link"
advertise(on_link)
wait(theirs)
wait(lambda: settled("d0"))
found = {{"before": look(), "routes": [route()]}}
for address in theirs():
    netlink.deprecate(address)
found["deprecated"] = look()
found["routes"].append(route())
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as cable:
    cable.bind(("d1", 0x86dd))
    cable.settimeout(20)
    ndisc.solicit(index("d0"), "02:00:00:00:0a:01")
    while (frame := cable.recv(2048))[54:55] != bytes((133,)):
        pass
found["question"] = frame.hex()
advertise(on_link)
wait(lambda: [a for a in theirs() if not a.deprecated])
found["again"] = look()
print(json.dumps(found))
"""


@in_a_network_of_its_own
@pytest.mark.parametrize("where", ["on link", "behind the router"])
def test_the_kernel_deprecates_asks_and_believes_again(where: str) -> None:
    folders = [str(REPOSITORY / "helpers"), str(REPOSITORY / "generator")]
    command = ["unshare", "--net", sys.executable, "-I", "-c", PROGRAM, *folders, where]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["before"] == [[True, False, False]]
    assert found["deprecated"] == [[True, True, False]]
    assert found["again"] == [[True, False, False]]
    before, after = found["routes"]
    assert bool(before) is (where == "on link")
    assert after == before
    frame = bytes.fromhex(found["question"])
    assert frame[:6].hex() == "333300000002"  # all routers
    assert frame[21] == 255  # hops, without which no router answers
    assert socket.inet_ntop(socket.AF_INET6, frame[22:38]).startswith("fe80:")
    assert frame[62:] == bytes.fromhex("0101" + "020000000a01")

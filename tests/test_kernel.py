# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the helpers ask of the kernel: the bytes that ip(8) would send, and what a kernel does."""

import errno
import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from wbond_net.kernel import addresses, bonds, links, netlink, request, uapi
from wbond_net.kernel.attributes import attribute
from wbond_net.kernel.netlink import KernelError

from tests.conftest import REPOSITORY
from tests.namespaces import in_a_network_of_its_own

OPTIONS = {
    "mode": "active-backup",
    "miimon": "100",
    "updelay": "0",
    "downdelay": "0",
    "peer_notify_delay": "300",
    "primary_reselect": "always",
    "fail_over_mac": "active",
    "num_grat_arp": "5",
    "resend_igmp": "1",
    "all_slaves_active": "0",
    "min_links": "0",
}
MADE = " ".join(f"{name} {value}" for name, value in OPTIONS.items())


class Request(NamedTuple):
    """A change, the command that does the same, and the bytes that this command has sent.

    Type and flags of the message, and all behind its header: of iproute2 6.1.0, by strace(1), where
    bond0 and eth0 have the indices INDICES.
    """

    act: Callable[[], None]
    command: str
    sent: str


INDICES = {"eth0": 2, "bond0": 3}
EXAMPLES = {
    "create": Request(
        lambda: bonds.create("bond1", "02:00:00:aa:bb:cc", OPTIONS),
        "ip link add dev bond1 address 02:00:00:aa:bb:cc "
        f"numtxqueues 1 numrxqueues 1 type bond {MADE}",
        "10000506000000000000000000000000000000000a000100020000aabbcc0000"
        "08001f000100000008002000010000000a000300626f6e64310000006800120008000100626f6e645c00020005000100"
        "0100000008000300640000000800040000000000080005000000000008001c00"
        "2c01000005000c000000000005000d0001000000050010000500000008000f00"
        "0100000005001100000000000800120000000000",
    ),
    "change": Request(
        lambda: bonds.change("bond0", {"miimon": "50", "primary_reselect": "better"}),
        "ip link set dev bond0 type bond miimon 50 primary_reselect better",
        "10000500000000000300000000000000000000002000120008000100626f6e64"
        "14000200080003003200000005000c0001000000",
    ),
    "primary": Request(
        lambda: bonds.set_primary("bond0", "eth0"),
        "ip link set dev bond0 type bond primary eth0",
        "10000500000000000300000000000000000000001800120008000100626f6e640c00020008000b0002000000",
    ),
    "prio": Request(
        lambda: bonds.set_prio("eth0", 20),
        "ip link set dev eth0 type bond_slave prio 20",
        "1000050000000000020000000000000000000000200012000e000100626f6e64"
        "5f736c61766500000c0005000800090014000000",
    ),
    "master": Request(
        lambda: links.enslave("eth0", "bond0"),
        "ip link set dev eth0 master bond0",
        "100005000000000002000000000000000000000008000a0003000000",
    ),
    "nomaster": Request(
        lambda: links.release("eth0"),
        "ip link set dev eth0 nomaster",
        "100005000000000002000000000000000000000008000a0000000000",
    ),
    "up": Request(
        lambda: links.set_up("eth0"),
        "ip link set dev eth0 up",
        "1000050000000000020000000100000001000000",
    ),
    "down": Request(
        lambda: links.set_down("eth0"),
        "ip link set dev eth0 down",
        "1000050000000000020000000000000001000000",
    ),
    "address": Request(
        lambda: links.set_address("eth0", "02:00:00:00:00:09"),
        "ip link set dev eth0 address 02:00:00:00:00:09",
        "10000500000000000200000000000000000000000a0001000200000000090000",
    ),
    "mtu": Request(
        lambda: links.set_mtu("eth0", 1400),
        "ip link set dev eth0 mtu 1400",
        "10000500000000000200000000000000000000000800040078050000",
    ),
    "prolong": Request(
        lambda: addresses.prolong("bond0", "192.0.2.1", 24, 3600),
        "ip -4 address change 192.0.2.1/24 dev bond0 valid_lft 3600 preferred_lft 3600",
        "14000501021800000300000008000200c000020108000100c000020114000600"
        "100e0000100e00000000000000000000",
    ),
    "delete": Request(
        lambda: links.delete("bond0"),
        "ip link delete dev bond0",
        "1100050000000000030000000000000000000000",
    ),
}


class FakeSocket:
    """Takes a request, and answers it with an error number and words."""

    def __init__(self, code: int = 0, words: str = "") -> None:
        self.code, self.words = code, words
        self.sent = b""

    def getsockname(self) -> tuple[int, int]:
        return (4711, 0)

    def sendto(self, request: bytes, _address: tuple[int, int]) -> None:
        self.sent += request

    def recvmsg(self, _size: int, _ancillary: int, _flags: int) -> tuple[object, ...]:
        (sequence,) = struct.unpack_from("=I", self.sent, 8)
        words = attribute(uapi.NLMSGERR_ATTR_MSG, self.words.encode() + b"\0")
        body = struct.pack("=i", -self.code) + self.sent[:16] + (words if self.words else b"")
        flags = uapi.NLM_F_CAPPED | (uapi.NLM_F_ACK_TLVS if self.words else 0)
        header = struct.pack("=IHHII", 16 + len(body), uapi.NLMSG_ERROR, flags, sequence, 4711)
        return header + body, [], 0, (0, 0)

    def close(self) -> None:
        pass


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeSocket:
    made = FakeSocket()
    monkeypatch.setattr(netlink, "_opened", lambda *_: made)
    monkeypatch.setattr(request, "index", INDICES.__getitem__)
    return made


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_a_change_is_said_and_sent_as_ip_does(
    fake: FakeSocket, capsys: pytest.CaptureFixture[str], example: Request
) -> None:
    example.act()
    assert capsys.readouterr().out == f"{example.command}\n"
    assert (fake.sent[4:8] + fake.sent[16:]).hex() == example.sent


def test_no_interface_is_what_the_primary_is_when_it_is_forgotten(
    fake: FakeSocket, capsys: pytest.CaptureFixture[str]
) -> None:
    bonds.forget_primary("bond0")
    cleared = EXAMPLES["primary"].sent.removesuffix("02000000") + "00000000"
    assert (fake.sent[4:8] + fake.sent[16:]).hex() == cleared
    assert capsys.readouterr().out == ""


def test_a_refusal_has_the_act_the_reason_and_the_kernel_s_own_words(fake: FakeSocket) -> None:
    fake.code, fake.words = errno.EBUSY, "Device can not be enslaved while up"
    with pytest.raises(KernelError) as refused:
        links.enslave("eth0", "bond0")
    assert refused.value.errno == errno.EBUSY
    assert str(refused.value) == (
        "ip link set dev …: Device or resource busy: Device can not be enslaved while up"
    )


@pytest.mark.parametrize("option", [{"miimon": "often"}, {"num_grat_arp": "256"}])
def test_a_value_that_is_none_is_refused_before_the_kernel_sees_it(
    fake: FakeSocket, option: dict[str, str]
) -> None:
    (name,) = option
    with pytest.raises(ValueError, match=f"{name}: .* is not a value of this option"):
        bonds.change("bond0", option)
    assert fake.sent == b""


# --- a real kernel ------------------------------------------------------------

SCRIPT = """
import sys
from wbond_net.kernel import addresses, bonds, command, links, routes
command.attempt({act})
"""


class Namespace:
    """A network of its own, with a veth and a bridge in it; acts run there."""

    def __init__(self) -> None:
        words = ["unshare", "--net", "cat"]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._pipe(b"ready\n")

    def _pipe(self, text: bytes) -> None:
        """Wait until the process is in its namespace: then cat answers."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(text)
        self._process.stdin.flush()
        assert self._process.stdout.readline() == text

    def run(self, *words: str) -> str:
        entered = ["nsenter", "--net", f"--target={self._process.pid}", *words]
        environ = os.environ | {"PYTHONPATH": f"{REPOSITORY}/helpers:{REPOSITORY}/generator"}
        done = subprocess.run(entered, env=environ, capture_output=True, text=True, check=True)
        return done.stdout

    def act(self, call: str) -> str:
        """Run a function of the helpers; returns what it has said."""
        return self.run(sys.executable, "-c", SCRIPT.format(act=call))

    def shows(self, *words: str) -> str:
        return self.run("ip", "-details", *words)

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    made = Namespace()
    made.run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
    made.run("ip", "link", "add", "br0", "type", "bridge")
    yield made
    made.close()


@in_a_network_of_its_own
def test_an_interface_goes_up_and_down_in_and_out(namespace: Namespace) -> None:
    assert namespace.act("links.set_up, 'v0'") == "ip link set dev v0 up\n"
    assert ",UP" in namespace.shows("link", "show", "dev", "v0")
    namespace.act("links.set_down, 'v0'")
    assert ",UP" not in namespace.shows("link", "show", "dev", "v0")
    namespace.act("links.enslave, 'v0', 'br0'")
    assert " master br0 " in namespace.shows("link", "show", "dev", "v0")
    namespace.act("links.release, 'v0'")
    assert " master " not in namespace.shows("link", "show", "dev", "v0")
    namespace.act("links.set_address, 'v0', '02:00:00:00:00:77'")
    assert " 02:00:00:00:00:77 " in namespace.shows("link", "show", "dev", "v0")
    namespace.act("links.set_mtu, 'v0', 1400")
    assert namespace.act("print, links.mtu('v0')") == "(1400, 68, 65535)\n"
    namespace.act("links.delete, 'br0'")
    assert "br0" not in namespace.shows("link", "show")


@in_a_network_of_its_own
def test_addresses_are_prolonged_and_taken_away(namespace: Namespace) -> None:
    lifetime = ["valid_lft", "60", "preferred_lft", "60"]
    namespace.run("ip", "address", "add", "192.0.2.1/24", "dev", "v0", *lifetime)
    namespace.run("ip", "address", "add", "198.51.100.1/24", "dev", "v0")
    namespace.run("ip", "address", "add", "198.51.100.2/24", "dev", "v0")
    namespace.run("ip", "address", "add", "2001:db8::1/64", "dev", "v0")
    namespace.run("ip", "address", "add", "203.0.113.1/24", "dev", "v1")
    namespace.act("addresses.prolong, 'v0', '192.0.2.1', 24, 3600")
    assert re.search("valid_lft (3600|3599)sec", namespace.shows("address", "show", "dev", "v0"))
    namespace.act("addresses.flush_leased, 'v0'")
    left = namespace.shows("address", "show", "dev", "v0")
    assert "192.0.2.1" not in left
    assert left.count(" inet ") == 2
    # The second one goes with the first, which is no failure.
    assert namespace.act("addresses.flush, 'v0'") == "ip address flush dev v0\n"
    assert " inet" not in namespace.shows("address", "show", "dev", "v0")
    assert " 203.0.113.1/" in namespace.shows("address", "show", "dev", "v1")


@in_a_network_of_its_own
def test_the_routes_of_a_lease_are_taken_away_and_no_other(namespace: Namespace) -> None:
    for words in ("address add 192.0.2.5/24 dev v0", "link set v0 up", "link set v1 up"):
        namespace.run("ip", *words.split())
    kept = ["default via 192.0.2.2 dev v0 metric 9", "203.0.113.0/24 via 192.0.2.1 dev v0"]
    kept.append("default via 192.0.2.1 dev v0 proto static metric 7")
    metric = "default via 192.0.2.1 dev v0 metric 2000"  # by IF_METRIC
    for words in (
        "default via 192.0.2.1 dev v0",
        metric,
        "198.51.100.0/24 dev v0 scope link",
        *kept,
    ):
        namespace.run("ip", "-4", "route", "add", *words.split())
    unwanted = "[('0.0.0.0', 0, '192.0.2.1'), ('198.51.100.0', 24, ''), ('10.0.0.0', 8, '')]"
    assert namespace.act(f"routes.remove, 'v0', {unwanted}").splitlines() == [
        "ip -4 route delete 0.0.0.0/0 via 192.0.2.1 dev v0",
        "ip -4 route delete 0.0.0.0/0 via 192.0.2.1 dev v0",
        "ip -4 route delete 198.51.100.0/24 dev v0",
    ]
    shown = namespace.run("ip", "-4", "route").replace(" linkdown", "").splitlines()
    connected = "192.0.2.0/24 dev v0 proto kernel scope link src 192.0.2.5"
    assert sorted(map(str.strip, shown)) == sorted([*kept, connected])


@in_a_network_of_its_own
@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("links.set_up, 'no0'", "ip link set dev …: no0: No such device"),
        ("links.enslave, 'v0', 'v1'", "ip link set dev …: Operation not supported"),
        (
            "bonds.create, 'x' * 16, '', {'mode': 'active-backup'}",
            "ip link add dev …: Numerical result out of range: Attribute failed policy validation",
        ),
    ],
)
def test_what_a_kernel_refuses_is_said_in_its_words(
    namespace: Namespace, act: str, said: str
) -> None:
    assert namespace.act(act).splitlines()[1:] == [said]

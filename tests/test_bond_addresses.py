# SPDX-License-Identifier: LGPL-2.1-or-later
"""Static addresses, gateways and metrics of a bond, as wbond-bond sets and changes them."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from wbond_net.ports import bond

from tests.conftest import REPOSITORY
from tests.fake import Machine
from tests.namespaces import in_a_network_of_its_own
from tests.test_kernel import Namespace

TEMPLATE = (REPOSITORY / "units/wbond@.service").read_text(encoding="utf-8")
ENVIRON = dict(re.findall(r"^Environment=(\w+)=(.*)$", TEMPLATE, re.MULTILINE))
HOME = {"ADDRESS": "192.0.2.10/24 2001:db8::10/64", "GATEWAY": "192.0.2.1 fe80::1"}

# --- what is decided ----------------------------------------------------------------


def test_addresses_are_there_before_any_port_is_started(machine: Machine) -> None:
    machine.add("enp0s10")
    machine.note("enp0s10", "WBOND_BOND=bond0\nWBOND_UNIT=bond0-wired@enp0s10.service\n")
    (machine.runtime / "bond0").mkdir()
    assert bond.main(["up", "bond0"], ENVIRON | HOME) == 0
    assert machine.ran[1:] == [
        "ip link set dev bond0 up",
        "ip address add 192.0.2.10/24 broadcast + dev bond0 label bond0:wbond",
        "ip address add 2001:db8::10/64 dev bond0 optimistic",
        "ip -4 route prepend default via 192.0.2.1 dev bond0 proto static metric 0",
        "ip -6 route prepend default via fe80::1 dev bond0 proto static metric 1024",
        "systemctl start --no-block -- bond0-wired@enp0s10.service",
    ]


def test_an_address_that_the_kernel_refuses_costs_no_other_and_not_the_bond(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine.runtime / "bond0").mkdir()
    machine.refused["ip address add 192.0.2.10"] = "Permission denied"
    assert bond.main(["up", "bond0"], ENVIRON | HOME) == 0
    assert "ip address add 2001:db8::10/64 dev bond0 optimistic" in machine.ran
    assert "Permission denied" in capsys.readouterr().out
    noted = (machine.runtime / "bond0/static").read_text().splitlines()
    assert "address 192.0.2.10/24" not in noted
    assert "address 2001:db8::10/64" in noted


def test_what_is_no_address_is_told_and_costs_not_the_bond(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bond.main(["up", "bond0"], ENVIRON | {"ADDRESS": "$(reboot)/24"}) == 0
    assert "static addresses: $(reboot)" in capsys.readouterr().out
    assert machine.ran[-1] == "ip link set dev bond0 up"


@pytest.mark.parametrize(
    ("given", "metric"),
    [
        ({}, "1024"),
        ({"METRIC": "300"}, "300"),
        ({"METRIC": "300", **HOME}, "301"),
        ({"GATEWAY": "192.0.2.1"}, "1024"),
        ({"GATEWAY": "fe80::1"}, "1025"),
    ],
)
def test_routers_have_the_metric_and_come_behind_a_gateway(
    bonded: Machine, given: dict[str, str], metric: str
) -> None:
    for name in ("bond0", "default"):
        bonded.add_sysctls(name)
        (bonded.sysctl / f"ipv6/{name}/ra_defrtr_metric").write_text("1024\n")
    bond.main(["set", "bond0"], ENVIRON | given)
    assert (bonded.sysctl / "ipv6/bond0/ra_defrtr_metric").read_text().strip() == metric


# --- what a kernel does -------------------------------------------------------------

SETTLE = """
import sys
from wbond_net import runtime
runtime.FOLDER = sys.argv[1]
from wbond_net.ports import bond
environ = dict(word.split("=", 1) for word in sys.argv[2:])
bond._metrics("v0", environ, in_use=True)
bond._static_addresses("v0", environ)
"""


class Bonded:
    """An interface without carrier in a network of its own, which stands for a bond."""

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        self.namespace, self.folder = namespace, folder
        (folder / "v0").mkdir()
        namespace.run("ip", "link", "set", "dev", "v0", "up")

    def settle(self, address: str = "", gateway: str = "", metric: str = "") -> list[str]:
        """Set what the configuration says; returns the commands that were said."""
        words = (f"ADDRESS={address}", f"GATEWAY={gateway}", f"METRIC={metric}")
        said = self.namespace.run(sys.executable, "-c", SETTLE, str(self.folder), *words)
        return said.splitlines()

    def ip(self, words: str) -> Any:
        return json.loads(self.namespace.run("ip", "-json", *words.split()) or "[]")

    def addresses(self) -> dict[str, dict[str, Any]]:
        (link,) = self.ip("address show dev v0")
        return {f"{one['local']}/{one['prefixlen']}": one for one in link["addr_info"]}

    def defaults(self) -> list[tuple[str, str, int]]:
        """Return gateway, protocol and metric of the default routes, IPv4's first."""
        found = self.ip("-4 route show default") + self.ip("-6 route show default")
        return [
            (one["gateway"], one.get("protocol", "boot"), one.get("metric", 0)) for one in found
        ]


@pytest.fixture
def bonded_v0(tmp_path: Path) -> Iterator[Bonded]:
    namespace = Namespace()
    namespace.run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
    yield Bonded(namespace, tmp_path)
    namespace.close()


@in_a_network_of_its_own
def test_addresses_can_be_used_without_a_link(bonded_v0: Bonded) -> None:
    bonded_v0.settle("192.0.2.10/24 2001:db8::10/64 10.0.0.0/31", "192.0.2.1 fe80::1")
    found = bonded_v0.addresses()
    assert found["192.0.2.10/24"]["broadcast"] == "192.0.2.255"
    assert found["192.0.2.10/24"]["label"] == "v0:wbond"
    assert "broadcast" not in found["10.0.0.0/31"]
    assert found["2001:db8::10/64"]["optimistic"]
    bind = "import socket; socket.socket(socket.AF_INET6).bind(('2001:db8::10', 7))"
    bonded_v0.namespace.run(sys.executable, "-c", bind)
    assert bonded_v0.defaults() == [("192.0.2.1", "static", 0), ("fe80::1", "static", 1024)]


@in_a_network_of_its_own
def test_one_that_changes_costs_no_other(bonded_v0: Bonded) -> None:
    bonded_v0.settle("192.0.2.10/24 192.0.2.11/24 2001:db8::10/64", "192.0.2.1")
    said = bonded_v0.settle("192.0.2.11/24 192.0.2.12/24 2001:db8::10/64", "192.0.2.2")
    assert said == [
        "ip address add 192.0.2.12/24 broadcast + dev v0 label v0:wbond",
        "ip -4 route prepend default via 192.0.2.2 dev v0 proto static metric 0",
        "ip -4 route delete default via 192.0.2.1 dev v0 proto static metric 0",
        "ip address delete 192.0.2.10/24 dev v0",
    ]
    # The second one does not go with the first.
    assert list(bonded_v0.addresses()) == ["192.0.2.11/24", "192.0.2.12/24", "2001:db8::10/64"]
    assert bonded_v0.settle("192.0.2.11/24 192.0.2.12/24 2001:db8::10/64", "192.0.2.2") == []


@in_a_network_of_its_own
def test_another_prefix_length_takes_the_place_of_the_former(bonded_v0: Bonded) -> None:
    bonded_v0.settle("192.0.2.10/24 2001:db8::10/64")
    bonded_v0.settle("192.0.2.10/25 2001:db8::10/56")
    assert list(bonded_v0.addresses()) == ["192.0.2.10/25", "2001:db8::10/56"]


@in_a_network_of_its_own
def test_only_what_wbond_has_set_is_taken_away(bonded_v0: Bonded) -> None:
    for words in ("198.51.100.5/24", "192.0.2.10/24", "2001:db8::5/64"):
        bonded_v0.namespace.run("ip", "address", "add", words, "dev", "v0")
    by_hand = "default via 192.0.2.9 dev v0 proto static metric 5"
    bonded_v0.namespace.run("ip", "route", "add", *by_hand.split())
    bonded_v0.settle("192.0.2.10/24 192.0.2.11/24", "192.0.2.1", "7")
    bonded_v0.settle()
    left = ["198.51.100.5/24", "192.0.2.10/24", "2001:db8::5/64"]
    assert list(bonded_v0.addresses()) == left
    assert bonded_v0.defaults() == [("192.0.2.9", "static", 5)]


@in_a_network_of_its_own
def test_what_somebody_has_taken_away_comes_back(bonded_v0: Bonded) -> None:
    bonded_v0.settle("192.0.2.10/24 2001:db8::10/64", "192.0.2.1")
    bonded_v0.namespace.run("ip", "address", "flush", "dev", "v0")
    bonded_v0.settle("192.0.2.10/24 2001:db8::10/64", "192.0.2.1")
    assert list(bonded_v0.addresses()) == ["192.0.2.10/24", "2001:db8::10/64"]
    assert bonded_v0.defaults() == [("192.0.2.1", "static", 0)]


@in_a_network_of_its_own
def test_what_dhclient_script_flushes_is_not_the_static_address(bonded_v0: Bonded) -> None:
    lease = "192.0.2.50/24 dev v0 label v0 valid_lft 60 preferred_lft 60"
    bonded_v0.namespace.run("ip", "-4", "address", "add", *lease.split())
    bonded_v0.settle("192.0.2.10/24")
    bonded_v0.namespace.run("ip", "-4", "address", "flush", "dev", "v0", "label", "v0")
    assert list(bonded_v0.addresses()) == ["192.0.2.10/24"]


@in_a_network_of_its_own
@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("", "300", [("192.0.2.1", 300), ("192.0.2.2", 301)]),
        ("300", "301", [("192.0.2.1", 301), ("192.0.2.2", 302)]),
        ("301", "300", [("192.0.2.1", 300), ("192.0.2.2", 301)]),
        ("300", "", [("192.0.2.1", 0), ("192.0.2.2", 1)]),
    ],
)
def test_the_routes_of_a_lease_get_the_new_metric_and_no_other(
    bonded_v0: Bonded, before: str, after: str, found: list[tuple[str, int]]
) -> None:
    bonded_v0.settle("192.0.2.10/24", "", before)
    start = int(before or 1)  # as dhclient-script does for two routers
    for metric, gateway in enumerate(("192.0.2.1", "192.0.2.2"), start):
        words = f"default via {gateway} dev v0 metric {metric}"
        bonded_v0.namespace.run("ip", "route", "add", *words.split())
    by_hand = "default via 192.0.2.9 dev v0 metric 9000"
    bonded_v0.namespace.run("ip", "route", "add", *by_hand.split())
    bonded_v0.settle("192.0.2.10/24", "", after)
    routes = [(gateway, metric) for gateway, _, metric in bonded_v0.defaults()]
    assert routes == [*found, ("192.0.2.9", 9000)]

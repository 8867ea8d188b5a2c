# SPDX-License-Identifier: LGPL-2.1-or-later
"""The interfaces above a bond."""

from wbond_net.kernel import uppers
from wbond_net.kernel.rtnetlink import Link

from tests import reports


def link(index: int, kind: str, lower: int = 0, master: int = 0) -> Link:
    made = Link(index, f"if{index}", 1, True, 6, "", "", master, kind, None, None)
    return made._replace(lower=lower)


def above(*links: Link, bond: Link | None = None) -> list[int]:
    bond = bond or reports.bond()
    found = {one.ifindex: one for one in (bond, *links)}
    return [upper.ifindex for upper in uppers.above(bond, found)]


def test_a_bridge_and_what_is_above_it() -> None:
    in_bridge = reports.bond(master=20)
    links = link(20, "bridge"), link(21, "vlan", 20), link(22, "bridge"), link(23, "vlan", 3)
    assert above(*links, bond=in_bridge) == [20, 21]


def test_what_is_made_of_the_bond() -> None:
    assert above(link(21, "vlan", 9), link(22, "macvlan", 9), link(23, "vlan", 21)) == [21, 22, 23]


def test_a_tunnel_is_not_above_its_way_out() -> None:
    assert above(link(21, "gre", 9), link(22, "veth", 9)) == []


def test_a_ring_that_no_kernel_makes_ends() -> None:
    assert above(link(20, "vlan", 9, master=9), bond=reports.bond(master=20)) == [20]

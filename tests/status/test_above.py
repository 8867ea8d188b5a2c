# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bond below a bridge or a VLAN: status shows what stands above, and what a boot waits for."""

import pytest
from wbond.config import Config
from wbond_cli.status.advice import advice
from wbond_cli.status.build import build_status
from wbond_cli.status.model import Facts

from tests import stories
from tests.status.views import bond_of, lines, rendered

LINK, NO = (stories.configured(stories.TWO + f"wait_online = {what}\n") for what in ("link", "no"))


def told(facts: Facts) -> list[str]:
    return [item.text for item in advice(build_status(facts).bonds[0])]


def test_addresses_above_are_shown_with_their_places() -> None:
    shown = lines(rendered(stories.bridged()))
    assert shown[1:4] == [
        "  IPv6   fe80::1/64  link-local",
        "  IPv4   192.0.2.7/24  on br0: no lease",
        "  IPv4   198.51.100.7/24  on br0.5: no lease",
    ]
    above = [address["above"] for address in bond_of(stories.bridged())["addresses"]]
    assert above == [None, "br0", "br0.5"]


def test_a_bond_with_its_address_above_is_online() -> None:
    assert build_status(stories.bridged()).exit_status == 0
    assert told(stories.bridged()) == [
        "at boot, network-online.target waits for an address on bond0 (above it: br0, br0.5)"
    ]
    assert told(stories.bridged(config=LINK)) == []


def test_an_address_of_its_own_beside_one_above_needs_no_option() -> None:
    found = (*stories.bridged().addresses, stories.LEASED)
    assert told(stories.bridged(addresses=found)) == []


@pytest.mark.parametrize("config", [LINK, NO])
def test_a_bond_that_is_to_have_no_address_lacks_none(config: Config) -> None:
    bare = stories.cable_active(addresses=())
    assert told(bare) == ["it has no address that reaches beyond the link"]
    assert told(bare._replace(config=config)) == []
    assert build_status(bare._replace(config=config)).exit_status == 0


def test_without_a_link_it_is_not_online_whatever_it_waits_for() -> None:
    assert build_status(stories.no_link(config=NO)).exit_status == 1

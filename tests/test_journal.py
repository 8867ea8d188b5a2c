# SPDX-License-Identifier: LGPL-2.1-or-later
"""Since when things are so, by the journal's entries."""

import pytest
from wbond_cli.journal import reader

from tests import stories
from tests.stories import NOW

LIVED = (
    stories.entry(100, "watching"),
    stories.entry(90, "carrier-gained", "enp0s10"),
    stories.entry(90, "active", "enp0s10"),
    stories.entry(50, "carrier-lost", "enp0s10"),
    stories.entry(50, "failover", "wlp3s0", "enp0s10"),
)


@pytest.mark.parametrize(
    ("entries", "port", "condition", "ago"),
    [
        (LIVED[:3], "enp0s10", "active", 90),
        (LIVED[:3], "enp0s10", "no-carrier", None),
        (LIVED[:3], "wlp3s0", "standby", 100),
        (LIVED, "enp0s10", "no-carrier", 50),
        (LIVED, "enp0s10", "active", None),
        (LIVED, "wlp3s0", "active", 50),
        ((*LIVED, stories.entry(20, "carrier-gained", "enp0s10")), "enp0s10", "standby", 20),
        ((*LIVED, stories.entry(9, "failover", "enp0s10", "wlp3s0")), "wlp3s0", "standby", 9),
        ((*LIVED, stories.entry(9, "port-renamed", "eth7", "wlp3s0")), "eth7", "active", 50),
        ((*LIVED, stories.entry(9, "port-left", "wlp3s0")), "wlp3s0", "standby", None),
        ((*LIVED, stories.entry(9, "port-joined", "wlx1")), "wlx1", "no-carrier", 9),
        ((), "enp0s10", "active", None),
    ],
)
def test_since_when(
    entries: tuple[reader.Entry, ...], port: str, condition: str, ago: float | None
) -> None:
    found = reader.since(entries, port, condition)
    assert found == (None if ago is None else NOW - ago)


def test_a_bond_s_life_begins_when_it_is_made() -> None:
    earlier = (stories.entry(500, "watching"), stories.entry(400, "bond-removed"))
    other = stories.entry(95, "watching", bond="bond1")
    assert reader.life((*earlier, LIVED[0], other, *LIVED[1:]), "bond0") == list(LIVED)
    before_boot = LIVED[0]._replace(boot="before")
    assert reader.life((before_boot, *LIVED[1:]), "bond0") == list(LIVED[1:])

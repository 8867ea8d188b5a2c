# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-dhcp: a client waits for a port by which it can ask, in a unit that has started."""

import math
from pathlib import Path

import pytest
from wbond_net import notify, pauses, wait_online
from wbond_net.clients import dhclient, dhcp

BECAME = "became the client"


@pytest.fixture
def seen(
    machine: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[object, ...]]:
    """What is waited for, told and done, in order."""
    found: list[tuple[object, ...]] = []
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/manager")
    monkeypatch.setattr(notify, "tell", lambda text, address: found.append((text, address)))
    monkeypatch.setattr(dhclient, "prepare", lambda *_: found.append(("prepared",)))
    monkeypatch.setattr(dhclient, "command", lambda *_: ("dhclient",))
    monkeypatch.setattr(dhcp, "_program", lambda name: f"/usr/sbin/{name}")
    monkeypatch.setattr(dhcp, "_become", lambda *words: found.append((BECAME, *words)))
    return found


def test_without_a_link_the_unit_has_started_and_waits(
    seen: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(bond: str, timeout: float, what: str) -> str:
        seen.append((bond, timeout, what))
        return "has no carrier" if timeout == 0 else ""

    monkeypatch.setattr(wait_online, "wait", wait)
    assert dhcp.main(["dhclient", "bond0"], {}) == 0
    assert seen == [
        ("bond0", 0, "link"),
        ("READY=1\nSTATUS=Waiting for a port: the bond has no carrier", "/run/manager"),
        ("bond0", math.inf, "link"),
        ("STATUS=", "/run/manager"),
        # What it reads is written when the bond has the MAC address that it asks with.
        ("prepared",),
        (BECAME, "/usr/sbin/dhclient", ("dhclient",)),
    ]


def test_with_a_port_nothing_is_told_before_it_is_the_client(
    seen: list[tuple[object, ...]],
) -> None:
    assert dhcp.main(["dhclient", "bond0"], {}) == 0
    assert seen == [("prepared",), (BECAME, "/usr/sbin/dhclient", ("dhclient",))]


def test_a_start_that_cannot_wait_counts_as_one_that_fails(
    seen: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []

    def refuses(*_: object) -> str:
        raise OSError(105, "No buffer space available")

    monkeypatch.setattr(wait_online, "wait", refuses)
    monkeypatch.setattr(pauses, "failed_unless_stopped", lambda *_: counted.append("start"))
    assert dhcp.main(["dhclient", "bond0"], {}) == 1
    assert (seen, counted) == ([], ["start"])

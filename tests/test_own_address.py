# SPDX-License-Identifier: LGPL-2.1-or-later
"""match_mac where the kernel knows no permanent address: docks that pass the laptop's on."""

import contextlib

import pytest
from wbond_net.kernel import rtnetlink
from wbond_udev import adapter

from tests import reports
from tests.test_udev import CARD, DOCK, changed, place, properties


def test_the_address_that_a_port_was_found_by_is_noted() -> None:
    text = "[bond0]\nmac = stable\n[bond0/dock]\nkind = wired\nmatch_mac = 48:2a:*\n"
    assert properties(text, changed(DOCK, mac="48:2a:e3:00:00:04"))["WBOND_ADDRESS"] == (
        "48:2a:e3:00:00:04"
    )
    assert "WBOND_ADDRESS" not in properties(text, CARD)


PASSED_ON, SHARED, OWN = "48:2a:e3:00:00:04", "02:00:00:aa:bb:cc", "52:54:00:00:00:0d"


@pytest.mark.parametrize(
    ("permanent", "noted", "present", "expected"),
    [
        (OWN, "", SHARED, OWN),
        (OWN, PASSED_ON, SHARED, OWN),
        ("", "", PASSED_ON, PASSED_ON),
        # The bond's shared address has been set since.
        ("", PASSED_ON, SHARED, PASSED_ON),
    ],
)
def test_an_adapter_s_own_address(
    monkeypatch: pytest.MonkeyPatch, permanent: str, noted: str, present: str, expected: str
) -> None:
    link = reports.port(reports.CABLE)._replace(address=present, perm_address=permanent)
    monkeypatch.setattr(rtnetlink, "Socket", lambda _: contextlib.nullcontext(Links({9: link})))
    assert adapter.own_address(9, noted) == expected
    assert adapter.own_address(10, noted) == ""


class Links(dict[int, rtnetlink.Link]):
    """What a socket tells of all links."""

    def links(self) -> dict[int, rtnetlink.Link]:
        return self


def test_two_docks_that_pass_on_one_address_are_one_section_s() -> None:
    text = f"[bond0]\n[bond0/dock]\nkind = wired\nmatch_mac = {PASSED_ON}\n"
    for name in (DOCK.name, "enp0s20f0u2u4"):
        assert place(text, changed(DOCK, name=name, mac=PASSED_ON)) == "bond0:dock"

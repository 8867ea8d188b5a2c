# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond status, as people see it."""

import io
import re
from collections.abc import Callable

import pytest
from rich.cells import cell_len
from rich.console import Console
from wbond_cli.status import table
from wbond_cli.status.advice import advice
from wbond_cli.status.build import build_status
from wbond_cli.status.model import Facts

from tests import stories
from tests.status.views import WIDTHS, bond_of, each_story, lines, rendered, squeezed
from tests.stories import NOW


def test_the_cable_active() -> None:
    assert lines(rendered(stories.cable_active())) == [
        "bond0  enp0s10 (wired) is active since 12:03:00 (2 h 3 min)",
        "  IPv4   192.0.2.100/24  lease of 192.0.2.1 until 19:18:31 (5 h 12 min left)",
        "  IPv6   2001:db8::1000/128  lease by dhcp6c, which sets no end",
        "  IPv6   2001:db8::5054:ff:fe12:3456/64  router advertisement until 31 Jul 14:06",
        "         (1 d left)",
        "  IPv6   fe80::5054:ff:fe12:3456/64  link-local",
        "  route  default via 192.0.2.1  metric 0, by DHCP",
        "  route  default via fe80::1  metric 1024, router advertisement",
        "  MAC    02:00:00:00:00:02  mac = active",
        "  units  active: wbond@bond0 wbond-watch@bond0 dhclient@bond0 dhcp6c@bond0",
        "         bond0-wired@enp0s10 bond0-supplicant@wlp3s0",
        "",
        "   port     kind      pos  state      since     failures  link",
        "*  enp0s10  wired       1  active     12:03:00         0  1 Gb/s",
        '   wlp3s0   wireless    2  stands by  12:02:05         3  "Home net"',
        "                                                          -52 dBm, 866.7 Mb/s",
    ]


def test_the_radio_carries_on_a_narrow_terminal() -> None:
    assert lines(rendered(stories.wifi_active(addresses=(), routes=()), 40)) == [
        "bond0  wlp3s0 (wireless) is active since",
        "14:05:20 (1 min)",
        "  MAC    02:00:00:00:00:03  mac = active",
        "  units  active: wbond@bond0",
        "         wbond-watch@bond0",
        "         dhclient@bond0 dhcp6c@bond0",
        "         bond0-wired@enp0s10",
        "         bond0-supplicant@wlp3s0",
        "",
        "  enp0s10",
        "    wired, position 1, link failures 1",
        "    no carrier since 14:05:20 (1 min)",
        "* wlp3s0",
        "    wireless, position 2, link failures",
        "    0",
        "    active since 14:05:20 (1 min)",
        '    "Home net"',
        "    -52 dBm, 866.7 Mb/s",
        "",
        "  ! it has no address that reaches",
        "    beyond the link",
        "    journalctl -b -u",
        "    dhclient@bond0.service",
    ]


@each_story
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off(story: Callable[[], Facts], width: int) -> None:
    facts = story()
    text = rendered(facts, width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert "…" not in text
    (bond,) = build_status(facts).bonds
    expected = [f"{address.text}/{address.prefixlen}" for address in bond.addresses]
    expected += [unit.name.removesuffix(".service") for unit in bond.units]
    expected += [part for item in advice(bond) for part in item]
    if story is not stories.hostile or width == 40:  # elsewhere other cells come in between
        expected += [style.shown(port.name) for port in bond.ports]
    for part in expected:
        assert squeezed(part) in squeezed(text), part


style = table.Style(80)


@each_story
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_locale_without_utf8(story: Callable[[], Facts], encoding: str, width: int) -> None:
    text = rendered(story(), width, encoding)
    assert text == text.encode(encoding).decode(encoding)
    if width >= table.NARROW:
        assert max(map(cell_len, text.splitlines())) <= width


@each_story
@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_hostile_is_shown_and_not_done(story: Callable[[], Facts], width: int) -> None:
    text = rendered(story(), width)
    assert all(character.isprintable() or character == "\n" for character in text)


def test_markup_in_names_is_text() -> None:
    text = squeezed(rendered(stories.hostile(), 40))
    assert r"wl\udcff[red]\x1b]0;" in text
    assert r"\x1b[2J[bold]\u202e日本語32octets" in text


def test_colour_on_a_terminal_plain_in_a_pipe() -> None:
    coloured = rendered(stories.cable_active(), force_terminal=True, color_system="standard")
    assert "\x1b[1;32m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == rendered(stories.cable_active())
    assert "\x1b" not in rendered(stories.cable_active())


@each_story
def test_the_active_port_is_marked_without_colour(story: Callable[[], Facts]) -> None:
    facts = story()
    active = build_status(facts).bonds[0].active
    for width in (40, 120):
        marked = [line for line in lines(rendered(facts, width)) if line.startswith("*")]
        assert len(marked) == (1 if active else 0)
        assert all(active in line for line in marked)


def test_without_durations_nothing_ages() -> None:
    later = stories.cable_active(time=NOW + 60)._replace(addresses=())
    screen = Console(file=io.StringIO(), width=80)
    for facts in (stories.cable_active(addresses=()), later):
        found = build_status(facts)
        screen.print(table.render_status(found, table.Style(80, durations=False)))
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert text[: len(text) // 2] == text[len(text) // 2 :]


@pytest.mark.parametrize(
    ("flags", "state"),
    [(0x20, "deprecated"), (0x40, "tentative"), (0x48, "duplicate")],
)
def test_an_address_that_is_not_for_all_says_so(flags: int, state: str) -> None:
    address = stories.address("2001:db8::7", 64, 3600, flags=flags, protocol=2)
    facts = stories.cable_active(addresses=(address,))
    (line,) = (line for line in lines(rendered(facts, 120)) if "2001:db8::7/64" in line)
    assert line.endswith(f", {state}")
    (shown,) = bond_of(facts)["addresses"]
    assert shown[state] is True
    assert shown["deprecated"] is (flags == 0x20)

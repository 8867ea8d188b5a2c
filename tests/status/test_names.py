# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond status and names: the servers, who names each, where they are published."""

import os
from pathlib import Path

import pytest
from wbond_cli.status import collect, document
from wbond_cli.status.build import build_status
from wbond_cli.status.model import Facts, Names
from wbond_net.names.records import Published, Record

from tests import stories
from tests.status.programs import SHOWN, Programs
from tests.status.views import bond_of, errors, rendered
from tests.stories import NOW

RECORDS = (
    Record("static", ("192.0.2.53",), ()),
    Record("dhclient", ("192.0.2.1",), ("lab.example",)),
    Record("dhcp6c", ("2001:db8::1",), ("lab.example",)),
    Record("ra", ("2001:db8::1", "fe80::1%bond0"), ()),
)


def facts(sink: str, fault: str = "") -> Facts:
    return stories.cable_active(names={"bond0": Names(RECORDS, Published(sink, fault))})


def test_each_server_stands_once_with_all_who_name_it() -> None:
    shown = " ".join(rendered(facts("file"), 140).split())
    assert (
        " names 192.0.2.53 (wbond.conf), 192.0.2.1 (dhclient), 2001:db8::1 (dhcp6c, router), "
        "fe80::1%bond0 (router); published in resolv.conf "
        "search lab.example (dhclient, dhcp6c) " in shown
    )


@pytest.mark.parametrize(
    ("sink", "words"),
    [
        ("resolved", "published by systemd-resolved"),
        ("resolvconf", "published by resolvconf"),
        ("none", "not published (dns = none)"),
        ("", "not published"),
    ],
)
def test_where_they_are_published_is_said(sink: str, words: str) -> None:
    assert f"; {words}" in rendered(facts(sink), 140)
    assert bond_of(facts(sink))["names"]["published"] == (sink or None)


def test_what_keeps_them_from_it_is_said_with_advice() -> None:
    found = facts("file", "/etc/resolv.conf is a link to x")
    assert "; not published" in rendered(found, 140)
    assert "names are not published: /etc/resolv.conf is a link to x" in rendered(found, 140)
    assert bond_of(found)["names"]["fault"] == "/etc/resolv.conf is a link to x"


def test_programs_see_the_same() -> None:
    found = facts("file")
    assert errors(document.status_to_dict(build_status(found))) == []
    names = bond_of(found)["names"]
    assert names["servers"][2] == {"address": "2001:db8::1", "sources": ["dhcp6c", "ra"]}
    assert names["search"] == [{"domain": "lab.example", "sources": ["dhclient", "dhcp6c"]}]


def test_a_bond_without_names_has_no_line_of_them() -> None:
    assert "names" not in rendered(stories.cable_active())
    assert bond_of(stories.cable_active())["names"]["published"] is None


def test_they_are_read_from_the_records(root: Path) -> None:
    folder = root / "run/wbond/bond0"
    (folder / "dns").mkdir(parents=True)
    (folder / "dns/dhclient").write_text("nameserver 192.0.2.1\nsearch lab\nnameserver \x1b\n")
    (folder / "dns/.new").write_text("nameserver 192.0.2.9\n")
    os.mkfifo(folder / "dns/ra")
    (folder / "dns-published").write_text("file\n\n")
    collector = collect.Collector(Programs(systemctl=SHOWN), str(root))
    found = collector.collect(stories.cable_active().links, (), (), NOW).names["bond0"]
    assert found.servers == {"192.0.2.1": ["dhclient"]}
    assert found.domains == {"lab": ["dhclient"]}
    assert found.published == Published("file")

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The files that the manual pages name are those that the code reads and writes."""

import os
import re
from pathlib import Path

from wbond import ini, units
from wbond_cli.apply import rollback
from wbond_cli.edit import draft
from wbond_net import pauses, runtime
from wbond_net.clients import dhclient, dhcp6c, notes
from wbond_net.deployed import snapshot
from wbond_net.names import records, resolv_conf
from wbond_net.watch import clients, names, network

from tests.conftest import REPOSITORY

PAGES = sorted((REPOSITORY / "man").glob("*.scd"))


def files(page: Path) -> list[str]:
    """Return the paths that a page's section FILES explains."""
    text = page.read_text(encoding="utf-8")
    (section,) = re.findall(r"^# FILES\n(.*?)^# ", text, re.MULTILINE | re.DOTALL) or [""]
    lines = re.findall(r"^(_/.*)$", section, re.MULTILINE)
    return [path for line in lines for path in re.findall(r"_(/.*?)_(?:,| |$)", line)]


def test_files_are_those_that_the_code_names() -> None:
    """The pages' sections FILES, and what the code puts together, BOND for the bond's name."""
    unit = (REPOSITORY / "units/dhcp6c@.service").read_text(encoding="utf-8")
    folder, name = os.path.split(dhcp6c.DUID)
    (state,) = re.findall(rf"^BindPaths=(.*):{folder}$", unit, re.MULTILINE)
    unit = (REPOSITORY / "units/wbond-dhcpcd@.service").read_text(encoding="utf-8")
    (line,) = re.findall(r"^BindPaths=(.*)$", unit, re.MULTILINE)
    bound = [pair.partition(":")[0].replace("%I", "BOND") for pair in line.split()]
    of_bond = f"{runtime.FOLDER}/BOND"
    assert {(page.name, path) for page in PAGES for path in files(page)} == {
        ("wbond.8.scd", f"/{ini.CONFIGURATION}"),
        ("wbond.8.scd", snapshot.folder("/", snapshot.APPLIED)),
        ("wbond.8.scd", snapshot.folder("/", snapshot.ATTEMPTED)),
        ("wbond.8.scd", f"/{rollback.REJECTED}"),
        ("wbond.8.scd", f"/{draft.FOLDER}/{draft.PREFIX}XXXXXXXX"),
        ("wbond-dhcp.8.scd", f"{dhclient.STATE}/dhclient.BOND.conf"),
        ("wbond-dhcp.8.scd", f"{dhclient.STATE}/dhclient.BOND.leases"),
        ("wbond-dhcp.8.scd", f"{dhclient.VOLATILE}/dhclient.BOND.lease.conf"),
        ("wbond-dhcp.8.scd", f"{dhclient.VOLATILE}/dhclient.BOND.leases"),
        ("wbond-dhcp.8.scd", f"{of_bond}/dhcp6c.conf"),
        ("wbond-dhcp.8.scd", f"{of_bond}/dhcpcd.conf"),
        *(("wbond-dhcp.8.scd", path) for path in bound),
        ("wbond-dhcp.8.scd", f"{of_bond}/{notes.ADDRESS_FILE}"),
        ("wbond-dhcp.8.scd", f"{of_bond}/{notes.ASKED_FILE}"),
        ("wbond-dhcp.8.scd", f"{of_bond}/{runtime.DHCP_SERVER}"),
        ("wbond-dhcp.8.scd", f"{of_bond}/{pauses.FOLDER}"),
        ("wbond-dhcp.8.scd", f"{state.replace('%I', 'BOND')}/{name}"),
        ("wbond-dns.8.scd", f"{of_bond}/{records.FOLDER}/SOURCE"),
        ("wbond-dns.8.scd", f"{of_bond}/{records.PUBLISHED}"),
        ("wbond-dns.8.scd", resolv_conf.KEPT),
        ("wbond-watch.8.scd", f"{of_bond}/{names.RECORD}"),
        ("wbond-watch.8.scd", f"{of_bond}/{names.NETWORK}"),
        ("wbond-watch.8.scd", f"{of_bond}/{clients.MARKER}"),
        ("wbond-watch.8.scd", f"{of_bond}/{network.RECORD}"),
        ("wbond-watch.8.scd", f"{of_bond}/{runtime.PATHS}"),
        ("wbond-watch.8.scd", f"{of_bond}/{runtime.DECIDES}"),
        ("wbond-watch.8.scd", f"{of_bond}/{runtime.TIMERS}"),
        ("wbond-generator.8.scd", f"/{ini.CONFIGURATION}"),
        ("wbond-generator.8.scd", f"/{snapshot.HOSTNAME}"),
        ("wbond-generator.8.scd", f"/{units.GENERATED}"),
    }

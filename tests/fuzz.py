# SPDX-License-Identifier: LGPL-2.1-or-later
"""`make fuzz`: mutants of what wbond reads, through its readers, in one process.

Half of the time configurations, those of the golden folders mutated, go through the generator:
none raises, none writes outside of the output directory or a line that is none of wbond's, and a
good bond beside them is always written. The other half goes to all other readers: none raises.
The first finding ends the run and leaves its input.
"""

import argparse
import contextlib
import io
import ipaddress
import json
import os
import random
import re
import socket
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [
    str(REPOSITORY),
    *(str(REPOSITORY / name) for name in ("generator", "helpers", "tests/vm")),
]

from wbond import config, ini  # noqa: E402 (the path comes first)
from wbond_cli.check import diagnostics, runner  # noqa: E402
from wbond_cli.journal import chart, history, reader, spans, timeline  # noqa: E402
from wbond_cli.status import document  # noqa: E402
from wbond_cli.status.build import build_status  # noqa: E402
from wbond_net.clients import dhcpcd_leases, leases  # noqa: E402
from wbond_net.deployed import unit_tree  # noqa: E402
from wbond_net.kernel import (  # noqa: E402
    bond_state,
    command,
    default_routes,
    frames,
    neighbours,
    netlink,
    rtnetlink,
    sysfs,
    udev_database,
)
from wbond_net.ports import ifupdown, scan_frequencies  # noqa: E402
from wbond_net.watch import (  # noqa: E402
    alignment,
    claims,
    failover,
    journal_events,
    network,
)
from wbond_net.watch.path import record  # noqa: E402
from wbond_udev import main as wbond_udev  # noqa: E402
from wbond_udev.match import VIRTUAL, WIRED, WIRELESS, Facts  # noqa: E402

from tests import reports, stories, test_check, test_dhcpcd, test_frames  # noqa: E402
from tests import test_rtnetlink as kernel  # noqa: E402
from tests.fuzz_generator import CASES, Generator  # noqa: E402
from tests.fuzz_import import Imports  # noqa: E402
from tests.fuzz_names import Names  # noqa: E402
from tests.fuzz_wifi import Wifi  # noqa: E402
from tests.mutants import TOKENS, Finding, mutated  # noqa: E402

SLOW = 2.0  # s: what takes longer for one input could hold up a boot


class Leases:
    """dhclient's leases."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance, self.seeds = chance, [stories.LEASE_FILE.encode()]

    def mutant(self) -> bytes:
        return mutated(self.seeds[0], [*self.seeds, *TOKENS], self.chance)

    def __call__(self, text: bytes) -> None:
        for lease in leases.parse(text.decode("utf-8", "surrogateescape")):
            if not lease.server.isprintable():
                raise Finding(f"not printable: {lease.server!r}")


class BinaryLeases:
    """dhcpcd's leases, which are what a server has sent."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance, self.seeds = chance, [test_dhcpcd.LEASE, test_dhcpcd.LEASE6]

    def mutant(self) -> bytes:
        return mutated(self.chance.choice(self.seeds), [*self.seeds, *TOKENS], self.chance)

    def __call__(self, octets: bytes) -> None:
        dhcpcd_leases.options4(octets)
        for address in (dhcpcd_leases.address4(octets), *dhcpcd_leases.addresses6(octets)):
            if address:
                ipaddress.ip_address(address)


class Journal:
    """What journalctl shows of the watch's entries, the timeline and the chart of them."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance = chance
        self.seeds = [
            json.dumps(
                {
                    "__REALTIME_TIMESTAMP": str(1785326400000000 + number),
                    "_BOOT_ID": "b",
                    "MESSAGE": f"bond0: cable enp0s10 {event}",
                    "WBOND_BOND": "bond0",
                    "WBOND_EVENT": event,
                    "WBOND_PORT": chance.choice(("enp0s10", [101, 255, 0])),
                    "WBOND_FORMER": chance.choice(("wlp3s0", ["a", "b"], None)),
                }
            ).encode()
            for number, event in enumerate(timeline.COLOURS)
        ]

    def mutant(self) -> bytes:
        lines = b"\n".join(self.chance.choices(self.seeds, k=4))
        return mutated(lines, [*self.seeds, b"[" * 2000, b'{"":' * 999, b"1" * 400], self.chance)

    def __call__(self, text: bytes) -> None:
        entries = list(reader.parse(text.decode("utf-8", "replace")))
        life = reader.life(entries, "bond0")
        for condition in ("active", "standby", "no-carrier"):
            reader.since(life, "enp0s10", condition)
        reader.idle_since(life)
        past = history.History()
        events = [past.event(entry) for entry in entries]
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            history.print_json(events)
            timeline.render(events, 80)
            if events:
                found = spans.of(entries, 1785326400.0 + self.chance.random() * 1e6, "b")
                assert all(one.begin < one.end for one in found)
                chart.render(events, found, self.chance.randint(20, 99), chart.BLOCKS)
        for line in shown.getvalue().splitlines():
            json.loads(line)


class Netlink:
    """rtnetlink's messages, and the state of a bond that is made of them."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance = chance
        self.seeds = [kernel.bond_message()]
        hops = kernel.attribute(
            9, struct.pack("=HBBi", 16, 0, 0, 9) + kernel.attribute(5, bytes(4))
        )
        via = kernel.attribute(18, struct.pack("=H", socket.AF_INET6) + bytes(16))
        for own in (hops, via, kernel.u32(4, 9) + kernel.u32(6, 7)):
            self.seeds.append(kernel.message(24, reports.route_report(socket.AF_INET, own)))
        for kind in (kernel.NEWLINK, kernel.DELLINK):
            self.seeds.append(kernel.port_message(kind))
        for family, size in ((socket.AF_INET, 4), (socket.AF_INET6, 16)):
            fields = [
                (1, bytes(size)),
                (2, bytes(size)),
                (6, bytes(16)),
                (8, bytes(4)),
                (11, b"\2"),
            ]
            attributes = b"".join(kernel.attribute(kind, value) for kind, value in fields)
            self.seeds.append(kernel.address_message(kernel.NEWADDR, family, attributes))
            neighbour = struct.pack("=BxxxiHBB", family, 9, 2, 0, 1)
            octets = kernel.attribute(1, bytes(size))
            self.seeds.append(kernel.message(28, neighbour + octets))
            route = struct.pack("=BBBBBBBBI", family, 0, 0, 0, 254, 3, 0, 1, 0)
            nexthop = struct.pack("=HBBi", 8 + 4 + size, 0, 0, 9)
            nexthop += kernel.attribute(5, bytes(size))
            self.seeds.append(kernel.message(24, route + kernel.attribute(9, nexthop)))

    def mutant(self) -> bytes:
        text = bytearray(b"".join(self.chance.choices(self.seeds, k=3)))
        for _ in range(self.chance.randint(1, 8)):
            at = self.chance.randrange(len(text))
            kind = self.chance.randrange(3)
            if kind == 0:
                text[at] = self.chance.randrange(256)
            elif kind == 1:
                text[at : at + 2] = struct.pack("=H", self.chance.choice((0, 1, 3, 4, 5, 65535)))
            else:
                del text[at : at + self.chance.randint(1, 8)]
        return bytes(text)

    def __call__(self, text: bytes) -> None:
        for message in netlink.messages(text):
            default_routes.routes(message.body)
        links: dict[int, rtnetlink.Link] = {}
        events = [found for found in map(rtnetlink.event, netlink.messages(text)) if found]
        for event in events:
            if isinstance(event.what, rtnetlink.Link):
                links[event.what.ifindex] = event.what
            elif isinstance(event.what, rtnetlink.Address):
                rtnetlink.deprecation(event.what)
        now = bond_state.begin(links, 9, None, lambda name: "wl" in name)
        networks = network.Network(None)
        for event in events:
            former, now = now, bond_state.after(now, event, lambda name: "wl" in name)
            for change in journal_events.changes(former, now):
                if not (
                    change.text.isprintable() and "".join(change.fields.values()).isprintable()
                ):
                    raise Finding(f"not printable: {change}")
            journal_events.status(now), failover.successor(now), failover.needs_reselect(now, 2)
            claims.claimant(former, now), alignment.ports_with_other_mac(now, "enp0s10")
            networks.follow([now])


class Paths:
    """Frames that answer for a router, and the watch's record of paths."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance = chance
        self.seeds = [
            test_frames.arp_reply(),
            test_frames.advertisement(),
            test_frames.success(),
            record.text(stories.path_dead().paths["bond0"]).encode(),
            b"arp_cache 30000 5000\nndisc_cache 30000 5000\n",
        ]

    def mutant(self) -> bytes:
        return mutated(self.chance.choice(self.seeds), self.seeds, self.chance)

    def __call__(self, octets: bytes) -> None:
        found = frames.heard(octets)
        if found and len(found.mac) != 17:
            raise Finding(f"no MAC address: {found}")
        text = octets.decode("ascii", "replace")
        neighbours.noted(text)
        facts = stories.path_dead(paths={"bond0": record.read(text)})
        document.status_to_dict(build_status(facts))


class Udev:
    """What devices say, what udev has noted of them, what iw prints, and ifupdown's files."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance, self.folder = chance, folder / "ifupdown"
        (self.folder / "etc/network").mkdir(parents=True)
        document = ini.Document()
        text = (CASES / "every-option/etc/wbond.conf").read_bytes()
        ini.parse(text + b"\n[zz]\nwired = *\n[zz/u]\nkind=wired\nmatch_usb=*:*\n", "/f", document)
        self.config = config.interpret(document, "")
        self.seeds = [
            b"I:1\nE:WBOND_BOND=bond0\nE:WBOND_UNIT=bond0-wired@enp0s10.service\nE:A=b\n",
            b"phy#0\n\tInterface wlan0\n\t\tifindex 3\n\t\tchannel 1 (2412 MHz), width: 20 MHz\n",
            b"Band 1:\n\t* 2412 MHz [1] \n\t* 2437 MHz [6] \n\t* 2462 MHz [11] \n",
            b"auto lo\niface enp0s10 inet dhcp\nsource interfaces.d/*\nsource-directory x\\\ny\n",
            b"enp0s10\nIntel_Corp\npci-0000:00:1f.6\n8086:15d8\n",
        ]

    def mutant(self) -> bytes:
        return mutated(self.chance.choice(self.seeds), self.seeds, self.chance)

    def __call__(self, octets: bytes) -> None:
        text = octets.decode("utf-8", "surrogateescape")
        (self.folder / "n2").write_bytes(octets)
        with mock.patch.object(udev_database, "DATA", str(self.folder)):
            udev_database.ports("bond0")
        with (
            mock.patch.object(command, "output", return_value=octets.decode("utf-8", "replace")),
            mock.patch.object(sysfs, "ports", return_value=["wlan0", "wlan1"]),
            mock.patch.object(sysfs, "exists", return_value=True),
        ):
            scan_frequencies.initial("bond0", "wlan1")
        (self.folder / "etc/network/interfaces").write_bytes(octets)
        ifupdown.stanzas("enp0s10", str(self.folder))
        words = (text.split("\n") + [""] * 5)[:5]
        kind = self.chance.choice((WIRED, WIRELESS, VIRTUAL))
        # The kernel's names hold neither of these (dev_valid_name()).
        name = re.sub(r"[\s/:\0]", "", words[0])[:15] or "x"
        facts = Facts(name, kind, *(word.replace("\0", "") for word in words[1:]))
        for key, value in wbond_udev.properties(self.config, facts, ""):
            if not re.fullmatch("[A-Z0-9_]+", key) or "\n" in value:
                raise Finding(f"a property is broken out of: {key}={value!r}")


class Check:
    """All files that `wbond check` looks at, those of the faulty machines mutated in turn."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance = chance
        self.machines: list[tuple[Path, list[Path]]] = []
        for name in test_check.NAMES:
            root = test_check.build(name, folder / "machines" / name)
            story = test_check.STORIES / name / "root"
            files = [root / path.relative_to(story) for path in story.rglob("*") if path.is_file()]
            files = [path for path in files if path.is_file() and not path.is_symlink()]
            if files:
                self.machines.append((root, files))
        self.root, self.files = self.machines[0]
        self.seeds = [path.read_bytes() for _, files in self.machines for path in files]
        self.seeds = [seed for seed in self.seeds if len(seed) < 10_000]

    def mutant(self) -> bytes:
        self.root, files = self.chance.choice(self.machines)
        self.file = self.chance.choice(files)
        return mutated(self.file.read_bytes(), self.seeds, self.chance)

    def __call__(self, text: bytes) -> None:
        before, mode = self.file.read_bytes(), self.file.stat().st_mode
        self.file.write_bytes(text)
        try:
            for diagnostic in runner.run(runner.Source(str(self.root), "")):
                json.dumps(diagnostics.as_data(diagnostic))
            with contextlib.suppress(OSError):
                unit_tree.render_root(str(self.root))
        finally:
            self.file.write_bytes(before)
            self.file.chmod(mode)


READERS: list[Callable[[Path, random.Random], Any]] = [
    *(Leases, BinaryLeases, Journal, Names, Netlink, Paths, Udev, Wifi, Imports, Check)
]


def turn(reader: Any) -> None:
    """Give a reader one mutant. Raises Finding with it."""
    text = reader.mutant()
    began = time.process_time()
    try:
        reader(text)
    except Finding as finding:
        finding.add_note(f"of {text!r}")
        raise
    except Exception as error:
        raise Finding(f"{type(reader).__name__}: {traceback.format_exc()}\nof {text!r}") from error
    if (took := time.process_time() - began) > SLOW:
        raise Finding(f"{type(reader).__name__}: {took:.1f} s for {text!r}")


def fuzz(folder: Path, seed: str, seconds: float) -> dict[str, int]:
    """Fuzz for some seconds; returns how many mutants each reader had. Raises Finding."""
    chance = random.Random(seed)
    readers = [Generator(folder, chance), *(make(folder, chance) for make in READERS)]
    spent = dict.fromkeys(readers, 0.0)
    share = {reader: len(READERS) if isinstance(reader, Generator) else 1 for reader in readers}
    counts = {type(reader).__name__: 0 for reader in readers}
    end = time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        reader = min(readers, key=lambda one: spent[one] / share[one])
        while time.monotonic() < min(now + 0.2, end):
            turn(reader)
            counts[type(reader).__name__] += 1
        spent[reader] += time.monotonic() - now
    return counts


def main() -> int:
    """Entry point; 0 without a finding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", default=str(int.from_bytes(os.urandom(3), "big")))
    chosen = parser.parse_args()
    print(f"fuzzing for {chosen.minutes:g} minutes, seed {chosen.seed}", flush=True)
    shm = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="wbond-fuzz-", dir=shm) as folder:
        try:
            counts = fuzz(Path(folder), chosen.seed, chosen.minutes * 60)
        except Finding as finding:
            print("\n".join([str(finding), *getattr(finding, "__notes__", ())]))
            return 1
    print(", ".join(f"{name} {count}" for name, count in counts.items()), "mutants, no finding")
    return 0


if __name__ == "__main__":
    sys.exit(main())

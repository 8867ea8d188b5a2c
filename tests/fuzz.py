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
import json
import os
import random
import re
import shutil
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

from wbond import config, ini, plan  # noqa: E402 (the path comes first)
from wbond import main as generator  # noqa: E402
from wbond_cli.check import diagnostics, runner  # noqa: E402
from wbond_cli.journal import history, reader, timeline  # noqa: E402
from wbond_net.clients import leases  # noqa: E402
from wbond_net.deployed import unit_tree  # noqa: E402
from wbond_net.kernel import link, rtnetlink, state, udev  # noqa: E402
from wbond_net.ports import frequencies, ifupdown  # noqa: E402
from wbond_udev import main as wbond_udev  # noqa: E402
from wbond_udev.match import VIRTUAL, WIRED, WIRELESS, Facts  # noqa: E402

from tests import stories, test_check  # noqa: E402
from tests import test_rtnetlink as kernel  # noqa: E402

CASES = REPOSITORY / "tests" / "cases"
SLOW = 2.0  # s: what takes longer for one input could hold up a boot
GOOD = b"[zz-good]\nwired = zz0\nwireless =\n"
GOOD_LINKS = (
    "multi-user.target.wants/wbond@zz\\x2dgood.service",
    "sys-subsystem-net-devices-zz0.device.wants/wbond-plug@zz\\x5cx2dgood\\x2dwired\\x40zz0.service",
)
TOKENS = [
    *(b"[bond0]", b"[bond0/dock]", b"[DEFAULT]", b"[b:bond0]", b"[", b"]", b":", b"=", b"#", b";"),
    *(b"\t", b"\n", b"\r", b"\r\n", b"\x00", b"\x0b", b"\x0c", b"\x1c", b"\x1e", b"\x7f", b" "),
    *(
        "\x85\u2028\u2029\ufeff\ufffe\xa0٥ß".encode(),
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
    ),
    *(
        b"%n",
        b"%",
        b"$X",
        b"${BOND}",
        b'"',
        b"'",
        b"\\",
        b"\\n",
        b"\\x2d",
        b"/../",
        b"//",
        b"-",
        b"@",
    ),
    *(b"*", b"?", b"[!a]", b"[[:alpha:]]", b"a" * 300, b"9" * 5000, b"-1", b"0", b"1e9", b"0x10"),
    *(name.encode() for name in (*config.BOND_SETTINGS, *config.BOND_LISTS)),
    *(name.encode() for name in (*config.PORT_SETTINGS, *config.PORT_LISTS)),
    *(b"yes", b"none", b"auto", b"stable", b"active", b"enp0s10", b"wl*", b"02:00:00:00:00:01"),
]
KEYS = {"SourcePath", "Conflicts", "OnFailure", "Environment"}
for _unit in (REPOSITORY / "units").iterdir():
    KEYS |= set(re.findall("^([A-Za-z]+)=", _unit.read_text(encoding="utf-8"), re.MULTILINE))


class Finding(Exception):
    """What a reader has done that it should not."""


def mutated(seed: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return a text with some changes: bytes, tokens, lines, and parts of other texts."""
    text = bytearray(seed)
    for _ in range(chance.choice((1, 1, 2, 3, 5, 10))):
        at = chance.randint(0, len(text))
        end = min(len(text), at + chance.choice((0, 1, 1, 2, 8, 40)))
        kind = chance.randrange(7)
        if kind == 0:
            text[at:end] = chance.choice(TOKENS)
        elif kind == 1:
            text[at:at] = chance.choice(TOKENS)
        elif kind == 2:
            text[at:end] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 4)))
        elif kind == 3:
            del text[at:end]
        else:
            lines = bytes(text).split(b"\n")
            line = chance.randrange(len(lines))
            if kind == 4:
                lines.insert(chance.randint(0, len(lines)), lines[line])
            elif kind == 5:
                lines[line] = chance.choice(chance.choice(others).split(b"\n"))
            else:
                other = chance.choice(others)
                lines[line:line] = other[: chance.randint(0, len(other))].split(b"\n")
            text = bytearray(b"\n".join(lines))
    return bytes(text)


# --- the generator -------------------------------------------------------------------


class Generator:
    """Configurations, most of them read and planned, some written as well."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance = chance
        files = (path for path in sorted(CASES.rglob("*.conf")) if path.is_file())
        self.seeds = [path.read_bytes() for path in files if "expected" not in path.parts]
        self.root, self.output = folder / "generator/root", folder / "generator/output"
        (self.root / "etc/wbond.conf.d").mkdir(parents=True)
        (self.root / "etc/wbond.conf.d/99-good.conf").write_bytes(GOOD)
        self.before = self._tree()

    def mutant(self) -> bytes:
        return mutated(self.chance.choice(self.seeds), self.seeds, self.chance)

    def __call__(self, text: bytes) -> None:
        document = ini.Document()
        ini.parse(text, "/etc/wbond.conf", document)
        ini.parse(GOOD, "/etc/wbond.conf.d/99-good.conf", document)
        read = config.interpret(document, self.chance.choice(("", "atlas", "a_b_c")))
        items = generator.items(read, str(self.root))
        check_items(items)
        for problem in read.problems:
            str(problem)
        if self.chance.random() < 0.02:
            self.write(text)

    def write(self, text: bytes) -> None:
        """Run the generator as systemd does, and look at what it leaves."""
        shutil.rmtree(self.output, ignore_errors=True)
        (self.root / "etc/wbond.conf").write_bytes(text)
        said: list[str] = []
        logger: Any = lambda _, line: said.append(line)  # noqa: E731 (it has to be a Log)
        if generator.generate(str(self.root), str(self.output), logger):
            raise Finding(f"not written: {said}")
        if broken := [line for line in said if not line.isprintable()]:
            raise Finding(f"lines of the log are broken out of: {broken}")
        (self.root / "etc/wbond.conf").unlink()
        if self._tree() != self.before:
            raise Finding("it has written outside of the output directory")
        missing = [name for name in GOOD_LINKS if not os.path.lexists(self.output / name)]
        if missing:
            raise Finding(f"the good bond is not written: {missing}")

    def _tree(self) -> list[tuple[str, int]]:
        """Return what is there beside the output directory, and its sizes."""
        return sorted(
            (str(path), path.lstat().st_size if path.is_file() else 0)
            for path in self.root.parent.rglob("*")
            if self.output not in (path, *path.parents) and path.name != "wbond.conf"
        )


def check_items(items: tuple[plan.File | plan.Link, ...]) -> None:
    """Check that what is to be written is wbond's, line by line. Raises Finding."""
    paths = {item.path for item in items}
    if len(paths) != len(items):
        raise Finding("two items of one name")
    if missing := [name for name in GOOD_LINKS if name not in paths]:
        raise Finding(f"the good bond is not planned: {missing}")
    for item in items:
        parts = item.path.split("/")
        if not 1 <= len(parts) <= 2 or any(part in ("", ".", "..") for part in parts):
            raise Finding(f"a path that leads elsewhere: {item.path!r}")
        if max(len(os.fsencode(part)) for part in parts) > 255 or not item.path.isprintable():
            raise Finding(f"a name that cannot be: {item.path!r}")
        if isinstance(item, plan.Link):
            if not re.fullmatch(r"/usr/lib/systemd/system/wbond[a-z-]*@\.service", item.target):
                raise Finding(f"a link that leads elsewhere: {item.target!r}")
            continue
        for line in item.text.split("\n"):
            key = line.partition("=")[0]
            plain = line in ("", "[Unit]", "[Service]") or line[0] == "#" or key in KEYS
            if not plain or re.search(r"[\x00-\x08\x0b-\x1f\x7f]", line):
                raise Finding(f"{item.path}: a line is broken out of: {line!r}")


# --- all other readers ---------------------------------------------------------------


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


class Journal:
    """What journalctl shows of the watch's entries, and the timeline that is made of it."""

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
        events = history.events(entries)
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            history.print_json(events)
            timeline.render(events, 80)
        for line in shown.getvalue().splitlines():
            json.loads(line)


class Netlink:
    """rtnetlink's messages, and the state of a bond that is made of them."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance = chance
        self.seeds = [kernel.bond_message()]
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
        links: dict[int, rtnetlink.Link] = {}
        events = [found for found in map(rtnetlink.event, rtnetlink.messages(text)) if found]
        for event in events:
            if isinstance(event.what, rtnetlink.Link):
                links[event.what.ifindex] = event.what
            else:
                rtnetlink.deprecation(event.what)
        now = state.begin(links, 9, None, lambda name: "wl" in name)
        for event in events:
            former, now = now, state.after(now, event, lambda name: "wl" in name)
            for change in state.changes(former, now):
                if not (
                    change.text.isprintable() and "".join(change.fields.values()).isprintable()
                ):
                    raise Finding(f"not printable: {change}")
            state.status(now), state.successor(now), state.claimed(former, now)
            state.online(now), state.misaligned(now, "enp0s10"), state.returned(now, 2)


class Udev:
    """What devices say of themselves, what udevadm and iw print, and ifupdown's files."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance, self.folder = chance, folder / "ifupdown"
        (self.folder / "etc/network").mkdir(parents=True)
        document = ini.Document()
        text = (CASES / "every-option/etc/wbond.conf").read_bytes()
        ini.parse(text + b"\n[zz]\nwired = *\n[zz/u]\nkind=wired\nmatch_usb=*:*\n", "/f", document)
        self.config = config.interpret(document, "")
        self.seeds = [
            b"WBOND_BOND=bond0\nWBOND_UNIT=bond0-wired@enp0s10.service\nWBOND_SET_PRIORITY=10\n",
            b"phy#0\n\tInterface wlan0\n\t\tifindex 3\n\t\tchannel 1 (2412 MHz), width: 20 MHz\n",
            b"Band 1:\n\t* 2412 MHz [1] \n\t* 2437 MHz [6] \n\t* 2462 MHz [11] \n",
            b"auto lo\niface enp0s10 inet dhcp\nsource interfaces.d/*\nsource-directory x\\\ny\n",
            b"enp0s10\nIntel_Corp\npci-0000:00:1f.6\n8086:15d8\n",
        ]

    def mutant(self) -> bytes:
        return mutated(self.chance.choice(self.seeds), self.seeds, self.chance)

    def __call__(self, octets: bytes) -> None:
        text = octets.decode("utf-8", "surrogateescape")
        with mock.patch.object(link, "output", return_value=octets.decode("utf-8", "replace")):
            udev.settings("enp0s10")
            with (
                mock.patch.object(link, "ports", return_value=["wlan0", "wlan1"]),
                mock.patch.object(link, "exists", return_value=True),
            ):
                frequencies.initial("bond0", "wlan1")
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
            for finding in runner.examine(runner.Source(str(self.root), "")):
                json.dumps(diagnostics.as_data(finding))
            with contextlib.suppress(OSError):
                unit_tree.render_root(str(self.root))
        finally:
            self.file.write_bytes(before)
            self.file.chmod(mode)


READERS: list[Callable[[Path, random.Random], Any]] = [Leases, Journal, Netlink, Udev, Check]


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

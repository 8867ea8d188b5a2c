# SPDX-License-Identifier: LGPL-2.1-or-later
"""The generator under the fuzzer: what it reads, plans and writes of mutants of configurations."""

import os
import random
import re
import shutil
from pathlib import Path
from typing import Any

from wbond import config, ini, messages, plan
from wbond import main as generator

from tests.mutants import Finding, mutated

REPOSITORY = Path(__file__).resolve().parents[1]
CASES = REPOSITORY / "tests" / "cases"
GOOD = b"[zz-good]\nwired = zz0\nwireless =\n"
GOOD_LINKS = (
    "multi-user.target.wants/wbond@zz\\x2dgood.service",
    "sys-subsystem-net-devices-zz0.device.wants/zz\\x2dgood-wired@zz0.service",
    "sys-subsystem-net-devices-zz0.device.wants/wbond-plug@zz\\x2dgood-wired@zz0.service",
)
KEYS = {"SourcePath", "Conflicts", "OnFailure", "Environment"}
PROPERTIES = {"WBOND_BOND", "WBOND_ROLE", "WBOND_MAC", "WBOND_UNIT"}
PROPERTIES |= {"NM_UNMANAGED", "ID_NET_MANAGED_BY"}
for _unit in (REPOSITORY / "units").iterdir():
    KEYS |= set(re.findall("^([A-Za-z]+)=", _unit.read_text(encoding="utf-8"), re.MULTILINE))


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
            if problem.code == config.INTERNAL_ERROR:
                raise Finding(messages.line(problem))
            messages.remedy(problem)
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
            shipped = re.fullmatch(
                r"/usr/lib/systemd/system/(wbond|bond0-)[a-z-]*@\.service", item.target
            )
            if not shipped and item.target.removeprefix("../") not in paths:
                raise Finding(f"a link that leads elsewhere: {item.target!r}")
            continue
        keys = PROPERTIES if parts[0] == plan.PROPERTIES else KEYS
        for line in item.text.split("\n"):
            key = line.partition("=")[0]
            plain = line in ("", "[Unit]", "[Service]") or line[0] == "#" or key in keys
            if not plain or re.search(r"[\x00-\x08\x0b-\x1f\x7f]", line):
                raise Finding(f"{item.path}: a line is broken out of: {line!r}")

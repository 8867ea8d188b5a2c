# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other programs' files, mutated, as `wbond import` reads them."""

import random
from pathlib import Path

from wbond_cli.check.machine import Machine
from wbond_cli.errors import UserError
from wbond_cli.imports import cables, choose, configuration, sources, targets

from tests.mutants import TOKENS, Finding, mutated

STORIES = Path(__file__).resolve().parent / "imports"
_TOKENS = [
    *(b"ssid=", b"psk=", b"\\s", b";", b"'", b"&a", b"*a", b"- ", b"  ", b"$(x)", b"("),
    b"9;" * 40,
]


class Imports:
    """The files of the golden folders: a mutant takes the place of one, and all are read."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance, self.root = chance, folder / "imports"
        self.paths: list[str] = []
        self.seeds: list[bytes] = []
        self.path = ""
        for path in sorted(STORIES.glob("*/root/**/*")):
            name = str(path.relative_to(STORIES)).partition("/root/")[2]
            if path.is_file() and not name.startswith("usr/"):
                self.paths.append(name)
                self.seeds.append(path.read_bytes())
                if ".wants/" in name:
                    target = self.root / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(path.read_bytes())

    def mutant(self) -> bytes:
        number = self.chance.randrange(len(self.seeds))
        self.path = self.paths[number]
        return mutated(self.seeds[number], [*self.seeds, *TOKENS, *_TOKENS], self.chance)

    def __call__(self, octets: bytes) -> None:
        path = self.root / self.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
        try:
            found = sources.read(Machine(str(self.root)), ())
            draft = choose.choose(found)
            text = configuration.text(found, draft)
            _, config = configuration.read(text)
            if config.problems:
                raise Finding(f"{config.problems[0].code} in {text!r}")
            targets.edits(found, draft.networks, ["/etc/new.conf"])
            cables.files(found.machine, draft.cables)
        except UserError as error:
            if "would refuse" in error.message:
                raise Finding(error.message) from error
        finally:
            path.unlink()

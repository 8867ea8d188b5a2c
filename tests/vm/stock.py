# SPDX-License-Identifier: LGPL-2.1-or-later
"""A stock Debian that has booted, kept beside its image: what an installation begins with."""

import json
from pathlib import Path

import cache
import emulator
import hardware
import image
import machine
from machine import Machine, Snapshot

_FOLDER = "@FOLDER@"  # in the kept file, in place of the folder that holds it
_NOTE = "snapshot.json"


def booted(release: str) -> Snapshot:
    """Return the guest of a release as it is after a boot.

    The first time, and whenever the image or QEMU's start has changed, this takes a boot.
    """
    guest = image.image(release)

    def make(folder: Path) -> Path:
        home = folder / "guest"
        with Machine(guest, home) as made:
            made.boot()
            made.booted()
            note = json.dumps(made.save())
        (home / _NOTE).write_text(note.replace(str(home), _FOLDER))
        return home

    sources = [Path(str(module.__file__)).read_bytes() for module in (machine, hardware, emulator)]
    recipe = b"\0".join([str(guest.folder).encode(), *sources])
    kept = cache.kept(f"booted-{release}", recipe, make)
    return Snapshot(*json.loads((kept / _NOTE).read_text().replace(_FOLDER, str(kept))))

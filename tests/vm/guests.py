# SPDX-License-Identifier: LGPL-2.1-or-later
"""The laptops of the scenarios: booted, or resumed from a snapshot that all workers share."""

import fcntl
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import image
from laptop import Laptop
from machine import Snapshot

Boot = Callable[..., Laptop]
Resume = Callable[..., Laptop]


def made_once(note: Path, make: Callable[[Path], Snapshot]) -> Snapshot:
    """Return the snapshot that a file names; without one, `make` it in a folder beside the file.

    Another worker may be making it, or have made it.
    """
    with note.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            folder = note.with_suffix("")
            shutil.rmtree(folder, ignore_errors=True)
            note.write_text(json.dumps(make(folder)))
    return Snapshot(*json.loads(note.read_text()))


class Guests:
    """Starts the laptops of a module; each switches the former one off."""

    def __init__(self, release: str, folders: Callable[[], Path]) -> None:
        self.release, self.folders = release, folders
        self.laptop: Laptop | None = None

    def resume(self, snapshot: Snapshot, cable: bool = True) -> Laptop:
        """Continue with a laptop that was saved."""
        laptop = self._new(Path(snapshot.disk))
        laptop.resume(snapshot, cable)
        return laptop

    def boot(self, disk: Path, **how: object) -> Laptop:
        """Boot a laptop; see Machine.boot() for what can be set."""
        laptop = self._new(disk)
        laptop.boot(**how)  # type: ignore[arg-type]
        return laptop

    def _new(self, disk: Path) -> Laptop:
        self.end()
        laptop = Laptop(image.image(self.release), self.folders(), disk)
        self.laptop = Laptop.current = laptop
        return laptop

    def end(self) -> None:
        """Switch the laptop off."""
        if self.laptop:
            self.laptop.kill()
            self.laptop = None

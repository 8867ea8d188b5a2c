# SPDX-License-Identifier: LGPL-2.1-or-later
"""`make picture`: what `wbond status` shows before and after the cable is pulled, as SVG.

Taken in the lab, on a terminal of 80 columns, and drawn by rich (export_svg()).
"""

import io
import re
import sys
import tempfile
from pathlib import Path

import image
from laptop import CARD, FILES, RADIO, REPOSITORY, Laptop, installed_disk
from rich.console import Console
from rich.text import Text

RELEASE = image.RELEASES[-1]
PICTURE = REPOSITORY / "docs" / "status.svg"
COLUMNS = 80
PROMPT = "$ "
FONT_FACE = re.compile(r"^\s*@font-face \{.*?\}\n", re.DOTALL | re.MULTILINE)


def main() -> int:
    """Take the pictures and write the file."""
    with tempfile.TemporaryDirectory(prefix="wbond-picture-") as folder:
        disk = installed_disk(RELEASE, Path(folder) / "installed")
        laptop = Laptop(image.image(RELEASE), Path(folder) / "laptop", disk)
        try:
            shots = shoot(laptop)
        finally:
            laptop.kill()
    PICTURE.write_text(draw(shots), encoding="utf-8")
    print(PICTURE)
    return 0


def shoot(laptop: Laptop) -> list[tuple[str, str]]:
    """Return what was done, and what the terminal showed then."""
    laptop.boot(files=FILES)
    laptop.booted()
    laptop.wait_both()
    laptop.wait_status(f"cable {CARD} carries; radio {RADIO} stands by")
    before = terminal(laptop)
    laptop.cable.pull()
    laptop.wait_port(RADIO)
    laptop.wait_for("the world to answer over the radio", laptop.ping)
    laptop.wait_status(f"radio {RADIO} carries")
    return [("", before), ("the cable is pulled", terminal(laptop))]


def terminal(laptop: Laptop) -> str:
    """Run `wbond status` on a terminal of the guest's and return all that it wrote there."""
    where = ("env", "TERM=xterm-256color", "LANG=C.UTF-8", f"COLUMNS={COLUMNS}")
    return laptop.run(*where, "script", "-qec", "wbond status", "/dev/null", check=False)


def draw(shots: list[tuple[str, str]]) -> str:
    """Return one picture of all."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for done, shown in shots:
        if done:
            console.print(Text(f"\n# {done}", style="bold"))
        console.print(Text(f"{PROMPT}wbond status", style="bold"))
        console.print(Text.from_ansi(shown.replace("\r\n", "\n").rstrip()))
    # Without the fonts, which a reader would be sent elsewhere for.
    return FONT_FACE.sub("", console.export_svg(title="wbond"))


if __name__ == "__main__":
    sys.exit(main())

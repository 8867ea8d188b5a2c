# SPDX-License-Identifier: LGPL-2.1-or-later
"""A shell in the lab: boots a laptop with wbond installed and configured; `make lab`."""

import argparse
import sys
import tempfile
from pathlib import Path

import image
from laptop import FILES, Laptop, installed_disk

WELCOME = """
The laptop has a cable, enp0s10, a radio, wlp3s0, and bond0 of both; log in as root.
  lab-traffic udp                  packets to the world until Ctrl-C; says what was lost
  systemctl stop lab-ap            the access point vanishes
  ip netns exec world …            a look from the world's side
Ctrl-A C leads to QEMU's monitor: `set_link card off` pulls the cable. Ctrl-A X ends it all.
"""


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--release", choices=image.CHOICES, default=image.RELEASES[-1])
    parser.add_argument("--config", type=Path, help="a wbond.conf in place of the smallest one")
    chosen = parser.parse_args()
    files = dict(FILES)
    if chosen.config:
        files["/etc/wbond.conf"] = chosen.config.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="wbond-lab-") as folder:
        print("installing wbond in a stock guest …", file=sys.stderr)
        disk = installed_disk(chosen.release, Path(folder) / "install")
        laptop = Laptop(image.image(chosen.release), Path(folder) / "laptop", disk)
        print(WELCOME, file=sys.stderr)
        laptop.boot(files=files, console=True)
        assert laptop.qemu
        return laptop.qemu.wait()


if __name__ == "__main__":
    sys.exit(main())

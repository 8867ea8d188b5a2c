# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine for the helpers' decisions: sysfs as files, commands recorded and answered."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wbond_net.kernel import link

OWN = {"enp0s10": "52:54:00:00:00:01", "wlp3s0": "02:00:00:00:00:00", "eth9": "52:54:00:00:00:09"}


class Machine:
    """Interfaces below `sysfs`; `ran` holds every command, `refused` those that fail.

    An interface is gone when the command that starts as `pulled` comes.
    """

    def __init__(self, root: Path) -> None:
        self.sysfs = root / "net"
        self.sysfs.mkdir()
        self.ran: list[str] = []
        self.refused: dict[str, str] = {}
        self.pulled = ""
        self.udev: dict[str, str] = {}
        self.priorities: dict[str, int] = {}

    def add(self, name: str, address: str = "", up: bool = False, master: str = "") -> Path:
        """Add an interface."""
        folder = self.sysfs / name
        folder.mkdir()
        (folder / "address").write_text(f"{address or OWN.get(name, '02:00:00:00:00:ff')}\n")
        (folder / "flags").write_text("0x1003\n" if up else "0x1002\n")
        if master:
            (folder / "master").symlink_to(f"../{master}")
        return folder

    def add_bond(self, name: str = "bond0", ports: str = "", primary: str = "") -> None:
        """Add a bond."""
        folder = self.add(name, up=True)
        (folder / "bonding").mkdir()
        (folder / "bonding/slaves").write_text(f"{ports}\n")
        (folder / "bonding/primary").write_text(f"{primary}\n")

    def rfkill(self, radio: str, soft: int = 0, hard: int = 0) -> None:
        """Give a radio a switch."""
        folder = self.sysfs / radio / "phy80211/rfkill0"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "soft").write_text(f"{soft}\n")
        (folder / "hard").write_text(f"{hard}\n")

    def run(self, args: Sequence[str], **_: object) -> "subprocess.CompletedProcess[bytes]":
        """Stand for subprocess.run: record, do to sysfs what the command would, answer."""
        words = list(args)
        command = " ".join(words)
        if words[:2] == ["udevadm", "info"]:
            return self._answer(self.udev.get(words[-1].rpartition("/")[2], ""))
        if words[:4] == ["ip", "-json", "-details", "link"]:
            return self._answer(json.dumps(self._links(words[5:])))
        self.ran.append(command)
        if self.pulled and command.startswith(self.pulled):
            shutil.rmtree(self.sysfs / words[4])
            return subprocess.CompletedProcess(words, 1, b"", b"Cannot find device")
        for start, text in self.refused.items():
            if command.startswith(start):
                return subprocess.CompletedProcess(words, 2, b"", text.encode())
        if words[:4] == ["ip", "link", "set", "dev"] and words[5] == "address":
            (self.sysfs / words[4] / "address").write_text(words[6] + "\n")
        if words[:4] == ["ip", "link", "set", "dev"] and words[5] == "master":
            (self.sysfs / words[4] / "master").symlink_to(f"../{words[6]}")
            (self.sysfs / words[4] / "flags").write_text("0x1803\n")
        return self._answer("")

    def _answer(self, text: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.CompletedProcess([], 0, text.encode(), b"")

    def _links(self, selector: list[str]) -> list[dict[str, Any]]:
        names = [path.name for path in sorted(self.sysfs.iterdir())]
        if selector[0] == "dev":
            names = [name for name in names if name == selector[1]]
        else:
            names = [name for name in names if link.master(name) == selector[1]]
        return [self._link(name) for name in names]

    def _link(self, name: str) -> dict[str, Any]:
        address = link.attribute(name, "address")
        found: dict[str, Any] = {"ifname": name, "address": address}
        if OWN.get(name, address) != address:
            found["permaddr"] = OWN[name]
        if name in self.priorities:
            found["linkinfo"] = {"info_slave_data": {"prio": self.priorities[name]}}
        return found

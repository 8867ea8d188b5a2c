# SPDX-License-Identifier: LGPL-2.1-or-later
"""Radio switches: whether one blocks a radio, and waiting until none does."""

import os

from wbond_net.kernel import sysfs

DEVICE = "/dev/rfkill"
EVENT_SIZE = 8  # bytes, struct rfkill_event, linux/rfkill.h; longer ones are cut to what is asked


def blocked(name: str) -> bool:
    """Tell whether a soft or hard switch blocks the radio (Documentation/driver-api/rfkill.rst)."""
    folder = os.path.join(sysfs.SYSFS, name, "phy80211")
    try:
        switches = [entry for entry in os.listdir(folder) if entry.startswith("rfkill")]
    except OSError:
        return False
    return any(
        _read(os.path.join(folder, switch, kind)) == "1"
        for switch in switches
        for kind in ("soft", "hard")
    )


def wait_unblocked(name: str) -> None:
    """Return when nothing blocks the radio any more; sleeps until the kernel reports a switch.

    Returns also when the interface is gone. Raises OSError where no switch can be waited for: who
    tries again at once would do so for ever.
    """
    fd = os.open(DEVICE, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # Opened before the first look, so that no change falls in between.
        while sysfs.exists(name) and blocked(name):
            os.read(fd, EVENT_SIZE)
    finally:
        os.close(fd)


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""

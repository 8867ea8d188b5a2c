# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-found PATH: starts the unit of the port at a path in sysfs, as wbond-udev has named it."""

import subprocess
import sys

from wbond_net import udev

USAGE = "usage: wbond-found PATH"


def main(arguments: list[str]) -> int:
    """Entry point; returns 1 when there is no such port, 2 when called wrongly."""
    if len(arguments) != 1:
        sys.stderr.write(USAGE + "\n")
        return 2
    unit = udev.properties_at(arguments[0]).get("WBOND_UNIT")
    if not unit:
        sys.stderr.write(f"{arguments[0]} is no port\n")
        return 1
    # A start job waits for its turn where the unit still stops for the device that was there.
    return subprocess.call(["systemctl", "start", "--no-block", "--", unit])

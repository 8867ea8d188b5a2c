# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-hotplug PATH|UNIT: starts the unit of the port at a sysfs path, as wbond-udev has named it,
or this unit of a port, unless the device has gone.
"""

import os
import sys

from wbond import units

from wbond_net.kernel import command, sysfs, udev_database
from wbond_net.kernel.command import CommandError
from wbond_net.kernel.journal import say

USAGE = "usage: wbond-hotplug PATH|UNIT"


def main(arguments: list[str]) -> int:
    """Entry point; returns 0, 1 when it could not be done, 2 when called wrongly.

    A device that has gone in the meantime is no failure.
    """
    if len(arguments) != 1:
        sys.stderr.write(USAGE + "\n")
        return 2
    what = arguments[0]
    if what.startswith("/"):
        unit = udev_database.properties_at(what).get("WBOND_UNIT")
        is_there = os.path.isdir(what)
    else:
        unit, is_there = what, sysfs.exists(units.instance_name(what))
    if not is_there:
        say(f"{what}: the device has gone")
        return 0
    if not unit:
        sys.stderr.write(f"{what} is no port\n")
        return 1
    try:
        # A start job waits for its turn where the unit still stops for the device that was there.
        command.run("systemctl", "start", "--no-block", "--", unit)
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sink `resolved`: systemd-resolved, which is told by resolvectl(1), for the bond alone."""

import os

from wbond_net.kernel import sysfs
from wbond_net.kernel.command import CommandError, run
from wbond_net.names.sink import Unreachable

# Of a call, for which sd-bus would wait 25 seconds (systemd's ENVIRONMENT.md): meanwhile a client
# waits for its script, and the others for the lock. wbond-dns@ tries again.
TIMEOUT = "5s"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def publish(bond: str, servers: "Sequence[str]", domains: "Sequence[str]") -> None:
    """Tell it a bond's names, in place of the former ones. Raises Unreachable.

    What it knows of an interface goes with the interface.
    """
    if not sysfs.exists(bond):
        return
    os.environ["SYSTEMD_BUS_TIMEOUT"] = TIMEOUT
    try:
        if not servers and not domains:
            run("resolvectl", "revert", bond)
            return
        # An empty argument empties the list.
        run("resolvectl", "dns", bond, *(servers or [""]))
        run("resolvectl", "domain", bond, *(domains or [""]))
        run("resolvectl", "default-route", bond, "yes")
    except CommandError as error:
        raise Unreachable(f"systemd-resolved has not taken the names: {error}") from None

# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-dhcp dhclient|dhcp6c|flush|release BOND: both DHCP clients' identity and clean stop.

`dhclient` and `dhcp6c` write what the client reads at its start; `dhclient` also keeps an address
that the client will confirm from ending before its renewal. When a client stops, `flush` takes
the leased IPv4 address away, and `release` has dhcp6c give the IPv6 address back, in a time that
people wait for.
"""

import sys

from wbond_net.clients import dhclient, dhcp6c, identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

USAGE = "usage: wbond-dhcp dhclient|dhcp6c|flush|release BOND"
VERBS = {
    "dhclient": dhclient.prepare,
    "flush": dhclient.flush,
    "dhcp6c": dhcp6c.prepare,
    "release": dhcp6c.release,
}


def main(arguments: list[str], environ: "Mapping[str, str]") -> int:
    """Entry point; returns 0, 1 when it could not be done, 2 when called wrongly."""
    if len(arguments) != 2 or arguments[0] not in VERBS:
        sys.stderr.write(USAGE + "\n")
        return 2
    try:
        VERBS[arguments[0]](arguments[1], environ)
    except (OSError, identity.NoMachineId) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0

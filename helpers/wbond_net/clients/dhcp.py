# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-dhcp VERB BOND: both DHCP clients' identity, clean stop, and pauses between failures.

`dhclient` and `dhcp6c` write what the client reads at its start; `dhclient` also keeps an address
that the client will confirm from ending before its renewal. When a client stops, `flush` takes
the leased IPv4 address away, and `release` has dhcp6c give the IPv6 address back, in a time that
people wait for. `dhclient-ended` and `dhcp6c-ended` note how the client has ended, and the client
that fails again and again waits longer and longer before its next start.
"""

import sys

from wbond_net import pauses
from wbond_net.clients import dhclient, dhcp6c, identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Act = Callable[[str, Mapping[str, str]], None]

USAGE = "usage: wbond-dhcp dhclient|dhclient-ended|dhcp6c|dhcp6c-ended|flush|release BOND"
VERBS: "dict[str, Act]" = {
    "dhclient": dhclient.prepare,
    "flush": dhclient.flush,
    "dhcp6c": dhcp6c.prepare,
    "release": dhcp6c.release,
    "dhclient-ended": lambda bond, environ: pauses.ended(bond, "dhclient", environ),
    "dhcp6c-ended": lambda bond, environ: pauses.ended(bond, "dhcp6c", environ),
}
STARTS = ("dhclient", "dhcp6c")


def main(arguments: list[str], environ: "Mapping[str, str]") -> int:
    """Entry point; returns 0, 1 when it could not be done, 2 when called wrongly."""
    if len(arguments) != 2 or arguments[0] not in VERBS:
        sys.stderr.write(USAGE + "\n")
        return 2
    verb, bond = arguments
    starts = verb in STARTS
    if starts:
        pauses.wait(bond, verb)
    try:
        VERBS[verb](bond, environ)
    except (OSError, identity.NoMachineId) as error:
        if starts:
            pauses.tell(bond, verb, str(error))
        else:
            sys.stderr.write(f"{error}\n")
        return 1
    return 0

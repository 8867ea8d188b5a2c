# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the watch and the clients' units tell each other, in the bond's runtime directory.

Here, where neither loads for it what the other one needs.
"""

from wbond_net import runtime

# The MAC address that the DHCPv4 client reads at its start: only once, and answers to another one
# do not reach it. Its unit writes it, under the name that dhclient's had when there was no other:
# one that runs when wbond is upgraded has written it.
ADDRESS_FILE = "dhclient.address"
# What the DHCPv6 client is to ask for. The watch writes it; the client's unit reads it when it
# starts.
ASKED_FILE = "dhcp6-asks"
NOTHING, INFORMATION, ADDRESS = "nothing", "information", "address"


def asked(bond: str) -> str:
    """Return what the routers have a client ask for; an address where nobody has noted it."""
    try:
        with open(runtime.path(bond, ASKED_FILE), encoding="ascii", errors="replace") as file:
            found = file.read(64).strip()
    except OSError:
        return ADDRESS
    return found if found in (NOTHING, INFORMATION) else ADDRESS

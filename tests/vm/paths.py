# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the scenarios of the path share: the way behind the cable, and what is known of it."""

import switch
from laptop import CARD, RADIO, Laptop

NEIGHBOUR = "192.0.2.50"
# The way behind the cable's switch, cut without a change of any link of the laptop's.
CUT = "ip -netns switch link set dev up0 nomaster"
MEND = "ip -netns switch link set dev up0 master acc"

# Packets, at 200 a second, that a return may cost: the bond's MAC address changes with the port
# (fail_over_mac=active), and what is under way to the former one is lost.
UNDER_WAY = 20


def with_switch(laptop: Laptop) -> Laptop:
    """Put a switch behind the cable of a laptop that is online."""
    switch.put(laptop)
    laptop.wait_both()
    laptop.wait_for("the world to answer", laptop.ping)
    return laptop


def states(laptop: Laptop) -> dict[str, str]:
    """Return what the watch knows of the paths, by the names of the ports."""
    lines = [line.split() for line in laptop.read("/run/wbond/bond0/path").splitlines()]
    names = {str(laptop.link(name)["ifindex"]): name for name in (CARD, RADIO)}
    return {names[line[1]]: line[2] for line in lines if line[0] == "port"}


def mend(laptop: Laptop) -> None:
    """Mend the way behind the cable, and wait until the traffic goes there again."""
    laptop.shell(MEND)
    laptop.wait_port(CARD)
    laptop.wait_for("the cable's path to be proven", lambda: states(laptop)[CARD] == "proven")


def put_neighbour(laptop: Laptop) -> None:
    """Put a host that is no router on the router's switch."""
    laptop.shell(
        f"""
        ip netns add neighbour
        ip -netns world link add dev to-peer type veth peer name peer0 netns neighbour
        ip -netns world link set dev to-peer master br0 up
        ip -netns neighbour link set dev peer0 up
        ip -netns neighbour address add {NEIGHBOUR}/24 dev peer0
        """
    )


def moves(laptop: Laptop) -> int:
    """Return how often the active port has been another one than before."""
    return laptop.journal("-t", "wbond-watch").count("is the active port, instead of")

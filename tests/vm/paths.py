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
# Reads for some seconds what the world sends as fast as it may, has a command run after two, and
# tells the longest pause (ms).
DOWNLOAD = """
import os, socket, subprocess, sys, threading, time
server = '''
import socket
stream, _ = socket.create_server(("", 8)).accept()
stream.setsockopt(socket.SOL_SOCKET, 47, 1 << 20)  # SO_MAX_PACING_RATE, bytes a second
while True:
    stream.send(bytes(1 << 14))
'''
world = subprocess.Popen(["ip", "netns", "exec", "world", sys.executable, "-c", server])
stream = socket.socket()
while stream.connect_ex(("192.0.2.1", 8)):
    stream.close()
    stream = socket.socket()
threading.Timer(2.0, os.system, [sys.argv[2]]).start()
longest, last, end = 0.0, time.monotonic(), time.monotonic() + float(sys.argv[1])
while last < end:
    stream.settimeout(end - last)
    try:
        assert stream.recv(1 << 16)
    except TimeoutError:
        pass
    longest, last = max(longest, time.monotonic() - last), time.monotonic()
world.kill()
print(round(longest * 1000))
"""


def with_switch(laptop: Laptop) -> Laptop:
    """Put a switch behind the cable of a laptop that is online."""
    switch.put(laptop)
    laptop.wait_both()
    laptop.wait_for("the world to answer", laptop.ping)
    return laptop


def pull_from_spanning_tree(laptop: Laptop, forward_delay: int = 5) -> None:
    """Have the switch run spanning tree, which holds a new link up for twice `forward_delay` (s),
    and pull the cable at both ends.
    """
    delay = f"stp_state 1 forward_delay {100 * forward_delay}"
    laptop.shell(f"ip -netns switch link set dev acc type bridge {delay}")
    laptop.wait_for("the world to answer", lambda: laptop.ping(1), 60)
    laptop.cable.pull()
    laptop.shell("ip -netns switch link set dev far0 down")
    laptop.wait_port(RADIO)
    laptop.wait_for("the world to answer over the radio", laptop.ping)


def plug_into_spanning_tree(laptop: Laptop) -> None:
    """Plug the cable in again: it has a link at once, and leads nowhere for two delays."""
    laptop.cable.plug()
    listen(laptop)


def listen(laptop: Laptop) -> None:
    """Plug the cable in at the switch, whose spanning tree begins to listen."""
    laptop.shell("ip -netns switch link set dev far0 up")
    shown = ("bridge", "-n", "switch", "link", "show", "dev", "far0")
    laptop.wait_for("spanning tree to listen", lambda: "state listening" in laptop.run(*shown), 5)


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


def download(laptop: Laptop, seconds: int, meanwhile: str) -> int:
    """Download for a while, and run a command meanwhile; returns the longest pause in ms."""
    laptop.write("/root/download.py", DOWNLOAD)
    words = ("python3", "/root/download.py", str(seconds), meanwhile)
    return int(laptop.run(*words, timeout=3 * seconds + 60.0))


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

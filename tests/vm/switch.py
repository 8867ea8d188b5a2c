# SPDX-License-Identifier: LGPL-2.1-or-later
"""A second switch between the laptop's cable and the router: behind a link that stays up."""

from machine import Machine

_PUT = """
ip netns add switch
ip -netns world -batch - <<'BATCH'
link set dev far0 netns switch
link add dev up1 type veth peer name up0 netns switch
link set dev up1 master br0 up
BATCH
ip -netns switch -batch - <<'BATCH'
link add dev acc type bridge forward_delay 0
link set dev acc up
link set dev far0 master acc up
link set dev up0 master acc up
BATCH
"""


def put(laptop: Machine) -> None:
    """Put the switch in, in a namespace: a bridge of the world's would answer for its addresses."""
    laptop.shell(_PUT)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""bond0 and its ports as the kernel reports them: a cable, a radio, and a radio on a USB stick."""

import socket
from typing import Any

from wbond_net.kernel.attributes import RTMSG
from wbond_net.kernel.rtnetlink import Address, Bond, Link, Slave

BOND, CABLE, RADIO, STICK = 9, 2, 3, 4
NAMES = {BOND: "bond0", CABLE: "enp0s10", RADIO: "wlp3s0", STICK: "wlx1"}
MACS = {index: f"02:00:00:00:00:0{index}" for index in (CABLE, RADIO, STICK)}
MACS[BOND] = "02:00:00:00:00:99"
PRIORITIES = {CABLE: 20, RADIO: 10, STICK: 11}
UNKNOWN, DOWN, DORMANT, UP = 0, 2, 5, 6  # operstate
MII_UP, MII_FAIL, MII_DOWN = 0, 1, 2


def port(index: int, carries: bool = True, **changes: Any) -> Link:
    """Make a port of bond0, operational or without carrier; `changes` are of Link or Slave."""
    slave = Slave(1, MII_UP if carries else MII_DOWN, 0, PRIORITIES[index])
    slave = slave._replace(
        **{key: changes.pop(key) for key in list(changes) if key in Slave._fields}
    )
    mac, state = MACS[index], UP if carries else DOWN
    link = Link(index, NAMES[index], 1, carries, state, mac, mac, BOND, "", None, slave)
    return link._replace(**changes)


def without_carrier(index: int, **changes: Any) -> Link:
    """Make a port that has just lost its carrier: miimon has not looked yet."""
    return port(index, carries=False, **{"mii_status": MII_UP, **changes})


def bond(active: int = 0, **changes: Any) -> Link:
    """Make bond0, with the address of its active port; `changes` are of Link or Bond."""
    data = Bond(1, active, CABLE, 100, 0)
    data = data._replace(**{key: changes.pop(key) for key in list(changes) if key in Bond._fields})
    mac, state = MACS[active or BOND], UP if active else DOWN
    made = Link(BOND, "bond0", 1, bool(active), state, mac, "", 0, "bond", data, None)
    return made._replace(**changes)


def address(text: str, prefixlen: int = 24, valid: int | None = None, **changes: Any) -> Address:
    """Make an address of bond0; without `valid` (s) there is no end to it."""
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    flags, scope = (0x80 if valid is None else 0), (253 if text.startswith("fe80:") else 0)
    octets = socket.inet_pton(family, text)
    made = Address(BOND, family, text, octets, prefixlen, scope, flags, valid)
    return made._replace(**changes)


def route_report(
    family: int, fields: bytes, length: int = 0, table: int = 254, protocol: int = 3, kind: int = 1
) -> bytes:
    """Make a report of a route: rtmsg and attributes."""
    return RTMSG.pack(family, length, 0, 0, table, protocol, 0, kind, 0) + fields

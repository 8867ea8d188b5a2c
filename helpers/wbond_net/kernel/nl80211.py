# SPDX-License-Identifier: LGPL-2.1-or-later
"""What nl80211 says of a radio, by generic netlink (linux/genetlink.h, linux/nl80211.h)."""

import struct

from wbond_net.kernel import attributes, netlink
from wbond_net.kernel.uapi import (
    CTRL_ATTR_FAMILY_ID,
    CTRL_ATTR_FAMILY_NAME,
    CTRL_CMD_GETFAMILY,
    GENL_ID_CTRL,
    NETLINK_GENERIC,
    NL80211_ATTR_IFINDEX,
    NL80211_ATTR_IFTYPE,
    NL80211_CMD_GET_INTERFACE,
    NL80211_GENL_NAME,
    NL80211_IFTYPE_STATION,
)

_HEADER = struct.Struct("=BBxx")  # genlmsghdr: command, version


def is_station(index: int) -> bool:
    """Tell a station from an access point, a monitor, a mesh point and the like.

    True as well where nl80211 cannot say: a driver without it makes stations alone.
    `index` is the interface's.
    """
    try:
        with netlink.Socket(protocol=NETLINK_GENERIC) as kernel:
            name = attributes.attribute(CTRL_ATTR_FAMILY_NAME, NL80211_GENL_NAME)
            said = _ask(kernel, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, name)
            family = attributes.number(said.get(CTRL_ATTR_FAMILY_ID))
            wanted = attributes.u32(NL80211_ATTR_IFINDEX, index)
            said = _ask(kernel, family, NL80211_CMD_GET_INTERFACE, wanted)
    except (OSError, netlink.Overrun):
        return True
    kind = said.get(NL80211_ATTR_IFTYPE)
    return kind is None or attributes.number(kind) == NL80211_IFTYPE_STATION


def _ask(kernel: netlink.Socket, family: int, command: int, wanted: bytes) -> dict[int, bytes]:
    """Return the attributes of the answer. Raises KernelError, Overrun, OSError."""
    replies = kernel.request(family, _HEADER.pack(command, 1) + wanted)
    return attributes.parse(replies[0].body[_HEADER.size :])

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bonds made, changed and ranked, as `ip link … type bond` and `type bond_slave` do.

Options have ip's names for them, and its words for their values.
"""

import struct

from wbond_net.kernel import links, request
from wbond_net.kernel.attributes import IFINFOMSG, attribute, s32, u8, u32
from wbond_net.kernel.uapi import (
    IFLA_BOND_ALL_SLAVES_ACTIVE,
    IFLA_BOND_DOWNDELAY,
    IFLA_BOND_FAIL_OVER_MAC,
    IFLA_BOND_MIIMON,
    IFLA_BOND_MIN_LINKS,
    IFLA_BOND_MODE,
    IFLA_BOND_NUM_PEER_NOTIF,
    IFLA_BOND_PEER_NOTIF_DELAY,
    IFLA_BOND_PRIMARY,
    IFLA_BOND_PRIMARY_RESELECT,
    IFLA_BOND_RESEND_IGMP,
    IFLA_BOND_SLAVE_PRIO,
    IFLA_BOND_UPDELAY,
    IFLA_IFNAME,
    IFLA_INFO_DATA,
    IFLA_INFO_KIND,
    IFLA_INFO_SLAVE_DATA,
    IFLA_LINKINFO,
    IFLA_NUM_RX_QUEUES,
    IFLA_NUM_TX_QUEUES,
    NLM_F_CREATE,
    NLM_F_EXCL,
    RTM_NEWLINK,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Encode = Callable[[int, int], bytes]

# The attribute of an option and its size, from bond_policy of bond_netlink.c.
_ATTRIBUTES: "dict[str, tuple[int, Encode]]" = {
    "mode": (IFLA_BOND_MODE, u8),
    "miimon": (IFLA_BOND_MIIMON, u32),
    "updelay": (IFLA_BOND_UPDELAY, u32),
    "downdelay": (IFLA_BOND_DOWNDELAY, u32),
    "peer_notify_delay": (IFLA_BOND_PEER_NOTIF_DELAY, u32),
    "primary_reselect": (IFLA_BOND_PRIMARY_RESELECT, u8),
    "fail_over_mac": (IFLA_BOND_FAIL_OVER_MAC, u8),
    "num_grat_arp": (IFLA_BOND_NUM_PEER_NOTIF, u8),
    "resend_igmp": (IFLA_BOND_RESEND_IGMP, u32),
    "all_slaves_active": (IFLA_BOND_ALL_SLAVES_ACTIVE, u8),
    "min_links": (IFLA_BOND_MIN_LINKS, u32),
}
# Values that are words, from the tables of bond_options.c.
_WORDS = {
    "mode": {"active-backup": 1},
    "primary_reselect": {"always": 0, "better": 1, "failure": 2},
    "fail_over_mac": {"none": 0, "active": 1, "follow": 2},
}


def create(bond: str, address: str, options: "Mapping[str, str]") -> None:
    """Make a bond, address and options in one message; the address may be empty.

    It gets one queue each way, where the driver's default is 16: udev handles each of the 32 as a
    device, which at boot holds up the ports, and nothing is gained by them. A bond sends without
    a lock (NETIF_F_LLTX), what the host itself sends goes by the first (bond_select_queue(),
    bond_main.c), and a port chooses among its own queues. Raises KernelError, and ValueError for a
    value that is none.
    """
    given = f"address {address} " if address else ""
    given += "numtxqueues 1 numrxqueues 1 "
    with request.Act(f"ip link add dev {bond} {given}type bond {_said(options)}"):
        own = links.mac(address) if address else b""
        name = attribute(IFLA_IFNAME, bond.encode("utf-8", "surrogateescape") + b"\0")
        queues = u32(IFLA_NUM_TX_QUEUES, 1) + u32(IFLA_NUM_RX_QUEUES, 1)
        body = bytes(IFINFOMSG.size) + own + queues + name + _info(_data(options))
        request.send(RTM_NEWLINK, body, NLM_F_CREATE | NLM_F_EXCL)


def change(bond: str, options: "Mapping[str, str]") -> None:
    """Change options of a bond. Raises KernelError, and ValueError for a value that is none."""
    with request.Act(f"ip link set dev {bond} type bond {_said(options)}"):
        request.send(RTM_NEWLINK, links.header(bond) + _info(_data(options)))


def set_primary(bond: str, port: str) -> None:
    """Make a port the primary. Raises KernelError."""
    with request.Act(f"ip link set dev {bond} type bond primary {port}"):
        _set_primary(bond, request.index(port))


def forget_primary(bond: str) -> None:
    """Have the kernel forget the name of a primary. Raises KernelError.

    Without a word: ip cannot do it. No interface has the index 0, and bond_changelink() takes
    the name of none, which is empty, and clears the primary (bond_option_primary_set()).
    """
    _set_primary(bond, 0)


def set_prio(port: str, prio: int) -> None:
    """Set what a port of a bond counts when the primary is down. Raises KernelError.

    Kernels before 6.0 know no such attribute and refuse it.
    """
    with request.Act(f"ip link set dev {port} type bond_slave prio {prio}"):
        request.send(RTM_NEWLINK, prio_of(request.index(port), prio))


def prio_of(index: int, prio: int) -> bytes:
    """Return what gives the port of an index a prio, which may be negative."""
    kind = attribute(IFLA_INFO_KIND, b"bond_slave")
    data = attribute(IFLA_INFO_SLAVE_DATA, s32(IFLA_BOND_SLAVE_PRIO, prio))
    return IFINFOMSG.pack(0, 0, index, 0, 0) + attribute(IFLA_LINKINFO, kind + data)


def _set_primary(bond: str, index: int) -> None:
    request.send(RTM_NEWLINK, links.header(bond) + _info(u32(IFLA_BOND_PRIMARY, index)))


def _said(options: "Mapping[str, str]") -> str:
    return " ".join(f"{name} {value}" for name, value in options.items())


def _data(options: "Mapping[str, str]") -> bytes:
    return b"".join(_option(name, value) for name, value in options.items())


def _option(name: str, value: str) -> bytes:
    kind, encode = _ATTRIBUTES[name]
    words = _WORDS.get(name, {})
    try:
        return encode(kind, words[value] if value in words else int(value))
    except (ValueError, struct.error):
        raise ValueError(f"{name}: {value} is not a value of this option") from None


def _info(data: bytes) -> bytes:
    """Return IFLA_LINKINFO with a bond's options."""
    return attribute(
        IFLA_LINKINFO, attribute(IFLA_INFO_KIND, b"bond") + attribute(IFLA_INFO_DATA, data)
    )

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the helpers change of an interface, as `ip link` does, and its permanent address.

No records are made of what the kernel says: to import typing takes as long as Python's start.
"""

from wbond_net.kernel import request
from wbond_net.kernel.attributes import IFINFOMSG, attribute, number, parse, u32
from wbond_net.kernel.uapi import (
    IFF_UP,
    IFLA_ADDRESS,
    IFLA_MASTER,
    IFLA_MAX_MTU,
    IFLA_MIN_MTU,
    IFLA_MTU,
    IFLA_PERM_ADDRESS,
    RTM_DELLINK,
    RTM_NEWLINK,
)


def set_up(name: str) -> None:
    """Set an interface administratively up. Raises KernelError."""
    with request.Act(f"ip link set dev {name} up"):
        request.send(RTM_NEWLINK, header(name, IFF_UP, IFF_UP))


def set_down(name: str) -> None:
    """Set an interface administratively down. Raises KernelError."""
    with request.Act(f"ip link set dev {name} down"):
        request.send(RTM_NEWLINK, header(name, 0, IFF_UP))


def set_address(name: str, address: str) -> None:
    """Set the MAC address, six octets with colons. Raises KernelError."""
    with request.Act(f"ip link set dev {name} address {address}"):
        request.send(RTM_NEWLINK, header(name) + mac(address))


def enslave(port: str, bond: str) -> None:
    """Make an interface a port of a bond; the kernel opens it. Raises KernelError."""
    with request.Act(f"ip link set dev {port} master {bond}"):
        master = u32(IFLA_MASTER, request.index(bond))
        request.send(RTM_NEWLINK, header(port) + master)


def release(port: str) -> None:
    """Take a port out of its bond. Raises KernelError."""
    with request.Act(f"ip link set dev {port} nomaster"):
        request.send(RTM_NEWLINK, header(port) + u32(IFLA_MASTER, 0))


def delete(name: str) -> None:
    """Delete an interface that software has made. Raises KernelError."""
    with request.Act(f"ip link delete dev {name}"):
        request.send(RTM_DELLINK, header(name))


def permanent_address(name: str) -> str:
    """Return the address that the adapter was made with; nothing where there is no such interface.

    Where the driver knows none, that is the present one (IFLA_PERM_ADDRESS, rtnl_fill_ifinfo()).
    """
    try:
        fields = parse(request.link(name)[IFINFOMSG.size :])
    except OSError:
        return ""
    return (fields.get(IFLA_PERM_ADDRESS) or fields.get(IFLA_ADDRESS, b"")).hex(":")


def mtu(name: str) -> tuple[int, int, int]:
    """Return the MTU of an interface, its lowest and its highest one, in bytes.

    0 is no limit (dev_validate_mtu()). Raises KernelError.
    """
    fields = parse(request.link(name)[IFINFOMSG.size :])
    now, lowest, highest = (fields.get(what) for what in (IFLA_MTU, IFLA_MIN_MTU, IFLA_MAX_MTU))
    return number(now), number(lowest), number(highest)


def set_mtu(name: str, octets: int) -> None:
    """Set the MTU; a bond's ports take it over, or none of them (bond_change_mtu()).

    Raises KernelError.
    """
    with request.Act(f"ip link set dev {name} mtu {octets}"):
        request.send(RTM_NEWLINK, header(name) + u32(IFLA_MTU, octets))


def header(name: str, flags: int = 0, change: int = 0) -> bytes:
    """Return the ifinfomsg that names an interface. Raises KernelError where there is none."""
    return IFINFOMSG.pack(0, 0, request.index(name), flags, change)


def mac(address: str) -> bytes:
    """Return the attribute for a MAC address with colons."""
    return attribute(IFLA_ADDRESS, bytes.fromhex(address.replace(":", "")))

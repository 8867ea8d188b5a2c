# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is there now: the devices that could be ports, and the bonds that run."""

import os
import select
import time
from collections.abc import Mapping

from wbond_net.deployed import snapshot
from wbond_net.kernel import rtnetlink, sysfs
from wbond_net.kernel.bond_state import Port
from wbond_udev.match import Facts

from wbond_cli.apply.changes import Running


def devices() -> list[Facts]:
    """Return the facts of all network devices, as wbond-udev would have them."""
    # pyudev: 20 ms, which `wbond up` and `wbond down` do without.
    from wbond_udev import device

    return device.all_there()


def running(root: str) -> dict[str, Running]:
    """Return the bonds of wbond's that are up, with their ports."""
    return {
        name: Running(sysfs.attribute(name, "bonding/active_slave"), tuple(sysfs.ports(name)))
        for name in snapshot.running_bonds(root)
    }


def ssh_address(environ: Mapping[str, str], process: int, proc: str = "/proc") -> str:
    """Return the local address of the SSH session that a process belongs to, or nothing.

    sudo(8) takes SSH_CONNECTION out of the environment: the environments of the process's
    ancestors, up to the shell that sshd(8) has started, are read too.
    """
    connection = environ.get("SSH_CONNECTION", "")
    while not connection and process > 1:
        folder = os.path.join(proc, str(process))
        connection = _environment(folder).get("SSH_CONNECTION", "")
        process = _parent(folder)
    fields = connection.split()
    return fields[2].partition("%")[0] if len(fields) == 4 else ""


def _environment(folder: str) -> dict[str, str]:
    try:
        with open(os.path.join(folder, "environ"), encoding="utf-8", errors="replace") as file:
            pairs = [entry.partition("=") for entry in file.read().split("\0")]
    except OSError:
        return {}
    return {name: value for name, _, value in pairs}


def _parent(folder: str) -> int:
    """Return the parent's id, 0 where there is none: proc_pid_stat(5), behind the name."""
    try:
        with open(os.path.join(folder, "stat"), encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def addresses(bond: str) -> list[str]:
    """Return the IP addresses of an interface, as text."""
    with rtnetlink.Socket(0) as netlink:
        link = rtnetlink.link_by_name(netlink.links(), bond)
        index = link.ifindex if link else 0
        return [address.text for address in netlink.addresses() if address.ifindex == index]


def can_do_without(links: Mapping[int, rtnetlink.Link], bond: str, port: str) -> bool:
    """Tell whether the bond can do without a port: another can take over, or there is no other."""
    master = rtnetlink.link_by_name(links, bond)
    inside = [link for link in links.values() if master and link.master == master.ifindex]
    others = [Port(link, sysfs.is_radio(link.name)) for link in inside if link.name != port]
    return not others or any(other.can_take_over for other in others)


def wait_for_successor(bond: str, port: str, timeout: float) -> bool:
    """Wait until the bond can do without a port, `timeout` seconds at most; tells whether."""
    deadline = time.monotonic() + timeout
    with rtnetlink.Socket(rtnetlink.LINKS) as netlink:
        poll = select.poll()
        poll.register(netlink, select.POLLIN)
        while not (done := can_do_without(netlink.consistent(netlink.links), bond, port)):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            poll.poll(left * 1000)
        return done

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks: bridges and VLANs above a bond: where its address is, and what a bridge learns."""

from collections.abc import Iterator

from wbond import escape
from wbond.config import Bond
from wbond.message import WARNING
from wbond.values import MacPolicy
from wbond_net import wait_online

from wbond_cli.check import hardware
from wbond_cli.check.context import Context
from wbond_cli.check.diagnostics import Diagnostic
from wbond_cli.check.machine import Machine

_UPPER = "upper_"  # a link in sysfs for each interface above (netdev_adjacent_sysfs_add())


def waits_in_vain(context: Context) -> Iterator[Diagnostic]:
    """A boot waits for an address on a bond that is to have none: it stands above."""
    for bond in context.config.bonds:
        awaited = wait_online.awaited(bond.settings)
        if awaited != wait_online.ADDRESS or bond.lists.get("address"):
            continue
        if above := _having_the_address(context.machine, bond):
            names = ", ".join(map(escape.printable, above))
            text = f"network-online.target waits for an address on {bond.name}, below {names}"
            remedy = "Write `wait_online = link`, if the address is to stand there."
            where = (bond.place.file, bond.place.line, bond.name)
            yield Diagnostic("waits-in-vain", WARNING, text, remedy, *where)


def addresses_below(context: Context) -> Iterator[Diagnostic]:
    """Static addresses of a bond in a bridge: what comes in is the bridge's (br_handle_frame())."""
    for bond in context.config.bonds:
        own = bond.lists.get("address")
        if own and _is_bridged(context.machine, bond):
            text = f"{bond.name} is a port of a bridge, to which static addresses belong"
            remedy = "Give the bridge the addresses, and remove `address` and `gateway` here."
            where = (bond.place.file, bond.place.line, bond.name)
            yield Diagnostic("address-below-bridge", WARNING, text, remedy, *where)


def frames_come_back(context: Context) -> Iterator[Diagnostic]:
    """With one MAC address for all ports, a bond also takes what comes in by ports that stand by.

    A broadcast that one of the bridge's machines sends by the cable returns by the radio, and the
    bridge learns its address at the bond (br_handle_frame_finish()).
    """
    for bond in context.config.bonds:
        shared = not MacPolicy.parse(bond.settings.get("mac", "active")).active
        if shared and _is_bridged(context.machine, bond):
            text = (
                f"{bond.name} is a port of a bridge: with `mac = {bond.settings['mac']}`, frames "
                "of the bridge's machines come back by a radio that stands by"
            )
            remedy = "Take `mac` out, so that each port has its own address and nothing comes back."
            where = (bond.place.file, bond.place.line, bond.name)
            yield Diagnostic("frames-come-back", WARNING, text, remedy, *where)


def _is_bridged(machine: Machine, bond: Bond) -> bool:
    return machine.exists(f"{hardware.FOLDER}/{bond.name}/brport")


def _having_the_address(machine: Machine, bond: Bond) -> list[str]:
    """Return the interfaces above that have the bond's address; none where it has its own.

    That is so for a port of a bridge, and where neither client is to give the bond one.
    """
    folder = f"{hardware.FOLDER}/{bond.name}"
    clients = {bond.settings.get(option) for option in ("dhcp4", "dhcp6")}
    if not _is_bridged(machine, bond) and clients != {"none"}:
        return []
    names = machine.names(folder)
    return [name.removeprefix(_UPPER) for name in names if name.startswith(_UPPER)]

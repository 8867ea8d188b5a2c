# SPDX-License-Identifier: LGPL-2.1-or-later
"""Waits until bonds are online, and says by what they are, or what they lack."""

from collections.abc import Mapping

from wbond import escape
from wbond_net import wait_online
from wbond_net.kernel import sysfs

from wbond_cli.apply import current
from wbond_cli.output import Output
from wbond_cli.terminal import complain


def wait(output: Output, awaited: Mapping[str, str], timeout: float) -> bool:
    """Wait until all bonds are online, `timeout` seconds at most; tells whether they are.

    `awaited` is what each bond waits for, see wait_online. Raises OSError of the kernel's.
    """
    lacking = wait_online.wait_for_all(awaited, timeout)
    for bond in awaited:
        if bond in lacking:
            complain(
                f"{escape.printable(bond)} {lacking[bond]}, after {timeout:g} s",
                "`wbond status` shows ports and clients",
            )
        else:
            output.line(_description(bond))
    return not lacking


def _description(bond: str) -> str:
    """Say by which port a bond is online, and which addresses it has."""
    name = escape.printable(bond)
    port = escape.printable(sysfs.attribute(bond, "bonding/active_slave"))
    how = f"is online by {port}" if port else "is up"
    addresses = " ".join(current.addresses(bond))
    return f"{name} {how}: {addresses}" if addresses else f"{name} {how}"

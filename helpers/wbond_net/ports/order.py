# SPDX-License-Identifier: LGPL-2.1-or-later
"""The order of a bond's ports, as the kernel has it: their prios, the primary, and its policy.

As long as the watch lives and looks into the paths behind the ports, it has the order: the kernel
is not to return to a port by itself, and has no primary. Whoever makes a port the primary moves
the traffic to it at once, whatever the policy says (bond_option_primary_set()).
"""

import os

from wbond_net import runtime
from wbond_net.kernel import bonds, command, sysfs
from wbond_net.kernel.journal import say
from wbond_net.ports import record


def is_the_watch_s(bond: str) -> bool:
    """Tell whether the watch has the order."""
    return os.path.exists(runtime.path(bond, runtime.DECIDES))


def forget_primary(bond: str) -> None:
    """Have the kernel forget a primary that has left, before a port joins.

    It keeps the name and makes a port of that name the primary and active at once
    (bond_enslave()), also one that has been ranked down since.
    """
    if not sysfs.attribute(bond, "bonding/primary"):
        try:
            bonds.forget_primary(bond)
        except OSError as error:
            say(f"{bond}: cannot clear the primary: {error.strerror}")


def rank(bond: str, prios: dict[str, int]) -> None:
    """Set the prios of these ports, and make the best of all ports the primary.

    The kernel's prio counts when the primary is down (bond_choose_primary_or_current(),
    since 6.0); on older kernels it is refused, and only the primary counts. The best is so by
    what has been noted, because an older kernel reads back no prio. As long as the watch has the
    order, the best is its business. Raises KernelError.
    """
    for port, prio in prios.items():
        command.attempt(bonds.set_prio, port, prio)
    if is_the_watch_s(bond):
        return
    known = record.ranks(bond) | prios
    best = max(known, key=lambda name: (known[name], name not in prios))
    if sysfs.attribute(bond, "bonding/primary") != best:
        bonds.set_primary(bond, best)
    elif [best] != list(prios):
        _reselect(bond)


def _reselect(bond: str) -> None:
    """Have the kernel choose once more by the policy that the bond has.

    It chose when the port was enslaved, without its prio yet; and the prio alone
    makes it choose only in a bond without a primary (bond_option_prio_set()).
    """
    policy, *_ = sysfs.attribute(bond, "bonding/primary_reselect").split() or ["always"]
    command.attempt(bonds.change, bond, {"primary_reselect": policy})

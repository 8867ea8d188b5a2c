# SPDX-License-Identifier: LGPL-2.1-or-later
"""The network that the bond is in: when it may be another one than before.

As soon as no port carries, the laptop may have been carried to another network: each such loss
begins the next number.
"""

from collections.abc import Sequence

from wbond_net.kernel.bond_state import State


class Network:
    """Numbers the networks."""

    def __init__(self) -> None:
        """Begin with the first."""
        self.number = 0

    def follow(self, states: Sequence[State]) -> None:
        """Take in new states, oldest first; only the last one counts."""
        bond = states[-1].bond
        if bond is None or not bond.carries:
            self.number += 1

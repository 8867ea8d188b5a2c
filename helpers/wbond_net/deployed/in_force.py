# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which configuration is in force."""

from wbond.config import Config

from wbond_net.deployed import snapshot, unit_tree


def configuration(root: str) -> Config | None:
    """Return the configuration in force; None if it was never saved, or may not be read.

    Without a bond and without a unit none is in force, and that is known.
    """
    if snapshot.exists(root, snapshot.APPLIED):
        return unit_tree.read_config(snapshot.folder(root, snapshot.APPLIED))
    if unit_tree.read_generated(root) or snapshot.running_bonds(root):
        return None
    return Config([])

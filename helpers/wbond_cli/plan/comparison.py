# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the configuration would come to, beside what the configuration in force comes to.

If that one is not known, beside what wbond-generator wrote last.
"""

from collections.abc import Mapping
from typing import NamedTuple

from wbond import plan
from wbond.config import Config
from wbond_net.deployed import in_force, unit_tree

NEW, GONE, OTHER, SAME = "+", "-", "~", " "
IN_FORCE, GENERATED = "in-force", "generated"


class Comparison(NamedTuple):
    """Files by their paths below /run/systemd/generator; links are texts, as unit_tree has them.

    `compared_with` is IN_FORCE or GENERATED. `ports_differ`: other ports are found by globs or
    match_ options, of which no file tells.
    """

    config: Config
    planned: Mapping[str, str]
    present: Mapping[str, str]
    compared_with: str
    ports_differ: bool

    @property
    def marks(self) -> dict[str, str]:
        """Return for each path whether it is new, goes, has another text, or stays."""
        return marks(self.planned, self.present)

    @property
    def differs(self) -> bool:
        """Tell whether anything would change."""
        return self.ports_differ or any(mark != SAME for mark in self.marks.values())


def compare(root: str) -> Comparison:
    """Compare what is below a root directory. Raises OSError without a unit's template."""
    config, planned = unit_tree.render_root(root)
    former = in_force.configuration(root)
    ports_differ = former is not None and ports_by_pattern(former) != ports_by_pattern(config)
    if former is not None and (in_use := unit_tree.render(former, root)) != planned:
        return Comparison(config, planned, in_use, IN_FORCE, ports_differ)
    # Even if that one is as planned, systemd may know another: a file that was edited, and edited
    # back after a reload.
    generated = unit_tree.read_generated(root)
    return Comparison(config, planned, generated, GENERATED, ports_differ)


def ports_by_pattern(config: Config) -> list[object]:
    """Return what makes the ports that udev finds, of which the files tell nothing."""
    return [
        (
            *(bond.name, port.kind, port.matches or port.name, bond.lists.get("exclude")),
            *plan.port_environment(bond, port),
        )
        for bond in config.bonds
        for port in bond.ports
        if not port.literal
    ]


def marks(planned: Mapping[str, str], present: Mapping[str, str]) -> dict[str, str]:
    """Return for each path of both trees whether it is new, goes, has another text, or stays."""
    by_path = {path: GONE for path in present if path not in planned}
    for path, text in planned.items():
        by_path[path] = NEW if path not in present else SAME if present[path] == text else OTHER
    return dict(sorted(by_path.items()))

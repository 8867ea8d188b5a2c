# SPDX-License-Identifier: LGPL-2.1-or-later
"""Finds out what `wbond apply` has to do."""

from collections.abc import Mapping
from typing import NamedTuple

from wbond import main as generator
from wbond.config import Config
from wbond_net import wait_online
from wbond_net.deployed import in_force, snapshot, unit_tree

from wbond_cli.apply import changes, current, target
from wbond_cli.apply.changes import Step
from wbond_cli.apply.target import TargetState


class Preparation(NamedTuple):
    """What is to be made real.

    `files` are those of the configuration. `is_trivial`: only systemd's view of the units
    changes, and nothing can be lost by that. `is_reversible`: there is a way back.
    """

    files: dict[str, snapshot.File]
    steps: list[Step]
    is_trivial: bool
    is_reversible: bool
    bonds: tuple[str, ...]
    awaited: Mapping[str, str] = {}  # by bond, its `wait_online`


def prepare(root: str, wanted: Config) -> Preparation:
    """Find out what is to be done for a configuration. Raises OSError without a unit template."""
    former = in_force.configuration(root)
    steps = plan_steps(root, former, wanted)
    files = snapshot.read_files(root)
    tree = unit_tree.render(wanted, root)
    same_files = former is not None and snapshot.contents(files) == snapshot.contents(
        snapshot.read_files(snapshot.folder(root, snapshot.APPLIED))
    )
    same_tree = former is not None and tree == unit_tree.render(former, root)
    is_trivial = changes.is_idle(steps) and (same_files or same_tree)
    if is_trivial and tree == unit_tree.read_generated(root):
        steps = []
    bonds = tuple(bond.name for bond in wanted.bonds)
    awaited = {bond.name: wait_online.awaited(bond.settings) for bond in wanted.bonds}
    return Preparation(files, steps, is_trivial, former is not None, bonds, awaited)


def plan_steps(root: str, former: Config | None, wanted: Config) -> list[Step]:
    """Return the steps from one configuration to the other, on the hardware that is there."""
    # Units that are masked or not wbond's carry no defaults; those of the templates stay then.
    default = target.defaults(generator.own_template)
    default |= target.defaults(lambda name: generator.template(root, name))
    devices = current.devices()

    def installed(program: str) -> bool:
        return generator.has_program(root, program)

    def target_state(config: Config) -> TargetState:
        return target.target_state(config, devices, default, installed)

    base = target_state(former) if former else None
    return list(changes.steps(base, target_state(wanted), current.running(root)))

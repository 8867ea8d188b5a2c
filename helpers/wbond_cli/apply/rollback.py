# SPDX-License-Identifier: LGPL-2.1-or-later
"""The way back: the former files, then the steps to the former state."""

import os
import shutil
import time

from wbond_net.deployed import snapshot, unit_tree

from wbond_cli.apply import outcome, timer
from wbond_cli.apply.lock import locked
from wbond_cli.apply.outcome import Outcome
from wbond_cli.apply.preparation import plan_steps
from wbond_cli.apply.steps import carry_out_all
from wbond_cli.command import CommandRunner
from wbond_cli.terminal import complain

# Longer than a name of an interface: /var/lib/wbond/BOND is a bond's. Outlives a reboot.
REJECTED = "var/lib/wbond/rejected-configurations"


def restore(runner: CommandRunner, root: str) -> Outcome:
    """Put the former files back, take the steps to the former state; returns what came of it.

    A step that fails keeps none of the others from being taken.
    """
    with locked(root):
        if not snapshot.exists(root, snapshot.ATTEMPTED):
            runner.output.line("Nothing waits to be confirmed, so nothing is restored.")
            return outcome.UNCHANGED
        attempted = unit_tree.read_config(snapshot.folder(root, snapshot.ATTEMPTED))
        rejected = rejected_folder(root)
        failures = put_back(root, rejected)
        former = unit_tree.read_config(snapshot.folder(root, snapshot.APPLIED))
        steps = plan_steps(root, attempted, former)
        taken, failed = carry_out_all(runner, steps)
        failures += failed
        snapshot.delete(root, snapshot.ATTEMPTED)
    timer.disarm(runner)
    by_hand = f"Do it by hand; the former files are in {snapshot.folder(root, snapshot.APPLIED)}"
    for text in failures:
        complain(text, by_hand)
    runner.output.line("The former configuration is in force again.")
    ended = outcome.TAKEN_BACK
    if failures:
        ended = outcome.FAILED._replace(text="; ".join(failures), remedy=by_hand)
    return ended.with_steps(steps, taken)._replace(rejected=rejected)


def rejected_folder(root: str) -> str:
    """Return the folder for the files of the attempt, named by its time."""
    made = os.stat(snapshot.folder(root, snapshot.ATTEMPTED)).st_mtime
    name = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(made))
    return os.path.join(root, REJECTED, name)


def put_back(root: str, rejected: str) -> list[str]:
    """Make the files those that were in force; what they replace goes to the folder `rejected`.

    Returns what could not be done.
    """
    present = snapshot.read_files(root)
    former = snapshot.read_files(snapshot.folder(root, snapshot.APPLIED))
    failures = []
    for name in sorted({*present, *former} - {snapshot.HOSTNAME}):
        path = os.path.join(root, name)
        try:
            _put_back(path, former.get(name), os.path.join(rejected, name))
        except OSError as error:
            failures.append(f"/{name}: {error.strerror}; it is not restored")
    return failures


def _put_back(path: str, former: snapshot.File | None, rejected: str) -> None:
    """Restore one file, through a link where it is one; the present one goes to `rejected`."""
    present = snapshot.read_file(path)
    if present and former and present.data == former.data:
        return
    if present:
        snapshot.write_file(rejected, present)
    elif os.path.lexists(path):  # nothing that can be read: a folder, a link to nowhere
        os.makedirs(os.path.dirname(rejected), exist_ok=True)
        shutil.move(path, rejected)
    if former is None:
        os.unlink(path)
    elif former.data is None or snapshot.is_mask(path):
        snapshot.write_file(path, former)
    else:
        snapshot.write_file(os.path.realpath(path), former)

# SPDX-License-Identifier: LGPL-2.1-or-later
# ruff: noqa: N999 (it has its verb's name, as all have)
"""wbond import: wbond.conf and the networks, from what other programs are configured to do.

What is there is never overwritten: neither wbond.conf nor a network of the same name.
"""

import argparse
import os

from wbond_net.deployed import unit_tree

from wbond_cli import exit_status, privileges
from wbond_cli.check.machine import Machine
from wbond_cli.errors import UserError
from wbond_cli.imports import cables, choose, configuration, rivals, screen, sources, targets
from wbond_cli.imports.record import Found
from wbond_cli.output import Output
from wbond_cli.verbs.init import CONFIGURATION, create
from wbond_cli.wifi import names, saved


def run(options: argparse.Namespace) -> int:
    """Read, say what comes of it, and write; returns the exit status. Raises UserError."""
    machine, output = Machine(options.root), Output()
    if machine.running and not options.dry_run:
        privileges.require_root(options.argv, "`wbond import`, which reads passwords,")
    found = sources.read(machine, options.source or ())
    for note in found.notes:
        output.line(f"{note}\n")
    draft = choose.choose(found)
    if not draft.connections:
        screen.left(output, found.left)
        _nothing(found)
    text = configuration.text(found, draft)
    kept = os.path.lexists(os.path.join(machine.root, CONFIGURATION.lstrip("/")))
    config = unit_tree.read_config(machine.root) if kept else configuration.read(text)[1]
    edits = targets.edits(found, draft.networks, targets.files(machine, config))
    # Their sections are in a new wbond.conf alone.
    files = cables.files(machine, [] if kept else draft.cables)
    screen.taken(output, found, draft)
    screen.left(output, found.left)
    if kept:
        output.line(f"{CONFIGURATION} is there already, and stays as it is.")
        for cable in draft.cables:
            if not cables.has_section(config, cable):
                output.line(f"802.1X on {cable.shown} needs a section there: see 802.1x.md.")
    screen.present(output, edits, files)
    if options.dry_run:
        screen.plan(output, text, edits, files, kept)
        written = not kept or any(edit.added for edit in edits)
    else:
        written = _write(output, machine, text, edits, files, kept)
    screen.rivals(output, list(rivals.found(machine, config)), rivals.notes(machine, found.files))
    output.line(_end(options.dry_run, written, kept))
    return exit_status.SUCCESS if written else exit_status.FAILURE


def _end(is_dry: bool, written: bool, kept: bool) -> str:
    """Return what was done, or what to do next."""
    if is_dry:
        return "Nothing is written: this was a dry run."
    if not written:
        return "Nothing is written."
    if kept:
        return (
            "Then reboot, or `sudo systemctl reload` the radios' units: they read their file again."
        )
    return "Look at it: `wbond check` finds what is wrong. Then reboot."


def _nothing(found: Found) -> None:
    """Raise UserError: there is nothing to be imported."""
    remedy = "`sudo wbond init` writes a configuration for the hardware."
    if os.geteuid() != 0 and found.machine.running:
        remedy = "Only root may read most of these files: `sudo wbond import`."
    raise UserError("no cable, radio or bond was found; nothing is written", remedy, 1)


def _write(
    output: Output,
    machine: Machine,
    text: str,
    edits: list[targets.Edit],
    files: list[cables.File],
    kept: bool,
) -> bool:
    """Write the networks, then the configuration; tells whether anything was written."""
    added = [edit for edit in edits if edit.added]
    for edit in added:
        saved.write(edit.file, edit.text)
        listed = ", ".join(names.shown(network.ssid) for network in edit.added)
        output.line(f"{edit.file.name} has the networks: {listed}.")
    for new in [file for file in files if file.text]:
        saved.write(new.file, new.text)
        output.line(f"{new.file.name} has 802.1X of {new.cable.shown}.")
    created = not kept and bool(create(machine.root, CONFIGURATION, text, 0o644))
    return created or bool(added)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""All that `wbond check` looks at, one after the other: text, machine, units."""

import os
from functools import cache
from typing import NamedTuple

from wbond import config, ini, secrets, units
from wbond import main as generator
from wbond_net.deployed import unit_tree

from wbond_cli.check import dependencies, machine, problems, registry, verify
from wbond_cli.check.context import Context, gather
from wbond_cli.check.diagnostics import Diagnostic


class Source(NamedTuple):
    """What is checked: a file, or with none given all of the configuration below a root.

    `draft` is a folder in which the configuration is read in place of the root, if any.
    """

    root: str
    file: str
    draft: str = ""

    @property
    def title(self) -> str:
        """Name it for a person."""
        return self.file or "the configuration"

    def path(self, name: str) -> str:
        """Return where a file of the configuration is, by the name that its problems have."""
        return name if self.file else os.path.join(self.draft or self.root, name.lstrip("/"))


def run(source: Source) -> list[Diagnostic]:
    """Return all that is found, the configuration's first."""
    read, found = configuration(source)
    return found + on_machine(source, read)


def on_machine(source: Source, read: config.Config) -> list[Diagnostic]:
    """Return what is wrong with a machine that is to have this configuration, and its units."""
    if not read.bonds:
        return []
    context = gather(machine.Machine(source.root), read)
    found = list(registry.diagnostics(context))
    if context.machine.running:
        found += _verified(context, source)
    return found


def configuration(source: Source) -> tuple[config.Config, list[Diagnostic]]:
    """Return what the text means, and what is wrong with it, in the order of the lines."""
    document = _read(source)
    read = config.interpret(document, ini.hostname(source.root))
    comments = problems.comments(document)
    secrets.hide(document, comments, config.OPTIONS)
    found = [*read.problems, *comments]
    if not read.bonds and not found:
        found.append(problems.missing_bond(document, source.file))
    found.sort(key=lambda problem: _position(problem.place))
    return read, list(problems.diagnostics(found, _lines(source), document))


def _position(place: ini.Place) -> tuple[str, int, int]:
    return place.file, place.line, place.column


def _read(source: Source) -> ini.Document:
    """Read the one file, or all; a file that cannot be read is a problem like others."""
    if not source.file:
        return ini.read(source.draft or source.root)
    document = ini.Document()
    ini.read_file(source.file, source.file, document)
    return document


def _lines(source: Source) -> problems.Lines:
    """Return a function that gives the lines of a file, each file read once."""

    @cache
    def lines(name: str) -> list[str]:
        try:
            return problems.split(ini.content(source.path(name)))
        except (OSError, ValueError):
            return []

    return lines


def _verified(context: Context, source: Source) -> list[Diagnostic]:
    """Have systemd verify the plan, as far as its templates are there."""
    before = len(context.config.problems)
    planned = generator.items(context.config, source.root, context.config.leave_out)
    added = context.config.problems[before:]
    failed = problems.diagnostics(added, _lines(source), ini.Document())
    tree = unit_tree.render_items(planned)
    names = [
        name
        for name in verify.instances(tree)
        if name in tree
        or (template := units.template(name)) in tree
        or context.machine.unit(template)
    ]
    missing = dependencies.missing_programs(context)
    return [*failed, *verify.diagnostics(planned, names, missing)]

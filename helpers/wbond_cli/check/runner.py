# SPDX-License-Identifier: LGPL-2.1-or-later
"""All that `wbond check` looks at, one after the other: text, machine, units."""

import os
from functools import cache
from typing import NamedTuple

from wbond import config, ini
from wbond import main as generator
from wbond_net.deployed import unit_tree

from wbond_cli.check import dependencies, machine, problems, registry, verify
from wbond_cli.check.context import Site, survey
from wbond_cli.check.diagnostics import ERROR, WARNING, Finding


class Source(NamedTuple):
    """What is checked: a file, or with none given all of the configuration below a root."""

    root: str
    file: str

    @property
    def title(self) -> str:
        """Name it for a person."""
        return self.file or "the configuration"

    def path(self, name: str) -> str:
        """Return where a file of the configuration is, by the name that its problems have."""
        return name if self.file else os.path.join(self.root, name.lstrip("/"))


def examine(source: Source) -> list[Finding]:
    """Return all that is found, the configuration's first."""
    wishes, found = configuration(source)
    if wishes.bonds:
        site = survey(machine.Machine(source.root), wishes)
        found += registry.findings(site)
        if site.machine.running:
            found += _verified(site, source)
    return found


def configuration(source: Source) -> tuple[config.Config, list[Finding]]:
    """Return what the text means, and what is wrong with it, in the order of the lines."""
    document = _read(source)
    wishes = config.interpret(document, generator.hostname(source.root))
    lines = _lines(source)
    found = [*problems.findings(wishes.problems, lines), *problems.comments(document, lines)]
    found.sort(key=lambda finding: (finding.file, finding.line, finding.column))
    if not wishes.bonds and not found:
        found.append(_no_bond(source, document))
    return wishes, found


def _read(source: Source) -> ini.Document:
    """Read the one file, or all; a file that cannot be read is a problem like others."""
    if not source.file:
        return ini.read(source.root)
    document = ini.Document()
    try:
        ini.parse(ini.content(source.file), source.file, document)
    except (OSError, ValueError) as fault:
        reason = fault.strerror or str(fault) if isinstance(fault, OSError) else str(fault)
        text = f"{reason}; the file is left out"
        document.problem(ini.Place(source.file, 0), "", "", lambda: text)
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


def _no_bond(source: Source, document: ini.Document) -> Finding:
    """Say that the configuration comes to nothing, and why."""
    if document.sections or document.problems:
        text = "there is no section of a bond: none is made"
        return Finding(WARNING, text, "Add one, such as [bond0]; wbond.conf(5) tells more.")
    if source.file:
        return Finding(WARNING, "is empty: no bond is made", "Add [bond0].", source.file)
    text = "there is no configuration: wbond does nothing"
    return Finding(ERROR, text, "Have one written: `sudo wbond init`.", "/etc/wbond.conf")


def _verified(site: Site, source: Source) -> list[Finding]:
    """Have systemd verify the plan, as far as its templates are there."""
    try:
        wanted = generator.items(site.wishes, source.root)
    except OSError as fault:
        text = f"{fault.filename or ''}: {fault.strerror}; nothing is generated"
        return [Finding(ERROR, text, "Install wbond anew.")]
    tree = unit_tree.render_items(wanted)
    units = [
        unit
        for unit in verify.without_clients(verify.instances(tree), site.wishes)
        if unit in tree
        or (template := verify.template(unit)) in tree
        or site.machine.unit(template)
    ]
    return list(verify.findings(wanted, units, dependencies.missing_programs(site)))

# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plan as programs read it; plan.schema.json says what each part means."""

from collections.abc import Mapping, Sequence

from wbond import escape, messages, units
from wbond_net.deployed import unit_tree

from wbond_cli.formatting import unicode
from wbond_cli.plan.comparison import GONE, NEW, OTHER, SAME, Comparison

VERSION = 1  # of the schema; grows when something is taken out or gets another meaning
_CHANGES = {NEW: "new", GONE: "removed", OTHER: "changed", SAME: "unchanged"}

Value = Mapping[str, object]


def plan_to_dict(compared: Comparison, faults: Sequence[tuple[str, str]]) -> Value:
    """Return all of a plan as what json.dumps() takes.

    `faults` are texts and remedies of what could not be read.
    """
    return {
        "version": VERSION,
        "directory": f"/{units.GENERATED}",
        "compared_with": compared.compared_with,
        "differs": compared.differs,
        "ports_differ": compared.ports_differ,
        "files": [
            {
                "path": unicode(path),
                "change": _CHANGES[mark],
                "before": _content(compared.present.get(path)),
                "after": _content(compared.planned.get(path)),
            }
            for path, mark in compared.marks.items()
        ],
        "problems": [
            escape.printable(messages.line(problem)) for problem in compared.config.problems
        ],
        "faults": [{"text": text, "remedy": remedy or None} for text, remedy in faults],
    }


def _content(text: str | None) -> Value | None:
    """Return what a file holds, or where a link leads."""
    if text is None:
        return None
    if text.startswith(unit_tree.ARROW):
        return {"link": unicode(text.removeprefix(unit_tree.ARROW)), "text": None}
    return {"link": None, "text": unicode(text)}

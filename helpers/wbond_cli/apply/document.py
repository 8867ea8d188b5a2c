# SPDX-License-Identifier: LGPL-2.1-or-later
"""The outcome of `wbond apply` as programs read it; apply.schema.json says what each part means."""

from collections.abc import Mapping

from wbond_cli.apply.changes import Command, Step
from wbond_cli.apply.outcome import Outcome
from wbond_cli.formatting import unicode

VERSION = 1  # of the schema; grows when something is taken out or gets another meaning

Value = Mapping[str, object]


def outcome_to_dict(outcome: Outcome) -> Value:
    """Return all of an outcome as what json.dumps() takes."""
    return {
        "version": VERSION,
        "result": outcome.result,
        "exit_status": outcome.status,
        "text": unicode(outcome.text) or None,
        "remedy": unicode(outcome.remedy) or None,
        "steps": [
            {"reason": step.reason, **_action(step), "taken": taken}
            for step, taken in outcome.steps
        ],
        "rejected": unicode(outcome.rejected) or None,
        "problems": list(outcome.problems),
    }


def _action(step: Step) -> Value:
    if isinstance(step, Command):
        return {"command": [unicode(word) for word in step.argv], "awaits": None}
    awaited = {"bond": unicode(step.bond), "other_than": unicode(step.port)}
    return {"command": None, "awaits": awaited}

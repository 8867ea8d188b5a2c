# SPDX-License-Identifier: LGPL-2.1-or-later
"""A status as people and as programs see it."""

import io
import json
import re
from typing import Any

import jsonschema
import pytest
from rich.console import Console
from wbond_cli.status import document, table
from wbond_cli.status.build import build_status
from wbond_cli.status.model import Facts

from tests.conftest import REPOSITORY
from tests.stories import STORIES

SCHEMA = json.loads((REPOSITORY / "helpers/wbond_cli/status/status.schema.json").read_text())
WIDTHS = (40, 60, 80, 120)
each_story = pytest.mark.parametrize("story", STORIES.values(), ids=list(STORIES))


def rendered(facts: Facts, width: int = 80, encoding: str = "utf-8", **options: Any) -> str:
    """Return what is printed of a state, to a stream of that encoding which takes nothing else."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
    screen = Console(file=file, width=width, markup=False, highlight=False, emoji=False, **options)
    screen.print(table.render_status(build_status(facts), table.style(screen)))
    file.seek(0)
    return file.read()


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def bond_of(facts: Facts) -> Any:
    """Return the one bond as programs see it, by way of JSON."""
    return json.loads(json.dumps(document.status_to_dict(build_status(facts))))["bonds"][0]


def strict(part: Any) -> Any:
    """Return the schema with no room for fields that it does not name."""
    if isinstance(part, list):
        return [strict(one) for one in part]
    if not isinstance(part, dict):
        return part
    closed = {"additionalProperties": False} if "required" in part else {}
    return {name: strict(one) for name, one in part.items()} | closed


def errors(instance: object, schema: Any = None) -> list[str]:
    validator = jsonschema.Draft202012Validator(schema or strict(SCHEMA))
    return [error.message for error in validator.iter_errors(json.loads(json.dumps(instance)))]


def states(facts: Facts) -> dict[str, str]:
    """Return the states of the first bond's ports by their names."""
    return {port.name: port.state for port in build_status(facts).bonds[0].ports}

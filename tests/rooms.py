# SPDX-License-Identifier: LGPL-2.1-or-later
"""rooms.py: write docs/rooms.svg, the packages as their folders and docstrings have them."""

import ast
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

TOP = Path(__file__).resolve().parents[1]
PICTURE = TOP / "docs/rooms.svg"
# From those that are called to what all of them import.
FLOORS = ("helpers/wbond_cli", "helpers/wbond_udev", "helpers/wbond_net", "generator/wbond")
STAIRS = "what is above imports what is below"
WIDTH, MARGIN, GAP = 960, 16, 10  # px
COLUMNS, LINE = 3, 15
ROOM = (WIDTH - 4 * MARGIN - (COLUMNS - 1) * GAP) // COLUMNS
ACROSS = 46  # characters of a room's text
STYLE = """
  text { font-family: sans-serif; font-size: 12px; fill: #24292f }
  .name { font-weight: bold; font-family: monospace; font-size: 13px }
  .floor { fill: #f6f8fa; stroke: #8c959f }
  .room { fill: #ffffff; stroke: #8c959f }
"""


class Room(NamedTuple):
    """A package: its folder, and what it is for."""

    folder: str
    duty: str

    @property
    def lines(self) -> list[str]:
        """Return its text as it is drawn."""
        return textwrap.wrap(self.duty, ACROSS)


def main() -> int:
    """Write the picture."""
    PICTURE.write_text(drawn(), encoding="utf-8")
    return 0


def room(folder: Path) -> Room:
    """Return a package's room."""
    said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    duty = (said or "").split("\n\n")[0].replace("\n", " ")
    return Room(str(folder.relative_to(TOP)), duty)


def rooms(floor: str) -> list[Room]:
    """Return the packages within a package, in the order of their names."""
    return [room(path.parent) for path in sorted((TOP / floor).rglob("*/__init__.py"))]


def drawn() -> str:
    """Return the picture, as SVG."""
    parts: list[str] = []
    top: float = MARGIN
    for floor in FLOORS:
        height, drawing = _floor(room(TOP / floor), rooms(floor), top)
        parts += drawing
        top += height + 2 * GAP
        if floor != FLOORS[-1]:
            parts.append(_text(WIDTH / 2 - 90, top - GAP + 4, f"↓ {STAIRS}"))
            top += GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}">'
    return "\n".join([head, f"<style>{STYLE}</style>", *parts, "</svg>"]) + "\n"


def _floor(own: Room, inside: list[Room], top: float) -> tuple[float, list[str]]:
    """Return the height of a package with those in it, and what draws it."""
    rows = [inside[first : first + COLUMNS] for first in range(0, len(inside), COLUMNS)]
    heights = [26 + LINE * max(len(one.lines) for one in row) for row in rows]
    height = 44 + sum(heights) + GAP * len(rows)
    parts = [_box("floor", MARGIN, top, WIDTH - 2 * MARGIN, height)]
    parts += [
        _text(2 * MARGIN, top + 18, own.folder, "name"),
        _text(2 * MARGIN, top + 34, own.duty),
    ]
    below = top + 44
    for row, tall in zip(rows, heights, strict=True):
        for column, one in enumerate(row):
            parts += _room(one, 2 * MARGIN + column * (ROOM + GAP), below, tall)
        below += tall + GAP
    return height, parts


def _room(one: Room, left: float, top: float, height: float) -> Iterator[str]:
    yield _box("room", left, top, ROOM, height)
    yield _text(left + 8, top + 17, one.folder.removeprefix("helpers/"), "name")
    for number, line in enumerate(one.lines, 1):
        yield _text(left + 8, top + 17 + LINE * number, line)


def _box(kind: str, left: float, top: float, width: float, height: float) -> str:
    place = f'x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}"'
    return f'<rect class="{kind}" {place} rx="4"/>'


def _text(left: float, top: float, text: str, kind: str = "") -> str:
    of_kind = f' class="{kind}"' if kind else ""
    return f'<text x="{left:g}" y="{top:g}"{of_kind}>{escape(text)}</text>'


if __name__ == "__main__":
    sys.exit(main())

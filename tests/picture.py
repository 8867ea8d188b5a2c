# SPDX-License-Identifier: LGPL-2.1-or-later
"""picture.py: write docs/status.svg, what `wbond status` shows before and after a cable is pulled.

The states are those of the tests' stories, and rich draws them (export_svg()).
The picture carries its text, for those who cannot see it and for a test.
"""

import io
import re
import sys
from pathlib import Path
from xml.sax.saxutils import escape

if __name__ == "__main__":
    _TOP = Path(__file__).resolve().parents[1]
    sys.path[:0] = [str(_TOP), str(_TOP / "helpers"), str(_TOP / "generator")]

from rich.console import Console
from rich.text import Text
from wbond_cli.status import table
from wbond_cli.status.build import build_status

from tests import stories

PICTURE = Path(__file__).resolve().parents[1] / "docs/status.svg"
COLUMNS = 80
PROMPT = "$ wbond status"
# What was done before, and the state that is shown.
SHOTS = (("", stories.cable_active), ("the cable is pulled", stories.wifi_active))
_FONT_FACE = re.compile(r"^\s*@font-face \{.*?\}\n", re.DOTALL | re.MULTILINE)


def main() -> int:
    """Write the picture."""
    PICTURE.write_text(drawn(), encoding="utf-8")
    return 0


def text() -> str:
    """Return what the picture shows, as plain text."""
    console = _console()
    return "\n".join(line.rstrip() for line in console.export_text().splitlines())


def drawn() -> str:
    """Return the picture, as SVG."""
    # Without the fonts, which a reader would be sent elsewhere for.
    svg = _FONT_FACE.sub("", _console().export_svg(title="wbond"))
    head, tag, rest = svg.partition(">")
    return f"{head}{tag}\n    <desc>{escape(text())}</desc>{rest}"


def _console() -> Console:
    """Return a console that has recorded the session."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for action, story in SHOTS:
        if action:
            console.print(Text(f"\n# {action}", style="bold"))
        console.print(Text(PROMPT, style="bold"))
        console.print(table.render_status(build_status(story()), table.style(console)))
    return console


if __name__ == "__main__":
    sys.exit(main())

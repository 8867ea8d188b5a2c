# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pictures that are checked in show what the command shows now. Else: make picture."""

from xml.etree import ElementTree

import pytest

from tests import picture
from tests.status.views import squeezed

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", picture.DRAWN)
def test_a_picture_has_the_present_look(name: str) -> None:
    assert ElementTree.parse(picture.DOCS / name).findtext(f"{SVG}desc") == picture.text(name)


@pytest.mark.parametrize("name", picture.DRAWN)
def test_a_picture_is_drawn_of_all_that_it_is_described_by(name: str) -> None:
    svg = ElementTree.fromstring(picture.drawn(name))
    shown = squeezed("".join(text.text or "" for text in svg.iterfind(f".//{SVG}text")))
    assert squeezed(picture.text(name)) in shown


@pytest.mark.parametrize("name", picture.DRAWN)
def test_a_picture_is_shown_somewhere(name: str) -> None:
    pages = [picture.DOCS.parent / "README.md", *picture.DOCS.glob("*.md")]
    assert any(f"{name})" in page.read_text() for page in pages)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pictures that are checked in show what the command shows now. Else: make picture."""

from xml.etree import ElementTree

import pytest

from tests import picture, rooms
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


def test_the_rooms_are_those_of_today() -> None:
    assert rooms.PICTURE.read_text(encoding="utf-8") == rooms.drawn()
    ElementTree.parse(rooms.PICTURE)
    architecture = (picture.DOCS.parent / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert "(docs/rooms.svg)" in architecture


def test_every_package_has_a_room() -> None:
    drawn = {room.folder for floor in rooms.FLOORS for room in rooms.rooms(floor)}
    found = {
        path.parent
        for top in ("generator", "helpers")
        for path in (rooms.TOP / top).rglob("__init__.py")
    }
    assert drawn | set(rooms.FLOORS) == {str(path.relative_to(rooms.TOP)) for path in found}


@pytest.mark.parametrize("name", picture.DRAWN)
def test_a_picture_is_shown_somewhere(name: str) -> None:
    pages = [picture.DOCS.parent / "README.md", *picture.DOCS.glob("*.md")]
    assert any(f"{name})" in page.read_text() for page in pages)

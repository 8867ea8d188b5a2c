# SPDX-License-Identifier: LGPL-2.1-or-later
"""Configurations for tests: what a text comes to, and what is wrong with it."""

from wbond import config, ini
from wbond.config import Bond, Config
from wbond.ini import Problem

FILE = "/etc/wbond.conf"


def parsed(content: str | bytes, file: str = FILE) -> ini.Document:
    """Return the text level."""
    document = ini.Document()
    ini.parse(content.encode() if isinstance(content, str) else content, file, document)
    return document


def values(document: ini.Document) -> dict[str, dict[str, str]]:
    """Return what the text level says, by section and option."""
    return {
        name: {option: found.value for option, found in section.options.items()}
        for name, section in document.sections.items()
    }


def read(content: str | bytes, hostname: str = "") -> Config:
    """Return what a text means on a host."""
    return config.interpret(parsed(content), hostname)


def told(problems: list[Problem]) -> list[str]:
    """Return problems as `LINE:COLUMN-END [SECTION] OPTION CODE`, with what there is of these."""
    return [
        " ".join(
            filter(
                None,
                (
                    _where(problem.place),
                    f"[{problem.section}]" if problem.section else "",
                    problem.option,
                    problem.code,
                ),
            )
        )
        for problem in problems
    ]


def _where(place: ini.Place) -> str:
    return f"{place.line}:{place.column}-{place.end}" if place.column else str(place.line)


def good(text: str, hostname: str = "") -> dict[str, Bond]:
    """Return the bonds of a text without a problem, by name."""
    found = read(text, hostname)
    assert told(found.problems) == []
    return {bond.name: bond for bond in found.bonds}


def ports(bond: Bond) -> list[str]:
    """Name a bond's ports, the most preferred first."""
    return [port.name for port in bond.ports]

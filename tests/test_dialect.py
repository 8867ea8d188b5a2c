# SPDX-License-Identifier: LGPL-2.1-or-later
"""The dialect beside the standard configparser: good files say the same to both."""

import configparser

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.configuration import parsed, values

NONCHARACTERS = {chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF)}
NONCHARACTERS |= {chr(code) for code in range(0xFDD0, 0xFDF0)}
_TEXT = st.characters(
    exclude_categories=["Cs"],
    exclude_characters=[*map(chr, range(0x20)), "\x7f", *NONCHARACTERS],
)
_WORD = st.text(st.one_of(st.sampled_from("aB_[]-."), _TEXT), min_size=1, max_size=8)
NAME = _WORD.map(lambda word: word.replace(":", "").replace("=", "").strip()).filter(
    # `option [host]` is an addition of this dialect.
    lambda word: bool(word) and word[0] not in "#;[\ufeff" and "[" not in word[:-1]
)
VALUE = st.text(st.one_of(st.sampled_from("=:#;[]% \t"), _TEXT), max_size=12).map(str.strip)
COMMENT = st.builds(
    lambda blanks, mark, text: f"{blanks}{mark}{text}",
    st.sampled_from(["", " ", "\t  "]),
    st.sampled_from("#;"),
    VALUE,
)


@st.composite
def option_lines(draw: st.DrawFn, indent: str) -> list[str]:
    delimiter = draw(st.sampled_from(["=", ":", " = ", "\t:  "]))
    lines = [f"{indent}{draw(NAME)}{delimiter}{draw(VALUE)}"]
    for more in draw(st.lists(VALUE, max_size=3)):
        deeper = draw(st.sampled_from([" ", "    ", "\t"]))
        # An empty one would be a blank line, which ends the value for wbond alone.
        lines.append(f"{indent}{deeper}{more}" if more else "# nothing")
    return lines


@st.composite
def files(draw: st.DrawFn) -> list[str]:
    """Draw the lines of a file without a fault."""
    lines = draw(st.lists(COMMENT, max_size=2))
    for _ in range(draw(st.integers(0, 4))):
        lines.append(f"[{draw(NAME)}]")
        indent = draw(st.sampled_from(["", "  ", "\t"]))
        for _ in range(draw(st.integers(0, 4))):
            lines += draw(
                st.one_of(option_lines(indent), st.lists(COMMENT, max_size=2), st.just(["", " "]))
            )
    return lines


def read_by_configparser(lines: list[str]) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(strict=False, default_section="no such section: ")
    parser.read_string("\n".join(lines))
    # It keeps the lines of a value apart; wbond joins them by a blank.
    return {
        section: {
            name: value.replace("\n", " ").strip()
            for name, value in parser.items(section, raw=True)
        }
        for section in parser.sections()
    }


@given(files(), st.sampled_from(["\n", "\r\n"]), st.booleans())
@settings(deadline=None)
def test_a_good_file_says_what_configparser_reads(
    lines: list[str], ending: str, marked: bool
) -> None:
    document = parsed(("\ufeff" if marked else "") + ending.join(lines))
    assert values(document) == read_by_configparser(lines)
    assert {problem.code for problem in document.problems} <= {"duplicate-option"}

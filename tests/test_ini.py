# SPDX-License-Identifier: LGPL-2.1-or-later
"""The text level: the dialect line by line, where everything stands, and what is wrong."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wbond import ini

from tests.configuration import FILE, parsed, told, values


def good(content: str | bytes) -> dict[str, dict[str, str]]:
    """Return what a text without a problem says."""
    document = parsed(content)
    assert told(document.problems) == []
    return values(document)


# --- the dialect ------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "\n\n", "# x", "  ; x = 1", "\ufeff", "#[bond0]\n;a=b"])
def test_nothing_said_is_nothing_found(text: str) -> None:
    assert good(text) == {}


@pytest.mark.parametrize("text", ["[bond0]", "  [bond0]  ", "[ bond0 ]", "[bond0]\n[bond0]"])
def test_a_section_needs_no_option(text: str) -> None:
    assert good(text) == {"bond0": {}}


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("miimon=50", "miimon", "50"),
        ("miimon: 50", "miimon", "50"),
        ("  miimon \t =   50  ", "miimon", "50"),
        ("MiiMon = A", "miimon", "A"),
        ("a = b:c", "a", "b:c"),
        ("a : b=c", "a", "b=c"),
        ("a = # b ; c", "a", "# b ; c"),
        ("a = b # c", "a", "b # c"),
        ("a = 50% %(b)s ${c}", "a", "50% %(b)s ${c}"),
        ("a =", "a", ""),
        ("miimon[Host] = 1", "miimon[host]", "1"),
        ("größe = ä", "größe", "ä"),
        ("a = [b]", "a", "[b]"),
        ("a = x\ty", "a", "x\ty"),
    ],
)
def test_an_option(line: str, name: str, value: str) -> None:
    assert good(f"[bond0]\n{line}\n") == {"bond0": {name: value}}


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ("wired = a\n b\n\tc", "a b c"),
        ("wired =\n  a", "a"),
        ("wired = a\n  # no\n  b\n; no\n  c", "a b c"),
        ("wired = a\n [b]", "a [b]"),
        ("wired = a\n b = c", "a b = c"),
        ("  wired = a\n   b", "a b"),
    ],
)
def test_a_deeper_line_continues_the_value(lines: str, value: str) -> None:
    assert good(f"[bond0]\n{lines}\n") == {"bond0": {"wired": value}}


def test_a_line_no_deeper_than_the_option_continues_nothing() -> None:
    assert good("[bond0]\n  a = 1\n  b = 2\n c = 3") == {"bond0": {"a": "1", "b": "2", "c": "3"}}


def test_a_blank_line_ends_a_value() -> None:
    document = parsed("[bond0]\nwired = a\n\n  b")
    assert values(document) == {"bond0": {"wired": "a"}}
    assert told(document.problems) == ["4:3-4 [bond0] not-an-assignment"]


def test_a_section_goes_on_later() -> None:
    assert good("[a]\nx = 1\n[b]\ny = 2\n[a]\nz = 3") == {
        "a": {"x": "1", "z": "3"},
        "b": {"y": "2"},
    }


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_end_as_any_system_ends_them(ending: str) -> None:
    document = parsed(ending.join(["\ufeff[bond0]", "wired = a", "  b", "", "[c]", "?"]))
    assert values(document) == {"bond0": {"wired": "a b"}, "c": {}}
    assert told(document.problems) == ["6:1-2 [c] not-an-assignment"]


@pytest.mark.parametrize("ending", ["\v", "\f", "\x1c", "\x85", "\u2028"])
def test_no_other_character_ends_a_line(ending: str) -> None:
    assert "b" not in values(parsed(f"[bond0]\na = 1{ending}b = 2")).get("bond0", {})


def test_a_mark_of_byte_order_counts_at_the_start_alone() -> None:
    assert list(good("\ufeff[a]\n[\ufeffb]")) == ["a", "\ufeffb"]


@pytest.mark.parametrize(
    ("header", "name", "parents"),
    [
        ("[a:b]", "a", ("b",)),
        ("[ a : b : c ]", "a", ("b", "c")),
        ("[bond0/x:y z]", "bond0/x", ("y z",)),
    ],
)
def test_a_section_names_its_parents(header: str, name: str, parents: tuple[str, ...]) -> None:
    assert tuple(parsed(header).sections[name].parents) == parents


def test_parents_given_later_replace_the_earlier() -> None:
    assert list(parsed("[a:b:c]\n[a]").sections["a"].parents) == ["b", "c"]
    assert list(parsed("[a:b:c]\n[a:d]").sections["a"].parents) == ["d"]


# --- places and problems ------------------------------------------------------------


def test_everything_has_its_place() -> None:
    document = parsed("\n[a]\n# x\nb = 1\n  2\nc = 3\n[a]\nb = 4")
    section = document.sections["a"]
    assert str(section.place) == f"{FILE}:2"
    assert [str(section.options[name].place) for name in "bc"] == [f"{FILE}:8", f"{FILE}:6"]


@pytest.mark.parametrize(
    "header", ["[", "[]", "[a", "[a]b", "[:a]", "[a:]", "[a::b]", "[ ]", "[a] # b"]
)
def test_a_broken_header_costs_its_section_alone(header: str) -> None:
    document = parsed(f"[x]\na = 1\n{header}\na = 2\nb = 2\n[y]\na = 3")
    assert values(document) == {"x": {"a": "1"}, "y": {"a": "3"}}
    assert told(document.problems) == [f"3:1-{1 + len(header)} not-a-header"]


@pytest.mark.parametrize("line", ["what", "= 1", ": 1", "]", "="])
def test_a_line_without_sense_costs_itself_alone(line: str) -> None:
    document = parsed(f"[x]\na = 1\n{line}\nb = 2")
    assert values(document) == {"x": {"a": "1", "b": "2"}}
    assert told(document.problems) == [f"3:1-{1 + len(line)} [x] not-an-assignment"]


def test_an_option_before_any_section_is_told() -> None:
    document = parsed("Wired = eth0\n[bond0]")
    assert values(document) == {"bond0": {}}
    assert told(document.problems) == ["1:1-6 wired option-outside-section"]


@pytest.mark.parametrize("between", ["", "[b]\n[a]\n"])
def test_of_two_assignments_the_last_is_taken(between: str) -> None:
    document = parsed(f"[a]\nx = 1\n{between}X : 2")
    assert values(document)["a"] == {"x": "2"}
    line = 3 + between.count("\n")
    assert told(document.problems) == [f"{line}:1-2 [a] x duplicate-option"]


def test_an_option_and_its_host_s_are_two() -> None:
    assert good("[a]\nx = 1\nx[h] = 2") == {"a": {"x": "1", "x[h]": "2"}}


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        (b"b = \xff", 5, "not-utf-8"),
        (b"b = \xed\xa0\x80", 5, "not-utf-8"),
        ("ä = ö".encode() + b"\xe4", 6, "not-utf-8"),
        (b"b = \x00", 5, "control-character"),
        (b"b =\t\x1b[31m", 5, "control-character"),
        (b"b = \x7f", 5, "control-character"),
        (b"# \x01", 3, "control-character"),
        ("ä\x80 = \ufdd0".encode(), 6, "control-character"),
    ],
)
def test_a_line_that_is_no_text_is_skipped(line: bytes, column: int, code: str) -> None:
    document = parsed(b"[x]\na = 1\n" + line + b"\nc = 3")
    assert values(document) == {"x": {"a": "1", "c": "3"}}
    assert told(document.problems) == [f"3:{column}-{column + 1} [x] {code}"]


def test_the_problems_of_a_file_are_listed_up_to_a_limit() -> None:
    limit = ini.PROBLEMS_MAX
    assert len(parsed("x\n" * limit).problems) == limit
    assert told(parsed("x\n" * 1000).problems)[limit - 1 :] == [
        f"{limit}:1-2 not-an-assignment",
        f"{limit + 1} too-many-problems",
    ]


def test_each_file_has_a_limit_of_its_own() -> None:
    document, count = ini.Document(), ini.PROBLEMS_MAX + 1
    for name in ("/a", "/b"):
        ini.parse(b"x\n" * 100, name, document)
    assert [problem.place.file for problem in document.problems] == ["/a"] * count + ["/b"] * count


@pytest.mark.parametrize("skipped", [b"[b\xf6se]", b"[b\x01]", b"[bond0", b"[]"])
def test_a_header_that_is_skipped_gives_its_options_to_no_other_section(skipped: bytes) -> None:
    text = b"[bond0]\nwired = eth0\n" + skipped + b"\nwired = eth1\n   eth2\n"
    document = parsed(text)
    assert values(document) == {"bond0": {"wired": "eth0"}}
    assert [problem.place.line for problem in document.problems] == [3]


def test_a_line_that_is_skipped_takes_its_continuation_along() -> None:
    text = b"[bond0]\nwired = eth0\nwireless = wl\xff\n  wlan0\nmiimon = 50\n"
    document = parsed(text)
    assert values(document) == {"bond0": {"wired": "eth0", "miimon": "50"}}


def test_a_skipped_line_within_a_value_costs_itself_alone() -> None:
    document = parsed(b"[bond0]\nwired = eth0\n  \xff\n  eth1\n")
    assert values(document) == {"bond0": {"wired": "eth0 eth1"}}


@pytest.mark.parametrize("spelled", ["miimon[h]", "miimon [h]", "miimon[ h ]", " miimon [ H ] "])
def test_blanks_around_a_host_do_not_count(spelled: str) -> None:
    assert values(parsed(f"[bond0]\n{spelled} = 50\n")) == {"bond0": {"miimon[h]": "50"}}


@pytest.mark.parametrize("character", ["\uffff", "\ufdd0", "\U0001fffe", "\x7f", "\x1b"])
def test_what_systemd_takes_for_no_text_is_left_out(character: str) -> None:
    document = parsed(f"[bond0]\nsupplicant_conf = /etc/{character}\nmiimon = 50\n")
    assert values(document) == {"bond0": {"miimon": "50"}}
    assert [problem.code for problem in document.problems] == ["control-character"]


LINES = [b"[a]\n", b"[a:b]\n", b"a = 1\n", b"\xef\xbb\xbf", b"\xc3\xa9", b"\xe2\x80\xa8"]
PIECES = st.sampled_from([*LINES, *(bytes([octet]) for octet in b"[]aB=: \t\n\r#;/\0\x85\xff")])


def names_its_line(place: ini.Place, name: str, lines: list[bytes]) -> bool:
    content = lines[place.line - 1].decode().strip()
    return any(content[:end].strip().lower() == name for end in range(1, len(content)))


@given(st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=60).map(b"".join)))
@example(b"[")
@example(b"[a]\n:b=c")
@settings(deadline=None)
def test_no_bytes_raise_and_all_that_is_found_is_there(content: bytes) -> None:
    document = parsed(content)
    lines = content.removeprefix(b"\xef\xbb\xbf").splitlines()
    places = [problem.place for problem in document.problems]
    places += [section.place for section in document.sections.values()]
    assert all(place.file == FILE and 1 <= place.line <= len(lines) for place in places)
    for section in document.sections.values():
        assert section.name
        assert lines[section.place.line - 1].decode().strip()[0] == "["
        for name, option in section.options.items():
            assert names_its_line(option.place, name, lines)
    assert len(document.problems) <= ini.PROBLEMS_MAX + 1

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The text level: the dialect line by line, beside the standard configparser, and the files."""

import configparser
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wbond import ini

FILE = "/etc/wbond.conf"
NO_LINE = "is neither a section, an option nor a comment; the line is skipped"
BROKEN_HEADER = "is no section header such as [bond0]; skipped up to the next one"


def parsed(content: str | bytes) -> ini.Document:
    document = ini.Document()
    ini.parse(content.encode() if isinstance(content, str) else content, FILE, document)
    return document


def values(document: ini.Document) -> dict[str, dict[str, str]]:
    return {
        name: {option: found.value for option, found in section.options.items()}
        for name, section in document.sections.items()
    }


def problems(document: ini.Document) -> list[str]:
    return [str(problem) for problem in document.problems]


def good(content: str | bytes) -> dict[str, dict[str, str]]:
    """Return what a text without a fault says."""
    document = parsed(content)
    assert problems(document) == []
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
    assert problems(document) == [f"{FILE}:4: [bond0]: {NO_LINE}"]


def test_a_section_goes_on_later() -> None:
    assert good("[a]\nx = 1\n[b]\ny = 2\n[a]\nz = 3") == {
        "a": {"x": "1", "z": "3"},
        "b": {"y": "2"},
    }


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_end_as_any_system_ends_them(ending: str) -> None:
    document = parsed(ending.join(["\ufeff[bond0]", "wired = a", "  b", "", "[c]", "?"]))
    assert values(document) == {"bond0": {"wired": "a b"}, "c": {}}
    assert problems(document) == [f"{FILE}:6: [c]: {NO_LINE}"]


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
    assert parsed(header).sections[name].parents == parents


def test_parents_given_later_replace_the_earlier() -> None:
    assert parsed("[a:b:c]\n[a]").sections["a"].parents == ("b", "c")
    assert parsed("[a:b:c]\n[a:d]").sections["a"].parents == ("d",)


# --- places and faults ------------------------------------------------------------


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
    assert problems(document) == [f"{FILE}:3: {BROKEN_HEADER}"]


@pytest.mark.parametrize("line", ["what", "= 1", ": 1", "]", "="])
def test_a_line_without_sense_costs_itself_alone(line: str) -> None:
    document = parsed(f"[x]\na = 1\n{line}\nb = 2")
    assert values(document) == {"x": {"a": "1", "b": "2"}}
    assert problems(document) == [f"{FILE}:3: [x]: {NO_LINE}"]


def test_an_option_before_any_section_is_told() -> None:
    document = parsed("Wired = eth0\n[bond0]")
    assert values(document) == {"bond0": {}}
    text = "stands before any section such as [bond0]; skipped"
    assert problems(document) == [f"{FILE}:1: wired: {text}"]


@pytest.mark.parametrize("between", ["", "[b]\n[a]\n"])
def test_of_two_assignments_the_last_is_taken(between: str) -> None:
    document = parsed(f"[a]\nx = 1\n{between}X : 2")
    assert values(document)["a"] == {"x": "2"}
    line = 3 + between.count("\n")
    assert problems(document) == [f"{FILE}:{line}: [a] x: is given twice; this one is taken"]


def test_an_option_and_its_host_s_are_two() -> None:
    assert good("[a]\nx = 1\nx[h] = 2") == {"a": {"x": "1", "x[h]": "2"}}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"b = \xff", "is not UTF-8 text; the line is skipped"),
        (b"b = \xed\xa0\x80", "is not UTF-8 text; the line is skipped"),
        (b"b = \x00", "holds a control character; the line is skipped"),
        (b"b = \x1b[31m", "holds a control character; the line is skipped"),
        (b"b = \x7f", "holds a control character; the line is skipped"),
        (b"# \x01", "holds a control character; the line is skipped"),
    ],
)
def test_a_line_that_is_no_text_is_skipped(line: bytes, text: str) -> None:
    document = parsed(b"[x]\na = 1\n" + line + b"\nc = 3")
    assert values(document) == {"x": {"a": "1", "c": "3"}}
    assert problems(document) == [f"{FILE}:3: [x]: {text}"]


def test_the_faults_of_a_file_are_listed_up_to_a_limit() -> None:
    limit = ini.PROBLEMS_MAX
    assert len(parsed("x\n" * limit).problems) == limit
    assert problems(parsed("x\n" * 1000))[limit - 1 :] == [
        f"{FILE}:{limit}: {NO_LINE}",
        f"{FILE}:{limit + 1}: more faults in this file are not listed",
    ]


def test_each_file_has_a_limit_of_its_own() -> None:
    document, count = ini.Document(), ini.PROBLEMS_MAX + 1
    for name in ("/a", "/b"):
        ini.parse(b"x\n" * 100, name, document)
    assert [problem.place.file for problem in document.problems] == ["/a"] * count + ["/b"] * count


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


# --- beside the standard configparser ---------------------------------------------

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
    assert all("is given twice" in problem.text for problem in document.problems)


@pytest.mark.parametrize("skipped", [b"[b\xf6se]", b"[b\x01]", b"[bond0", b"[]"])
def test_a_header_that_is_skipped_gives_its_options_to_no_other_section(skipped: bytes) -> None:
    document = ini.Document()
    text = b"[bond0]\nwired = eth0\n" + skipped + b"\nwired = eth1\n   eth2\n"
    ini.parse(text, "file", document)
    assert values(document) == {"bond0": {"wired": "eth0"}}
    assert [problem.place.line for problem in document.problems] == [3]


def test_a_line_that_is_skipped_takes_its_continuation_along() -> None:
    document = ini.Document()
    text = b"[bond0]\nwired = eth0\nwireless = wl\xff\n  wlan0\nmiimon = 50\n"
    ini.parse(text, "file", document)
    assert values(document) == {"bond0": {"wired": "eth0", "miimon": "50"}}


def test_a_skipped_line_within_a_value_costs_itself_alone() -> None:
    document = ini.Document()
    ini.parse(b"[bond0]\nwired = eth0\n  \xff\n  eth1\n", "file", document)
    assert values(document) == {"bond0": {"wired": "eth0 eth1"}}


@pytest.mark.parametrize("spelled", ["miimon[h]", "miimon [h]", "miimon[ h ]", " miimon [ H ] "])
def test_blanks_around_a_host_do_not_count(spelled: str) -> None:
    assert values(parsed(f"[bond0]\n{spelled} = 50\n")) == {"bond0": {"miimon[h]": "50"}}


@pytest.mark.parametrize("character", ["\uffff", "\ufdd0", "\U0001fffe", "\x7f", "\x1b"])
def test_what_systemd_takes_for_no_text_is_left_out(character: str) -> None:
    document = parsed(f"[bond0]\nsupplicant_conf = /etc/{character}\nmiimon = 50\n")
    assert values(document) == {"bond0": {"miimon": "50"}}
    assert "holds a control character" in document.problems[0].text


# --- the files --------------------------------------------------------------------


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def drop_in(directory: str, name: str) -> str:
    return f"{directory}/wbond.conf.d/{name}"


def test_no_file_says_nothing(tmp_path: Path) -> None:
    document = ini.read(str(tmp_path))
    assert (document.sections, document.problems) == ({}, [])


def test_drop_ins_come_after_the_file_sorted_by_name(tmp_path: Path) -> None:
    write(tmp_path, drop_in("usr/lib", "10-a.conf"), "[a]\nx = lib\ny = lib")
    write(tmp_path, drop_in("etc", "20-b.conf"), "[b]\n[a]\ny = etc")
    write(tmp_path, "etc/wbond.conf", "[m]\n[a]\nx = main\ny = main\nz = main")
    document = ini.read(str(tmp_path))
    assert list(document.sections) == ["m", "a", "b"]
    assert values(document)["a"] == {"x": "lib", "y": "etc", "z": "main"}
    places = [str(option.place) for option in document.sections["a"].options.values()]
    assert places == [
        "/usr/lib/wbond.conf.d/10-a.conf:2",
        "/etc/wbond.conf.d/20-b.conf:3",
        "/etc/wbond.conf:5",
    ]
    assert problems(document) == []


@pytest.mark.parametrize("first", range(4))
def test_of_files_with_one_name_the_first_directory_s_is_read(tmp_path: Path, first: int) -> None:
    directories = ["etc", "run", "usr/local/lib", "usr/lib"][first:]
    for directory in directories:
        write(tmp_path, drop_in(directory, "x.conf"), f"[{directory}]")
    assert list(ini.read(str(tmp_path)).sections) == directories[:1]


def test_an_empty_file_masks(tmp_path: Path) -> None:
    write(tmp_path, drop_in("run", "x.conf"), "")
    write(tmp_path, drop_in("usr/lib", "x.conf"), "[a]")
    assert ini.read(str(tmp_path)).sections == {}


def test_a_link_to_null_masks(tmp_path: Path) -> None:
    write(tmp_path, drop_in("usr/lib", "x.conf"), "[a]")
    mask = write(tmp_path, drop_in("etc", "other.conf"), "[b]").with_name("x.conf")
    mask.symlink_to("/dev/null")
    document = ini.read(str(tmp_path))
    assert list(document.sections) == ["b"]
    assert problems(document) == []


@pytest.mark.parametrize(
    "name", [".x.conf", "x.conf~", "x", "x.CONF", "x.conf.bak", "a\nb.conf", ".conf", "\x1b.conf"]
)
def test_other_names_are_no_drop_ins(tmp_path: Path, name: str) -> None:
    write(tmp_path, drop_in("etc", name), "[a]")
    assert ini.read(str(tmp_path)).sections == {}


def test_a_link_is_followed(tmp_path: Path) -> None:
    write(tmp_path, "etc/real", "[a]")
    (tmp_path / "etc/wbond.conf").symlink_to("real")
    assert list(ini.read(str(tmp_path)).sections) == ["a"]


@contextmanager
def time_limit() -> Iterator[None]:
    def expired(*_: object) -> None:
        raise AssertionError("it blocks")

    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(10)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def left_out(root: Path) -> str:
    """Return why the only file that is no drop-in was left out; the drop-in was read."""
    write(root, drop_in("etc", "x.conf"), "[other]")
    with time_limit():
        document = ini.read(str(root))
    assert list(document.sections) == ["other"]
    (problem,) = problems(document)
    head, tail = "/etc/wbond.conf: ", "; the file is left out"
    assert problem.startswith(head)
    assert problem.endswith(tail)
    return problem.removeprefix(head).removesuffix(tail)


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    return tmp_path / "etc/wbond.conf"


def test_a_pipe_is_left_out_and_does_not_block(tmp_path: Path, configuration: Path) -> None:
    os.mkfifo(configuration)
    assert left_out(tmp_path) == "is not a regular file"


def test_a_pipe_with_a_writer_does_not_block_either(tmp_path: Path, configuration: Path) -> None:
    os.mkfifo(configuration)
    writer = os.open(configuration, os.O_RDWR)
    try:
        assert left_out(tmp_path) == "is not a regular file"
    finally:
        os.close(writer)


def test_a_folder_is_left_out(tmp_path: Path, configuration: Path) -> None:
    configuration.mkdir()
    assert left_out(tmp_path) == "is not a regular file"


def test_a_device_is_left_out(tmp_path: Path, configuration: Path) -> None:
    configuration.symlink_to("/dev/zero")
    assert left_out(tmp_path) == "is not a regular file"


def test_a_link_to_nowhere_is_told(tmp_path: Path, configuration: Path) -> None:
    configuration.symlink_to("nowhere")
    assert left_out(tmp_path) == "No such file or directory"


def test_a_link_in_a_circle_is_told(tmp_path: Path, configuration: Path) -> None:
    configuration.symlink_to("wbond.conf")
    assert left_out(tmp_path) == "Too many levels of symbolic links"


def test_a_file_too_large_is_left_out(tmp_path: Path, configuration: Path) -> None:
    configuration.write_bytes(b"[a]\n" + b"#" * (1 << 20))
    assert left_out(tmp_path) == "is larger than 1048576 bytes"


def test_a_file_of_the_greatest_size_is_read(tmp_path: Path, configuration: Path) -> None:
    text = b"\n[a]"
    configuration.write_bytes(b"#" * ((1 << 20) - len(text)) + text)
    assert list(ini.read(str(tmp_path)).sections) == ["a"]


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may read everything; be nobody for a while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_file_that_may_not_be_read_is_told() -> None:
    # Not below tmp_path, which only its owner may enter.
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        write(Path(folder), "etc/wbond.conf", "[a]").chmod(0)
        write(Path(folder), drop_in("etc", "x.conf"), "[b]")
        with without_privileges():
            document = ini.read(folder)
    assert problems(document) == ["/etc/wbond.conf: Permission denied; the file is left out"]
    assert list(document.sections) == ["b"]


def test_a_file_in_place_of_the_drop_ins_folder_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "etc/wbond.conf", "[a]")
    write(tmp_path, "etc/wbond.conf.d", "[b]")
    document = ini.read(str(tmp_path))
    assert list(document.sections) == ["a"]
    assert problems(document) == []

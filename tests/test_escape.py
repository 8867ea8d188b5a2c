# SPDX-License-Identifier: LGPL-2.1-or-later
"""Escaping, each rule beside the program that has it: systemd-escape, systemd's reader of units."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wbond import escape, units

# Whatever may stand in a file name: bytes, for the interface's name need not be text.
RAW = st.binary(max_size=40).map(lambda octets: os.fsdecode(octets.replace(b"\0", b"")))
CONTROL = [chr(code) for code in (*range(0x20), 0x7F)]
# systemd takes a line with one of these for no UTF-8 (unichar_is_valid()).
NONCHARACTERS = {chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF)}
NONCHARACTERS |= {chr(code) for code in range(0xFDD0, 0xFDF0)}
VALUE = st.text(
    st.one_of(
        st.sampled_from("\"'\\ %$#;=:~*"),
        st.characters(exclude_categories=["Cs"], exclude_characters=[*CONTROL, *NONCHARACTERS]),
    ),
    max_size=30,
)


def systemd_escape(*words: str) -> list[str]:
    done = subprocess.run(["systemd-escape", *words], capture_output=True, check=True)
    return done.stdout.decode("ascii").removesuffix("\n").split(" ")


def read_by_systemd(lines: list[str]) -> dict[str, str]:
    """Return the variables that systemd gives to a service with these lines."""
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder) / "x.service"
        head = ["[Service]", "Type=oneshot", "ExecStart=/bin/true"]
        unit.write_bytes("\n".join([*head, *lines, ""]).encode())
        words = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)]
        # With this level of the log the unit is dumped as it was understood.
        environ = {"SYSTEMD_UNIT_PATH": folder, "SYSTEMD_LOG_LEVEL": "debug", "PATH": os.defpath}
        done = subprocess.run(words, env=environ, capture_output=True, check=True)
    mark = "\t\tEnvironment: "
    dumped = [line for line in done.stdout.decode().split("\n") if line.startswith(mark)]
    return dict(line.removeprefix(mark).split("=", 1) for line in dumped)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bond0", "bond0"),
        ("wl-x", r"wl\x2dx"),
        (".x", r"\x2ex"),
        ("a.b", "a.b"),
        ("a/b", "a-b"),
        ("a\\b", r"a\x5cb"),
        ("a b\n", r"a\x20b\x0a"),
        ("größe", r"gr\xc3\xb6\xc3\x9fe"),
        (os.fsdecode(b"\xff"), r"\xff"),
        ("wbond@bond0:_", r"wbond\x40bond0:_"),
        ("-", r"\x2d"),
        ("", ""),
    ],
)
def test_an_instance_is_escaped(text: str, expected: str) -> None:
    assert escape.unit_instance(text) == expected


@given(st.lists(RAW, min_size=2, max_size=200))
@example([chr(code) for code in range(1, 128)])
@example([f".{os.fsdecode(bytes([octet]))}" for octet in range(1, 256)])
@settings(deadline=None, max_examples=50)
def test_an_instance_is_escaped_as_systemd_escape_does(names: list[str]) -> None:
    assert [escape.unit_instance(name) for name in names] == systemd_escape("--", *names)


@given(st.text("ab-.\\:_é@%*", min_size=1, max_size=15).filter(lambda name: name[0] != "."))
@example("--help")
@settings(deadline=None, max_examples=50)
def test_a_device_s_unit_is_named_as_systemd_names_it(name: str) -> None:
    path = f"/sys/subsystem/net/devices/{name}"
    assert [units.device(name)] == systemd_escape("--suffix=device", "--path", "--", path)


@given(RAW)
@settings(deadline=None)
def test_different_names_never_share_a_unit(name: str) -> None:
    done = escape.unit_instance(name)
    unescaped = done.replace("-", "/").encode().decode("unicode_escape").encode("latin-1")
    assert os.fsdecode(unescaped) == name


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("50", "Environment=MIIMON=50"),
        ("", "Environment=MIIMON="),
        ("a b", 'Environment="MIIMON=a b"'),
        ("50%", "Environment=MIIMON=50%%"),
        ("%n", "Environment=MIIMON=%%n"),
        ('"', r'Environment="MIIMON=\""'),
        ("'", 'Environment="MIIMON=\'"'),
        ("\\", r'Environment="MIIMON=\\"'),
        ("$HOME", "Environment=MIIMON=$HOME"),
        ("# ;", 'Environment="MIIMON=# ;"'),
    ],
)
def test_a_value_is_quoted_where_it_must_be(value: str, line: str) -> None:
    assert escape.environment("MIIMON", value) == line


@given(st.lists(VALUE, min_size=1, max_size=100))
@example(["\\", "\\\\", "a\\", " ", "  a  ", "%", "%%n", "'", '"', "\\n", "\\x41", "a\u2028b"])
@example(["\x80\x85\x9f", "\ufeff", "\u200b", "\U0010fffd", "#", ";", "$A ${B}", "=", "\xa0"])
@settings(max_examples=40, deadline=None)
def test_systemd_reads_back_what_was_written(values: list[str]) -> None:
    wanted = {f"V{number}": value for number, value in enumerate(values)}
    lines = [escape.environment(name, value) for name, value in wanted.items()]
    assert read_by_systemd(lines) == wanted


def test_without_quoting_systemd_reads_something_else() -> None:
    read = read_by_systemd(["Environment=A=%n", "Environment=B=b C=c", "Environment=D='d'"])
    assert read == {"A": "x.service", "B": "b", "C": "c", "D": "d"}


@given(st.text(st.characters(exclude_categories=["Cs"])))
@settings(deadline=None)
def test_a_value_never_breaks_out_of_its_line(value: str) -> None:
    try:
        line = escape.environment("NAME", value)
    except ValueError:
        assert set(value) & set(CONTROL)
    else:
        assert not set(line) & set(CONTROL)


@pytest.mark.parametrize("character", CONTROL)
def test_a_control_character_is_refused(character: str) -> None:
    with pytest.raises(ValueError, match="control character in MAC"):
        escape.environment("MAC", f"a{character}b")


def test_specifiers_are_doubled() -> None:
    assert escape.specifiers("100%i%%") == "100%%i%%%%"


@pytest.mark.parametrize("name", ["en*", "eth?", "wl[ab]", "[", "*"])
def test_a_glob_is_told_from_a_name(name: str) -> None:
    assert escape.is_glob(name)


@pytest.mark.parametrize("name", ["enp0s10", "wl-x", "a]b", "{a,b}", "!a", "a\\b", "~", ""])
def test_a_name_is_told_from_a_glob(name: str) -> None:
    assert not escape.is_glob(name)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a b'\"%\\", "a b'\"%\\"),
        ("größe", "größe"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\u202e\u2028\x85", r"\u202e\u2028\x85"),
        (os.fsdecode(b"\xff"), r"\udcff"),
    ],
)
def test_what_cannot_be_printed_is_shown(text: str, shown: str) -> None:
    assert escape.printable(text) == shown


@given(st.text(st.characters()))
@settings(deadline=None)
def test_a_line_of_the_log_is_one_line(text: str) -> None:
    shown = escape.printable(text)
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")

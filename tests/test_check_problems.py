# SPDX-License-Identifier: LGPL-2.1-or-later
"""Problems of the configuration as `wbond check` tells them: places, words, and their codes."""

import ast
import io
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wbond import config, messages
from wbond.message import ERROR, WARNING
from wbond_cli import terminal
from wbond_cli.check import diagnostics, problems, runner
from wbond_cli.check.diagnostics import Diagnostic

from tests.configuration import parsed, read
from tests.conftest import CASES, REPOSITORY, configured

WITHOUT_A_LINE = {"too-many-problems", "not-a-regular-file", "file-not-found"}
WITHOUT_A_LINE |= {"no-configuration", "no-bond-section"}
ARGUMENTS = {
    "permission-denied": ("reason",),
    "file-not-found": ("reason",),
    "unreadable-file": ("reason",),
    "file-too-large": ("limit",),
    "interface-name-length": ("size", "high"),
    "port-of-another-bond": ("owner",),
    "address-of-another-bond": ("owner",),
    "metric-of-another-bond": ("owner",),
    "address-mapped": ("own",),
    "not-a-prefix-length": ("high",),
    "not-an-integer": ("low", "high", "unit"),
    "not-a-multiple": ("miimon", "rounded"),
    "not-one-of": ("names",),
    "internal-error": ("error",),
}

# --- places -------------------------------------------------------------------------


def diagnostics_of(case: Path) -> list[Diagnostic]:
    return runner.configuration(runner.Source(str(case), ""))[1]


def test_every_problem_of_a_case_is_marked_in_its_line(case: Path) -> None:
    for diagnostic in diagnostics_of(case):
        whole = diagnostic.code in WITHOUT_A_LINE
        assert bool(diagnostic.source) == bool(diagnostic.column) == (not whole)
        assert diagnostic.end_column - 1 <= len(diagnostic.source)


def test_what_is_quoted_is_what_is_marked() -> None:
    quoted = [
        diagnostic
        for diagnostic in diagnostics_of(CASES / "bad-values")
        if diagnostic.code != "empty-value"
    ]
    assert len(quoted) > 20
    for diagnostic in quoted:
        marked = diagnostic.source[diagnostic.column - 1 : diagnostic.end_column - 1]
        assert diagnostic.text.startswith(f"'{marked}' ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[bond0]\nmiimon = 10x\n", (2, "10x")),
        ("[bond0]\nmiimon = 1\n  2\n", (2, "miimon")),
        ("[bond0]\nwired = eth0\n# why\n    eth/1 # odd\n", (4, "eth/1")),
        ("[bond0]\n\tduid=it's 'not' hex\n", (2, "it's 'not' hex")),
        ("[bond0]\nMODE : 802.3ad\n", (2, "802.3ad")),
        ("[bond0]\nmode =\n", (2, "mode")),
        ("[bond0 : fleet]\n", (1, "fleet")),
        ("[bond0:bond]\n", (1, "bond")),
        ("[bond0]\nwired[ a = eth0\n", (2, "wired[ a")),
        ("[bond0]\nmac = bond0\n", (2, "bond0")),
        ("[bond0]\n\ufeffwired = eth0\n", (2, "\ufeffwired")),
        ("[bond0]\nwired = et\x07h0\n", (2, "\x07")),
    ],
)
def test_the_words_that_are_meant(text: str, expected: tuple[int, str]) -> None:
    lines = problems.split(text.encode())
    document = parsed(text)
    found = config.interpret(document, "").problems
    first = next(problems.diagnostics(found, lambda _: lines, document))
    assert (first.line, first.source[first.column - 1 : first.end_column - 1]) == expected


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"[bond0]\n", b"[bond0]\nwired = "]))
def test_no_file_is_too_odd(content: bytes, start: bytes) -> None:
    document = parsed(start + content)
    config.interpret(document, "")
    found = [*document.problems, *problems.comments(document)]
    lines = problems.split(start + content)
    told = list(problems.diagnostics(found, lambda _: lines, document))
    for diagnostic in told:
        assert diagnostic.end_column - 1 <= max(len(diagnostic.source), 1)
    stream = io.StringIO()
    diagnostics.show(terminal.console(stream), told)
    assert "\x1b" not in stream.getvalue()


def test_a_line_that_is_no_longer_there_is_not_shown() -> None:
    document = parsed("[bond0]\nmiimon = x")
    found = config.interpret(document, "").problems
    (diagnostic,) = problems.diagnostics(found, lambda _: [], document)
    assert (diagnostic.line, diagnostic.column, diagnostic.source) == (2, 10, "")
    stream = io.StringIO()
    diagnostics.show(terminal.console(stream), [diagnostic])
    assert "^" not in stream.getvalue()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("eth0 # dock", [(2, 14, "# dock")]),
        ("# eth0", [(2, 9, "# eth0")]),
        ("eth0 ;x\n eth1 # y # z", [(2, 14, ";x"), (3, 7, "# y # z")]),
        ("eth#0 e;", []),
    ],
)
def test_a_comment_behind_a_value_is_told(value: str, expected: list[tuple[int, int, str]]) -> None:
    found = problems.comments(parsed(f"[bond0]\nwired = {value}\n"))
    assert [(p.place.line, p.place.column, p.value) for p in found] == expected
    assert all(problem.code == "comment-after-value" for problem in found)


def test_what_is_only_rounded_or_given_twice_is_a_warning() -> None:
    text = "[bond0]\nmiimon = 70\nupdelay = 100\nmiimon = 70\nmac = follow\n"
    severities = [messages.severity(problem) for problem in read(text).problems]
    assert severities == [WARNING, WARNING, ERROR]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("psk = correct horse", "psk = *************"),
        ('"password": "x"', '"password": ***'),
        ("wpa-passphrase=geheim", "wpa-passphrase=******"),
        ("wep_key0 : 12345", "wep_key0 : *****"),
        ("psk =", "psk ="),
        ("wifi = Home:horse", "wifi = **********"),
        ("wireles = wlan0", "wireles = wlan0"),
        ("wireles = wlan0 psk=horse", "wireles = wlan0 psk=*****"),
        ("correct horse battery", "*********************"),
        ("wired = ho/rse psk=horse", "wired = ho/rse psk=*****"),
        ("psk = a\x07horse", "psk = *******"),
        ("  a\x07horse", "  *******"),
    ],
)
def test_no_password_is_shown(line: str, shown: str, tmp_path: Path) -> None:
    (diagnostic,) = diagnostics_of(configured(tmp_path, f"[bond0]\n{line}\n"))
    assert diagnostic.source == shown
    assert "horse" not in diagnostic.text.replace("'ho/rse'", "")


CONTINUED = """\
[bond0]
psk =
    correct horse ; battery
wireless = wlp3s0
    psk="correct-horse-battery"
    horse-battery-staple
mac = active
    password: horse
[bond0/horse]
wired = eth0
    en* # dock
"""


def test_no_password_on_a_continuation_line_is_shown_or_logged(tmp_path: Path) -> None:
    found = {d.line: d for d in diagnostics_of(configured(tmp_path, CONTINUED))}
    assert sorted(found) == [2, 3, 5, 6, 7, 9, 10, 11]
    assert found[3].source == "    ***********************"
    assert found[3].text.startswith("'*********' is part of the value")
    assert found[5].source == "    psk=***********************"
    assert found[6].source == "    ********************"
    assert "'********************'" in found[6].text
    assert found[7].text.startswith("'active password: *****' ")
    assert found[11].source == "    en* # dock"
    told = "".join(messages.line(problem) for problem in read(CONTINUED).problems)
    assert "horse" not in told.replace("[bond0/horse]", "")


@pytest.mark.parametrize(
    ("option", "remedy"),
    [
        ("primary", "first in `wired`"),
        ("bond-primary", "first in `wired`"),
        ("Slaves", "`wired` and `wireless`"),
        ("arp_ip_target", "miimon"),
        ("fail_over_mac", "`mac`"),
        ("ssid", "wpa_supplicant.conf(5)"),
        ("psk", "wpa_supplicant.conf(5)"),
        ("gateway4", "gateway = "),
        ("IPAddress", "address = "),
        ("addresses", "address = "),
        ("route_metric", "metric = "),
    ],
)
def test_an_option_of_another_tool_is_told_what_does_it_here(option: str, remedy: str) -> None:
    (problem,) = read(f"[bond0]\n{option} = x\n").problems
    assert remedy in messages.remedy(problem)
    assert messages.suggestion(problem) == ""


# --- codes --------------------------------------------------------------------------


def machine_codes() -> set[str]:
    """Return the codes that the checks of the machine give: each is a literal in its call."""
    found = {"missing-program", "missing-module"}  # chosen before their call
    for path in (REPOSITORY / "helpers/wbond_cli/check").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Diagnostic":
                found |= {
                    str(argument.value)
                    for argument in node.args[:1]
                    if isinstance(argument, ast.Constant)
                }
    return found


def documented() -> list[str]:
    """Return the codes of the manual's tables, in their order."""
    page = (REPOSITORY / "man/wbond.8.scd").read_text(encoding="utf-8")
    section = page.partition("\n# CODES\n")[2].partition("\n# ")[0]
    return re.findall(r"^\|  _([a-z0-9-]+)_$", section, re.MULTILINE)


def test_the_manual_lists_every_code() -> None:
    assert sorted(documented()) == sorted({*messages.MESSAGES, *machine_codes()})


def test_no_code_is_of_the_text_and_of_the_machine() -> None:
    assert not machine_codes() & set(messages.MESSAGES)


@pytest.mark.parametrize("code", messages.MESSAGES)
def test_a_code_s_words_need_nothing_that_it_does_not_bring(code: str) -> None:
    message = messages.MESSAGES[code]
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", code)
    known = {"value", *ARGUMENTS.get(code, ())}
    fields = set(re.findall(r"{(\w*)}", message.wrong + message.instead))
    assert fields <= known
    assert message.severity in (ERROR, WARNING)
    assert message.remedy[0].isupper()
    assert message.remedy.endswith(".")


def test_every_code_of_the_text_is_given_somewhere() -> None:
    sources = [*(REPOSITORY / "generator/wbond").glob("*.py")]
    sources += (REPOSITORY / "helpers/wbond_cli/check").glob("*.py")
    text = "".join(
        path.read_text(encoding="utf-8")
        for path in sources
        if not path.name.endswith("messages.py")
    )
    assert [code for code in messages.MESSAGES if f'"{code}"' not in text] == []
    given = set(re.findall(r'ConfigError\(\s*"([^"]+)"', text))
    assert given <= set(messages.MESSAGES)
    assert len(given) >= 30


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("[bond0]\nmimon[h] = 1", "miimon"),
        ("[bond0]\nxyzzy = 1", ""),
        ("[bond0]\npriority = 1", ""),
        ("[bond0]\nprimary_reselect = Beter", "better"),
        ("[bond0]\nprimary_reselect = never", ""),
        ("[bond0:fsat]\n[fast]", "fast"),
        ("[BOND0/x]\n[bond0]", "bond0"),
    ],
)
def test_the_nearest_word_is_suggested(text: str, suggested: str) -> None:
    (problem,) = read(text).problems
    assert messages.suggestion(problem) == suggested
    assert (f"(did you mean '{suggested}'?)" in messages.text(problem)) == bool(suggested)
    assert (f"Write {suggested} if" in messages.remedy(problem)) == bool(suggested)


def test_a_comment_in_a_wrong_value_is_the_remedy() -> None:
    (problem,) = read("[bond0]\nmiimon = 50 # fast").problems
    assert "a line of its own" in messages.remedy(problem)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Linters and documents as ordinary tests: code, types, man pages, links, licences, defaults."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from wbond import config, plan
from wbond_net.clients import dhcp6c

from tests.conftest import REPOSITORY

PAGES = sorted((REPOSITORY / "man").glob("*.scd"))
EXAMPLE = (REPOSITORY / "wbond.conf.example").read_text(encoding="utf-8")
OPTIONS = [*config.BOND_SETTINGS, *config.BOND_LISTS, *config.PORT_SETTINGS, *config.PORT_LISTS]
# What carries no licence line: texts for people, licences, lists, and golden cases.
NO_LICENCE_LINE = re.compile(
    r".*\.(md|svg)|man/.*|LICENSE|\.gitignore|wbond\.conf\.example"
    r"|tests/(cases|devices|faulty|imports)/.*"
    r"|packaging/debian/(changelog|copyright|source/format)"
)
LICENCE_LINE = "SPDX-License-Identifier: LGPL-2.1-or-later"


def tracked() -> list[str]:
    """Return what git tracks, or will: paths relative to the repository."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(words, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    return [name for name in done.stdout.split("\0") if name and (REPOSITORY / name).is_file()]


def first_line(name: str) -> str:
    with (REPOSITORY / name).open(encoding="utf-8", errors="replace") as file:
        return file.readline()


SCRIPTS = [name for name in tracked() if "python3" in first_line(name) and "#!" in first_line(name)]
SHELL = [name for name in tracked() if first_line(name).startswith("#!/bin/sh")]
PYTHON = [name for name in tracked() if name.endswith(".py")] + SCRIPTS


def run(*words: str) -> tuple[int, str]:
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_there_are_scripts_and_pages() -> None:
    assert len(SCRIPTS) >= 9
    assert len(SHELL) >= 3
    assert len(PAGES) >= 2


LINES_MAX = 400


def test_no_file_of_code_is_too_long_to_be_read_at_once() -> None:
    scripts = [name for name in tracked() if name.endswith(".py") or "helpers/wbond" in name]
    lines = {name: len((REPOSITORY / name).read_bytes().splitlines()) for name in scripts}
    assert {name: count for name, count in lines.items() if count > LINES_MAX} == {}


def test_ruff_has_nothing_to_say() -> None:
    assert run(sys.executable, "-m", "ruff", "check", "-q", *PYTHON) == (0, "")


def test_code_has_ruff_s_format() -> None:
    assert run(sys.executable, "-m", "ruff", "format", "-q", "--check", *PYTHON) == (0, "")


def test_types_are_strict() -> None:
    code, words = run(sys.executable, "-m", "mypy", "--no-error-summary")
    assert (code, words) == (0, "")


@pytest.mark.parametrize("name", SHELL)
def test_shell_scripts_parse(name: str) -> None:
    assert run("sh", "-n", name) == (0, "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_man_pages_are_well_formed(page: Path, tmp_path: Path) -> None:
    made = tmp_path / page.stem
    with page.open("rb") as source, made.open("wb") as target:
        subprocess.run(["scdoc"], stdin=source, stdout=target, check=True)
    words = ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(made)]
    done = subprocess.run(words, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
    # A long name in a narrow column leaves blanks, of which groff 1.24 speaks.
    said = [line for line in done.stderr.splitlines() if "cannot adjust line" not in line]
    assert (done.returncode, said) == (0, [])


@pytest.mark.parametrize("name", [name for name in tracked() if name.endswith(".md")])
def test_links_in_documents_lead_somewhere(name: str) -> None:
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        led = (REPOSITORY / name).parent / path if path else REPOSITORY / name
        assert led.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", led.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings]


def test_every_file_names_its_licence() -> None:
    lacking = []
    for name in tracked():
        if not NO_LICENCE_LINE.fullmatch(name):
            text = (REPOSITORY / name).read_text(encoding="utf-8")
            if LICENCE_LINE not in "\n".join(text.splitlines()[:3]):
                lacking.append(name)
    assert lacking == []


def test_no_program_uses_a_shell() -> None:
    programs = [name for name in PYTHON if name.startswith(("generator/", "helpers/"))]
    for name in programs:
        for node in ast.walk(ast.parse((REPOSITORY / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword):
                assert node.arg != "shell", name
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("system", "popen", "getoutput"), name


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_documented(option: str) -> None:
    page = (REPOSITORY / "man/wbond.conf.5.scd").read_text(encoding="utf-8")
    assert f"*{option}*" in page
    assert re.search(rf"^#?{option} = ", EXAMPLE, re.MULTILINE)


def unit_defaults() -> dict[str, set[str]]:
    """Return the values that the unit templates set, by the option's name."""
    found: dict[str, set[str]] = {}
    for unit in (REPOSITORY / "units").iterdir():
        text = unit.read_text(encoding="utf-8")
        for name, value in re.findall(r"^Environment=(\w+)=(.*)$", text, re.MULTILINE):
            found.setdefault(plan.option(name), set()).add(value)
    return found


# Those that a unit does not hold: the generator decides on the client, dhcp6c's unit on the file.
ELSEWHERE = {"dhcp4": "auto", "dhcp6": "auto", "dhcp6c_conf": dhcp6c.CONF}


@pytest.mark.parametrize("option", sorted(set(config.BOND_SETTINGS) - {"mode", "metric"}))
def test_defaults_are_the_same_in_units_example_and_page(option: str) -> None:
    page = (REPOSITORY / "man/wbond.conf.5.scd").read_text(encoding="utf-8")
    (default,) = {ELSEWHERE[option]} if option in ELSEWHERE else unit_defaults()[option]
    assert f"\n#{option} = {default}\n" in EXAMPLE
    heading = rf"^\*{option}\*[^(\n]*\(|^\*[^(\n]*\*{option}\*[^(\n]*\("
    shown = re.findall(rf"(?:{heading})(?:.*; )?default [*_](.*?)[*_]\)$", page, re.MULTILINE)
    assert shown[:1] == [default]


def test_there_is_no_metric_unless_the_file_or_the_order_of_bonds_gives_one() -> None:
    assert [unit_defaults()[name] for name in ("metric", "address", "gateway")] == [{""}] * 3


def test_the_generator_reckons_with_the_units_defaults() -> None:
    defaults = unit_defaults()
    assert defaults["miimon"] == {str(config.DEFAULT_MIIMON)}
    assert defaults["peer_notif_delay"] == {str(config.DEFAULT_PEER_NOTIF_DELAY)}
    for kind, globs in config.DEFAULT_PORTS.items():
        assert f"# Default: {kind} = {' '.join(globs)}\n" in EXAMPLE


def editorconfig(name: str) -> dict[str, str]:
    """Return what .editorconfig asks of a file, by the sections that it uses."""
    wanted: dict[str, str] = {}
    matches = True
    for line in (REPOSITORY / ".editorconfig").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            matches = bool(re.fullmatch(glob_pattern(line[1:-1]), name))
        elif matches and "=" in line and not line.startswith("#"):
            option, _, value = line.partition(" = ")
            wanted[option] = value
    return wanted


def glob_pattern(glob: str) -> str:
    """Return a regular expression for a glob of .editorconfig's: *, ** and {a,b}."""
    signs = {"**": ".*", "*": "[^/]*", "{": "(?:", "}": ")", ",": "|"}
    parts = re.split(r"(\*\*|[*{},])", glob)
    pattern = "".join(signs.get(part, re.escape(part)) for part in parts)
    return pattern if "/" in glob else f"(?:.*/)?(?:{pattern})"


def test_files_are_as_editorconfig_says() -> None:
    wrong = []
    for name in tracked():
        wanted, octets = editorconfig(name), (REPOSITORY / name).read_bytes()
        if wanted["insert_final_newline"] == "true" and octets and not octets.endswith(b"\n"):
            wrong.append(f"{name}: no newline at its end")
        if wanted["end_of_line"] == "lf" and b"\r" in octets:
            wrong.append(f"{name}: a carriage return")
        if wanted["trim_trailing_whitespace"] == "true" and re.search(rb"[ \t]$", octets, re.M):
            wrong.append(f"{name}: blanks at the end of a line")
        if wanted["indent_style"] == "space" and re.search(rb"^\t", octets, re.M):
            wrong.append(f"{name}: indented by tabs")
    assert wrong == []


def test_editorconfig_tells_files_apart() -> None:
    assert editorconfig("man/wbond.8.scd")["indent_style"] == "tab"
    assert editorconfig("packaging/debian/rules")["indent_style"] == "tab"
    assert editorconfig("tests/cases/dialect/etc/wbond.conf")["end_of_line"] == "unset"
    assert editorconfig("generator/wbond/ini.py")["max_line_length"] == "100"
    assert editorconfig("README.md")["indent_style"] == "space"

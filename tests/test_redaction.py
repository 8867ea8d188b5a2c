# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `report` replaces, whatever it is given, and the file that it writes."""

import argparse
import json
import os
import re
import shlex
import stat
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from wbond_cli import command, exit_status
from wbond_cli.errors import UserError
from wbond_cli.main import main
from wbond_cli.report import assignments, configurations, document
from wbond_cli.report.redaction import Redaction, printable
from wbond_cli.report.sources import Section
from wbond_cli.verbs import report
from wbond_net.deployed import snapshot

from tests.test_report import Programs

PHASES = (Phase.explicit, Phase.generate)  # to shrink a report takes minutes


_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=3, max_size=40).filter(
    lambda text: text.strip(" \"'") == text and any(map(str.isalnum, text)) and '"' not in text
)


@given(_TEXT)
@settings(max_examples=20, deadline=None, phases=PHASES)
def test_any_password_of_wpa_supplicant_s_file_is_replaced_everywhere(secret: str) -> None:
    file = f'network={{\n  ssid="x"\n  psk="{secret}"\n}}\n'
    elsewhere = f"he said: {secret}\nalso {json.dumps(secret)} {shlex.quote(secret)}\n"
    sections = [
        Section("log", lambda: elsewhere),
        Section("file", lambda: file, configurations.supplicant),
    ]
    text = document.text(sections, Redaction(), anonymous=False)
    log, _, rest = text.partition("===== file =====")
    assert "he said: <secret-1>\n" in log
    assert 'also "<secret-1>"' in log
    assert "psk=<secret-1>" in rest


@given(st.text(max_size=200))
@settings(max_examples=20, deadline=None, phases=PHASES)
def test_no_text_makes_a_reader_fail(text: str) -> None:
    for reader in (
        configurations.output,
        configurations.plain,
        configurations.wbond,
        configurations.supplicant,
        configurations.keyfile,
    ):
        redaction = Redaction()
        shown = document.text([Section("x", lambda: text, reader)], redaction, anonymous=True)
        assert "in wbond]" not in shown
        assert all(sign in "\n\t" or sign.isprintable() for sign in shown)


def test_a_label_cannot_be_forged() -> None:
    """The signs that stand for labels while the report is made are escaped in what is gathered."""
    redaction = Redaction()
    redaction.add("secret", "hunter-two")
    assert redaction.labelled(redaction.replaced(printable("\U000f0000 hunter-two"))) == (
        "\\U000f0000 <secret-1>"
    )


def test_a_secret_that_is_a_word_of_a_label_breaks_none() -> None:
    redaction = Redaction()
    for value in ("secret", "secret-1", "identity"):
        redaction.add("secret", value)
    text = redaction.replaced("secret secret-1 identity")
    assert redaction.labelled(text) == "<secret-1> <secret-2> <secret-3>"


def test_a_short_secret_is_no_part_of_a_longer_word() -> None:
    redaction = Redaction()
    redaction.add("secret", "bond")
    assert redaction.labelled(redaction.replaced("bond0 bond (bond)")) == (
        "bond0 <secret-1> (<secret-1>)"
    )


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "psk",
        "wpa_cli ",
        '"',
        "1:",
        "#",
        "# psk ",
        "://",
        "-----BEGIN PRIVATE KEY-----",
        "1.1.",
    ],
)
def test_no_text_takes_long(text: str, in_time: None) -> None:
    sections = [Section("x", lambda: text * (50_000 // len(text)), configurations.plain)]
    document.text(sections, Redaction(), anonymous=True)


def test_a_number_behind_flags_is_no_secret() -> None:
    redaction = Redaction()
    assert assignments.hide("psk-flags=1", redaction) == "psk-flags=1"


# --- the file ---------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(snapshot, "ROOT", str(tmp_path))
    monkeypatch.setattr(command, "run", Programs())
    return folder


def test_the_file_is_new_and_private(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = os.umask(0)
    try:
        assert main(["report"]) == exit_status.SUCCESS
    finally:
        os.umask(before)
    (path,) = here.iterdir()
    assert path.name.startswith(f"wbond-report-{os.uname().nodename}-")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "===== Versions =====" in path.read_text()
    assert path.name in capsys.readouterr().out


def test_the_name_of_an_anonymous_report_names_no_host(here: Path) -> None:
    assert main(["report", "--anonymous"]) == exit_status.SUCCESS
    (path,) = here.iterdir()
    assert re.fullmatch(r"wbond-report-[\d-]+\.txt", path.name)


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_there_is_never_overwritten(
    here: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "mine").write_text("kept")
    if kind == "link":
        (here / "link").symlink_to("elsewhere")
    name = "link" if kind == "link" else "mine"
    assert main(["report", "-o", name]) == exit_status.FAILURE
    assert "File exists" in capsys.readouterr().err
    assert (here / "mine").read_text() == "kept"
    assert not (here / "elsewhere").exists()


def test_it_goes_to_standard_output_on_request(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--output", "-"]) == exit_status.SUCCESS
    assert capsys.readouterr().out.startswith("A report of wbond")
    assert list(here.iterdir()) == []


def test_nothing_is_left_of_a_report_that_is_interrupted(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "run", interrupted)
    assert main(["report"]) == exit_status.INTERRUPTED
    assert list(here.iterdir()) == []


def test_it_is_given_to_who_called_sudo(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given_to: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", lambda _, owner, group: given_to.append((owner, group)))
    monkeypatch.setenv("SUDO_UID", "1000")
    monkeypatch.setenv("SUDO_GID", "1001")
    assert main(["report"]) == exit_status.SUCCESS
    assert given_to == [(1000, 1001)]


def test_a_file_that_cannot_be_made_is_told(here: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        report.run(argparse.Namespace(output="no/folder", anonymous=False))

# SPDX-License-Identifier: LGPL-2.1-or-later
"""systemd's own opinion of all that is generated, by `systemd-analyze verify` of instances.

In the form that can fail: with --recursive-errors=no and an empty standard
error; without, unknown keys are told and the exit code is 0.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from wbond import plan, units
from wbond_net import runtime
from wbond_net.clients import dhcp6c
from wbond_net.ports import bond
from wbond_net.watch import loop, main

from tests.conftest import CASES, REPOSITORY, Installed

UNITS = REPOSITORY / "units"
TEMPLATES = sorted(UNITS.glob("*.service"))
# Of `systemd-analyze security`; systemd-networkd has 2.8. dhcpcd calls chown(2), by which it can
# give nothing to others.
MOST_EXPOSED, DHCPCD_EXPOSED = 2.5, 2.6
CLIENTS = ("dhclient@", "dhcp6c@", "wbond-dhcpcd@", "wbond-ports@", "wbond-watch@")


def verify(units: list[str], *search: Path) -> tuple[int, str]:
    """Return exit code and words; the folders stand before systemd's own."""
    words = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units]
    path = ":".join([*map(str, search), ""])
    done = subprocess.run(
        words, env={**os.environ, "SYSTEMD_UNIT_PATH": path}, capture_output=True, text=True
    )
    return done.returncode, done.stderr


def instances(folder: Path) -> list[str]:
    """Name every unit that a generated tree speaks of, the clients of its bonds included."""
    names = {path.name for path in folder.glob("*.wants/*")}
    names |= {path.name.removesuffix(".d") for path in folder.glob("*@*.service.d")}
    for wanted in folder.glob("multi-user.target.wants/wbond@*"):
        names |= {client + wanted.name.removeprefix("wbond@") for client in CLIENTS}
    if names:
        names.add("wbond-hotplug@sys-devices-net-wlan0.service")
    # A template without an instance is read through those that have one.
    return sorted(name for name in names if not name.endswith("@.service"))


def test_what_is_generated_verifies(case: Path, output: Path, installed: Installed) -> None:
    # By the installed generator: what it copies names the programs that are installed.
    subprocess.run([installed.generator, "--root", case, output], env={}, check=True)
    if units := instances(output):
        assert verify(units, output, installed.units) == (0, "")


def too_exposed(units: list[Path]) -> str:
    """Return what systemd-analyze says of unit files one of which is too exposed, else nothing."""
    words = ["systemd-analyze", "security", "--offline=yes", "--no-pager", *map(str, units)]
    done = subprocess.run(words, capture_output=True, text=True)
    found = re.findall(r"Overall exposure level for (\S+): (\S+) ", done.stdout)
    assert len(found) == len(units), done.stderr
    return done.stdout if any(float(level) > most_exposed(unit) for unit, level in found) else ""


def most_exposed(unit: str) -> float:
    """Return the limit for a unit."""
    return DHCPCD_EXPOSED if unit.startswith("wbond-dhcpcd@") else MOST_EXPOSED


def completed(units: list[str], installed: Installed, generated: Path) -> list[Path]:
    """Return files of instances, each beside the drop-ins that the generator has made for it.

    `--offline` reads files, and the drop-ins below the folder that holds them.
    """
    for unit in units:
        template = f"{unit.partition('@')[0]}@.service"
        generic = generated / template
        if not (generated / unit).exists():
            source = generic if generic.exists() else installed.units / template
            shutil.copy(source, generated / unit)
    return [generated / unit for unit in units]


def test_what_is_generated_is_in_a_sandbox(case: Path, output: Path, installed: Installed) -> None:
    subprocess.run([installed.generator, "--root", case, output], env={}, check=True)
    if (case / "etc/systemd/system").is_dir():
        pytest.skip("what an administrator has in place of a template is his own")
    if units := instances(output):
        assert too_exposed(completed(units, installed, output)) == ""


def test_a_drop_in_that_opens_a_sandbox_is_seen(tmp_path: Path, installed: Installed) -> None:
    folder = tmp_path / "bond0-wired@eth0.service.d"
    folder.mkdir()
    (folder / "open.conf").write_text("[Service]\nCapabilityBoundingSet=CAP_SYS_ADMIN\n")
    opened = completed(["bond0-wired@eth0.service"], installed, tmp_path)
    assert "CAP_SYS_ADMIN" in too_exposed(opened)


@pytest.mark.parametrize("unit", TEMPLATES, ids=lambda path: path.name)
def test_a_template_is_in_a_sandbox(unit: Path) -> None:
    assert too_exposed([unit]) == ""


@pytest.mark.parametrize("unit", TEMPLATES, ids=lambda path: path.name)
def test_passwords_are_for_wpa_supplicant_alone(unit: Path) -> None:
    hidden = "\nInaccessiblePaths=-/etc/wpa_supplicant\n" in unit.read_text(encoding="utf-8")
    assert hidden != ("supplicant@" in unit.name)


@pytest.mark.parametrize("unit", TEMPLATES, ids=lambda path: path.name)
def test_no_start_lasts_for_ever(unit: Path) -> None:
    """A oneshot unit has no limit of its own (systemd.service(5), TimeoutStartSec=)."""
    text = unit.read_text(encoding="utf-8")
    assert ("\nType=oneshot\n" in text) == ("\nTimeoutStartSec=" in text)


@pytest.mark.parametrize(
    ("unit", "verb"),
    [
        ("bond0-wired@", "wbond-port leave"),
        ("bond0-supplicant@", "wbond-port leave"),
        ("wbond@", "wbond-bond down"),
    ],
)
def test_a_start_that_has_failed_leaves_nothing_behind(unit: str, verb: str) -> None:
    """ExecStop= runs only after a start that has succeeded (systemd.service(5))."""
    text = (UNITS / f"{unit}.service").read_text(encoding="utf-8")
    assert re.search(f"^ExecStopPost=.*{verb} ", text, re.MULTILINE)
    assert "\nExecStop=" not in text


@pytest.mark.parametrize("unit", TEMPLATES, ids=lambda path: path.name)
def test_a_dollar_in_a_name_is_never_expanded(unit: Path) -> None:
    """`x${BOND}` may be an interface; specifiers are expanded first, then variables, once."""
    text = unit.read_text(encoding="utf-8")
    commands = re.findall(r"^Exec\w+=(.*)$", text, re.MULTILINE)
    assert commands
    for command in commands:
        assert command.startswith(":") or not re.search("%[If]", command)


@pytest.mark.parametrize("client", ["dhclient@", "dhcp6c@", "wbond-dhcpcd@"])
def test_a_client_stops_after_whatever_needs_the_network(client: str) -> None:
    """What is ordered after network.target stops before it does (systemd.special(7))."""
    text = (UNITS / f"{client}.service").read_text(encoding="utf-8")
    assert "\nBefore=network.target shutdown.target\n" in text


def test_dhcp6c_has_no_control_port_and_is_not_started_without_ipv6() -> None:
    """It opens the port, the same for all, if there is a key (client6_init(), dhcp6c.c)."""
    text = (UNITS / "dhcp6c@.service").read_text(encoding="utf-8")
    words = dhcp6c.command("b 0", {})
    assert words[words.index("-k") + 1] == f"{runtime.FOLDER}/b 0/no-control-port"
    assert "\nConditionPathExists=/proc/net/if_inet6\n" in text


@pytest.mark.parametrize("unit", TEMPLATES, ids=lambda path: path.name)
def test_a_unit_says_that_it_is_wbonds(unit: Path) -> None:
    """`make install`, wbond-generator and `wbond check` tell others' units by that."""
    assert plan.OWN_MARK in unit.read_text(encoding="utf-8")


def test_there_is_something_to_verify() -> None:
    counts = [len(instances(case / "expected")) for case in CASES.iterdir()]
    assert sum(counts) > 100


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ("[Service]\nEnvironmnet=A=b\n", "Unknown key"),
        ("[Service]\nRestart=sometimes\n", "Failed to parse"),
        ("[Service]\nExecStart=\nExecStart=/no/such/program\n", "is not executable"),
    ],
)
def test_a_fault_in_a_drop_in_is_found(
    tmp_path: Path, installed: Installed, wrong: str, complaint: str
) -> None:
    folder = tmp_path / "wbond@bond0.service.d"
    folder.mkdir()
    (folder / "wrong.conf").write_text(wrong)
    code, words = verify(["wbond@bond0.service"], tmp_path, installed.units)
    assert code != 0
    assert complaint in words


def test_who_makes_a_bond_who_watches_it_and_the_unit_between_mean_one_file() -> None:
    """wbond-bond writes it, wbond-watch removes it, and wbond-ports@ runs while it is not there."""
    unit = (UNITS / "wbond-ports@.service").read_text(encoding="utf-8")
    for folder, name in (
        (runtime.FOLDER, bond.JUST_MADE),
        (main.Options("x").runtime, loop.JUST_MADE),
    ):
        assert f"\nConditionPathExists=!{folder}/%I/{name}\n" in unit


def test_who_notes_that_a_port_was_tried_and_the_unit_that_looks_mean_one_file() -> None:
    unit = (UNITS / "wbond-plug@.service").read_text(encoding="utf-8")
    noted = f"{runtime.FOLDER}/*/{runtime.TRIED}/%i"
    assert f"\nConditionPathExistsGlob=!{noted}\n" in unit


def test_every_template_is_part_of_a_case(installed: Installed) -> None:
    templates = {path.name for path in installed.units.glob("*.service")}
    used = {re.sub("@.*", "@.service", unit) for unit in instances(CASES / "smallest" / "expected")}
    used |= {"bond0-wired@.service", "bond0-supplicant@.service"}
    used |= {units.DNS}  # which a program starts
    assert templates == used

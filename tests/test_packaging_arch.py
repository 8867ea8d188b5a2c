# SPDX-License-Identifier: LGPL-2.1-or-later
"""Arch's package: built by makepkg, and its files and dependencies looked at."""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from wbond.version import VERSION

from tests.packages import ALIASES, PACKAGES, copy_tree, dead_links, run
from tests.test_install import HOOK, expected
from tests.test_units import verify

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


@pytest.fixture(scope="session")
def checkout() -> Iterator[Path]:
    """A checkout that is nobody's: makepkg refuses to run as root.

    It is not among pytest's folders, which each run of pytest closes to all but their owner.
    """
    with tempfile.TemporaryDirectory(prefix="wbond-arch-") as folder:
        place = Path(folder)
        copy_tree(place / "wbond")
        if os.geteuid() == 0:
            for path in (place, *place.rglob("*")):
                os.chown(path, 65534, 65534)
        yield place / "wbond"


def makepkg(checkout: Path, *words: str) -> str:
    command = ["env", "PKGEXT=.pkg.tar", "makepkg", *words]
    if os.geteuid() == 0:
        command = [*NOBODY, *command]
    done = run(*command, cwd=checkout / "packaging/arch")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def archive(checkout: Path) -> Path:
    """Arch's package, as makepkg builds it."""
    makepkg(checkout, "--force", "--nodeps", "--noconfirm")
    (package,) = (checkout / "packaging/arch").glob("wbond-*.pkg.tar*")
    return package


@pytest.fixture(scope="session")
def pkg(archive: Path) -> dict[str, str]:
    """The files of Arch's package with their modes, or where links lead."""
    found = {}
    for line in run("tar", "--list", "--verbose", "--file", str(archive)).stdout.splitlines():
        mode, *_, name = line.partition(" -> ")[0].split()
        if mode[0] != "d" and not name.startswith("."):
            target = line.partition(" -> ")[2]
            found[f"/{name}"] = target or mode[1:]
    return found


def test_arch_s_package_has_the_version_and_what_units_and_programs_need(checkout: Path) -> None:
    text = makepkg(checkout, "--printsrcinfo")
    fields = re.findall(r"^\s*(\w+) = ([^:\n]*)", text, re.MULTILINE)
    assert ("pkgver", VERSION) in fields
    wanted = {arch for _, arch, _ in PACKAGES.values()}
    wanted |= {"python", "python-pyudev", "python-rich", "python-systemd"}
    assert wanted <= {value for name, value in fields if name in ("depends", "optdepends")}


def test_arch_s_package_holds_what_make_install_installs(pkg: dict[str, str]) -> None:
    found = {path.removesuffix(".gz") for path in pkg}
    wanted = {ALIASES.sub("/usr/", path) for path in expected("/usr")}
    found = {ALIASES.sub("/usr/", path) for path in found}
    left_out = ("dhclient@.service", "dhcp6c@.service")
    assert wanted - found == {HOOK, *(f"/usr/lib/systemd/system/{name}" for name in left_out)}
    assert all(path.startswith("/usr/share/doc/wbond/") for path in found - wanted)


def test_links_of_its_documents_lead_somewhere(archive: Path, tmp_path: Path) -> None:
    run("tar", "--extract", "--file", str(archive), "--directory", str(tmp_path))
    assert dead_links(tmp_path) == []


# What Arch's dhclient and the AUR's wide-dhcpv6 have by the same names as wbond.
@pytest.mark.parametrize("name", ["dhclient@.service", "dhcp6c@.service"])
def test_arch_s_package_collides_with_no_file_of_a_client_s(pkg: dict[str, str], name: str) -> None:
    assert not any(path.endswith(f"/system/{name}") for path in pkg)
    assert f"/usr/lib/wbond/units/{name}" in pkg


def test_systemd_takes_the_bond_s_own_client_before_a_template(tmp_path: Path) -> None:
    """Whatever the directory: a template with a fault shows by that whether it is read."""
    generated, vendor = tmp_path / "generated", tmp_path / "vendor"
    for folder in (generated, vendor):
        folder.mkdir()
    (generated / "dhclient@bond0.service").write_text("[Service]\nExecStart=/bin/true\n")
    (vendor / "dhclient@.service").write_text("[Service]\nExecStrat=/bin/true\n")
    assert verify(["dhclient@bond0.service"], vendor, generated) == (0, "")
    assert verify(["dhclient@eth0.service"], vendor, generated)[0] != 0

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian package on a stock guest: installed by apt, set up by its own commands, a reboot;
upgraded; purged.
"""

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import stock
from laptop import CARD, CONFIGURATION, RADIO, REPOSITORY, Laptop, resumed

pytestmark = pytest.mark.in_order
# What the program that is installed knows of: nothing of it is left by a purge.
TRACES = ("/etc", "/usr", "/lib", "/var/lib", "/run")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, and the same with a higher version, in a tar."""
    folder = tmp_path_factory.mktemp("packages")
    words = ["make", "-s", "-C", str(REPOSITORY), "deb", f"BUILD={folder}"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    (built,) = folder.glob("wbond_*_all.deb")
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "-R", str(built), str(tree)], check=True)
    control = tree / "DEBIAN/control"
    text = control.read_text(encoding="utf-8").replace("\nVersion: ", "\nVersion: 1:", 1)
    control.write_text(text, encoding="utf-8")
    newer = folder / "newer.deb"
    words = ["dpkg-deb", "--root-owner-group", "-b", str(tree), str(newer)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    archive = folder / "packages.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(built, "wbond.deb")
        tar.add(newer, "newer.deb")
    return archive


@pytest.fixture(scope="module")
def laptop(
    release: str, packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Laptop]:
    """A stock Debian on which apt has installed the package, set up as by a new user, after a
    reboot.
    """
    folder = tmp_path_factory.mktemp(f"package-{release}")
    Laptop.current = laptop = resumed(release, folder, stock.booted(release))
    with laptop:
        laptop.put(packages, "/root/packages.tar")
        laptop.shell("tar -C /root -xf /root/packages.tar")
        before = paths(laptop)
        apt(laptop, "install", "/root/wbond.deb")
        assert laptop.run("systemctl", "list-units", "--plain", "--no-legend", "wbond*") == ""
        laptop.shell("echo 'correct horse' | wbond wifi add lab --stdin")
        laptop.run("wbond", "init")
        laptop.reboot()
        laptop.booted()
        laptop.wait_both()
        laptop.write("/root/before", "\n".join(sorted(before)))
        yield laptop


def apt(laptop: Laptop, *words: str) -> None:
    laptop.run(
        *("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"),
        *words,
        timeout=300,
    )


def paths(laptop: Laptop) -> set[str]:
    """Return every path that has to do with wbond, but the guest's own word for the service."""
    found = laptop.result("find", *TRACES, "-xdev", "-name", "*wbond*").out.splitlines()
    return {path for path in found if not path.startswith("/run/systemd/")}


def test_after_a_reboot_it_tells_the_main_story(laptop: Laptop) -> None:
    assert sorted(laptop.ports()) == sorted((CARD, RADIO))
    laptop.fail_over_and_back()
    assert laptop.result("wbond", "status").rc == 0
    assert laptop.result("wbond", "check", timeout=120).rc == 0


def test_the_package_s_own_test_passes(laptop: Laptop) -> None:
    text = (REPOSITORY / "packaging/debian/tests/installed").read_text(encoding="utf-8")
    laptop.write("/root/installed", text, 0o755)
    laptop.shell("mkdir /root/tmp; AUTOPKGTEST_TMP=/root/tmp /root/installed")


def test_an_upgrade_keeps_the_network_up(laptop: Laptop) -> None:
    laptop.wait_both()
    configuration = laptop.read(CONFIGURATION)
    units = ("wbond-watch@bond0.service", f"bond0-supplicant@{RADIO}.service")
    before = [laptop.show(unit, "MainPID") for unit in (*units, "dhclient@bond0.service")]
    udp = laptop.traffic("udp")
    apt(laptop, "install", "/root/newer.deb")
    assert udp.report()["lost"] == 0
    after = [laptop.show(unit, "MainPID") for unit in (*units, "dhclient@bond0.service")]
    assert after == before
    assert laptop.run("dpkg-query", "-W", "-f", "${Version}", "wbond").startswith("1:")
    assert laptop.read(CONFIGURATION) == configuration


def test_a_purge_leaves_nothing(laptop: Laptop) -> None:
    apt(laptop, "purge", "wbond")
    assert laptop.result("test", "-e", "/sys/class/net/bond0").rc == 1
    assert paths(laptop) - set(laptop.read("/root/before").split()) == set()
    assert (
        laptop.run("systemctl", "list-units", "--all", "--plain", "--no-legend", "*wbond*.service")
        == ""
    )
    assert laptop.result("find", "/run/systemd/generator", "-name", "*wbond*").out == ""
    assert laptop.result("find", "/var/lib/dhcp", "-name", "*bond0*").out == ""

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The RPM: built with what Fedora's macros say; its files, dependencies and scripts looked at."""

import gzip
import os
import re
from pathlib import Path

import pytest
from wbond.version import VERSION

from tests.conftest import REPOSITORY
from tests.packages import ALIASES, PACKAGES, dead_links, elsewhere, run
from tests.test_install import HOOK, expected, libdir, make

SPEC = REPOSITORY / "packaging/fedora/wbond.spec"
MACROS = REPOSITORY / "tests/rpm/macros"
RPMLINT = REPOSITORY / "tests/rpm/rpmlint.toml"
LIBEXEC = "/usr/libexec/wbond"
# Packages of the clients may have units of these names.
LEFT_OUT = {f"/usr/lib/systemd/system/{name}@.service" for name in ("dhclient", "dhcp6c")}


def build(folder: Path, umask: int = 0o022, **environ: str) -> Path:
    """Return the package that `make rpm` builds in a folder; what it needs is not asked for."""
    # Not --load: rpm 6 forgets that when it has read the target's own.
    (usual,) = re.findall("^Macro path: (.*)$", run("rpm", "--showrc").stdout, re.MULTILINE)
    rpmbuild = f"RPMBUILD=rpmbuild --nodeps --macros '{usual}:{MACROS}'"
    done = make("rpm", f"BUILD={folder}", rpmbuild, umask=umask, **environ)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / f"wbond-{VERSION}-1.noarch.rpm"


@pytest.fixture(scope="session")
def rpm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("rpm"))


@pytest.fixture(scope="session")
def root(rpm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package's files."""
    folder = tmp_path_factory.mktemp("root")
    assert run("bsdtar", "-x", "-p", "-f", str(rpm), "-C", str(folder)).returncode == 0
    return folder


def query(rpm: Path, *words: str) -> str:
    """Return what rpm tells of the package; it makes a database in HOME, where it runs."""
    return run("rpm", "--query", "--package", *words, str(rpm), cwd=rpm.parent).stdout


def test_it_is_built_the_same_at_any_time_in_any_place(rpm: Path, tmp_path: Path) -> None:
    again = build(tmp_path / "another-folder", umask=0o077, **elsewhere())
    assert again.read_bytes() == rpm.read_bytes()


def test_rpmlint_has_nothing_to_say(rpm: Path) -> None:
    words = ("rpmlint", "--strict", "--config", str(RPMLINT), str(rpm), str(SPEC))
    done = run(*words, cwd=rpm.parent)
    assert "1 packages and 1 specfiles checked; 0 errors, 0 warnings" in done.stdout, done.stdout


def rpm_name(path: str) -> str:
    """Return where the RPM has a file of `make install`'s."""
    path = ALIASES.sub("/usr/", path.replace(f"{libdir()}/", f"{LIBEXEC}/"))
    return f"{path}.gz" if "/share/man/" in path else path


def test_it_holds_what_make_install_installs(root: Path) -> None:
    wanted = {
        rpm_name(path): rpm_name(what.removeprefix("-> ")) if isinstance(what, str) else what
        for path, what in expected("/usr").items()
        if path != HOOK
    }
    found: dict[str, int | str] = {}
    for path in root.rglob("*"):
        name = f"/{path.relative_to(root)}"
        if path.is_symlink():
            found[name] = os.path.normpath(f"{os.path.dirname(name)}/{path.readlink()}")
        elif path.is_file():
            found[name] = path.stat().st_mode & 0o7777
        else:
            assert path.stat().st_mode & 0o7777 == 0o755, name
    documents = {path for path in found if path.startswith("/usr/share/doc/wbond/")}
    licence = {"/usr/share/licenses/wbond/LICENSE"}
    assert {path for path in wanted if path not in found} == LEFT_OUT
    assert {path for path in found if path not in wanted} - documents == licence
    assert {path: found[path] for path in wanted if path in found} == {
        path: what for path, what in wanted.items() if path not in LEFT_OUT
    }


def test_what_runs_is_where_selinux_s_policy_has_bin_t(root: Path) -> None:
    """corecommands.fc labels /usr/libexec(/.*)? so, in Fedora's and in the reference policy."""
    programs = [path for path in root.rglob("*") if path.is_file() and os.access(path, os.X_OK)]
    assert len(programs) > 10
    for path in programs:
        # A link's label does not count, but that of the file that it leads to.
        assert str(path.resolve().relative_to(root)).startswith(LIBEXEC.lstrip("/"))


def text(path: Path) -> str:
    """Return a file's text, nothing of byte code."""
    octets = path.read_bytes()
    octets = gzip.decompress(octets) if path.suffix == ".gz" else octets
    return "" if path.suffix == ".pyc" else octets.decode()


def test_units_rules_pages_and_documents_name_the_place_where_programs_are(root: Path) -> None:
    files = [path for path in root.rglob("*") if path.is_file()]
    assert [path for path in files if "/usr/lib/wbond/" in text(path)] == []
    named = {word for path in files for word in re.findall(r"/usr/libexec/[\w./-]+\b", text(path))}
    assert f"{LIBEXEC}/helpers/wbond-udev" in named
    assert f"{LIBEXEC}/generator/wbond-generator" in named
    assert [path for path in named if not (root / path.lstrip("/")).exists()] == []


def test_byte_code_is_as_old_as_its_source(root: Path) -> None:
    compiled = list(root.rglob("*.pyc"))
    assert len(compiled) > 100
    for path in compiled:
        source = path.parent.parent / f"{path.name.partition('.')[0]}.py"
        assert int.from_bytes(path.read_bytes()[8:12], "little") == int(source.stat().st_mtime)


def test_links_of_its_documents_lead_somewhere(root: Path) -> None:
    assert dead_links(root) == []


def test_it_has_the_version_and_what_units_and_programs_need(rpm: Path) -> None:
    assert query(rpm, "--queryformat", "%{VERSION}") == VERSION
    wanted = {fedora for _, _, fedora in PACKAGES.values() if fedora}
    wanted |= {"python3", "python3-pyudev", "python3-rich", "python3-systemd", "udev"}
    assert wanted <= set(re.findall(r"[\w-]+", query(rpm, "--requires")))


def test_it_has_no_configuration_file_and_one_folder_for_its_state(rpm: Path, root: Path) -> None:
    assert query(rpm, "--configfiles") == ""
    assert (root / "var/lib/wbond").is_dir()
    assert {path.name for path in root.iterdir()} == {"usr", "var"}


SCRIPTS = """\
postinstall scriptlet (using /bin/sh):
if [ $1 -eq 1 ] && [ -x "/usr/lib/systemd/systemd-update-helper" ]; then
    # Initial installation
    /usr/lib/systemd/systemd-update-helper install-system-units wbond@.service || :
fi
preuninstall scriptlet (using /bin/sh):
# While wbond's programs can still take ports out of a bond and restore their addresses. Its other
# units stop with the bond's. The macro for this disables units, and takes no instances.
if [ $1 -eq 0 ] && [ -d /run/systemd/system ]; then
    systemctl stop 'wbond@*.service' || :
fi
postuninstall program: /bin/sh
"""


def test_its_scripts_are_these(rpm: Path) -> None:
    assert re.sub(r" +$", "", query(rpm, "--scripts"), flags=re.MULTILINE) == SCRIPTS


LIFE = """\
set -eu
say() { printf '== %s\\n' "$*"; }
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
root=$1/root
cp "$2" "$root/wbond.rpm"

# systemd's programs only tell.
mkdir -p "$root/run/systemd/system" "$root/usr/lib/systemd"
for program in bin/systemctl lib/systemd/systemd-update-helper; do
    rm -f "$root/usr/$program"
    printf '#!/bin/sh\\necho "%s $*" >> /told\\n' "${program##*/}" > "$root/usr/$program"
    chmod 755 "$root/usr/$program"
done
told() { [ ! -e "$root/told" ] || cat "$root/told"; rm -f "$root/told"; }
# Dependencies are in no database here, and Debian's rpm asks for the other option.
rpm_() { chroot "$root" rpm --force-debian --nodeps "$@"; }

say install; rpm_ -i /wbond.rpm; told
say runs; chroot "$root" wbond --version
say upgrade; rpm_ -U --replacepkgs /wbond.rpm; told
printf '[bond0]\\n' > "$root/etc/wbond.conf"
echo x > "$root/var/lib/wbond/kept"
say verify; rpm_ -V wbond
say remove; rpm_ -e wbond; told
say left
cd "$1/upper"
find . ! -type d ! -type c ! -name wbond.rpm | grep -e wbond | sort
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a copy of the root directory: root only")
def test_installed_upgraded_and_removed(rpm: Path, tmp_path: Path) -> None:
    """By rpm, in a throw-away overlay of this machine's root directory."""
    done = run("unshare", "--mount", "sh", "-c", LIFE, "sh", str(tmp_path), str(rpm))
    assert done.returncode == 0, done.stdout + done.stderr
    parts = [part.splitlines() for part in done.stdout.split("== ")[1:]]
    assert {part[0]: part[1:] for part in parts} == {
        "install": ["systemd-update-helper install-system-units wbond@.service"],
        "runs": [f"wbond {VERSION}"],
        "upgrade": [],  # nothing is stopped or started: the network stays up
        "verify": [],
        "remove": ["systemctl stop wbond@*.service"],
        "left": ["./etc/wbond.conf", "./var/lib/wbond/kept"],
    }

# SPDX-License-Identifier: LGPL-2.1-or-later
"""pip and Debian: packages built for real; their files, dependencies and scripts looked at."""

import configparser
import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from wbond.version import VERSION

from tests.conftest import REPOSITORY
from tests.packages import (
    ALIASES,
    PACKAGES,
    copy_tree,
    dead_links,
    elsewhere,
    programs_of_units,
    run,
)
from tests.test_install import HOOK, expected, make

DEBIAN = REPOSITORY / "packaging/debian"
# Of dh_python3's making, and what `make install` has no place for.
OF_DEBIAN_ALONE = ("/usr/share/doc/wbond/", "/usr/share/python3/runtime.d/")
LINE = re.compile(r"(\S)(\S+) \S+ +\d+ \S+ \S+ \./(.*?)(?: -> (.*))?")


def test_pip_gets_every_python_package() -> None:
    setup = configparser.ConfigParser()
    setup.read(REPOSITORY / "setup.cfg")
    found = {
        ".".join(path.parent.relative_to(REPOSITORY / folder).parts): f"{folder}/{path.parent.name}"
        for folder in ("generator", "helpers")
        for path in (REPOSITORY / folder).rglob("__init__.py")
    }
    assert set(setup["options"]["packages"].split()) == set(found)
    pairs = setup["options"]["package_dir"].strip().splitlines()
    # Packages within one are found below it.
    top = {name: place for name, place in found.items() if "." not in name}
    assert dict(pair.split(" = ") for pair in pairs) == top


def test_pip_installs_what_can_be_imported(tmp_path: Path) -> None:
    """Without what it needs: systemd-python is compiled where pip brings it."""
    copy, target = tmp_path / "wbond", tmp_path / "site"
    copy_tree(copy)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
    subprocess.run([*pip, "install", "--no-deps", "--target", target, copy], check=True)
    script = "import sys; sys.path[:0] = sys.argv[1:]; import wbond.config, wbond_net.ports.bond"
    assert run(sys.executable, "-I", "-c", script, str(target)).returncode == 0
    assert (target / f"wbond-{VERSION}.dist-info").is_dir()
    for path in ("wbond_udev/main.py", "wbond_cli/check/context.py"):
        assert (target / path).is_file()
    for verb in ("apply", "plan", "status", "wifi"):
        assert (target / f"wbond_cli/{verb}/{verb}.schema.json").is_file()


# --- Debian -------------------------------------------------------------------


@pytest.fixture(scope="session")
def deb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Debian package, as `make deb` builds it."""
    build = tmp_path_factory.mktemp("deb")
    done = make("deb", f"BUILD={build}")
    assert done.returncode == 0, done.stdout + done.stderr
    (package,) = build.iterdir()
    return package


def contents(package: Path) -> dict[str, str]:
    """Return every path that is no directory with its mode, or where a link leads."""
    found = {}
    for line in run("dpkg-deb", "--contents", str(package)).stdout.splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        kind, mode, path, target = match.groups()
        if kind == "l":
            found[f"/{path}"] = os.path.normpath(f"/{os.path.dirname(path)}/{target}")
        elif kind != "d":
            found[f"/{path}"] = mode
    return found


def field(package: Path, name: str) -> str:
    return run("dpkg-deb", "--field", str(package), name).stdout.strip()


def test_the_version_is_that_of_the_command(deb: Path) -> None:
    assert field(deb, "Version") == VERSION
    assert deb.name == f"wbond_{VERSION}_all.deb"


def test_it_is_built_the_same_at_any_time_in_any_place(deb: Path, tmp_path: Path) -> None:
    done = make("deb", f"BUILD={tmp_path}/another-folder", umask=0o077, **elsewhere())
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "another-folder" / deb.name).read_bytes() == deb.read_bytes()


def test_links_of_its_documents_lead_somewhere(deb: Path, tmp_path: Path) -> None:
    run("dpkg-deb", "--extract", str(deb), str(tmp_path))
    assert dead_links(tmp_path) == []


def test_lintian_has_nothing_to_say(deb: Path) -> None:
    done = run(
        "lintian", "--allow-root", "--fail-on", "error,warning", "--no-tag-display-limit", str(deb)
    )
    assert (done.returncode, done.stdout) == (0, "")


def debian_name(path: str) -> str:
    """Return where Debian's package has a file of `make install`'s."""
    path = ALIASES.sub("/usr/", path)
    path = path.replace("/zsh/site-functions/", "/zsh/vendor-completions/")
    return f"{path}.gz" if "/share/man/" in path else path


def test_it_holds_what_make_install_installs_but_no_byte_code(deb: Path) -> None:
    wanted: dict[str, str] = {}
    for path, what in expected("/usr").items():
        if "__pycache__" not in path:
            executable = {0o755: "rwxr-xr-x", 0o644: "rw-r--r--"}
            wanted[debian_name(path)] = (
                what.removeprefix("-> ") if isinstance(what, str) else executable[what]
            )
    found = contents(deb)
    own = {path for path in found if path.startswith(OF_DEBIAN_ALONE)}
    both = {path: what for path, what in found.items() if path in wanted or path not in own}
    assert both == wanted


def test_first_lines_stay_as_they_are(deb: Path, tmp_path: Path) -> None:
    run("dpkg-deb", "--extract", str(deb), str(tmp_path))
    programs = [*REPOSITORY.glob("helpers/wbond*"), REPOSITORY / "generator/wbond-generator"]
    for program in programs:
        if program.is_file():
            installed = tmp_path / "usr/lib/wbond" / program.relative_to(REPOSITORY)
            assert installed.read_bytes() == program.read_bytes()


def test_its_one_conffile_is_the_hook_and_it_enables_no_unit(deb: Path, tmp_path: Path) -> None:
    run("dpkg-deb", "--control", str(deb), str(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {
        *("conffiles", "control", "md5sums", "postinst", "postrm", "prerm")
    }
    assert (tmp_path / "conffiles").read_text() == f"{HOOK}\n"
    for path in contents(deb):
        assert path == HOOK or not path.startswith("/etc/")
        assert ".wants/" not in path
    for script in ("postinst", "postrm", "prerm"):
        text = (tmp_path / script).read_text()
        assert "deb-systemd-helper" not in text
        assert run("sh", "-n", str(tmp_path / script)).returncode == 0


def test_every_program_that_units_call_is_known_here() -> None:
    assert programs_of_units() <= set(PACKAGES)


def test_what_units_and_programs_need_comes_with_it(deb: Path) -> None:
    listed = re.findall(
        r"[a-z][a-z0-9+.-]+", f"{field(deb, 'Depends')}, {field(deb, 'Recommends')}"
    )
    wanted = {debian for debian, *_ in PACKAGES.values()}
    modules = {"python3-pyudev", "python3-rich", "python3-systemd", "python3", "udev"}
    assert wanted | modules <= set(listed)


LIFE = """\
set -eu
say() { printf '== %s\\n' "$*"; }
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
root=$1/root
cp "$2" "$root/first.deb"
cp "$3" "$root/second.deb"

# systemd's and udev's programs, as far as they would do something, only tell.
mkdir -p "$root/run/systemd/system"
for program in systemctl udevadm; do
    rm -f "$root/usr/bin/$program"
    printf '#!/bin/sh\\necho "%s $*" >> /told\\n' "$program" > "$root/usr/bin/$program"
    chmod 755 "$root/usr/bin/$program"
done
rm -f "$root/usr/sbin/policy-rc.d"
told() { [ ! -e "$root/told" ] || cat "$root/told"; rm -f "$root/told"; }
dpkg_() { chroot "$root" dpkg "$@" >"$root/out" 2>&1 || { cat "$root/out"; exit 1; }; }

say install; dpkg_ -i /first.deb; told
say bytecode; find "$root/usr/lib/wbond" -name '*.pyc' | wc -l
say upgrade; dpkg_ -i /second.deb; told
# What a life of wbond leaves, and what is others'.
printf '[bond0]\\n' > "$root/etc/wbond.conf"
mkdir -p "$root/etc/wbond.conf.d" "$root/var/lib/wbond/bond0" "$root/run/wbond/bond0"
mkdir -p "$root/var/lib/dhcp"
echo x > "$root/var/lib/wbond/bond0/address"
echo '# Made at each start of dhclient for this bond; the place to edit is /etc/dhclient.conf' \\
    > "$root/var/lib/dhcp/dhclient.bond0.conf"
echo lease > "$root/var/lib/dhcp/dhclient.bond0.leases"
echo '# mine' > "$root/var/lib/dhcp/dhclient.own.conf"
say remove; dpkg_ -r wbond; told
say kept; cat "$root/etc/wbond.conf"
say purge; dpkg_ -P wbond; told
say left
cd "$1/upper"
find . ! -type d ! -type c | grep -e wbond -e var/lib/dhcp | grep -v ./var/lib/dpkg/info/ | sort
find . -type d -name '*wbond*' | sort
find var/lib/dpkg/info -name 'wbond*'
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a copy of the root directory: root only")
def test_apt_brings_in_all_that_units_call_on_a_machine_that_has_nothing(deb: Path) -> None:
    """From this machine's own archive; nothing is installed."""
    nothing = ("-o", "Dir::State::status=/dev/null", "-o", "APT::Install-Recommends=true")
    done = run("apt-get", "-s", *nothing, "install", str(deb))
    assert done.returncode == 0, done.stderr
    brought = set(re.findall(r"^Inst (\S+) ", done.stdout, re.MULTILINE))
    programs = {"iproute2", "iw", "kmod", "wpasupplicant"}
    if run("apt-cache", "show", "isc-dhcp-client").stdout:
        programs |= {"isc-dhcp-client", "wide-dhcpv6-client"}
    else:  # as from Debian testing: one for both families
        programs.add("dhcpcd-base")
    modules = {"python3-pyudev", "python3-rich", "python3-systemd"}
    assert programs | modules | {"wbond"} <= brought


def test_installed_upgraded_removed_and_purged(deb: Path, tmp_path: Path) -> None:
    """By dpkg, in a throw-away overlay of this machine's root directory."""
    again = tmp_path / "again"
    run("dpkg-deb", "--raw-extract", str(deb), str(again))
    control = again / "DEBIAN/control"
    control.write_text(re.sub(r"(Version: .*)", r"\1+1", control.read_text()))
    second = tmp_path / "second.deb"
    assert run("dpkg-deb", "--build", "--root-owner-group", str(again), str(second)).returncode == 0
    place = tmp_path / "place"
    place.mkdir()
    done = run("unshare", "--mount", "sh", "-c", LIFE, "sh", str(place), str(deb), str(second))
    assert (done.returncode, done.stderr) == (0, "")
    reload = ["systemctl --system daemon-reload", "udevadm control --reload"]
    parts = [part.splitlines() for part in done.stdout.split("== ")[1:]]
    told = {part[0]: part[1:] for part in parts}
    modules = [path for path in expected("/usr") if path.endswith(".pyc")]
    assert told == {
        "install": reload,
        "bytecode": [str(len(modules))],
        "upgrade": reload,  # nothing is stopped or started: the network stays up
        "remove": ["systemctl stop wbond@*.service", *reload],
        "kept": ["[bond0]"],
        "purge": [],
        "left": ["./var/lib/dhcp/dhclient.own.conf"],
    }


def test_the_mark_that_purge_looks_for_is_what_is_written() -> None:
    from wbond_net.clients import dhclient

    (mark,) = re.findall(r"grep -q '\^(.*)'", (DEBIAN / "postrm").read_text())
    assert dhclient.configuration("bond0", "/etc/dhcp/dhclient.conf", b"\xff").startswith(mark)


def test_the_manual_pages_are_readable(deb: Path, tmp_path: Path) -> None:
    run("dpkg-deb", "--extract", str(deb), str(tmp_path))
    page = gzip.decompress((tmp_path / "usr/share/man/man8/wbond.8.gz").read_bytes())
    assert b"see, check and change" in page

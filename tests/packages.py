# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of all packages share: a copy to build from, another machine, dead links."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.conftest import REPOSITORY

ALIASES = re.compile(r"^/(?=lib/)")  # /lib is a link since /usr is merged
LINK = re.compile(r"\]\(([^)\s#]+)")

PACKAGES = {  # program: the packages of Debian, Arch and Fedora that have it; None where none does
    "dhclient": ("isc-dhcp-client", "dhclient", None),
    "dhcpcd": ("dhcpcd-base", "dhcpcd", "dhcpcd"),
    "dhcp6c": ("wide-dhcpv6-client", "wide-dhcpv6", None),
    "ip": ("iproute2", "iproute2", "iproute"),
    "iw": ("iw", "iw", "iw"),
    "kill": ("procps", "util-linux", "util-linux"),
    "modprobe": ("kmod", "kmod", "kmod"),
    "systemctl": ("systemd", "systemd", "systemd"),
    "wpa_supplicant": ("wpasupplicant", "wpa_supplicant", "wpa_supplicant"),
}


def run(*words: str, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LC_ALL": "C.UTF-8"}
    return subprocess.run(words, cwd=cwd, env=environ, capture_output=True, text=True)


def copy_tree(top: Path) -> None:
    """Copy what git knows of the work tree, tests left out, for a build to write into."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout
    for name in filter(None, listed.split("\0")):
        if not name.startswith("tests/") and (REPOSITORY / name).is_file():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, top / name)


def elsewhere() -> dict[str, str]:
    """Return the environment of another locale and zone, and of a clock that is 400 days ahead."""
    (library,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
    return {
        "LC_ALL": "C.UTF-8",
        "TZ": "Pacific/Kiritimati",
        "LD_PRELOAD": str(library),
        "FAKETIME": "+400d",
        "FAKETIME_NO_CACHE": "1",
    }


def dead_links(root: Path) -> list[str]:
    """Return the links of README and the documents below a package's root that lead nowhere."""
    documents = [path for path in root.rglob("usr/share/doc/**/*.md") if path.is_file()]
    names = {path.name for path in documents}
    assert {"README.md", "CHANGELOG.md", "SECURITY.md", "troubleshooting.md"} <= names
    links = [
        (path, target)
        for path in documents
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if "://" not in target
    ]
    assert len(links) > 20
    return [f"{path.name}: {to}" for path, to in links if not (path.parent / to).exists()]


def programs_of_units() -> set[str]:
    """Return the programs without a path that units call."""
    texts = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "units").iterdir()]
    commands = re.compile(r"^Exec\w+=[-:]*(\S+)", re.MULTILINE)
    words = {word for text in texts for word in commands.findall(text)}
    return {word for word in words if "/" not in word}

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stanzas of ifupdown that want a port as well."""

import subprocess
import sys
from pathlib import Path

import pytest
from wbond_net.ports import ifupdown

from tests.conftest import REPOSITORY
from tests.ports import RADIO


def test_ifupdown_s_stanzas_are_found_by_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "etc/network/interfaces.d"
    folder.mkdir(parents=True)
    (tmp_path / "etc/network/interfaces").write_text(
        "# auto wlp3s0\nsource interfaces.d/*\nauto lo wlp3s0\niface wlp3s0 inet dhcp\n"
        "    wpa-ssid wlp3s0\niface eth0 inet manual\n"
    )
    (folder / "wifi").write_text("\nallow-hotplug wlp3s0\niface eth1 inherits wlp3s0\n")
    places = [place.rpartition("/")[2] for place in ifupdown.stanzas(RADIO, str(tmp_path))]
    assert places == ["interfaces:3", "interfaces:4", "wifi:2"]
    assert ifupdown.stanzas("wlan9", str(tmp_path)) == []
    assert ifupdown.stanzas(RADIO, str(tmp_path / "nowhere")) == []


def sourcing(root: Path, **files: str) -> list[str]:
    """Return the radio's stanzas, where `interfaces` and others beside it say this."""
    for name, text in files.items():
        path = root / "etc/network" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    places = ifupdown.stanzas(RADIO, str(root))
    return [place.removeprefix(f"{root}/etc/network/") for place in places]


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("", []),
        ("source interfaces.d/*", ["b", "c-d", "e.cfg"]),
        ("source /etc/network/interfaces.d/?", ["b"]),
        ("\tsource interfaces.d/[!b]*", ["c-d", "e.cfg"]),
        ("source interfaces.d/b interfaces.d/c-d", ["b"]),
        ("source interfaces.d", []),
        ("source", []),
        ("source interfaces.d/\0*", []),
        ("source-directory \0", []),
        ("source elsewhere/*", []),
        ("source-directory interfaces.d", ["b", "c-d"]),
        ("source-directory /etc/network/inter*.d/", ["b", "c-d"]),
        ("sources interfaces.d/*", []),
        ("# source interfaces.d/*", []),
    ],
)
def test_ifupdown_s_files_are_those_that_are_sourced(
    tmp_path: Path, line: str, read: list[str]
) -> None:
    stanza = f"auto {RADIO}\n"
    (tmp_path / "etc/network/interfaces.d/folder").mkdir(parents=True)
    names = (".hidden", "b", "c-d", "e.cfg")
    files = {f"interfaces.d__{name}": stanza for name in names}
    found = sourcing(tmp_path, interfaces=line + "\n", **files)
    assert found == [f"interfaces.d/{name}:1" for name in read]


def test_a_sourced_file_sources_others_and_each_is_read_once(tmp_path: Path) -> None:
    assert sourcing(
        tmp_path,
        interfaces="source more/*\nsource interfaces\nsource more/../more/a\n",
        more__a=f"source ../interfaces\nsource a\nsource deep/c\nauto {RADIO}\n",
        more__b=f"auto {RADIO}\n",
        more__deep__c=f"iface {RADIO} inet dhcp\n",
    ) == ["more/a:4", "more/b:1", "more/deep/c:1"]


def test_ifupdown_s_lines_go_on_behind_a_backslash(tmp_path: Path) -> None:
    lines = (
        "auto lo \\",
        RADIO,
        f"auto {RADIO[:3]}\\",
        RADIO[3:],
        "# a comment \\",
        f"auto {RADIO}",
    )
    assert sourcing(tmp_path, interfaces="\n".join(lines)) == [
        f"interfaces:{number}" for number in (1, 3, 6)
    ]
    assert sourcing(tmp_path, interfaces=f"auto {RADIO} \\\n") == ["interfaces:1"]


def test_nothing_is_imported_to_find_files_that_are_not_sourced() -> None:
    code = (
        "from wbond_net.ports import ifupdown, port; import sys; ifupdown.stanzas('x', '/nowhere')"
    )
    code += "; sys.exit('glob' in sys.modules)"
    words = [sys.executable, "-S", "-c", code]
    environ = {"PYTHONPATH": str(REPOSITORY / "generator")}
    assert not subprocess.run(words, cwd=REPOSITORY / "helpers", env=environ).returncode

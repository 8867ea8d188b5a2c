# SPDX-License-Identifier: LGPL-2.1-or-later
"""`make install` and `make uninstall`: which files, with which modes, naming which paths."""

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

# Taken from the tree: what stands there is what is to be installed.
MODULES = sorted(
    path.relative_to(REPOSITORY)
    for top in ("generator", "helpers")
    for path in (REPOSITORY / top).glob("wbond*/**/*.py")
)
DATA = [
    *(
        f"helpers/wbond_cli/{verb}/{verb}.schema.json"
        for verb in ("apply", "plan", "status", "wifi")
    ),
    "helpers/wpa_supplicant-port.conf",
    "helpers/dhcpcd-passwd",
]
SCRIPTS = ["bond", "dhcp", "dns", "hotplug", "port", "udev", "wait-online", "watch"]
UNITS = [
    *("bond0-supplicant@", "bond0-wired@", "dhclient@", "dhcp6c@", "wbond-hotplug@", "wbond-plug@"),
    *("wbond-dhcpcd@", "wbond-dns@", "wbond-ports@", "wbond-wait-online@"),
    *("wbond-watch@", "wbond@"),
]
COMPLETIONS = [
    "bash-completion/completions/wbond",
    "zsh/site-functions/_wbond",
    "fish/vendor_completions.d/wbond.fish",
]
HOOK = "/etc/dhcp/dhclient-enter-hooks.d/wbond"
PAGES = sorted(path.stem for path in (REPOSITORY / "man").glob("*.scd"))
TOOLS = [
    "sh",
    "make",
    "install",
    "sed",
    "chmod",
    "ln",
    "rm",
    "grep",
    "test",
    "pkg-config",
    "scdoc",
    "echo",
]


def system_tag() -> str:
    """Return the cache tag of the interpreter that runs at boot."""
    words = ["/usr/bin/python3", "-c", "import sys; print(sys.implementation.cache_tag)"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def directory(variable: str, package: str) -> str:
    words = ["pkg-config", f"--variable={variable}", package]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def libdir() -> str:
    """Return where the programs are: beside systemd, whatever the prefix."""
    beside = directory("systemdutildir", "systemd").removesuffix("/systemd")
    return f"/usr/{beside.removeprefix('/usr').lstrip('/')}/wbond"


def modules(library: str) -> set[str]:
    tag = system_tag()
    compiled = [path.parent / f"__pycache__/{path.stem}.{tag}.pyc" for path in MODULES]
    return {f"{library}/{path}" for path in (*MODULES, *compiled)}


def expected(prefix: str) -> dict[str, int | str]:
    """Return every path below DESTDIR with its mode, or where a link leads."""
    library = libdir()
    units = directory("systemdsystemunitdir", "systemd")
    plain = modules(library)
    plain |= {f"{library}/{name}" for name in DATA}
    files = (*(f"{unit}.service" for unit in UNITS), "wbond.slice")
    plain |= {f"{where}/{file}" for where in (units, f"{library}/units") for file in files}
    rules = f"{directory('udevdir', 'udev')}/rules.d"
    plain |= {f"{rules}/{name}.rules" for name in ("70-wbond-names", "90-wbond")}
    plain |= {f"{prefix}/share/man/man{page[-1]}/{page}" for page in PAGES}
    plain |= {f"{prefix}/share/{path}" for path in COMPLETIONS}
    plain |= {f"{prefix}/share/doc/wbond/wbond.conf.example"}
    found: dict[str, int | str] = dict.fromkeys(plain, 0o644)
    found |= {f"{library}/helpers/wbond-{name}": 0o755 for name in SCRIPTS}
    found[f"{library}/generator/wbond-generator"] = 0o755
    found |= {f"{library}/helpers/{name}": 0o755 for name in ("wbond",)}
    found |= {
        f"{library}/helpers/hooks/{name}-script": 0o755 for name in ("dhclient", "dhcp6c", "dhcpcd")
    }
    found[HOOK] = 0o644
    found[f"{prefix}/bin/wbond"] = f"-> {library}/helpers/wbond"
    link = f"{directory('systemdsystemgeneratordir', 'systemd')}/wbond-generator"
    found[link] = f"-> {library}/generator/wbond-generator"
    return found


def tree(root: Path) -> dict[str, int | str]:
    found: dict[str, int | str] = {}
    for path in root.rglob("*"):
        name = f"/{path.relative_to(root)}"
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}"
        elif path.is_file():
            found[name] = path.stat().st_mode & 0o7777
        else:
            assert path.stat().st_mode & 0o7777 == 0o755, name
    return found


def make(
    *words: str, path: str | None = None, umask: int = 0o022, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run make with an environment of its own; `more` is added to that."""
    environ = {"PATH": path or os.environ["PATH"], "LC_ALL": "C", **more}
    command = [shutil.which("make") or "make", "-s", "-C", str(REPOSITORY), *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, umask=umask)


@pytest.mark.parametrize("prefix", ["/usr", "/usr/local", "/opt/wbond"])
def test_the_files_and_their_modes(tmp_path: Path, prefix: str) -> None:
    done = make("install", f"DESTDIR={tmp_path}", f"PREFIX={prefix}")
    assert (done.returncode, done.stderr) == (0, "")
    assert tree(tmp_path) == expected(prefix)


def test_modes_do_not_depend_on_root_s_umask(tmp_path: Path) -> None:
    assert make("install", f"DESTDIR={tmp_path}", umask=0o077).returncode == 0
    assert tree(tmp_path) == expected("/usr/local")


def test_hooks_name_the_place_where_the_programs_are(tmp_path: Path) -> None:
    make("install", f"DESTDIR={tmp_path}", "LIBDIR=/opt/wbond/lib/wbond")
    hooks = tmp_path / "opt/wbond/lib/wbond/helpers/hooks"
    for path in (tmp_path / HOOK.lstrip("/"), *hooks.iterdir()):
        assert "/opt/wbond/lib/wbond/helpers/wbond-dns" in path.read_text()
        assert "/usr/lib/wbond" not in path.read_text()


def test_without_a_folder_for_it_there_is_no_hook(tmp_path: Path) -> None:
    assert make("install", f"DESTDIR={tmp_path}", "DHCLIENT_HOOKS=").returncode == 0
    assert set(expected("/usr/local")) - set(tree(tmp_path)) == {HOOK}


def test_the_prefix_is_usr_local_if_nothing_is_said(tmp_path: Path) -> None:
    assert make("install", f"DESTDIR={tmp_path}").returncode == 0
    assert tree(tmp_path) == expected("/usr/local")


def test_what_systemd_and_udev_call_is_beside_them_whatever_the_prefix(tmp_path: Path) -> None:
    """They call it before /usr/local is mounted, where that is a file system of its own."""
    make("install", f"DESTDIR={tmp_path}", "PREFIX=/opt/wbond")
    assert {path.name for path in (tmp_path / "opt/wbond").iterdir()} == {"bin", "share"}


def test_units_and_rules_name_the_place_where_the_programs_are(tmp_path: Path) -> None:
    make("install", f"DESTDIR={tmp_path}", "LIBDIR=/opt/wbond/lib/wbond")
    texts = [
        path.read_text() for path in tmp_path.rglob("*") if path.suffix in (".service", ".rules")
    ]
    named = [word for text in texts for word in text.split() if "/helpers/wbond-" in word]
    assert len(named) > 20
    for word in named:
        program = word.rpartition('"/')[2].strip('"').rpartition("=")[2].lstrip(":")
        assert f"/{program.lstrip('/')}".startswith("/opt/wbond/lib/wbond/helpers/")
        assert (tmp_path / program.lstrip("/")).exists()


def test_manual_pages_and_documents_name_the_place_where_the_programs_are(tmp_path: Path) -> None:
    make("install", "install-documents", f"DESTDIR={tmp_path}", "LIBDIR=/opt/wbond/lib/wbond")
    texts = [
        path.read_text() for path in (tmp_path / "usr/local/share").rglob("*.*") if path.is_file()
    ]
    assert len(texts) > len(PAGES)
    assert not any("/usr/lib/wbond/" in text for text in texts)
    assert any("/opt/wbond/lib/wbond/helpers/wbond-dns" in text for text in texts)


def test_byte_code_names_the_place_where_its_source_will_be(tmp_path: Path) -> None:
    make("install", f"DESTDIR={tmp_path}", "PREFIX=/usr")
    compiled = list(tmp_path.rglob("*.pyc"))
    assert len(compiled) == len(MODULES)
    script = (
        "import marshal, sys; print(marshal.loads(open(sys.argv[1], 'rb').read()[16:]).co_filename)"
    )
    for path in compiled[:3]:
        words = ["/usr/bin/python3", "-c", script, str(path)]
        shown = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
        source = path.parent.parent / f"{path.name.partition('.')[0]}.py"
        assert shown == f"/{source.relative_to(tmp_path)}"


def test_byte_code_of_a_package_has_the_date_of_its_sources(tmp_path: Path) -> None:
    """PEP 552: four bytes of flags, 0 for a date, then the source's date. Packages set it."""
    make("install", f"DESTDIR={tmp_path}", SOURCE_DATE_EPOCH="1700000000")
    compiled = list(tmp_path.rglob("*.pyc"))
    assert len(compiled) == len(MODULES)
    for path in compiled:
        source = path.parent.parent / f"{path.name.partition('.')[0]}.py"
        assert source.stat().st_mtime == 1700000000
        assert struct.unpack("<II", path.read_bytes()[4:12]) == (0, 1700000000)


def test_it_takes_few_tools_and_no_compiler(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in TOOLS:
        (tools / name).symlink_to(shutil.which(name) or name)
    done = make("install", f"DESTDIR={tmp_path}/root", path=str(tools))
    assert (done.returncode, done.stderr) == (0, "")
    assert tree(tmp_path / "root") == expected("/usr/local")


def test_without_scdoc_there_are_no_man_pages_and_it_says_so(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in TOOLS:
        if name != "scdoc":
            (tools / name).symlink_to(shutil.which(name) or name)
    done = make("install", f"DESTDIR={tmp_path}/root", path=str(tools))
    assert (done.returncode, done.stdout) == (0, "scdoc is not installed: no man pages\n")
    lacking = set(expected("/usr/local")) - set(tree(tmp_path / "root"))
    assert {path.rpartition("/")[2] for path in lacking} == set(PAGES)


def test_twice_is_as_good_as_once(tmp_path: Path) -> None:
    for _ in range(2):
        assert make("install", f"DESTDIR={tmp_path}").returncode == 0
    assert tree(tmp_path) == expected("/usr/local")


def test_the_installed_generator_runs(tmp_path: Path) -> None:
    make("install", f"DESTDIR={tmp_path}", "LIBDIR=/usr/lib/wbond")
    (tmp_path / "etc").mkdir(exist_ok=True)
    (tmp_path / "etc/wbond.conf").write_text("[uplink]\nwired = eth0\nwireless =\n")
    output = tmp_path / "output"
    words = [str(tmp_path / "usr/lib/wbond/generator/wbond-generator"), "--root", str(tmp_path)]
    done = subprocess.run([*words, str(output)], env={}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (output / "multi-user.target.wants/wbond@uplink.service").is_symlink()
    assert "/usr/lib/wbond/helpers/wbond-port" in (output / "uplink-wired@.service").read_text()


def test_another_package_s_units_of_the_same_names_are_left_alone(tmp_path: Path) -> None:
    """Arch's packages of the clients have units of these names in the same directory."""
    units = tmp_path / directory("systemdsystemunitdir", "systemd").lstrip("/")
    units.mkdir(parents=True)
    text = "[Service]\nExecStart=/usr/bin/client %I\n"
    names = ("dhclient@.service", "dhcp6c@.service")
    for name in names:
        (units / name).write_text(text)
    assert make("install", f"DESTDIR={tmp_path}").returncode == 0
    assert all((units / name).read_text() == text for name in names)
    assert set(tree(tmp_path)) == set(expected("/usr/local"))
    assert make("uninstall", f"DESTDIR={tmp_path}").returncode == 0
    assert set(tree(tmp_path)) == {f"/{units.relative_to(tmp_path)}/{name}" for name in names}


def test_the_installed_command_runs(tmp_path: Path) -> None:
    make("install", f"DESTDIR={tmp_path}", "PREFIX=/usr")
    # The link in bin/ leads to where the program will be.
    program = tmp_path / os.readlink(tmp_path / "usr/bin/wbond").lstrip("/")
    done = subprocess.run([str(program), "--help"], env={}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: wbond ")


def test_uninstall_leaves_no_file_but_the_user_s(tmp_path: Path) -> None:
    make("install", f"DESTDIR={tmp_path}")
    (tmp_path / "etc").mkdir(exist_ok=True)
    (tmp_path / "etc/wbond.conf").write_text("[bond0]\n")
    done = make("uninstall", f"DESTDIR={tmp_path}")
    assert (done.returncode, done.stderr) == (0, "")
    assert set(tree(tmp_path)) == {"/etc/wbond.conf"}
    assert not (tmp_path / libdir().lstrip("/")).exists()
    assert not (tmp_path / "usr/local/share/doc/wbond").exists()


@pytest.mark.parametrize(
    ("word", "told"),
    [
        *(
            (f"{name}=", "pkg-config knows no")
            for name in ("UNITDIR", "GENERATORDIR", "UDEVDIR", "LIBDIR")
        ),
        ("LIBDIR=/opt/a b", "LIBDIR must be an absolute path"),
        *(
            (f"PREFIX={prefix}", "PREFIX must be an absolute path")
            for prefix in ("usr", "", "/opt/a b", "/opt/a;b", "/opt/a|b", "/opt/a&b", "/opt/%n")
        ),
    ],
)
@pytest.mark.parametrize("target", ["install", "uninstall"])
def test_without_a_sure_place_nothing_is_done(
    tmp_path: Path, target: str, word: str, told: str
) -> None:
    done = make(target, f"DESTDIR={tmp_path}/", word)
    assert done.returncode != 0
    assert told in done.stderr
    assert list(tmp_path.iterdir()) == []

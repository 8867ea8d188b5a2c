# SPDX-License-Identifier: LGPL-2.1-or-later
"""The DHCP clients' scripts: what wbond-dns is told, and what the distribution's get to see."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

HOOKS = REPOSITORY / "helpers/hooks"
HOSTILE = "$(touch evil) `touch evil` \"; touch evil; ' * \n\x1b"
LEASE = {
    "interface": "bond0",
    "new_domain_name_servers": "192.0.2.1 192.0.2.2",
    "new_domain_name": "lab.example",
    "new_domain_search": "a.example b.example",
    "new_dhcp_server_identifier": "192.0.2.1",
}
SAID = ["set", "bond0", "dhclient", "192.0.2.1 192.0.2.2", "lab.example a.example b.example"]
# Stands for wbond-dns: each argument on a line of its own.
RECORDER = "#!/bin/sh\nfor word; do printf '%s|' \"$word\"; done >> {folder}/said\n"
# Stands for the distribution's script, which writes resolv.conf of what it sees.
DISTRIBUTION = """#!/bin/sh
echo "$reason:$new_domain_name_servers$new_domain_name$new_domain_search" >> {folder}/seen
exit {status}
"""


def installed(folder: Path, name: str, status: int = 0) -> Path:
    """Return a script that calls stand-ins in a folder."""
    (folder / "run/wbond/bond0").mkdir(parents=True)
    for program, text in {"wbond-dns": RECORDER, "dhclient-script": DISTRIBUTION}.items():
        (folder / program).write_text(text.format(folder=folder, status=status))
        (folder / program).chmod(0o755)
    text = (HOOKS / name).read_text()
    text = text.replace("/usr/lib/wbond/helpers/wbond-dns", f"{folder}/wbond-dns")
    text = text.replace("/usr/sbin/dhclient-script", f"{folder}/dhclient-script")
    text = text.replace("/run/wbond/", f"{folder}/run/wbond/")
    path = folder / "run/wbond/bond0/script"
    path.write_text(text)
    path.chmod(0o755)
    return path


def call(path: Path, *words: str, **environ: str) -> int:
    done = subprocess.run([*words, str(path)], env=environ, cwd=path.parent, capture_output=True)
    assert (done.stdout, done.stderr) == (b"", b"")
    return done.returncode


def said(folder: Path) -> list[str]:
    path = folder / "said"
    return path.read_text().split("|")[:-1] if path.exists() else []


def server(folder: Path) -> str:
    """Return the DHCP server that is noted for the watch; nothing where none is."""
    path = folder / "run/wbond/bond0/dhcp-server"
    return path.read_text() if path.exists() else ""


def seen(folder: Path) -> str:
    return (folder / "seen").read_text()


@pytest.mark.parametrize("reason", ["BOUND", "RENEW", "REBIND", "REBOOT", "TIMEOUT"])
def test_the_names_of_a_lease_go_to_wbond_dns_alone(tmp_path: Path, reason: str) -> None:
    script = installed(tmp_path, "dhclient-script")
    assert call(script, reason=reason, **LEASE) == 0
    assert said(tmp_path) == SAID
    assert seen(tmp_path) == f"{reason}:\n"
    assert server(tmp_path) == "192.0.2.1\n"


@pytest.mark.parametrize("reason", ["EXPIRE", "FAIL", "RELEASE", "STOP"])
def test_without_a_lease_the_names_go(tmp_path: Path, reason: str) -> None:
    script = installed(tmp_path, "dhclient-script")
    assert call(script, reason="BOUND", **LEASE) == 0
    (tmp_path / "said").unlink()
    assert call(script, reason=reason, interface="bond0") == 0
    assert said(tmp_path) == ["drop", "bond0", "dhclient"]
    assert server(tmp_path) == ""


def test_a_lease_that_the_script_refuses_names_nobody(tmp_path: Path) -> None:
    script = installed(tmp_path, "dhclient-script", status=2)
    assert call(script, reason="TIMEOUT", **LEASE) == 2
    assert said(tmp_path) == []
    assert server(tmp_path) == ""


@pytest.mark.parametrize("name", ["dhclient-script", "dhcp6c-script"])
def test_nothing_that_a_network_says_is_run(tmp_path: Path, name: str) -> None:
    script = installed(tmp_path, name)
    hostile = {key: HOSTILE for key in LEASE if key.startswith("new")}
    call(script, reason="BOUND", interface="bond0", **hostile)
    assert said(tmp_path)[3] == HOSTILE
    assert not list(tmp_path.rglob("evil"))


def test_dhcp6c_s_script_knows_the_bond_by_its_path(tmp_path: Path) -> None:
    script = installed(tmp_path, "dhcp6c-script")
    assert call(script, new_domain_name_servers="2001:db8::1", new_domain_name="lab.example") == 0
    assert said(tmp_path) == ["set", "bond0", "dhcp6c", "2001:db8::1", "lab.example"]


# What Debian's script does with a hook.
SOURCED = """
make_resolv_conf() { echo own >> "$1/seen"; }
. "$2"
[ "$reason" != BOUND ] || make_resolv_conf "$1"
echo "exit:$new_domain_name_servers$new_domain_name$new_domain_search" >> "$1/seen"
"""


def sourced(folder: Path, **environ: str) -> None:
    hook = folder / "run/wbond/bond0/script"
    hook = hook if hook.exists() else installed(folder, "dhclient-enter-hook")
    words = ["sh", "-ec", SOURCED, "sh", str(folder), str(hook)]
    subprocess.run(words, env=environ, cwd=folder, check=True)


def test_debian_s_hook_takes_the_names_of_a_bond(tmp_path: Path) -> None:
    sourced(tmp_path, reason="BOUND", **LEASE)
    assert said(tmp_path) == SAID
    assert seen(tmp_path) == "exit:\n"  # nor does a hook at the exit get them
    assert server(tmp_path) == "192.0.2.1\n"
    (tmp_path / "said").unlink()
    sourced(tmp_path, reason="STOP", interface="bond0")
    assert said(tmp_path) == ["drop", "bond0", "dhclient"]
    assert server(tmp_path) == ""


@pytest.mark.parametrize("interface", ["eth0", ""])
def test_of_other_interfaces_nothing_changes(tmp_path: Path, interface: str) -> None:
    sourced(tmp_path, reason="BOUND", **{**LEASE, "interface": interface})
    assert said(tmp_path) == []
    assert seen(tmp_path) == "own\nexit:192.0.2.1 192.0.2.2lab.examplea.example b.example\n"


def test_where_wbond_is_removed_the_hook_that_stays_does_nothing(tmp_path: Path) -> None:
    installed(tmp_path, "dhclient-enter-hook")
    (tmp_path / "wbond-dns").unlink()
    sourced(tmp_path, reason="BOUND", **LEASE)
    assert seen(tmp_path).startswith("own\n")


DROPPED = "-4 address delete 198.51.100.7/24 dev bond0\n"
SHOWN = r"""#!/bin/sh
case "$*" in
*show*)
    shared="scope global dynamic mngtmpaddr"
    echo "7: bond0 inet6 2001:db8::5054:ff:fe00:1/64 $shared \ valid_lft 9sec"
    echo "7: bond0 inet6 2001:db8::1:2:3:4/64 $shared stable-privacy \ valid_lft 9sec"
    ;;
*) echo "$*" >> {folder}/did ;;
esac
"""


def with_ip(folder: Path, script: str) -> str:
    """Put an `ip` in a folder that shows addresses and notes what it does; returns the PATH."""
    (folder / "ip").write_text(script.format(folder=folder))
    (folder / "ip").chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def test_dhcpcd_leaves_advertised_addresses_stable(tmp_path: Path) -> None:
    path = installed(tmp_path, "dhcpcd-script")
    path.write_text(path.read_text().replace("/proc/sys/net/ipv6/conf/", f"{tmp_path}/conf/"))
    (tmp_path / "conf/bond0").mkdir(parents=True)
    environ = {"PATH": with_ip(tmp_path, SHOWN), "interface": "bond0"}
    call(path, "sh", reason="PREINIT", **environ)
    assert (tmp_path / "conf/bond0/addr_gen_mode").read_text() == "2\n"
    did = (tmp_path / "did").read_text()
    assert did == "-6 address delete 2001:db8::5054:ff:fe00:1/64 dev bond0\n"
    call(path, "sh", reason="CARRIER", **environ)
    assert (tmp_path / "did").read_text() == did


@pytest.mark.parametrize(("former", "done"), [("192.0.2.7", ""), ("198.51.100.7", DROPPED)])
def test_the_address_of_another_network_is_taken_away(
    tmp_path: Path, former: str, done: str
) -> None:
    path = installed(tmp_path, "dhcpcd-script")
    path_with_ip = with_ip(tmp_path, SHOWN)
    (tmp_path / "did").touch()
    leases = {"old_ip_address": former, "old_subnet_cidr": "24", "new_ip_address": "192.0.2.7"}
    call(path, "sh", reason="BOUND", PATH=path_with_ip, **(LEASE | leases))
    assert (tmp_path / "did").read_text() == done
    assert server(tmp_path) == "192.0.2.1\n"


LEASED6 = r"""#!/bin/sh
case "$*" in
*"show dev bond0 scope global dynamic deprecated")
    echo "7: bond0 inet6 2001:db8::106/128 scope global deprecated dynamic \\ valid_lft 9sec"
    echo "7: bond0 inet6 2001:db8:2::107/128 scope global deprecated dynamic \\ valid_lft 9sec"
    echo "7: bond0 inet6 2001:db8::2:3:4/64 scope global deprecated dynamic \\ valid_lft 9sec"
    ;;
*) echo "$*" >> {folder}/did ;;
esac
"""


def test_the_ipv6_address_of_another_network_is_taken_away(tmp_path: Path) -> None:
    path = installed(tmp_path, "dhcpcd-script")
    environ = {"PATH": with_ip(tmp_path, LEASED6), "interface": "bond0"}
    environ["new_dhcp6_ia_na1_ia_addr1"] = "2001:db8:2::107"
    call(path, "sh", reason="BOUND6", **environ)
    assert (tmp_path / "did").read_text() == "-6 address delete 2001:db8::106/128 dev bond0\n"


def test_dhcpcd_s_server_is_noted_as_long_as_there_is_a_lease(tmp_path: Path) -> None:
    path = installed(tmp_path, "dhcpcd-script")
    call(path, "sh", reason="BOUND", **LEASE)
    assert server(tmp_path) == "192.0.2.1\n"
    call(path, "sh", reason="RELEASE", interface="bond0")
    assert server(tmp_path) == ""


def test_without_ipv6_dhcpcd_is_served_all_the_same(tmp_path: Path) -> None:
    path = installed(tmp_path, "dhcpcd-script")
    path.write_text(path.read_text().replace("/proc/sys/net/ipv6/conf/", f"{tmp_path}/none/"))
    assert call(path, "sh", reason="PREINIT", interface="bond0") == 0

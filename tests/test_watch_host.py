# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the watch's host does to the kernel's neighbours and reads of its routes; with the kernel's
own, in a network of its own.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from wbond_net.kernel import sysfs
from wbond_net.watch.host import Host

from tests.conftest import REPOSITORY
from tests.namespaces import in_a_network_of_its_own

# Arguments: two folders of modules, and one for the note.
PROGRAM = """
import json, socket, subprocess, sys, time
sys.path[:0] = sys.argv[1:3]
from wbond_net.kernel import bpf, rtnetlink
from wbond_net.watch.host import Host

def ip(*words):
    subprocess.run(["ip", *words], check=True)

def timers():
    shown = subprocess.run(
        ["ip", "-json", "ntable", "show", "dev", "d0"], check=True, capture_output=True, text=True
    ).stdout
    return [[table["base_reachable"], table["delay_probe"]] for table in json.loads(shown)]

ip("link", "add", "d0", "type", "veth", "peer", "name", "d1")
ip("address", "add", "192.0.2.7/24", "dev", "d0")
for name in ("d0", "d1"):
    ip("link", "set", "dev", name, "up")
index = socket.if_nametoindex("d0")
host, note = Host(), sys.argv[3]
netlink = rtnetlink.Socket(
    rtnetlink.LINKS | rtnetlink.NEIGHBOURS | rtnetlink.ROUTES | rtnetlink.ROUTER_FLAGS
)
netlink.hear_only(bpf.neighbours_of(index))
server = note + "-server"
found = {"before": timers(), "no routers": host.routers(index, server)}
stand_ins = []
for text in ("192.0.2.1", "198.51.100.1", "192.0.2.7", "fe80::1", chr(0), ""):
    with open(server, "w") as file:
        print(text, file=file)
    found_server = host.routers(index, server)[2]
    stand_ins.append(found_server and [found_server.text, list(found_server.source)])
found["stand-ins"] = stand_ins
host.hasten(index, note)
found["hastened"], found["note"] = timers(), open(note).read()
host.hasten(index, note)
found["note of the first"] = open(note).read()
netlink.discard()
ip("route", "add", "198.51.100.0/24", "via", "192.0.2.9")
ip("route", "add", "default", "via", "192.0.2.1")
found["told"] = [str(event.what) for event in netlink.events()]
found["routers"] = [
    [router.text, socket.inet_ntop(router.family, router.source)]
    for router in host.routers(index, server)[0]
]
found["addressed"] = host.routers(index, server)[1]
router = socket.inet_aton("192.0.2.1")
ip("neighbour", "add", "192.0.2.1", "lladdr", "02:aa:00:00:00:01", "dev", "d0", "nud", "stale")
netlink.discard()
host.confirm(index, socket.AF_INET, router)
found["states"] = [event.what.state for event in netlink.events()]
ip("neighbour", "del", "192.0.2.1", "dev", "d0")
netlink.discard()
host.confirm(index, socket.AF_INET, router)
shown = subprocess.run(["ip", "neighbour"], check=True, capture_output=True, text=True).stdout
found["looked for"] = "192.0.2.1" in shown
print(json.dumps(found))
"""


@in_a_network_of_its_own
def test_neighbours_and_routes(tmp_path: Path) -> None:
    folders = [str(REPOSITORY / "helpers"), str(REPOSITORY / "generator")]
    arguments = [*folders, str(tmp_path / "note")]
    command = ["unshare", "--net", sys.executable, "-I", "-c", PROGRAM, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    note = "arp_cache 30000 5000\nndisc_cache 30000 5000\n"
    assert found == {
        "before": [[30000, 5000]] * 2,
        "no routers": [[], True, None],
        "stand-ins": [["192.0.2.1", [192, 0, 2, 7]], *[None] * 5],
        "hastened": [[300, 0]] * 2,
        "note": note,
        "note of the first": note,
        "told": [found["told"][0]],
        "routers": [["192.0.2.1", "192.0.2.7"]],
        "addressed": True,
        "states": [0x10],
        "looked for": True,
    }
    assert found["told"][0].startswith("DefaultRoute")


def test_what_sysfs_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysfs, "SYSFS", str(tmp_path))
    (tmp_path / "d0/statistics").mkdir(parents=True)
    (tmp_path / "d0/statistics/tx_packets").write_text("4711\n")
    host = Host()
    assert host.packets_sent("d0") == 4711
    assert not host.has_upper("d0")
    (tmp_path / "d0/upper_br0").symlink_to("../br0")
    assert host.has_upper("d0")

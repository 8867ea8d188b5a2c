# SPDX-License-Identifier: LGPL-2.1-or-later
"""Taps: what the kernel lets them hear, on a pair of virtual cards; who is heard by which port."""

import json
import subprocess
import sys

import pytest
from wbond_net.kernel.taps import Taps

from tests.conftest import REPOSITORY
from tests.namespaces import in_a_network_of_its_own
from tests.test_frames import ROUTER, advertisement, arp_reply, success

# Arguments: two folders of modules, an ARP reply and an advertisement in hexadecimal digits.
PROGRAM = """
import json, socket, subprocess, sys, time
sys.path[:0] = sys.argv[1:3]
from wbond_net.kernel.taps import Taps

def ip(*words):
    subprocess.run(["ip", *words], check=True)

ip("link", "add", "d0", "type", "veth", "peer", "name", "d1")
for name in ("d0", "d1"):
    ip("link", "set", "dev", name, "up")
index = socket.if_nametoindex("d0")
taps, far = Taps(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)
far.bind(("d1", 3))
far.settimeout(20)
near = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)
near.bind(("d0", 3))
near.settimeout(20)

def answer():
    # On a busy machine, the kernel hands over what was sent a moment later.
    for frame in map(bytes.fromhex, sys.argv[3:]):
        far.send(frame)
        while near.recv(2048) != frame:
            pass

def heard(count=0):
    answers, end = taps.answers(index), time.monotonic() + 20
    while len(answers) < count and time.monotonic() < end:
        time.sleep(0.01)
        answers += taps.answers(index)
    return [answer.mac for answer in answers]

found = {}
taps.listen({index: "d0"})
found["descriptors"] = len(taps.descriptors)
answer()
found["listening"] = heard(3)
answer()
taps.listen({})
found["descriptors afterwards"] = len(taps.descriptors)
answer()
taps.listen({index: "d0"})
found["what came before"] = heard()
question = b"\\xff" * 6 + bytes(6) + b"\\x08\\x06" + bytes(range(46))
taps.send(index, "d0", question)
while far.recv(2048) != question:
    pass
ip("link", "set", "dev", "d0", "down")
near.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # takes note of it
found["down"] = heard()
ip("link", "set", "dev", "d0", "up")
answer()
found["up again"] = heard(3)
ip("link", "delete", "dev", "d0")
taps.listen({})
try:
    taps.send(index, "d0", question)
except OSError as error:
    found["gone"] = error.strerror
print(json.dumps(found))
"""


@in_a_network_of_its_own
def test_answers_are_heard_while_somebody_listens() -> None:
    folders = [str(REPOSITORY / "helpers"), str(REPOSITORY / "generator")]
    frames = [arp_reply().hex(), advertisement().hex(), success().hex()]
    frames.append(success(code=b"\x04").hex())  # a failure is heard by wpa_supplicant alone
    command = ["unshare", "--net", sys.executable, "-I", "-c", PROGRAM, *folders, *frames]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "descriptors": 3,
        "listening": [ROUTER, ROUTER, ROUTER],
        "descriptors afterwards": 0,
        "what came before": [],
        "down": [],
        "up again": [ROUTER, ROUTER, ROUTER],
        "gone": "No such device",
    }


def test_a_port_that_cannot_be_listened_to_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    listened = []

    class Heard:
        listening = False
        descriptors = ()

        def __init__(self, index: int, name: str) -> None:
            if name == "gone":
                raise OSError(19, "No such device")

        def listen(self, on: bool) -> None:
            listened.append(on)

    monkeypatch.setattr("wbond_net.kernel.taps.Tap", Heard)
    with pytest.raises(OSError, match="No such device"):
        Taps().listen({2: "gone", 3: "there"})
    assert listened == [True]


def test_a_name_that_is_no_unicode_is_a_failure_like_others() -> None:
    with pytest.raises(OSError, match=r"[Ii]nvalid|permitted"):
        Taps().send(1, "\udcff", b"")

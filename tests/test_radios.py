# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which interfaces of a radio are stations: by sysfs, and by what nl80211 answers."""

import errno
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from wbond_net.kernel import netlink, nl80211
from wbond_net.kernel.attributes import attribute, u32
from wbond_net.kernel.netlink import KernelError, Message
from wbond_udev import adapter
from wbond_udev.match import VIRTUAL, WIRELESS

INDEX, FAMILY = 7, 28
UNSPECIFIED, ADHOC, STATION, AP, AP_VLAN, WDS, MONITOR, MESH, P2P_CLIENT, P2P_GO = range(10)
Answer = Callable[[], bytes]


def refused(code: int) -> Answer:
    def answer() -> bytes:
        raise KernelError(code, os.strerror(code))

    return answer


def is_type(kind: int) -> Answer:
    return lambda: u32(3, INDEX) + u32(5, kind)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tuple[int, str]]]:
    """Answer as a kernel with nl80211 does; returns the requests that it gets."""

    def answering(answer: Answer, family: Answer) -> list[tuple[int, str]]:
        asked = []

        class Socket:
            def __init__(self, groups: int = 0, protocol: int = 0) -> None:
                assert protocol == 16

            def __enter__(self) -> "Socket":
                return self

            def __exit__(self, *_: object) -> None:
                pass

            def request(self, kind: int, body: bytes) -> list[Message]:
                asked.append((kind, body.hex()))
                said = family() if kind == 16 else answer()
                return [Message(kind, 0, 1, 1, b"\x01\x01\0\0" + said)]

        monkeypatch.setattr(netlink, "Socket", Socket)
        return asked

    return answering


def has_nl80211() -> bytes:
    return attribute(2, b"nl80211\0") + attribute(1, struct.pack("=H", FAMILY))


@pytest.mark.parametrize("kind", range(13))
def test_a_station_alone_is_one(kernel: Callable[..., list[tuple[int, str]]], kind: int) -> None:
    asked = kernel(is_type(kind), has_nl80211)
    assert nl80211.is_station(INDEX) is (kind == STATION)
    # As iw 5.19 asks, but for the versions.
    assert asked == [
        (16, "03010000" + "0c000200" + b"nl80211\0".hex()),
        (FAMILY, "05010000" + "08000300" + struct.pack("=I", INDEX).hex()),
    ]


@pytest.mark.parametrize("answer", [refused(errno.ENODEV), lambda: b"", lambda: b"\xff"])
def test_what_nl80211_does_not_know_is_taken_for_one(
    kernel: Callable[..., list[tuple[int, str]]], answer: Answer
) -> None:
    kernel(answer, has_nl80211)
    assert nl80211.is_station(INDEX)
    kernel(is_type(AP), refused(errno.ENOENT))
    assert nl80211.is_station(INDEX)


def test_a_kernel_that_has_no_such_interface() -> None:
    assert nl80211.is_station(2**31 - 1)


def radio(folder: Path, kind: str, *below: str) -> str:
    """Make an interface of a radio in sysfs."""
    for name in ("device", *below):
        (folder / name).mkdir(parents=True)
    for name, text in {"type": kind, "ifindex": str(INDEX), "uevent": "DEVTYPE=wlan"}.items():
        (folder / name).write_text(f"{text}\n")
    return str(folder)


def test_an_access_point_is_a_virtual_device(
    tmp_path: Path, kernel: Callable[..., list[tuple[int, str]]]
) -> None:
    folder = radio(tmp_path, "1", "phy80211", "wireless")

    def kind() -> str:
        station = adapter.is_station(folder)
        return adapter.facts(folder, "wlan1", lambda _: "", station=station).kind

    kernel(is_type(AP), has_nl80211)
    assert kind() == VIRTUAL
    kernel(is_type(STATION), has_nl80211)
    assert kind() == WIRELESS


def test_a_monitor_is_no_radio_whatever_nl80211_says(tmp_path: Path) -> None:
    assert adapter.kind(radio(tmp_path, "803", "phy80211", "wireless")) == VIRTUAL


def test_a_driver_with_wireless_extensions_alone_makes_a_radio(tmp_path: Path) -> None:
    folder = radio(tmp_path, "1", "wireless")
    (tmp_path / "uevent").write_text("INTERFACE=wlan1\n")
    assert adapter.kind(folder) == WIRELESS
    assert adapter.facts(folder, "wlan1", lambda _: "").kind == WIRELESS

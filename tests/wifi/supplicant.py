# SPDX-License-Identifier: LGPL-2.1-or-later
"""A wpa_supplicant without a radio: its control socket, and what it knows, in a thread.

As in wpa_supplicant/ctrl_iface.c and ctrl_iface_unix.c: a datagram a request, a datagram a reply
to the address that it came from; events go to those that asked by ATTACH.
"""

import re
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

REPLY_SIZE = 4096  # bytes: a reply has room for no more
BOTH = "[WPA2-PSK+SAE-CCMP][ESS]"
WPA2 = "[WPA2-PSK-CCMP][ESS]"


@dataclass
class Point:
    """An access point in reach."""

    ssid: bytes
    flags: str = WPA2
    level: int = -50
    freq: int = 2412
    bssid: str = "02:00:00:00:00:01"


@dataclass
class Supplicant:
    """wpa_supplicant for one radio; a context manager, within which it listens.

    `passwords` are those of networks in reach, by name: None is an open one.
    """

    path: Path
    points: list[Point] = field(default_factory=list)
    passwords: dict[bytes, str | None] = field(default_factory=dict)
    networks: dict[int, dict[str, str]] = field(default_factory=dict)
    enabled: set[int] = field(default_factory=set)
    current: int | None = None
    refused: str = ""  # a request that begins so fails
    silent: bool = False  # scans never end
    requests: list[str] = field(default_factory=list)

    def __enter__(self) -> "Supplicant":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._monitors: list[bytes | str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.connect(str(self.path))
            end.send(b"TERMINATE")
        self._thread.join(10)
        self._socket.close()
        self.path.unlink()

    def _listen(self) -> None:
        while True:
            octets, address = self._socket.recvfrom(65536)
            request = octets.decode("utf-8", "surrogateescape")
            if request == "TERMINATE":
                return
            self.requests.append(request)
            word, _, rest = request.partition(" ")
            reply = "FAIL\n"
            if not self.refused or not request.startswith(self.refused):
                if word == "ATTACH":
                    self._monitors.append(address)
                method = getattr(self, f"_{word.lower()}", None)
                reply = method(rest) if method else "UNKNOWN COMMAND\n"
            self._send(reply.encode("utf-8", "surrogateescape")[:REPLY_SIZE], address)

    def _send(self, octets: bytes, address: bytes | str) -> None:
        try:
            self._socket.sendto(octets, address)
        except OSError:  # it has gone
            if address in self._monitors:
                self._monitors.remove(address)

    def _tell(self, event: str) -> None:
        for address in list(self._monitors):
            self._send(f"<3>{event}".encode(), address)

    def _ping(self, rest: str) -> str:
        return "PONG\n"

    def _attach(self, rest: str) -> str:
        return "OK\n"

    def _status(self, rest: str) -> str:
        if self.current is None:
            return "wpa_state=DISCONNECTED\naddress=02:00:00:00:00:09\n"
        ssid = self._ssid(self.current)
        return f"bssid=02:00:00:00:00:01\nssid={encoded(ssid)}\nwpa_state=COMPLETED\n"

    def _ssid(self, number: int) -> bytes:
        value = self.networks[number].get("ssid", "")
        return value[1:-1].encode() if value.startswith('"') else bytes.fromhex(value)

    def _list_networks(self, rest: str) -> str:
        last = int(rest.partition("=")[2]) if rest else -1
        lines = ["network id / ssid / bssid / flags\n"]
        for number in sorted(self.networks):
            flags = "[CURRENT]" if number == self.current else ""
            flags += "" if number in self.enabled else "[DISABLED]"
            line = f"{number}\t{encoded(self._ssid(number))}\tany\t{flags}\n"
            if number > last and len("".join(lines)) + len(line) < REPLY_SIZE:
                lines.append(line)
        return "".join(lines)

    def _add_network(self, rest: str) -> str:
        number = max(self.networks, default=-1) + 1
        self.networks[number] = {}
        self._tell(f"CTRL-EVENT-NETWORK-ADDED {number}")
        return f"{number}\n"

    def _set_network(self, rest: str) -> str:
        number, name, value = rest.split(" ", 2)
        self.networks[int(number)][name] = value
        return "OK\n"

    def _remove_network(self, rest: str) -> str:
        self.networks.pop(int(rest))
        self.enabled.discard(int(rest))
        if self.current == int(rest):
            self.current = None
            self._tell("CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:00:01 reason=3")
        return "OK\n"

    def _enable_network(self, rest: str) -> str:
        number, _, way = rest.partition(" ")
        self.enabled.add(int(number))
        if not way and self.current is None:
            self._connect(int(number))
        return "OK\n"

    def _select_network(self, rest: str) -> str:
        self.enabled = {int(rest)}
        self.current = None
        self._connect(int(rest))
        return "OK\n"

    def _set(self, rest: str) -> str:
        return "OK\n"

    def _connect(self, number: int) -> None:
        """Connect to a network, as far as it is in reach, and its password is right."""
        ssid = self._ssid(number)
        if ssid not in self.passwords:
            return
        given = self.networks[number]
        if self.passwords[ssid] in (given.get("psk"), given.get("sae_password")):
            self.current = number
            self._tell("CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:00:01 completed")
            return
        self._tell(
            f'CTRL-EVENT-SSID-TEMP-DISABLED id={number} ssid="{encoded(ssid)}"'
            " auth_failures=1 duration=10 reason=WRONG_KEY"
        )

    def _scan(self, rest: str) -> str:
        self._tell("CTRL-EVENT-SCAN-STARTED ")
        if not self.silent:
            self._tell("CTRL-EVENT-SCAN-RESULTS ")
        return "OK\n"

    def _bss(self, rest: str) -> str:
        start, mask = re.fullmatch(r"RANGE=(\d+)- MASK=(0x[0-9a-f]+)", rest).groups()  # type: ignore[union-attr]
        assert int(mask, 16) == 0x21887
        text = ""
        for number, point in enumerate(self.points):
            shown = (
                f"id={number}\nbssid={point.bssid}\nfreq={point.freq}\nlevel={point.level}\n"
                f"flags={point.flags}\nssid={encoded(point.ssid)}\n"
                + ("####\n" if point is self.points[-1] else "====\n")
            )
            if number >= int(start):
                if len(text) + len(shown) >= REPLY_SIZE:
                    break
                text += shown
        return text


def encoded(octets: bytes) -> str:
    """Escape a name as printf_encode() does (src/utils/common.c)."""
    special = {0x22: '\\"', 0x5C: "\\\\", 0x1B: "\\e", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}
    return "".join(
        special.get(octet) or (chr(octet) if 32 <= octet < 127 else f"\\x{octet:02x}")
        for octet in octets
    )

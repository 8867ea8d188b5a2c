# SPDX-License-Identifier: LGPL-2.1-or-later
"""A radio as its wpa_supplicant has it: networks, access points in reach, what it is connected to.

Every text is what strangers send or a person wrote: names are bytes.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from wbond_cli.wifi import names
from wbond_cli.wifi.control import Busy, Control, ControlError, attached

# ID, BSSID, FREQ, LEVEL, FLAGS, SSID, DELIM of WPA_BSS_MASK_*, src/common/wpa_ctrl.h.
_MASK = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 7 | 1 << 11 | 1 << 12 | 1 << 17
_DELIMITERS = (b"====", b"####")  # the latter after the last (wpa_supplicant_ctrl_iface_bss())
_PAGES_MAX = 1000  # replies; wpa_supplicant keeps 200 access points (bss_max_count)
SCAN_TIMEOUT = 15.0  # seconds; all channels of three bands, where many have to be listened to
COMPLETED = "COMPLETED"
_DONE = "CTRL-EVENT-SCAN-RESULTS"
_FAILED = "CTRL-EVENT-SCAN-FAILED"


class Network(NamedTuple):
    """A network that wpa_supplicant knows; `id` is its number there."""

    id: int
    ssid: bytes
    flags: str

    @property
    def enabled(self) -> bool:
        """Tell whether it may be joined; a failed one is only passed over for a while."""
        return "[DISABLED]" not in self.flags


class AccessPoint(NamedTuple):
    """An access point in reach: frequency in MHz, signal in dBm."""

    bssid: str
    frequency: int
    signal: int
    flags: str
    ssid: bytes


class Association(NamedTuple):
    """What a radio is doing, by wpa_supplicant's word for it, and with which network."""

    state: str
    ssid: bytes

    @property
    def connected(self) -> bool:
        """Tell whether the network has let the radio in."""
        return self.state == COMPLETED


def association(control: Control) -> Association:
    """Return what a radio is doing. Raises ControlError."""
    values = _values(control.request("STATUS").splitlines())
    state = values.get(b"wpa_state", b"").decode("ascii", "replace")
    return Association(state, names.unescaped(values.get(b"ssid", b"")))


def networks(control: Control) -> list[Network]:
    """Return the networks that wpa_supplicant knows. Raises ControlError."""
    found: list[Network] = []
    for _ in range(_PAGES_MAX):
        start = f" LAST_ID={found[-1].id}" if found else ""
        page = list(parse_networks(control.request(f"LIST_NETWORKS{start}")))
        if not page or (found and page[-1].id <= found[-1].id):
            break
        found += page
    return found


def parse_networks(reply: bytes) -> Iterator[Network]:
    """Yield the networks of a reply to LIST_NETWORKS: number, name, address, flags."""
    for line in reply.splitlines()[1:]:
        parts = line.split(b"\t")
        if len(parts) == 4 and parts[0].isdigit() and len(parts[0]) < 10:
            flags = parts[3].decode("ascii", "replace")
            yield Network(int(parts[0]), names.unescaped(parts[1]), flags)


def start_scan(control: Control) -> None:
    """Have a radio look for networks. Raises ControlError.

    While it is connected, what is found is only told: otherwise wpa_supplicant might go over to
    another network (scan_only_handler(), wpa_supplicant/scan.c). While it is not, it is to
    connect to what is found.
    """
    only = " TYPE=ONLY" if association(control).connected else ""
    try:
        control.request(f"SCAN{only}")
    except Busy:
        pass  # it is looking, and will tell all the same


def wait_scan(events: Control, seconds: float = SCAN_TIMEOUT) -> bool:
    """Wait until the radio has looked; tells whether it has. Raises ControlError."""
    for event in events.events(seconds):
        if event.startswith(_DONE):
            return True
        if event.startswith(_FAILED):
            return False
    return False


def access_points(control: Control) -> list[AccessPoint]:
    """Return the access points that a radio has seen lately. Raises ControlError.

    A reply has room for some: the next one begins behind the last that it names.
    """
    found: list[AccessPoint] = []
    start = 0
    for _ in range(_PAGES_MAX):
        page = list(parse_access_points(control.request(f"BSS RANGE={start}- MASK={_MASK:#x}")))
        found += [access_point for _, access_point in page]
        if not page or page[-1][0] < start:
            break
        start = page[-1][0] + 1
    return found


def parse_access_points(reply: bytes) -> Iterator[tuple[int, AccessPoint]]:
    """Yield the access points of a reply to BSS, each with its number there."""
    lines: list[bytes] = []
    for line in reply.split(b"\n"):
        if line not in _DELIMITERS:
            lines.append(line)
            continue
        values = _values(lines)
        number, frequency, signal = (
            _number(values.get(name, b"")) for name in (b"id", b"freq", b"level")
        )
        bssid, flags = (
            values.get(name, b"").decode("ascii", "replace") for name in (b"bssid", b"flags")
        )
        ssid = names.unescaped(values.get(b"ssid", b""))
        yield number, AccessPoint(bssid, frequency, signal, flags, ssid)
        lines = []


def _values(lines: list[bytes]) -> dict[bytes, bytes]:
    return {name: value for name, _, value in (line.partition(b"=") for line in lines)}


def _number(text: bytes) -> int:
    """Return a number of at most nine digits, 0 for what is none."""
    digits = text.removeprefix(b"-")
    return int(text) if digits.isdigit() and len(digits) < 10 else 0


def add(control: Control, fields: Mapping[str, str]) -> int:
    """Add a network that is not joined before it is enabled; returns its number.

    Raises ControlError, which names the field that is refused; then nothing has been added.
    """
    number = int(control.request("ADD_NETWORK"))
    for name, value in fields.items():
        if name == "disabled":
            continue  # it is, until it is enabled
        try:
            control.request(f"SET_NETWORK {number} {name} {value}")
        except ControlError:
            control.request(f"REMOVE_NETWORK {number}")
            raise ControlError(f"wpa_supplicant refuses the field {name}") from None
    return number


def scan(radios: Sequence[tuple[Control, str]]) -> list[bool]:
    """Have radios look for networks, all at once, and wait; tells of each whether it has.

    Each is its connection and the path of its socket. Raises ControlError.
    """
    with ExitStack() as stack:
        events = [stack.enter_context(attached(path)) for _, path in radios]
        for control, _ in radios:
            start_scan(control)
        return [wait_scan(one) for one in events]

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Access points that radios see -> networks, the strongest first; and networks that are saved."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from wbond_cli.wifi import security
from wbond_cli.wifi.station import AccessPoint

_BANDS = ((2400, "2.4"), (4900, "5"), (5925, "6"), (7126, "60"))  # MHz where each begins
BARS = 4
_WEAKEST, _STEP = -90, 12  # dBm


class Found(NamedTuple):
    """A network in reach: signal in dBm, bands in GHz, the radios that are connected to it.

    Those that hide their names are one each, for want of a name.
    """

    ssid: bytes
    signal: int
    security: frozenset[str]
    bands: list[str]
    access_points: int
    known: bool
    connected: list[str]


class Kept(NamedTuple):
    """A network that a file has; `connected` are the radios that are connected to it."""

    ssid: bytes
    path: str
    line: int
    security: frozenset[str]
    hidden: bool
    enabled: bool
    priority: int
    connected: list[str]


def merge(
    seen: Iterable[tuple[str, AccessPoint]], known: set[bytes], connected: Mapping[str, bytes]
) -> list[Found]:
    """Return networks; `seen` are radios and what they see, `connected` names by radio.

    Access points of one name are one network if they are protected alike: another may be a trap.
    """
    groups: dict[tuple[bytes, frozenset[str], str], list[AccessPoint]] = {}
    for _, one in seen:
        protection = security.of_flags(one.flags)
        hidden = "" if one.ssid.strip(b"\0") else one.bssid
        groups.setdefault((one.ssid, protection, hidden), []).append(one)
    found = [
        Found(
            ssid=ssid,
            signal=max(one.signal for one in points),
            security=protection,
            bands=[name for _, name in _BANDS if name in {band(one.frequency) for one in points}],
            access_points=len({one.bssid for one in points}),
            known=ssid in known,
            connected=[radio for radio, name in connected.items() if name == ssid],
        )
        for (ssid, protection, _), points in groups.items()
    ]
    return sorted(found, key=lambda one: (not one.connected, -one.signal, one.ssid))


def band(frequency: int) -> str:
    """Return a frequency's band in GHz; nothing for none (IEEE 802.11-2020, annex E)."""
    return next((name for start, name in reversed(_BANDS) if frequency >= start), "")


def bars(signal: int) -> int:
    """Return how many of four bars a signal in dBm has; one that is heard at all has one."""
    return max(1, min(BARS, 1 + (signal - _WEAKEST) // _STEP))

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks as programs read them; wifi.schema.json says what each part means."""

from collections.abc import Mapping, Sequence

from wbond_cli.formatting import unicode
from wbond_cli.wifi.networks import Found, Kept, bars
from wbond_cli.wifi.radios import Fault

VERSION = 1  # of the schema; grows when something is taken out or gets another meaning

Value = Mapping[str, object]


def scan(networks: Sequence[Found], faults: Sequence[Fault]) -> Value:
    """Return what `wbond wifi scan` has found as what json.dumps() takes."""
    found = [
        {
            **_named(one),
            "signal": one.signal,
            "bars": bars(one.signal),
            "bands": one.bands,
            "access_points": one.access_points,
            "known": one.known,
        }
        for one in networks
    ]
    return _document(found, faults)


def kept(networks: Sequence[Kept]) -> Value:
    """Return what `wbond wifi list` shows as what json.dumps() takes."""
    found = [
        {
            **_named(one),
            "file": unicode(one.path),
            "line": one.line,
            "hidden": one.hidden,
            "enabled": one.enabled,
            "priority": one.priority,
        }
        for one in networks
    ]
    return _document(found, ())


def _document(networks: list[dict[str, object]], faults: Sequence[Fault]) -> Value:
    return {
        "version": VERSION,
        "networks": networks,
        "faults": [{"text": text, "remedy": remedy or None} for text, remedy in faults],
    }


def _named(one: Found | Kept) -> dict[str, object]:
    return {
        "ssid": unicode(one.ssid.decode("utf-8", "surrogateescape")),
        "ssid_bytes": one.ssid.hex(),
        "security": sorted(one.security),
        "connected": list(one.connected),
    }

# SPDX-License-Identifier: LGPL-2.1-or-later
"""/proc/net/bonding/BOND beside what `wbond status --json` says; the lab compares them."""

from collections.abc import Mapping
from typing import Any


def blocks(text: str) -> list[dict[str, str]]:
    """Return the file's parts: the bond's, then one for each port in the order of joining."""
    parts = text.split("\nSlave Interface: ")
    found = [_pairs(parts[0].splitlines())]
    for part in parts[1:]:
        name, _, rest = part.partition("\n")
        found.append({"Slave Interface": name, **_pairs(rest.splitlines())})
    return found


def _pairs(lines: list[str]) -> dict[str, str]:
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def differences(bond: Mapping[str, Any], text: str) -> list[str]:
    """Return where a bond of the JSON object says other than the kernel's file."""
    own, *ports = blocks(text)
    active = own["Currently Active Slave"]
    primary = own.get("Primary Slave", "None").split(" (")[0]
    said = {port["name"]: port for port in bond["ports"] if port["joined"]}
    pairs: list[tuple[str, object, object]] = [
        ("active", bond["active"], None if active == "None" else active),
        ("carrier", bond["carrier"], own["MII Status"] == "up"),
        ("ports", sorted(said), sorted(port["Slave Interface"] for port in ports)),
        (
            "primary",
            next((name for name in said if said[name]["primary"]), None),
            None if primary == "None" else primary,
        ),
    ]
    for port in ports:
        name = port["Slave Interface"]
        if name not in said:
            continue
        pairs += [
            (f"{name} mii_status", said[name]["mii_status"], port["MII Status"]),
            (f"{name} failures", said[name]["link_failures"], int(port["Link Failure Count"])),
            (f"{name} active", said[name]["active"], name == active),
        ]
        speed = port["Speed"].removesuffix(" Mbps")
        if said[name]["speed"] is not None:
            pairs.append((f"{name} speed", str(said[name]["speed"]), speed))
    return [
        f"{what}: {one!r}, the kernel says {other!r}" for what, one, other in pairs if one != other
    ]

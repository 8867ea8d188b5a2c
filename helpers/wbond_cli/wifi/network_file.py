# SPDX-License-Identifier: LGPL-2.1-or-later
"""wpa_supplicant.conf(5) edited as text: all that is not the network in question stays as it is.

Texts have bytes that are not UTF-8 as surrogates. That a text is one that wpa_supplicant reads
is for the caller to see to (wbond_cli.check.supplicant).
"""

from collections.abc import Mapping
from typing import NamedTuple

from wbond_cli.check import supplicant
from wbond_cli.wifi import names
from wbond_cli.wifi.security import Fields

CONTROL = "DIR=/run/wpa_supplicant"
_OPENING = "network={"
_HEAD = f"""\
# Networks for wpa_supplicant, see wpa_supplicant.conf(5). Written by wbond.
# This file holds keys: let nobody but root read it.
ctrl_interface={CONTROL}

# The country's rules for radio; two letters. Without it the strictest hold.
#country=DE
"""
_CABLE = f"""\
# 802.1X on a cable, see wpa_supplicant.conf(5). Written by wbond.
# This file holds keys: let nobody but root read it.
ctrl_interface={CONTROL}

"""
# Fields that say how a network is joined: a new password replaces them all.
_NAMES = (
    "ssid disabled key_mgmt proto pairwise group auth_alg psk mem_only_psk sae_password "
    "sae_password_id ieee80211w eap identity anonymous_identity password ca_cert ca_path "
    "domain_suffix_match domain_match subject_match altsubject_match check_cert_subject "
    "client_cert private_key private_key_passwd phase1 phase2 "
    "wep_key0 wep_key1 wep_key2 wep_key3 wep_tx_keyidx"
)
_ACCESS = frozenset(_NAMES.split())


class Block(NamedTuple):
    """A network: its first and last line, counted from 0, and its fields as they are written."""

    first: int
    last: int
    fields: Fields

    @property
    def ssid(self) -> bytes | None:
        """Return the network's name, None for one that has none."""
        return names.unquoted(self.fields["ssid"]) if "ssid" in self.fields else None


def blocks(text: str) -> list[Block]:
    """Return the networks of a text, in its order; one without its } is none."""
    found = []
    kind, first = "", 0
    fields: Fields = {}
    for number, line in supplicant.lines(text):
        if line.endswith("{") and "=" in line and not kind:
            kind, first, fields = line, number - 1, {}
        elif line == "}":
            if kind == _OPENING:
                found.append(Block(first, number - 1, fields))
            kind = ""
        elif kind:
            name, _, value = line.partition("=")
            fields[name] = value
    return found


def named(text: str, ssid: bytes) -> list[Block]:
    """Return the networks of a name."""
    return [block for block in blocks(text) if block.ssid == ssid]


def setting(text: str, name: str) -> str:
    """Return the value of a setting that is outside of all blocks, the last; nothing if none."""
    value = ""
    inside = False
    for _, line in supplicant.lines(text):
        if line.endswith("{") or line == "}":
            inside = line != "}"
        elif not inside and line.startswith(f"{name}="):
            value = line.partition("=")[2]
    return value


def block(ssid: bytes, fields: Mapping[str, str], comment: str = "") -> str:
    """Return the text of a network; a name that cannot be read there has a comment.

    `comment` is that of its first lines, each with its `# `.
    """
    lines = [line for line in comment.splitlines() if line]
    if not names.is_plain(ssid):
        lines.append(f"# Network: {names.shown(ssid)}")
    lines += [f"ssid={names.quoted(ssid)}", *_written(fields)]
    return "\n".join([_OPENING, *(f"    {line}" for line in lines), "}"]) + "\n"


def of_cable(fields: Mapping[str, str]) -> str:
    """Return the text of a file for a cable with 802.1X."""
    lines = (f"    {line}" for line in _written(fields))
    return _CABLE + "\n".join([_OPENING, *lines, "}"]) + "\n"


def _written(fields: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in fields.items()]


def with_network(text: str, ssid: bytes, fields: Mapping[str, str], comment: str = "") -> str:
    """Return a text with a network: behind all others, or in the place of one of that name.

    What such a one says beside how it is joined, its priority for one, it keeps, as its comments.
    """
    present = named(text, ssid)
    if present:
        return _replaced(text, present[0], {"ssid": names.quoted(ssid), **fields})
    text = text or _HEAD
    end = "" if text.endswith("\n") else "\n"
    return f"{text}{end}\n{block(ssid, fields, comment)}"


def _replaced(text: str, present: Block, fields: Mapping[str, str]) -> str:
    lines = text.split("\n")
    said = dict(supplicant.lines(text))
    dropped = _ACCESS | set(fields)
    kept = [
        lines[number]
        for number in range(present.first + 1, present.last)
        if said.get(number + 1, "").partition("=")[0] not in dropped
    ]
    new = [f"    {line}" for line in _written(fields)]
    lines[present.first + 1 : present.last] = [*new, *kept]
    return "\n".join(lines)


def without_network(text: str, ssid: bytes) -> str:
    """Return a text without the networks of a name.

    With each goes the blank line before it, where another follows, or nothing.
    """
    lines = text.split("\n")
    for found in reversed(named(text, ssid)):
        first, end = found.first, found.last + 1
        if first and not lines[first - 1].strip() and not "".join(lines[end : end + 1]).strip():
            first -= 1
        del lines[first:end]
    return "\n".join(lines)


def with_country(text: str, country: str) -> str:
    """Return a text with the country's two letters, in their place or before the first network."""
    lines = (text or _HEAD).split("\n")
    places = dict(supplicant.lines("\n".join(lines)))
    for number, line in places.items():
        if line.startswith("country="):
            lines[number - 1] = f"country={country}"
            return "\n".join(lines)
    lines.insert(_place_of_country(lines, places), f"country={country}")
    return "\n".join(lines)


def _place_of_country(lines: list[str], places: Mapping[int, str]) -> int:
    """Return the index before which the country goes, which is outside of all blocks.

    It is behind a comment that has it, else behind the last setting, else on top.
    """
    before = [(number, line) for number, line in places.items()]
    opening = next((number for number, line in before if line.endswith("{")), len(lines) + 1)
    for number, line in enumerate(lines[: opening - 1], 1):
        if line.startswith("#country="):
            return number
    return max((number for number, _ in before if number < opening), default=0)

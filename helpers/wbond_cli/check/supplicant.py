# SPDX-License-Identifier: LGPL-2.1-or-later
"""wpa_supplicant.conf(5) as wpa_supplicant reads it: what it refuses, and what it misreads.

At one line that it does not understand it refuses the whole file, and no radio connects.
Source: wpa_config_read() in wpa_supplicant/config_file.c, wpa_config_get_line() in
src/utils/config.c. Nothing of a line is repeated but the names of fields that there are.
"""

from collections.abc import Iterator

from wbond.message import ERROR, NOTE, WARNING

from wbond_cli.check import supplicant_fields as fields
from wbond_cli.check.diagnostics import Diagnostic

_BLOCKS = ("network={", "cred={", "identity={")
_BLOB = "blob-base64-"
# Settings of a network and of all: global_fields[], config.c.
_EVERYWHERE = {"bgscan", "beacon_int", "dtim_period", "mac_addr", "openssl_ciphers", "sae_pwe"}
# Without a password wpa_supplicant passes a network with one of these over:
# wpas_network_disabled(), wpa_supplicant.c.
_SAE = {"SAE", "FT-SAE", "SAE-EXT-KEY", "FT-SAE-EXT-KEY"}
_PSK = {"WPA-PSK", "FT-PSK", "WPA-PSK-SHA256"}
_DEFAULT = {"WPA-PSK", "WPA-EAP"}  # DEFAULT_KEY_MGMT, config_ssid.h


class _Block:
    """A block, from the line with its {: what its fields are given."""

    def __init__(self, kind: str, line: int) -> None:
        self.kind, self.line = kind, line
        self.values: dict[str, str] = {}


def diagnostics(path: str, text: str) -> Iterator[Diagnostic]:
    """Yield what is wrong with a file's text, which has bytes that are not UTF-8 as surrogates."""
    block: _Block | None = None
    asked = False  # has a control interface
    for number, line in lines(text):
        if line in _BLOCKS or line.startswith(_BLOB):
            if block:
                yield _unclosed(path, block)
            block = _Block(line.partition("=")[0], number)
        elif block is None:
            asked = asked or line.startswith("ctrl_interface=")
            yield from _outside(path, number, line)
        elif line == "}":
            yield from _closed(path, block)
            block = None
        elif not block.kind.startswith(_BLOB):
            yield from _inside(path, number, line, block)
    if block:
        yield _unclosed(path, block)
    if not asked:
        text = "has no ctrl_interface: wpa_cli and wpa_gui cannot reach wpa_supplicant"
        remedy = "Add the line `ctrl_interface=DIR=/run/wpa_supplicant`."
        yield Diagnostic("no-control-interface", NOTE, text, remedy, path)


def lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, each with its number."""
    for number, line in enumerate(text.split("\n"), 1):
        content = line.lstrip(" \t\r")
        if content[:1] != "#" and (content := _without_comment(content).rstrip(" \t\r")):
            yield number, content


def _without_comment(line: str) -> str:
    """Cut a comment off: a # that is not between two quotes."""
    end, at = line.find("#"), 0
    while end >= 0:
        opening = line.find('"', at)
        closing = line.find('"', opening + 1)
        if opening < 0 or opening > end or closing < 0:
            return line[:end]
        at = closing + 1
        if closing > end:
            end = line.find("#", at)
    return line


def _refused(path: str, line: int, what: str, remedy: str) -> Diagnostic:
    text = f"{what}: wpa_supplicant refuses the whole file"
    return Diagnostic("supplicant-refuses", ERROR, text, remedy, path, line)


def _unclosed(path: str, block: _Block) -> Diagnostic:
    what = f"the block that begins here has no }} alone on a line ({block.kind})"
    return _refused(path, block.line, what, "Close it: write } on a line of its own.")


def _outside(path: str, number: int, line: str) -> Iterator[Diagnostic]:
    """Look at a line between blocks, which is NAME=VALUE."""
    name, sign, value = line.partition("=")
    remedy = "Write NAME=VALUE without blanks, or begin the line with # for a comment."
    if line[:1] == "\ufeff":
        remedy = "Save the file as UTF-8 without a byte order mark."
        yield _refused(path, number, "begins with a byte order mark", remedy)
    elif line == "}":
        yield _refused(path, number, "closes a block that is not open", "Remove the line.")
    elif line.replace(" ", "").startswith(("network={", "cred={")):
        remedy = "Write `network={` alone on a line, without blanks."
        yield _refused(path, number, "does not begin a block", remedy)
    elif not sign or not name.isidentifier():
        yield _refused(path, number, "is no setting", remedy)
    elif name == "include" or (name in fields.READERS and name not in _EVERYWHERE):
        remedy = "Put it between `network={` and `}`." if name != "include" else "Remove the line."
        yield _refused(path, number, f"{name} is not known here", remedy)
    elif name == "country" and not _is_country(value):
        text = "is not a country: the radio keeps to the rules that hold everywhere"
        remedy = "Write its two capital letters (ISO 3166), such as country=DE."
        yield Diagnostic("supplicant-misreads", WARNING, text, remedy, path, number)


def _is_country(value: str) -> bool:
    return len(value) == 2 and value.isascii() and (value.isupper() or value == "00")


def _inside(path: str, number: int, line: str, block: _Block) -> Iterator[Diagnostic]:
    """Look at a line of a block, which is NAME=VALUE."""
    name, sign, value = line.partition("=")
    if not sign:
        remedy = "Write NAME=VALUE; } closes the block, alone on its line."
        yield _refused(path, number, f"is no field of a {block.kind} block", remedy)
    elif value[:1] == '"' and '"' not in value[1:]:
        what = f"{name} has one double quote" if name in fields.READERS else "has one double quote"
        yield _refused(path, number, what, "Write the closing one.")
    elif block.kind == "network":
        block.values[name] = value
        yield from _field(path, number, name, value)


def _field(path: str, number: int, name: str, value: str) -> Iterator[Diagnostic]:
    """Look at a field of a network."""
    if name not in fields.READERS:
        if meant := fields.meant(name):
            what = f"the name of a field is not written as {meant}"
            yield _refused(path, number, what, f"Write `{meant}=` without blanks beside the =.")
        return
    wrong = fields.READERS[name](value)
    if not wrong:
        yield from _misread(path, number, name, value)
    elif value[:1] in (" ", "\t"):
        what = f"{name} has a blank behind the ="
        yield _refused(path, number, what, "Remove the blank.")
    else:
        remedy = f"See {name} in wpa_supplicant.conf(5)."
        if fields.READERS[name] in (fields.string, fields.ssid, fields.password):
            remedy = f'Write {name}="...", with nothing behind the second quote.'
        yield _refused(path, number, f"{name} {wrong}", remedy)


def _misread(path: str, number: int, name: str, value: str) -> Iterator[Diagnostic]:
    """Tell of a name without quotes that happens to be hexadecimal, and is not meant to be."""
    if name != "ssid" or value[:1] in ('"', "P") or value == "NULL":
        return
    try:
        meant = bytes.fromhex(value).decode("utf-8").isprintable()
    except ValueError:
        meant = False
    if not meant:
        text = "ssid has no double quotes: its digits are read as bytes in hexadecimal"
        remedy = 'Write ssid="..." if the name has these characters.'
        yield Diagnostic("supplicant-misreads", WARNING, text, remedy, path, number)


def _closed(path: str, block: _Block) -> Iterator[Diagnostic]:
    """Tell of a network that wpa_supplicant never joins, because it lacks its password."""
    given = block.values
    if block.kind != "network" or given.get("disabled", "0") != "0" or "mem_only_psk" in given:
        return
    ways = set(given["key_mgmt"].split()) if "key_mgmt" in given else _DEFAULT
    if not ways & (_PSK | _SAE) or "psk" in given or (ways & _SAE and "sae_password" in given):
        return
    remedy = 'Add psk="..."; an open network needs key_mgmt=NONE, one with 802.1X WPA-EAP.'
    if "sae_password" in given:
        remedy = "Add key_mgmt=SAE."
    elif ways & _SAE:
        remedy = 'Add sae_password="...".'
    elif "eap" in given:
        remedy = "Add key_mgmt=WPA-EAP."
    text = "this network has no password of its key_mgmt, so wpa_supplicant never joins it"
    yield Diagnostic("network-never-joined", WARNING, text, remedy, path, block.line)

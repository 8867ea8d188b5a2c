# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stays the same for a host and a bond: DUID, IAID, MAC address, IPv6 secret.

All derive from the machine id, which itself is never shown to the network
(machine-id(5) asks for a keyed hash; this is sd_id128_get_machine_app_specific()'s).
"""

import _socket
import os
import zlib

from wbond_net import regular_file

# `systemd-id128 new`, once and for all: makes wbond's identifiers differ from other programs'.
_APPLICATION = bytes.fromhex("6c1f0c5ad6a54d4b9a4f7e6c9b1d2e83")


class NoMachineId(Exception):
    """/etc/machine-id is missing or not yet set."""


def _machine_id(root: str) -> bytes:
    try:
        text = regular_file.read(os.path.join(root, "etc/machine-id"))
        octets = bytes.fromhex(text.decode("ascii", "replace").strip())
    except (OSError, ValueError):
        octets = b""
    if len(octets) != 16:
        raise NoMachineId("/etc/machine-id holds no machine id; systemd-machine-id-setup makes one")
    return octets


def derive(purpose: str, root: str = "/") -> bytes:
    """Return 32 bytes that are this host's own for `purpose`; raises NoMachineId."""
    return hmac_sha256(_machine_id(root), _APPLICATION + os.fsencode(purpose))


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """Return a keyed hash (RFC 2104); the key has at most 64 bytes, the block of SHA-256."""
    block = key.ljust(64, b"\0")
    inner = _sha256(bytes(octet ^ 0x36 for octet in block) + message)
    return _sha256(bytes(octet ^ 0x5C for octet in block) + inner)


def _sha256(octets: bytes) -> bytes:
    """Hash by what the interpreter itself has, where it was built so.

    hashlib and hmac load OpenSSL, which takes as long as Python's start; the bond and its clients
    wait for that at boot. The names are those since Python 3.12 and before.
    """
    for module in ("_sha2", "_sha256", "hashlib"):
        try:
            digest: bytes = __import__(module).sha256(octets).digest()
        except ImportError:
            continue
        return digest
    raise ImportError("this Python has no SHA-256")


def duid(setting: str, root: str = "/") -> bytes:
    """Return the DUID: the configured bytes, or for `auto` DUID-UUID, type 4 (RFC 6355)."""
    if setting != "auto":
        return bytes.fromhex(setting.replace(":", ""))
    uuid = bytearray(derive("duid", root)[:16])
    uuid[6] = uuid[6] & 0x0F | 0x40  # version 4, RFC 9562
    uuid[8] = uuid[8] & 0x3F | 0x80
    return b"\x00\x04" + bytes(uuid)


def iaid(bond: str) -> bytes:
    """Return 4 bytes that name the bond within the host (RFC 8415, 4.2), whatever its address."""
    return zlib.crc32(os.fsencode(bond)).to_bytes(4, "big")


def client_identifier(bond: str, setting: str, root: str = "/") -> bytes:
    """Return the DHCPv4 client identifier: ff, IAID, DUID (RFC 4361, 6.1)."""
    return b"\xff" + iaid(bond) + duid(setting, root)


def mac(bond: str, root: str = "/") -> str:
    """Return a locally administered address that is the bond's at every boot."""
    octets = bytearray(derive(f"mac {bond}", root)[:6])
    octets[0] = octets[0] & 0xFC | 0x02
    return bytes(octets).hex(":")


def ipv6_secret(bond: str, root: str = "/") -> str:
    """Return the stable_secret of RFC 7217 in the form that the sysctl takes."""
    return _socket.inet_ntop(_socket.AF_INET6, derive(f"ipv6 {bond}", root)[:16])

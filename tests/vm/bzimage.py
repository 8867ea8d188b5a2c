# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kernel within a bzImage, which an emulated processor is spared the unpacking of.

Source: Documentation/arch/x86/boot.rst (setup_sects, payload_offset, payload_length). QEMU
starts what comes out by its note XEN_ELFNOTE_PHYS32_ENTRY (PVH).
"""

import lzma
import struct
import subprocess

_SECTOR = 512
_SETUP_SECTS, _MAGIC, _PAYLOAD = 0x1F1, 0x202, 0x248
_XZ, _ZSTD = b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"


def unpacked(image: bytes) -> bytes:
    """Return the kernel's ELF file; raises ValueError where `image` holds none that it knows."""
    if image[_MAGIC : _MAGIC + 4] != b"HdrS":
        raise ValueError("no bzImage")
    setup = (image[_SETUP_SECTS] or 4) + 1
    offset, length = struct.unpack_from("<II", image, _PAYLOAD)
    start = setup * _SECTOR + offset
    payload = image[start : start + length]
    if payload.startswith(_XZ):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(_ZSTD):
        # The last four bytes are the kernel's own: the unpacked size (scripts/Makefile.lib).
        command = ["zstd", "-dcq"]
        return subprocess.run(
            command, input=payload[:-4], stdout=subprocess.PIPE, check=True
        ).stdout
    raise ValueError(f"a payload of an unknown kind: {payload[:6].hex()}")

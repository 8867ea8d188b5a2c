# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMU: one and the same whatever this machine runs, kept beside the guests' images.

It is Debian 13's (10.0), run with the libraries that it was built for. Without KVM a boot costs
it about 0.7 times the processor that Debian 12's (7.2) takes for one.
"""

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import cache
import mirror
from image import Image

_RELEASE = "trixie"
_PACKAGES = ("qemu-system-x86", "qemu-utils")
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_FIRMWARE = ("usr/share/seabios", "usr/share/qemu")
_PROBE_TIMEOUT = 20.0  # s

# Under emulation a processor without AVX boots faster. The guest has one: two that share a thread
# cost a tenth more at boot and up to two thirds more for a short program, and with a thread each
# QEMU ends now and then while one of them sets up PCI (iotlb_to_section(): Assertion
# `section_index < d->map.sections_nb' failed; its issue 1921).
_EMULATION = ("-accel", "tcg,thread=single", "-cpu", "Nehalem")


def words(program: str) -> list[str]:
    """Return the beginning of a command line of `qemu-system-x86_64` or `qemu-img`."""
    tree = _tree()
    libraries = str(tree / _LIBRARIES)
    found = [f"{libraries}/ld-linux-x86-64.so.2", "--argv0", program]
    found += ["--library-path", libraries, str(tree / "usr/bin" / program)]
    if program.startswith("qemu-system"):
        for folder in _FIRMWARE:
            found += ["-L", str(tree / folder)]
    return found


@functools.cache
def accelerator(image: Image) -> tuple[str, ...]:
    """Return QEMU's words for the processor: KVM where a kernel starts under it, else emulation.

    /dev/kvm alone says little: within another virtual machine it may be there
    and not work, or be one for which only kernels made for it start (PVM).
    """
    processor = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    virtualises = re.search(r"^flags\b.*\b(vmx|svm)\b", processor, re.MULTILINE)
    if not virtualises or not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return _EMULATION
    kvm = ("-accel", "kvm", "-cpu", "max")
    command = [*words("qemu-system-x86_64"), *kvm, "-m", "256", "-nodefaults"]
    command += ["-display", "none", "-no-reboot", "-serial", "stdio", "-kernel", str(image.kernel)]
    # Without a root disk the kernel panics, and panic=-1 ends QEMU.
    command += ["-append", "console=ttyS0 panic=-1"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PROBE_TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return _EMULATION
    return kvm if b"Kernel panic" in done.stdout else _EMULATION


def clock(image: Image) -> tuple[str, ...]:
    """Return QEMU's words for a clock that counts an emulated processor's instructions.

    Each takes 4 ns (2 to the power of `shift`), however long it takes this machine: boots of the
    same guest then differ by some hundredths, not by halves. They last about twice as long.
    """
    return ("-icount", "shift=2") if accelerator(image) == _EMULATION else ()


def processors(image: Image) -> str:
    """Return how many processors a guest has."""
    return "1" if accelerator(image) == _EMULATION else "2"


@functools.cache
def _tree() -> Path:
    return cache.kept("qemu", repr((_RELEASE, _PACKAGES, _UNPACK)).encode(), _make)


# The packages' files and no more: nothing is set up, and nobody but their reader owns them.
_UNPACK = 'mkdir "$1/tree" && tar -C "$1/tree" --exclude=./dev -xf "$1/tree.tar" ./usr'


def _make(folder: Path) -> Path:
    print("fetching QEMU …", file=sys.stderr, flush=True)
    command = ["mmdebstrap", "--quiet", "--variant=extract", f"--include={','.join(_PACKAGES)}"]
    command += ["--aptopt=APT::Install-Recommends false", _RELEASE, str(folder / "tree.tar"), "-"]
    subprocess.run(command, check=True, input=mirror.sources(_RELEASE), text=True)
    subprocess.run(["sh", "-euc", _UNPACK, "sh", str(folder)], check=True)
    return folder / "tree"

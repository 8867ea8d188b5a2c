# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hardware of a guest, as QEMU's command line says it."""

from pathlib import Path

import emulator
from image import Image

CARD_MAC, FAR_MAC = "52:54:00:00:00:01", "52:54:00:00:00:02"
DOCK_MAC = "52:54:00:00:00:0d"

# A kernel that neither works around the faults of real processors nor checks its clocks boots
# faster under emulation; nor is there hardware, or a session of a person, that no scenario looks
# at. The initrd has no fsck, and waits where it fails.
_KERNEL = "mitigations=off tsc=reliable no_timer_check random.trust_cpu=on fsck.mode=skip"
_BOARD = "q35,sata=off,smbus=off,i8042=off"
# It boots no system over the network, and does not tell the guest to announce itself when that is
# resumed: in Linux 6.12 virtnet_config_changed_work() takes the RTNL for it, and virtnet_close(),
# which holds it, waits for that work, so that no network command would ever end again.
_CARD = "virtio-net-pci,romfile=,guest_announce=off"


def command(
    image: Image,
    initrd: Path,
    disk: Path,
    serial: str,
    card: bool,
    s3: bool,
    cmdline: str,
    measured: bool = False,
) -> list[str]:
    """Return QEMU's command line, to be run in the guest's folder; its processors wait.

    `disk` is the guest's own, `serial` what QEMU does with the serial line, `cmdline` what the
    kernel is told besides. With `card` the laptop has its network card: slot 0xa makes it
    enp0s10, as on the machine of the story; it leads to the world in the guest. With `s3` it can
    wake from suspend to RAM. With `measured` the cable leads to QEMU's own router, which gives the
    address 10.0.2.15 by DHCP, and the load of this machine does not slow the guest's clock.

    At each reset, and waking from S3 is one, QEMU loads an unpacked kernel again
    (rom_reset()), over the one that slept. A bzImage is left to the firmware.
    """
    kernel = image.bzimage if s3 else image.kernel
    words = emulator.words("qemu-system-x86_64")
    words += ["-M", _BOARD, *emulator.accelerator(image)]
    words += emulator.clock(image) if measured else ()
    words += ["-smp", emulator.processors(image), "-m", "768"]
    words += ["-display", "none", "-nodefaults", "-S"]
    words += ["-serial", serial, "-qmp", "unix:qmp.sock,server=on,wait=off"]
    words += ["-kernel", str(kernel), "-initrd", str(initrd)]
    words += ["-append", f"root=/dev/vda rw console=ttyS0 quiet panic=-1 {_KERNEL} {cmdline}"]
    words += ["-drive", f"file={disk.name},if=virtio,format=qcow2,cache=unsafe"]
    words += ["-device", "virtio-rng-pci", "-device", "virtio-serial-pci"]
    words += ["-chardev", "socket,id=agent,path=agent.sock,server=on,wait=off"]
    words += ["-device", "virtserialport,chardev=agent,name=lab"]
    words += ["-device", "qemu-xhci,id=xhci"]
    if not measured:
        words += ["-netdev", "hubport,id=far,hubid=1"]
        words += ["-device", f"{_CARD},netdev=far,mac={FAR_MAC},addr=0xb"]
    if card:
        words += ["-netdev", "user,id=near" if measured else "hubport,id=near,hubid=1"]
        words += ["-device", f"{_CARD},netdev=near,id=card,mac={CARD_MAC},addr=0xa"]
    return words

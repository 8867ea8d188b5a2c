# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guest images: a Debian per release, made by mmdebstrap, kept by the content of its recipe."""

import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import bzimage
import cache
import mirror

HERE = Path(__file__).resolve().parent
GUEST = HERE / "guest"
RELEASES = ("bookworm", "trixie")
# And Debian testing, on which scenarios and the demo run when somebody asks for it: what it brings
# is new each week, and it has no dhclient.
CHOICES = (*RELEASES, "forky")
DISK_SIZE = "3G"
_PARTS = ("disk.img", "vmlinuz", "vmlinux", "initrd.img")
# Packages that lie in the guest's /opt/lab, for scenarios that install one: who has a resolv.conf.
_LAID_IN = ("openresolv", "resolvconf", "systemd-resolved")

# Run by mmdebstrap with the guest's root as $1. Fast under software emulation: a small initrd,
# modules that are not to be unpacked each time, nothing at boot that only servers want, and of
# the devices' events those that a scenario could look at (guest/etc). The DHCPv6 client's own
# service runs it on eth0, hostapd's and wpa_supplicant's are not this lab's. AppArmor's package
# has profiles for a hundred programs that are not here, and loads them at each boot; a program
# that is here brings its own.
_CUSTOMIZE = """set -eu
cp -r "$GUEST/etc" "$1/"
cp "$GUEST"/bin/* "$1/usr/local/bin/"
printf 'MODULES=list\\nBUSYBOX=y\\nCOMPRESS=zstd\\nCOMPRESSLEVEL=1\\nFSTYPE=ext4\\n' \
    > "$1/etc/initramfs-tools/initramfs.conf"
printf 'virtio_pci\\nvirtio_blk\\nvirtio_console\\next4\\n' > "$1/etc/initramfs-tools/modules"
echo laptop > "$1/etc/hostname"
echo '/dev/vda / ext4 rw,noatime 0 0' > "$1/etc/fstab"
rm -f "$1/etc/machine-id"; : > "$1/etc/machine-id"
chroot "$1" passwd -q -d root
chroot "$1" systemctl -q enable lab-agent.service lab-online.service lab-world.service
for unit in hostapd.service ssh.service wide-dhcpv6-client.service NetworkManager.service \
    NetworkManager-dispatcher.service NetworkManager-wait-online.service apt-daily.timer \
    apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer; do
    chroot "$1" systemctl -q disable "$unit" 2>/dev/null || : "not in every release"
done
mkdir -p "$1/etc/systemd/system-generators"
for path in $MASKED; do ln -s /dev/null "$1/etc/systemd/$path"; done
mkdir "$1/opt/lab"
(cd "$1/opt/lab" && APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -qq download $LAID_IN)
mkdir -p "$1/etc/systemd/system/serial-getty@ttyS0.service.d"
printf '[Service]\\nExecStart=\\nExecStart=-/sbin/agetty -a root -L ttyS0 115200 linux\\n' \
    > "$1/etc/systemd/system/serial-getty@ttyS0.service.d/root.conf"
chroot "$1" dpkg -L apparmor | while read -r path; do
    case $path in
    /etc/apparmor.d/*/*) ;;
    /etc/apparmor.d/*) [ ! -f "$1$path" ] || rm "$1$path" ;;
    esac
done
find "$1/usr/lib/modules" -name '*.ko.xz' -exec unxz {} +
for kernel in "$1"/usr/lib/modules/*; do chroot "$1" depmod "${kernel##*/}"; done
chroot "$1" update-initramfs -u
"""


class Image(NamedTuple):
    """A guest's files: a raw ext4 disk, the kernel in two forms, and initial RAM disk."""

    release: str
    folder: Path

    @property
    def disk(self) -> Path:
        """The disk; never written to, guests work on overlays."""
        return self.folder / "disk.img"

    @property
    def kernel(self) -> Path:
        """The Debian kernel, unpacked."""
        return self.folder / "vmlinux"

    @property
    def bzimage(self) -> Path:
        """The Debian kernel as it comes."""
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        """The initial RAM disk, to which a boot's own files are appended."""
        return self.folder / "initrd.img"


@functools.cache
def image(release: str) -> Image:
    """Return the image of a Debian release, built first where it is not there yet.

    Takes one to three minutes. Raises CalledProcessError with mmdebstrap's words on stderr.
    """
    recipe, make = _recipe(release), functools.partial(_make, release)
    return Image(release, cache.kept(release, recipe, make))


def packages(release: str) -> list[str]:
    """Return the packages of a release; `name?release,release` holds for these alone."""
    names = (line.partition("?") for line in _lines("packages.txt"))
    return [name for name, _, only in names if not only or release in only.split(",")]


def _lines(name: str) -> list[str]:
    """Return a list's lines without what follows a `#`, and without those that are empty then."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line for line in (line.partition("#")[0].strip() for line in lines) if line]


def _recipe(release: str) -> bytes:
    """Return everything that the image depends on but the archive's state."""
    texts = (packages(release), _LAID_IN, _lines("masked.txt"), _CUSTOMIZE, DISK_SIZE, _PARTS)
    lines = [repr(texts).encode()]
    for path in sorted(GUEST.rglob("*")):
        if path.is_file():
            lines += [str(path.relative_to(GUEST)).encode(), path.read_bytes()]
    return b"\0".join(lines)


def _make(release: str, folder: Path) -> Path:
    """Make disk, kernel and initrd in `folder`; returns the folder with these alone."""
    print(f"building the {release} guest, a few minutes …", file=sys.stderr, flush=True)
    hook = folder / "customize"
    hook.write_text("#!/bin/sh\n" + _CUSTOMIZE, encoding="utf-8")
    hook.chmod(0o755)
    archive = folder / "root.tar"
    subprocess.run(
        [
            *(
                "mmdebstrap",
                "--quiet",
                "--variant=minbase",
                f"--include={','.join(packages(release))}",
            ),
            *("--aptopt=APT::Install-Recommends false", f'--customize-hook={hook} "$1"'),
            *(release, str(archive), "-"),
        ],
        check=True,
        input=mirror.sources(release),
        text=True,
        env={
            **os.environ,
            "GUEST": str(GUEST),
            "LAID_IN": " ".join(_LAID_IN),
            "MASKED": " ".join(_lines("masked.txt")),
            "DEBIAN_FRONTEND": "noninteractive",
        },
    )
    # Owners are kept by root, or by mmdebstrap's own user namespace.
    privilege = [] if os.geteuid() == 0 else ["mmdebstrap", "--unshare-helper"]
    script = (
        'mkdir "$1/tree" && tar -C "$1/tree" -xf "$1/root.tar" && '
        'cp -L "$1/tree/vmlinuz" "$1/vmlinuz" && cp -L "$1/tree/initrd.img" "$1/initrd.img" && '
        'chmod a+r "$1/vmlinuz" "$1/initrd.img" && '
        f'mkfs.ext4 -q -d "$1/tree" "$1/disk.img" {DISK_SIZE} && rm -rf "$1/tree"'
    )
    subprocess.run([*privilege, "sh", "-c", script, "sh", str(folder)], check=True)
    kept = folder / "image"
    kept.mkdir()
    (folder / "vmlinux").write_bytes(bzimage.unpacked((folder / "vmlinuz").read_bytes()))
    for name in _PARTS:
        os.rename(folder / name, kept / name)
    return kept

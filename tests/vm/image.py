# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guest images: a Debian per release, made by mmdebstrap, kept by the content of its recipe."""

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
GUEST = HERE / "guest"
RELEASES = ("bookworm", "trixie")
DISK_SIZE = "3G"

# Run by mmdebstrap with the guest's root as $1. Fast under software emulation: a small initrd,
# modules that are not to be unpacked each time, nothing at boot that only servers want. The
# DHCPv6 client's own service runs it on eth0, hostapd's and wpa_supplicant's are not this lab's.
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
mkdir -p "$1/etc/systemd/system/serial-getty@ttyS0.service.d"
printf '[Service]\\nExecStart=\\nExecStart=-/sbin/agetty -a root -L ttyS0 115200 linux\\n' \
    > "$1/etc/systemd/system/serial-getty@ttyS0.service.d/root.conf"
find "$1/usr/lib/modules" -name '*.ko.xz' -exec unxz {} +
for kernel in "$1"/usr/lib/modules/*; do chroot "$1" depmod "${kernel##*/}"; done
chroot "$1" update-initramfs -u
"""


class Image(NamedTuple):
    """A guest's files: a raw ext4 disk, kernel and initial RAM disk."""

    release: str
    folder: Path

    @property
    def disk(self) -> Path:
        """The disk; never written to, guests work on overlays."""
        return self.folder / "disk.img"

    @property
    def kernel(self) -> Path:
        """The Debian kernel."""
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
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wbond-lab"
    cache.mkdir(parents=True, exist_ok=True)
    done = Image(release, cache / f"{release}-{_recipe(release)}")
    with (cache / f"{release}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.folder.exists():
            # Former images, and what an interrupted build has left.
            for former in (*cache.glob(f"{release}-*"), *cache.glob(f".{release}*")):
                shutil.rmtree(former)
            with tempfile.TemporaryDirectory(prefix=f".{release}", dir=cache) as making:
                _build(release, Path(making))
                os.rename(_kept(Path(making)), done.folder)
    return done


def packages(release: str) -> list[str]:
    """Return the packages of a release; `name?release` holds for that one alone."""
    lines = (line.partition("#")[0].strip() for line in _text("packages.txt").splitlines())
    names = (line.partition("?") for line in lines if line)
    return [name for name, _, only in names if only in ("", release)]


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _recipe(release: str) -> str:
    """Hash everything that the image depends on but the archive's state."""
    sources = [path for path in sorted(GUEST.rglob("*")) if path.is_file()]
    digest = hashlib.sha256(repr((packages(release), _CUSTOMIZE, DISK_SIZE)).encode())
    for path in sources:
        digest.update(str(path.relative_to(GUEST)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def sources(release: str) -> str:
    """Return the apt sources for a release on the mirrors that this machine itself uses."""
    form = "$(ORIGIN)\t$(LABEL)\t$(SITE)"
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    sites = {
        label: site
        for origin, label, site in (line.split("\t") for line in listed.splitlines())
        if origin == "Debian"
    }
    if "Debian" not in sites:
        raise RuntimeError("apt knows no Debian mirror here; run apt-get update")
    lines = [f"deb {sites['Debian']} {suite} main" for suite in (release, f"{release}-updates")]
    if "Debian-Security" in sites:
        lines.append(f"deb {sites['Debian-Security']} {release}-security main")
    return "\n".join(lines) + "\n"


def _build(release: str, folder: Path) -> None:
    """Make tree, disk, kernel and initrd in `folder`."""
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
        input=sources(release),
        text=True,
        env={**os.environ, "GUEST": str(GUEST), "DEBIAN_FRONTEND": "noninteractive"},
    )
    # Owners are kept by root, or by mmdebstrap's own user namespace.
    privilege = [] if os.geteuid() == 0 else ["mmdebstrap", "--unshare-helper"]
    tree = folder / "tree"
    script = (
        'mkdir "$1/tree" && tar -C "$1/tree" -xf "$1/root.tar" && '
        'cp -L "$1/tree/vmlinuz" "$1/vmlinuz" && cp -L "$1/tree/initrd.img" "$1/initrd.img" && '
        'chmod a+r "$1/vmlinuz" "$1/initrd.img" && '
        f'mkfs.ext4 -q -d "$1/tree" "$1/disk.img" {DISK_SIZE} && rm -rf "$1/tree"'
    )
    subprocess.run([*privilege, "sh", "-c", script, "sh", str(folder)], check=True)
    archive.unlink()
    assert not tree.exists()


def _kept(making: Path) -> Path:
    """Gather what is kept in a folder of its own, to be renamed whole."""
    kept = making / "image"
    kept.mkdir()
    for name in ("disk.img", "vmlinuz", "initrd.img"):
        os.rename(making / name, kept / name)
    return kept

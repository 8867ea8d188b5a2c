# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest under QEMU: boot, hands in the guest (the agent), cables and power (QMP)."""

import itertools
import json
import os
import queue
import shutil
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import cpio
import emulator
from image import Image
from timing import timing

CARD_MAC, FAR_MAC = "52:54:00:00:00:01", "52:54:00:00:00:02"
DOCK_MAC = "52:54:00:00:00:0d"
WORLD = ("ip", "netns", "exec", "world")  # runs a command there
BOOT_TIMEOUT = 300.0  # s; a software-emulated boot takes 40 to 55 beside another guest


class CommandFailed(Exception):
    """A command in the guest ended with an error."""


class GuestLost(Exception):
    """The guest does not answer."""


class Result(NamedTuple):
    """How a command in the guest ended."""

    rc: int
    out: str
    err: str


class Snapshot(NamedTuple):
    """A running guest at one moment: QEMU's command line, its disk, and a file of its memory."""

    command: list[str]
    disk: str
    memory: str
    boot_id: str


# A kernel that neither works around the faults of real processors nor checks its clocks boots
# faster under emulation; nor is there hardware, or a session of a person, that no scenario looks
# at. The initrd has no fsck, and waits where it fails.
_KERNEL = "mitigations=off tsc=reliable no_timer_check random.trust_cpu=on fsck.mode=skip"
_BOARD = "q35,sata=off,smbus=off,i8042=off"
_CARD = "virtio-net-pci,romfile="  # it boots no system over the network
_NOBODY_LOGS_IN = "systemd.mask=serial-getty@ttyS0.service systemd.mask=getty@tty1.service"


class Machine:
    """One guest. Use as a context manager; see `boot` for what can be set."""

    def __init__(self, image: Image, folder: Path, disk: Path | None = None) -> None:
        """`folder` is for this guest's own files; it starts from the overlay `disk` if given."""
        self.image, self.folder = image, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.disk = folder / "disk.qcow2"
        self.serial = folder / "serial.log"
        base = disk or image.disk
        _overlay(base, self.disk)
        self.qemu: subprocess.Popen[bytes] | None = None
        self.cable = Cable(self)
        self.dock = Dock(self)
        self.radios = Radios(self)
        self.access_point = Server(self, "lab-ap.service")
        self.dhcp = Server(self, "lab-dhcp.service")

    def boot(
        self,
        files: Mapping[str, str] | None = None,
        removed: tuple[str, ...] = (),
        card: bool = True,
        cable: bool = True,
        access_point: bool = True,
        dhcp: bool = True,
        console: bool = False,
        s3: bool = False,
    ) -> Self:
        """Start the guest and wait for the agent.

        `files` (mode 0644; 0600 below /etc/wpa_supplicant) are on the disk, and `removed` are
        not, before systemd starts. `card`: the laptop has its network card; `cable`: it is
        plugged in; `access_point` and `dhcp`: they run. With `console` the serial line is this
        terminal's, not a file. With `s3` it can wake from suspend to RAM, and is slower to start.
        """
        switches = {"lab.ap=off": access_point, "lab.dhcp=off": dhcp}
        switches[_NOBODY_LOGS_IN] = console
        off = " ".join(switch for switch, wanted in switches.items() if not wanted)
        initrd = self.folder / "initrd.img"
        shutil.copyfile(self.image.initrd, initrd)
        with initrd.open("ab") as archive:
            archive.write(b"\0" * (-archive.tell() % 4))
            archive.write(cpio.archive(_initrd_files(files or {}, removed)))
        serial = "mon:stdio" if console else f"file:{self.serial.name}"
        self.command = self._command(initrd, card, serial, s3, off)
        with timing.during("boot"):
            self._start_qemu(self.command, console)
            if card and not cable:
                self.cable.pull()
            self.monitor("cont")
            self.boot_id = self._wait_agent(former="")
        return self

    def _start_qemu(self, command: list[str], console: bool = False) -> None:
        """Start QEMU, whose processors wait, and connect to it."""
        with (self.folder / "qemu.log").open("wb") as log:
            self.qemu = subprocess.Popen(
                command,
                stdin=None if console else subprocess.DEVNULL,
                stdout=None if console else log,
                stderr=log,
                cwd=self.folder,
            )
        timing.begins(self.qemu.pid)
        self.monitor = Monitor(self.folder / "qmp.sock")
        self.agent = Agent(self.folder / "agent.sock")

    def save(self) -> Snapshot:
        """Save the guest as it is, and end it; no dock is plugged.

        Its folder has to stay for as long as others resume from it.
        """
        self.run("sync")
        memory = self.folder / "memory"
        with timing.during("save"):
            self.monitor("stop")
            self.monitor("migrate", uri=f"file:{memory}")
            self._wait_migrated()
            self.monitor("quit")
            assert self.qemu
            timing.ends(self.qemu.pid)
            self.qemu.wait()
        return Snapshot(self.command, str(self.disk), str(memory), self.boot_id)

    def resume(self, snapshot: Snapshot, cable: bool = True) -> Self:
        """Go on where a guest was saved; this one starts from the snapshot's disk.

        `cable`: it is plugged in, as it was when the guest was saved.
        """
        with timing.during("resume"):
            self.command, self.boot_id = snapshot.command, snapshot.boot_id
            self._start_qemu([*self.command, "-incoming", "defer"])
            if not cable:
                self.cable.pull()
            self.monitor("migrate-incoming", uri=f"file:{snapshot.memory}")
            self._wait_migrated()
            self.monitor("cont")
            self.result("true")
        return self

    def _wait_migrated(self) -> None:
        """Wait until the memory has gone into its file, or come out of it."""
        while (status := self.monitor("query-migrate").get("status")) != "completed":
            if status in ("failed", "cancelled"):
                raise GuestLost(f"its memory: {status}; see {self.folder / 'qemu.log'}")
            time.sleep(0.05)

    def _command(self, initrd: Path, card: bool, serial: str, s3: bool, cmdline: str) -> list[str]:
        """QEMU's command line. Slot 0xa makes the card enp0s10, as on the machine of the story.

        At each reset, and waking from S3 is one, QEMU loads an unpacked kernel again
        (rom_reset()), over the one that slept. A bzImage is left to the firmware.
        """
        kernel = self.image.bzimage if s3 else self.image.kernel
        words = emulator.words("qemu-system-x86_64")
        words += ["-M", _BOARD, *emulator.accelerator(self.image)]
        words += [
            "-smp",
            emulator.processors(self.image),
            "-m",
            "768",
            "-display",
            "none",
            "-nodefaults",
            "-S",
        ]
        words += ["-serial", serial, "-qmp", "unix:qmp.sock,server=on,wait=off"]
        words += ["-kernel", str(kernel), "-initrd", str(initrd)]
        words += ["-append", f"root=/dev/vda rw console=ttyS0 quiet panic=-1 {_KERNEL} {cmdline}"]
        words += ["-drive", f"file={self.disk.name},if=virtio,format=qcow2,cache=unsafe"]
        words += ["-device", "virtio-rng-pci", "-device", "virtio-serial-pci"]
        words += ["-chardev", "socket,id=agent,path=agent.sock,server=on,wait=off"]
        words += ["-device", "virtserialport,chardev=agent,name=lab"]
        words += ["-device", "qemu-xhci,id=xhci"]
        words += ["-netdev", "hubport,id=far,hubid=1"]
        words += ["-device", f"{_CARD},netdev=far,mac={FAR_MAC},addr=0xb"]
        if card:
            words += ["-netdev", "hubport,id=near,hubid=1"]
            words += ["-device", f"{_CARD},netdev=near,id=card,mac={CARD_MAC},addr=0xa"]
        return words

    def _wait_agent(self, former: str) -> str:
        """Wait until the agent of another boot than `former` answers; returns the boot's id."""
        end = time.monotonic() + BOOT_TIMEOUT
        while time.monotonic() < end:
            if self.qemu is None or self.qemu.poll() is not None:
                log = (self.folder / "qemu.log").read_text(errors="replace")
                raise GuestLost(f"QEMU ended: {log[-500:]}")
            try:
                boot = str(self.agent.ask("boot", 2.0)["boot"])
            except GuestLost:
                continue
            if boot != former:
                return boot
            time.sleep(0.3)
        raise GuestLost(f"no answer for {BOOT_TIMEOUT:.0f} s; the serial log is {self.serial}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def runs(self) -> bool:
        """Tell whether it is switched on."""
        return self.qemu is not None and self.qemu.poll() is None

    # --- in the guest ------------------------------------------------------------

    def run(self, *argv: str, timeout: float = 60.0, check: bool = True) -> str:
        """Run a command and return its standard output; raises CommandFailed where it fails."""
        result = self.result(*argv, timeout=timeout)
        if check and result.rc:
            raise CommandFailed(f"{' '.join(argv)}: exit {result.rc}\n{result.out}{result.err}")
        return result.out

    def result(self, *argv: str, timeout: float = 60.0) -> Result:
        """Run a command and return how it ended; `timeout` in seconds."""
        with timing.during("command"):
            answer = self.agent.ask("run", timeout + 30, argv=argv, timeout=timeout)
        return Result(int(answer["rc"]), str(answer["out"]), str(answer["err"]))

    def shell(self, script: str, timeout: float = 60.0) -> str:
        """Run a shell script of the lab's own; every line must succeed."""
        return self.run("sh", "-euc", script, timeout=timeout)

    def spawn(self, *argv: str, line: str = "", timeout: float = 60.0) -> "Background":
        """Start a command that goes on while the story does.

        With a `line`, the story waits for `timeout` seconds until that is printed, as the first.
        """
        words = {"argv": argv, "line": line, "timeout": timeout}
        return Background(self, int(self.agent.ask("spawn", timeout + 30, **words)["pid"]))

    def traffic(self, *words: str, inside: tuple[str, ...] = ()) -> "Background":
        """Start `lab-traffic` and wait until it flows; `inside` is a command that runs it."""
        return self.spawn(*inside, "lab-traffic", *words, line="flows")

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file in the guest; surrogates are bytes that are no UTF-8."""
        with timing.during("command"):
            self.agent.ask("write", 60.0, path=path, text=text, mode=mode)

    def put(self, file: Path, path: str) -> None:
        """Copy a file of this machine's into the guest."""
        self.write(path, file.read_bytes().decode("utf-8", "surrogateescape"))

    def read(self, path: str) -> str:
        """Return a file's text."""
        return str(self.agent.ask("read", 30.0, path=path)["text"])

    def world(self, *argv: str) -> str:
        """Run a command in the world around the laptop."""
        return self.run(*WORLD, *argv)

    def wait_for(self, what: str, condition: Callable[[], Any], timeout: float = 120.0) -> float:
        """Wait until `condition` is true, or None without CommandFailed; returns the seconds.

        Raises AssertionError that says what did not come.
        """
        start = time.monotonic()
        reason = ""
        with timing.during("wait"):
            while time.monotonic() - start < timeout:
                try:
                    value = condition()
                    if value or value is None:
                        return time.monotonic() - start
                    reason = repr(value)
                except CommandFailed as fault:
                    reason = str(fault)
                time.sleep(0.2)
        raise AssertionError(f"{timeout:.0f} s went by without: {what}. Last: {reason}")

    def booted(self, timeout: float = 150.0) -> str:
        """Wait until the boot is over; returns systemd's word for it (running, degraded)."""
        words = ("systemctl", "is-system-running", "--wait")
        with timing.during("boot"):
            return self.result(*words, timeout=timeout).out.strip()

    def journal(self, *selection: str) -> str:
        """Return this boot's journal with all that has been said so far, and by which unit."""
        self.run("journalctl", "--sync")
        return self.run("journalctl", "-b", "--no-pager", "-o", "short-monotonic", *selection)

    # --- power -------------------------------------------------------------------

    def reboot(self) -> None:
        """Reboot as a user does, and wait for the agent of the new boot."""
        with timing.during("boot"):
            self.result("systemctl", "reboot", "--no-block", timeout=30.0)
            self.boot_id = self._wait_agent(self.boot_id)

    def suspend(self, depth: str = "s2idle") -> None:
        """Suspend, and wait until it sleeps.

        To idle, as today's laptops do, or `deep`: to RAM by ACPI's S3, from which QEMU wakes
        a guest booted with `s3`, once and not again.
        """
        self.shell(f"echo {depth} > /sys/power/mem_sleep")
        if depth == "deep":
            # Rather reset, at once, than half dead: see `is_lost`.
            self.shell("sysctl -q kernel.panic_on_oops=1")
        self.result("systemctl", "start", "--no-block", "suspend.target", timeout=30.0)
        end = time.monotonic() + 60
        while self._answers():
            if time.monotonic() > end:
                raise GuestLost("it does not fall asleep")

    def _answers(self) -> bool:
        try:
            self.agent.ask("run", 10.0, argv=["true"], timeout=10.0)
        except GuestLost:
            return False
        return True

    def wake(self, depth: str = "s2idle") -> None:
        """Wake it from its sleep: from idle by its power button, from S3 as QEMU does."""
        self.monitor("system_powerdown" if depth == "s2idle" else "system_wakeup")
        self.result("true", timeout=120.0)

    def is_lost(self) -> bool:
        """Tell whether it has booted by itself, or does not answer any more.

        QEMU's software emulation may wake it from S3 with flags of the processor that were never
        set; with NT among them the kernel's next iretq faults (seen in do_sync_core()).
        """
        try:
            return self._wait_agent(former="") != self.boot_id
        except GuestLost:
            return True

    def poweroff(self) -> None:
        """Shut the guest down in order and wait for QEMU's end."""
        if self.qemu and self.qemu.poll() is None:
            with timing.during("boot"):
                self.result("systemctl", "poweroff", "--no-block", timeout=30.0)
                self.qemu.wait(BOOT_TIMEOUT)

    def kill(self) -> None:
        """Pull the plug."""
        if self.qemu:
            timing.ends(self.qemu.pid)
            self.qemu.kill()
            self.qemu.wait()

    def keep_logs(self, folder: Path) -> None:
        """Save journal, states, serial log and QEMU's own words of a scenario that failed."""
        folder.mkdir(parents=True, exist_ok=True)
        for log in ("serial.log", "qemu.log"):
            shutil.copyfile(self.folder / log, folder / log)
        looks = {
            "journal.log": "journalctl -b -o short-precise --no-pager",
            "state.log": "systemctl list-units --all '*bond*' '*dhc*'; systemctl list-jobs; "
            "ip -d address; ip -4 route; ip -6 route; cat /proc/net/bonding/* /run/lab/dnsmasq.log",
        }
        for name, script in looks.items():
            try:
                text = self.result("sh", "-c", script, timeout=60.0).out
            except (GuestLost, OSError) as fault:
                text = f"the guest does not answer: {fault}"
            (folder / name).write_text(text, encoding="utf-8", errors="replace")


class Background(NamedTuple):
    """A command that runs in the guest."""

    machine: Machine
    pid: int

    def stop(self, timeout: float = 30.0) -> str:
        """End it by SIGTERM; returns its standard output."""
        words = {"pid": self.pid, "timeout": timeout}
        return str(self.machine.agent.ask("stop", timeout + 30, **words)["out"])

    def report(self) -> dict[str, Any]:
        """End a `lab-traffic` client and return what it counted."""
        found: dict[str, Any] = json.loads(self.stop())
        return found


class Cable(NamedTuple):
    """The laptop's cable, pulled and plugged in at QEMU's card."""

    machine: Machine

    def pull(self) -> None:
        """Take the carrier away."""
        self.machine.monitor("set_link", name="card", up=False)

    def plug(self) -> None:
        """Give the carrier back."""
        self.machine.monitor("set_link", name="card", up=True)


class Dock(NamedTuple):
    """A dock with a network card on USB, and a cable in it to the same switch."""

    machine: Machine

    def plug(self) -> None:
        """Plug the dock in."""
        monitor = self.machine.monitor
        monitor("netdev_add", type="hubport", id="dock", hubid=1)
        device = {"driver": "usb-net", "id": "dock", "netdev": "dock", "mac": DOCK_MAC}
        monitor("device_add", bus="xhci.0", **device)

    def pull(self) -> None:
        """Pull the dock, as it is."""
        self.machine.monitor("device_del", id="dock")
        self.machine.monitor("netdev_del", id="dock")


class Radios(NamedTuple):
    """Wi-Fi sticks."""

    machine: Machine

    def plug(self, name: str, address: str) -> None:
        """Plug one in; `name` is that of the stick, not of its interface."""
        self.machine.run("lab-radio", "plug", name, address)

    def pull(self, name: str) -> None:
        """Pull it, whatever it does."""
        self.machine.run("lab-radio", "pull", name)

    def plug_all(self, addresses: Mapping[str, str]) -> None:
        """Plug several in, as fast as it goes."""
        words = [word for pair in addresses.items() for word in pair]
        self.machine.run("lab-radio", "plug", *words)

    def pull_all(self, names: Iterable[str]) -> None:
        """Pull several, as fast as it goes."""
        self.machine.run("lab-radio", "pull", *names)


class Server(NamedTuple):
    """A server of the world."""

    machine: Machine
    unit: str

    def start(self) -> None:
        """Start it."""
        self.machine.run("systemctl", "start", self.unit)

    def stop(self) -> None:
        """Stop it."""
        self.machine.run("systemctl", "stop", self.unit)


class Monitor:
    """QEMU's monitor (QMP): call it with a command and its arguments."""

    def __init__(self, path: Path) -> None:
        self.lines = _connect(path).makefile("rwb")
        self.lines.readline()  # the greeting
        self("qmp_capabilities")

    def __call__(self, command: str, **arguments: object) -> dict[str, Any]:
        """Execute a command and return its answer; raises RuntimeError with QEMU's words."""
        request = {"execute": command, "arguments": arguments}
        self.lines.write(json.dumps(request).encode() + b"\n")
        self.lines.flush()
        while line := self.lines.readline():
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                found: dict[str, Any] = answer["return"]
                return found
        raise GuestLost("QEMU closed its monitor")


class Agent:
    """The host's side of the agent in the guest."""

    def __init__(self, path: Path) -> None:
        self.socket = _connect(path)
        self.numbers = itertools.count(1)
        self.waiting: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self.lock = threading.Lock()
        threading.Thread(target=self._receive, daemon=True).start()

    def ask(self, do: str, patience: float, **arguments: object) -> dict[str, Any]:
        """Have the agent do something; `patience` in seconds. Raises GuestLost, CommandFailed."""
        number = next(self.numbers)
        answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.waiting[number] = answers
        request = json.dumps({"id": number, "do": do, "with": arguments}).encode() + b"\n"
        try:
            with self.lock:
                self.socket.sendall(request)
            answer = answers.get(timeout=patience)
        except (OSError, queue.Empty):
            raise GuestLost(f"no answer to {do} {arguments} for {patience:.0f} s") from None
        finally:
            self.waiting.pop(number, None)
        if "fault" in answer:
            raise CommandFailed(f"{do} {arguments}: {answer['fault']}")
        return answer

    def _receive(self) -> None:
        try:
            for line in self.socket.makefile("rb"):
                try:
                    answer = json.loads(line)
                except ValueError:  # the rest of a line that a reboot cut
                    continue
                if waiting := self.waiting.get(answer.get("id", 0)):
                    waiting.put(answer)
        except OSError:
            pass


def _connect(path: Path) -> socket.socket:
    """Connect to a socket that QEMU is about to make."""
    end = time.monotonic() + 30
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            # A relative path, because sun_path holds 108 bytes: through the folder's descriptor.
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                connection.connect(f"/proc/self/fd/{folder}/{path.name}")
            finally:
                os.close(folder)
            return connection
        except OSError:
            connection.close()
            if time.monotonic() > end:
                raise GuestLost(f"QEMU did not open {path}") from None
            time.sleep(0.05)


def _overlay(base: Path, overlay: Path) -> None:
    form = "qcow2" if base.suffix == ".qcow2" else "raw"
    command = [*emulator.words("qemu-img"), "create", "-q", "-f", "qcow2", "-F", form]
    subprocess.run([*command, "-b", str(base.resolve()), str(overlay)], check=True)


def _initrd_files(files: Mapping[str, str], removed: tuple[str, ...]) -> dict[str, cpio.Entry]:
    """Return what the initrd's script lays on the disk (scripts/init-bottom/lab-files)."""
    entries = {
        f"lab-files{path}": cpio.Entry(
            text.encode("utf-8", "surrogateescape"),
            0o600 if path.startswith("/etc/wpa_supplicant/") else 0o644,
        )
        for path, text in files.items()
    }
    entries["lab-id"] = cpio.Entry(uuid.uuid4().bytes.hex().encode(), 0o644)
    if removed:
        entries["lab-removed"] = cpio.Entry(
            "".join(f"{path}\n" for path in removed).encode(), 0o644
        )
    return entries

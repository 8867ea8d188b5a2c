# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest under QEMU: boot, save, resume, commands in it, sleep."""

import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import cpio
import emulator
import hardware
from channels import Agent, Background, CommandFailed, GuestLost, Monitor
from devices import Cable, Dock, Radios, Server
from image import Image
from timing import timing, withheld

WORLD = ("ip", "netns", "exec", "world")  # runs a command there
BOOT_TIMEOUT = 300.0  # s; a software-emulated boot takes 40 to 55 beside another guest
MIGRATION_TIMEOUT = 120.0  # s; to save or resume a guest takes one to two
QUIT_TIMEOUT = 60.0  # s; QEMU ends at once


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
        card: bool = True,
        cable: bool = True,
        access_point: bool = True,
        dhcp: bool = True,
        look_alike: bool = False,
        console: bool = False,
        s3: bool = False,
        measured: bool = False,
    ) -> Self:
        """Start the guest and wait for the agent.

        `files` (mode 0644; 0600 below /etc/wpa_supplicant) are on the disk before systemd starts.
        `card`: the laptop has its network card; `cable`: it is plugged in; `access_point` and
        `dhcp`: they run; `look_alike`: a USB network card that leads nowhere is plugged in. With
        `console` the serial line is this terminal's, not a file. With `s3` it can wake from
        suspend to RAM, and is slower to start. `measured`: see hardware.command(); the cable leads
        to QEMU's router, and the guest's own world is not to wait for its other end.
        """
        switches = {"lab.ap=off": access_point, "lab.dhcp=off": dhcp}
        switches[_NOBODY_LOGS_IN] = console
        off = " ".join(switch for switch, wanted in switches.items() if not wanted)
        initrd = self.folder / "initrd.img"
        shutil.copyfile(self.image.initrd, initrd)
        with initrd.open("ab") as archive:
            archive.write(b"\0" * (-archive.tell() % 4))
            archive.write(cpio.archive(_initrd_files(files or {})))
        serial = "mon:stdio" if console else f"file:{self.serial.name}"
        self.command = hardware.command(
            self.image, initrd, self.disk, serial, card, s3, off, measured
        )
        with timing.during("boot"):
            self._start_qemu(self.command, console)
            if card and not cable:
                self.cable.pull()
            if look_alike:
                self.dock.plug_into_nothing()
            self.monitor("cont")
            self.boot_id = self._wait_agent(former="")
        return self

    def _start_qemu(self, command: list[str], console: bool = False) -> None:
        """Start QEMU, whose processors wait, and connect to it."""
        with (self.folder / "qemu.log").open("wb") as log:
            # It ends with this process, however that ends.
            self.qemu = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                stdin=None if console else subprocess.DEVNULL,
                stdout=None if console else log,
                stderr=log,
                cwd=self.folder,
            )
        timing.begins(self.qemu.pid)
        self.monitor = Monitor(self.folder / "qmp.sock")
        self.agent = Agent(self.folder / "agent.sock")

    def save(self) -> Snapshot:
        """Save the running guest and end it; no dock may be plugged in.

        The guest's folder must stay as long as others resume from it.
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
            self._wait_ended(QUIT_TIMEOUT)
        return Snapshot(self.command, str(self.disk), str(memory), self.boot_id)

    def resume(self, snapshot: Snapshot, cable: bool = True) -> Self:
        """Continue where a guest was saved; this guest starts from the snapshot's disk.

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

    def _wait_migrated(self, timeout: float = MIGRATION_TIMEOUT) -> None:
        """Wait until QEMU has written the memory to its file, or read it; `timeout` in seconds.

        Raises GuestLost where it fails or does not end.
        """
        log = self.folder / "qemu.log"
        end = time.monotonic() + timeout
        while (status := self.monitor("query-migrate").get("status")) != "completed":
            if status in ("failed", "cancelled"):
                raise GuestLost(f"QEMU moved the guest's memory: {status}; see {log}")
            if time.monotonic() > end:
                raise GuestLost(
                    f"QEMU has moved the guest's memory for {timeout:.0f} s without an end "
                    f"(status: {status}); see {log}"
                )
            time.sleep(0.05)

    def _wait_ended(self, timeout: float) -> None:
        """Wait until QEMU has ended; `timeout` in seconds. Raises GuestLost where it does not."""
        assert self.qemu
        try:
            self.qemu.wait(timeout)
        except subprocess.TimeoutExpired:
            log = self.folder / "qemu.log"
            raise GuestLost(f"QEMU has not ended within {timeout:.0f} s; see {log}") from None

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
        """Tell whether the guest is switched on."""
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

    def spawn(self, *argv: str, line: str = "", timeout: float = 60.0) -> Background:
        """Start a command that runs while the scenario continues.

        With a `line`, wait until the command has printed that as its first line, for at most
        `timeout` seconds.
        """
        words = {"argv": argv, "line": line, "timeout": timeout}
        return Background(self.agent, int(self.agent.ask("spawn", timeout + 30, **words)["pid"]))

    def traffic(self, *words: str, inside: tuple[str, ...] = ()) -> Background:
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

        Seconds for which other processes had the guest's processor do not count. Between two looks
        it pauses for as long as one took: a look takes the guest's processor from what is waited
        for. Raises AssertionError that says what did not come.
        """
        start = self._clock()
        reason = ""
        with timing.during("wait"):
            while self._clock() - start < timeout:
                looked = time.monotonic()
                try:
                    value = condition()
                    if value or value is None:
                        return self._clock() - start
                    reason = repr(value)
                except CommandFailed as error:
                    reason = str(error)
                time.sleep(max(0.2, time.monotonic() - looked))
        raise AssertionError(f"{timeout:.0f} s went by without: {what}. Last: {reason}")

    def _clock(self) -> float:
        """Return a clock that stands still while the guest waits for this machine's processor."""
        return time.monotonic() - (withheld(self.qemu.pid) if self.qemu else 0.0)

    def booted(self, timeout: float = 150.0) -> str:
        """Wait until the boot is over; returns systemd's word for it (running, degraded)."""
        words = ("systemctl", "is-system-running", "--wait")
        with timing.during("boot"):
            return self.result(*words, timeout=timeout).out.strip()

    def journal(self, *selection: str) -> str:
        """Return this boot's journal up to now."""
        self.run("journalctl", "--sync")
        return self.run("journalctl", "-b", "--no-pager", "-o", "short-monotonic", *selection)

    # --- power -------------------------------------------------------------------

    def reboot(self) -> None:
        """Reboot as a user does, and wait for the agent of the new boot."""
        with timing.during("boot"):
            self.result("systemctl", "reboot", "--no-block", timeout=30.0)
            self.boot_id = self._wait_agent(self.boot_id)

    def suspend(self, depth: str = "s2idle") -> None:
        """Suspend the guest, and wait until it sleeps.

        It suspends to idle, as today's laptops do, or with `deep` to RAM by ACPI's S3. From S3
        QEMU wakes a guest that was booted with `s3`, but only once.
        """
        self.shell(f"echo {depth} > /sys/power/mem_sleep")
        if depth == "deep":
            # Let it reset at once rather than go on half dead: see `is_lost`.
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
        """Wake the guest: from idle by its power button, from S3 by QEMU's own command."""
        self.monitor("system_powerdown" if depth == "s2idle" else "system_wakeup")
        self.result("true", timeout=120.0)

    def is_lost(self) -> bool:
        """Tell whether the guest has rebooted by itself, or no longer answers.

        QEMU's software emulation may wake it from S3 with flags of the processor that were never
        set; with NT among them the kernel's next iretq faults (seen in do_sync_core()).
        """
        try:
            return self._wait_agent(former="") != self.boot_id
        except GuestLost:
            return True

    def poweroff(self) -> None:
        """Shut the guest down properly, and wait until QEMU has ended."""
        if self.qemu and self.qemu.poll() is None:
            with timing.during("boot"):
                self.result("systemctl", "poweroff", "--no-block", timeout=30.0)
                self._wait_ended(BOOT_TIMEOUT)

    def kill(self) -> None:
        """Pull the plug."""
        if self.qemu:
            timing.ends(self.qemu.pid)
            self.qemu.kill()
            self.qemu.wait()

    def keep_logs(self, folder: Path) -> None:
        """Save the journal, states, the serial log and QEMU's output of a scenario that failed."""
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
            except (GuestLost, CommandFailed, OSError) as error:
                text = f"the guest does not answer: {error}"
            (folder / name).write_text(text, encoding="utf-8", errors="replace")


def _overlay(base: Path, overlay: Path) -> None:
    form = "qcow2" if base.suffix == ".qcow2" else "raw"
    command = [*emulator.words("qemu-img"), "create", "-q", "-f", "qcow2", "-F", form]
    subprocess.run([*command, "-b", str(base.resolve()), str(overlay)], check=True)


def _initrd_files(files: Mapping[str, str]) -> dict[str, cpio.Entry]:
    """Return what the initrd's script lays on the disk (scripts/init-bottom/lab-files)."""
    entries = {
        f"lab-files{path}": cpio.Entry(
            text.encode("utf-8", "surrogateescape"),
            0o600 if path.startswith("/etc/wpa_supplicant/") else 0o644,
        )
        for path, text in files.items()
    }
    entries["lab-id"] = cpio.Entry(uuid.uuid4().bytes.hex().encode(), 0o644)
    return entries

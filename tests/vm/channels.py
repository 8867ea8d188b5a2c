# SPDX-License-Identifier: LGPL-2.1-or-later
"""How the lab talks to a guest: QEMU's monitor (QMP), and the agent by a virtio port."""

import itertools
import json
import os
import queue
import socket
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

MONITOR_TIMEOUT = 60.0  # s; QEMU answers at once, and does what takes long beside


class CommandFailed(Exception):
    """A command in the guest ended with an error."""


class GuestLost(Exception):
    """The guest does not answer."""


class Monitor:
    """QEMU's monitor (QMP): call it with a command and its arguments."""

    def __init__(self, path: Path) -> None:
        connection = _connect(path)
        connection.settimeout(MONITOR_TIMEOUT)
        self.lines = connection.makefile("rwb")
        self._read()  # the greeting
        self("qmp_capabilities")

    def __call__(self, command: str, **arguments: object) -> dict[str, Any]:
        """Execute a command and return its answer.

        Raises RuntimeError with QEMU's words where it refuses, GuestLost where it does not answer.
        """
        request = {"execute": command, "arguments": arguments}
        self.lines.write(json.dumps(request).encode() + b"\n")
        self.lines.flush()
        while line := self._read():
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                found: dict[str, Any] = answer["return"]
                return found
        raise GuestLost("QEMU closed its monitor")

    def _read(self) -> bytes:
        try:
            return self.lines.readline()
        except TimeoutError:
            raise GuestLost(f"QEMU's monitor is silent for {MONITOR_TIMEOUT:.0f} s") from None


class Agent:
    """The host's side of the agent in the guest."""

    def __init__(self, path: Path) -> None:
        self.socket = _connect(path)
        self.numbers = itertools.count(1)
        self.waiting: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self.lock = threading.Lock()
        threading.Thread(target=self._receive, daemon=True).start()

    def ask(self, do: str, answer_timeout: float, **arguments: object) -> dict[str, Any]:
        """Have the agent do something, and return its answer; `answer_timeout` is in seconds.

        Raises GuestLost where no answer comes, CommandFailed where the agent could not do it.
        """
        number = next(self.numbers)
        answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.waiting[number] = answers
        request = json.dumps({"id": number, "do": do, "with": arguments}).encode() + b"\n"
        try:
            with self.lock:
                self.socket.sendall(request)
            answer = answers.get(timeout=answer_timeout)
        except (OSError, queue.Empty):
            raise GuestLost(f"no answer to {do} {arguments} for {answer_timeout:.0f} s") from None
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


class Background(NamedTuple):
    """A command that runs in the guest."""

    agent: Agent
    pid: int

    def stop(self, timeout: float = 30.0) -> str:
        """End it by SIGTERM; returns its standard output."""
        words = {"pid": self.pid, "timeout": timeout}
        return str(self.agent.ask("stop", timeout + 30, **words)["out"])

    def report(self) -> dict[str, Any]:
        """End a `lab-traffic` client and return what it counted."""
        found: dict[str, Any] = json.loads(self.stop())
        return found


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

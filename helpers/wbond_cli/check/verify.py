# SPDX-License-Identifier: LGPL-2.1-or-later
"""systemd's own opinion of what is generated: `systemd-analyze verify` of a plan on disk."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence

from wbond import emit, plan, units
from wbond import main as generator
from wbond.message import ERROR, WARNING

from wbond_cli.check.diagnostics import Diagnostic

_LIMIT = 60  # s; it takes half a second


def diagnostics(
    wanted: "tuple[plan.File | plan.Link, ...]",
    names: Sequence[str],
    missing: Iterable[str] = (),
    search: Sequence[str] = (),
) -> Iterator[Diagnostic]:
    """Yield what systemd says of the units `names` with the plan in force, a diagnostic a line.

    `missing` names programs that are known to be missing; `search` folders with
    units that go before the system's, for units that are not installed.
    """
    if not names:
        return
    if not shutil.which("systemd-analyze"):
        text = "systemd-analyze is not installed: the units are not verified"
        remedy = "Install it; it is part of systemd."
        yield Diagnostic("no-systemd-analyze", WARNING, text, remedy)
        return
    with tempfile.TemporaryDirectory(prefix="wbond-check-") as folder:
        for failure in emit.emit(folder, wanted):
            remedy = "Make room in the folder for temporary files."
            yield Diagnostic("unwritable-plan", ERROR, failure, remedy)
        for line in _output(folder, names, search):
            if not any(f" {program} is not executable" in line for program in missing):
                text = line.replace(f"{folder}/", "")
                remedy = _remedy(text)
                yield Diagnostic("faulty-unit", ERROR, f"systemd-analyze verify: {text}", remedy)


def _output(folder: str, names: Sequence[str], search: Sequence[str]) -> list[str]:
    """Return the lines of standard error: the exit status alone passes over unknown keys.

    The generators' own directories are left out: what stands there now is of the
    former configuration.
    """
    path = [folder, *search, *(f"/{name}" for name in generator.UNIT_PATH)]
    words = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *names]
    environ = {**os.environ, "SYSTEMD_UNIT_PATH": ":".join(path)}
    try:
        done = subprocess.run(
            words, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT
        )
    except subprocess.TimeoutExpired:
        return [f"no answer within {_LIMIT} s"]
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    return [line for line in lines if line.strip()]


def _remedy(text: str) -> str:
    if "not found" in text or "is not executable" in text or "Failed to" in text:
        return "Install wbond and the programs it calls again; `systemctl cat` shows the unit."
    return "`systemctl cat` shows the unit; look for drop-ins in /etc/systemd/system."


def instances(tree: dict[str, str]) -> list[str]:
    """Name every unit that a tree speaks of, and those that every bond starts.

    A template is read through its instances.
    """
    names = {part for path in tree if "@" in (part := _unit(path)) and _is_of_a_unit(path)}
    bonds = [name for name in names if units.template(name) == units.BOND]
    for started in (units.PORTS, units.WATCH):
        names |= {started.replace("@.service", name[name.index("@") :]) for name in bonds}
    return sorted(name for name in names if name != units.template(name))


def _is_of_a_unit(path: str) -> bool:
    return not path.startswith(f"{plan.PROPERTIES}/")


def _unit(path: str) -> str:
    """Return the unit that a path of the generator's directory is about."""
    folder, _, name = path.rpartition("/")
    return folder.removesuffix(".d") if folder.endswith(".d") else name

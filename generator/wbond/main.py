# SPDX-License-Identifier: LGPL-2.1-or-later
"""The generator's way from command line to exit code."""

import os

from wbond import clients, config, emit, escape, ini, plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wbond.log import Log

    Logger = Callable[[int, str], None]

USAGE = "usage: wbond-generator [--root DIR] NORMAL [EARLY LATE]"
UNIT_PATH = (
    "etc/systemd/system",
    "run/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
)
ERROR, WARNING = 3, 4  # syslog(3)
_OWN_UNITS = os.path.join(os.path.dirname(__file__), "..", "..", "units")


def main(arguments: list[str], environ: "Mapping[str, str]") -> int:
    """Run the generator; `arguments` without the program's name.

    Returns 0 also for a configuration with problems: its good parts are written;
    1 where wbond itself fails, 2 for a wrong call.
    """
    # The network belongs to the system proper; nothing of /etc/wbond.conf is in an initrd.
    if environ.get("SYSTEMD_IN_INITRD") == "1":
        return 0
    logger = _logger(environ)
    root, directories = "/", list(arguments)
    if directories[:1] == ["--root"] and len(directories) > 1:
        root, directories = directories[1], directories[2:]
    if len(directories) not in (1, 3) or directories[0].startswith("-"):
        logger(ERROR, USAGE)
        return 2
    try:
        return generate(root, directories[0], logger)
    except Exception as error:  # a line in the log beats a traceback to /dev/null
        text = f"internal error of wbond: {type(error).__name__}: {error}"
        logger(ERROR, escape.printable(text))
        return 1


def _logger(environ: "Mapping[str, str]") -> "Logger":
    """Return a function that writes a message of a priority; the first one opens the log."""
    opened: list[Log] = []

    def write(priority: int, message: str) -> None:
        from wbond import log  # costs 0.2 ms: only where there is something to say

        if not opened:
            opened.append(log.Log(environ))
        opened[0](priority, message)

    return write


def generate(root: str, directory: str, logger: "Logger") -> int:
    """Read the configuration below `root` and write units to `directory`; returns the exit code."""
    document = ini.read(root)
    if not document.sections and not document.problems:
        return 0
    configuration = config.interpret(document, ini.hostname(root))
    # A bond at which wbond fails must cost no other: the network depends on them.
    planned = items(configuration, root, configuration.leave_out)
    for problem in configuration.problems:
        logger(_priority(problem), _line(problem))
    failures = emit.emit(directory, planned)
    for failure in failures:
        logger(ERROR, escape.printable(failure))
    failed = any(_priority(problem) == ERROR for problem in configuration.problems)
    return 1 if failures or failed else 0


def _line(problem: ini.Problem) -> str:
    from wbond import messages  # costs 0.6 ms: only where something is wrong

    return escape.printable(messages.line(problem))


def _priority(problem: ini.Problem) -> int:
    return ERROR if problem.code == config.INTERNAL_ERROR else WARNING


def items(
    configuration: config.Config,
    root: str,
    failed: "Callable[[config.Bond, Exception], None] | None" = None,
) -> "tuple[plan.File | plan.Link, ...]":
    """Return what is to be written, with the unit templates that are there below `root`.

    `failed` is told of a bond for which that fails. Without it this raises, OSError
    where a template that is needed is missing.
    """
    return plan.plan(
        configuration,
        lambda name: template(root, name),
        lambda name: _own_client(root, name),
        lambda program: has_program(root, program),
        failed,
    )


def has_program(root: str, name: str) -> bool:
    """Tell whether a DHCP client is installed, as systemd would find it: by files below /usr."""
    return any(os.access(os.path.join(root, part, name), os.X_OK) for part in clients.FOLDERS)


def _own_client(root: str, name: str) -> str:
    """Return wbond's template of a client where systemd finds another or none; else nothing."""
    try:
        return "" if _is_settled(root, name) else own_template(name)
    except (OSError, ValueError):  # a generator by itself, or no text: systemd's is all there is
        return ""


def _is_settled(root: str, name: str) -> bool:
    """Tell whether the unit that systemd finds is wbond's, or masked by the user."""
    try:
        found = _first(_unit_path(root), name)
    except FileNotFoundError:
        # Arch's package leaves it out; a root without any unit of wbond's is no installation.
        units = os.path.join(root, plan.TEMPLATE_DIRECTORY[1:])
        return not os.path.exists(os.path.join(units, "wbond@.service"))
    return not found or plan.OWN_MARK in found


def template(root: str, name: str) -> str:
    """Return the text of a unit template as systemd would find it; raises OSError without one."""
    return _first((*_unit_path(root), _OWN_UNITS), name)


def own_template(name: str) -> str:
    """Return the text of a unit template as installed with wbond; raises OSError without one."""
    return _text(_OWN_UNITS, name)


def _unit_path(root: str) -> "tuple[str, ...]":
    return tuple(os.path.join(root, part) for part in UNIT_PATH)


def _first(directories: "tuple[str, ...]", name: str) -> str:
    for directory in directories:
        try:
            return _text(directory, name)
        except FileNotFoundError:
            continue
    raise FileNotFoundError(2, "no such unit template", name)


def _text(directory: str, name: str) -> str:
    return ini.content(os.path.join(directory, name)).decode("utf-8", "surrogateescape")

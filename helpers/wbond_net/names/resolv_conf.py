# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sink `file`: /etc/resolv.conf itself, resolv.conf(5).

What was there is kept beside it, and comes back when there is nothing to publish any more. Both
are renamed, not written: whoever reads finds one or the other, and the former file is the same one
again, owner, mode and all. They are on the disk, so that a crash or a reboot loses neither; the
first line tells which is wbond's. A link is never followed nor replaced: it is another program's.
"""

import errno
import os

from wbond_net import files, regular_file, runtime
from wbond_net.names.sink import Unpublished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

PATH = "/etc/resolv.conf"
KEPT = "/etc/resolv.conf.before-wbond"
# What was written last: a file that differs, and is not wbond's, was put there since.
WRITTEN = os.path.join(runtime.FOLDER, "resolv.conf")
MARK = "# Written by wbond, see wbond.conf(5), nameservers."
_MODE = 0o644  # resolv.conf is for everybody


def publish(servers: "Sequence[str]", domains: "Sequence[str]") -> None:
    """Write the file, or without servers put the former one back. Raises Unpublished."""
    try:
        if not servers:
            restore()
        else:
            _replace(servers, domains)
    except OSError as error:
        raise Unpublished(_reason(error)) from None


def restore() -> None:
    """Put back what was there, if the file is wbond's. Raises OSError."""
    if os.path.islink(PATH) or not _is_own(_present()):
        return
    if os.path.lexists(KEPT):
        _rename(KEPT, PATH)
    else:
        _remove()
    files.remove(WRITTEN)


def text(servers: "Sequence[str]", domains: "Sequence[str]", former: str) -> str:
    """Return the file; the `options` of the former one are the administrator's, and stay."""
    lines = [MARK, f"# When its last bond stops, {KEPT} comes back."]
    lines += [f"search {' '.join(domains)}"] if domains else []
    lines += [f"nameserver {server}" for server in servers]
    lines += [line for line in former.splitlines() if line.startswith("options ")]
    return "\n".join(lines) + "\n"


def _replace(servers: "Sequence[str]", domains: "Sequence[str]") -> None:
    if os.path.islink(PATH):
        raise Unpublished(
            f"{PATH} is a link to {os.readlink(PATH)}, which is left alone; set `dns` to what "
            "the link belongs to, or put a file in its place"
        )
    present = _present()
    is_own = _is_own(present)
    new = text(servers, domains, _read(KEPT) if is_own else present or "")
    if new == present:
        return
    said = text(servers, domains, "")
    if not is_own and present is not None and _read(WRITTEN) == said:
        raise Unpublished(f"another program has written {PATH} since; it is left as it is")
    if not is_own:
        _keep(present)
    _write(f"{PATH}.wbond-new", new)
    _rename(f"{PATH}.wbond-new", PATH)
    _write(WRITTEN, said)


def _keep(present: "str | None") -> None:
    """Keep what is there, which is not wbond's; what was kept before is older."""
    files.remove(KEPT)
    if present is None:
        return
    try:
        os.link(PATH, KEPT)
    except OSError as error:
        if error.errno != errno.EXDEV:  # it is mounted there, as in a container
            raise
        _write(KEPT, present)


def _rename(new: str, path: str) -> None:
    """Rename a file, or, onto one that is mounted there, write it through."""
    try:
        os.rename(new, path)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        _write(path, _read(new))
        os.unlink(new)


def _remove() -> None:
    try:
        os.unlink(PATH)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        _write(PATH, "")


def _write(path: str, content: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, _MODE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, _MODE)
        file.write(content.encode("utf-8", "surrogateescape"))


def _present() -> "str | None":
    """Return the file's text, None where there is none. Raises OSError where it is no file."""
    try:
        return _content(PATH)
    except FileNotFoundError:
        return None


def _is_own(present: "str | None") -> bool:
    return present is not None and present.startswith(MARK)


def _read(path: str) -> str:
    try:
        return _content(path)
    except OSError:
        return ""


def _content(path: str) -> str:
    return regular_file.read(path).decode("utf-8", "surrogateescape")


def _reason(error: OSError) -> str:
    """Say why the file cannot be changed, and what to do where that is known."""
    if error.errno == errno.EPERM:
        return f"{PATH} cannot be changed: it is immutable, see `lsattr {PATH}`"
    if error.errno == errno.EROFS:
        return f"{PATH} cannot be changed: the file system is read-only"
    return f"{PATH} cannot be changed: {error.strerror}"

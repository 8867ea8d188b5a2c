# SPDX-License-Identifier: LGPL-2.1-or-later
"""What each source says of a bond's names, in /run/wbond/BOND, which goes when the bond stops.

`dns/SOURCE` holds a source's servers and domains, a line for each, in the words of resolv.conf(5).
`dns-settings` holds what the bond's unit says: where to publish, and the metric. `dns-published`
holds where that was done, and why it was not. The watch touches `dns-network` when the bond may be
in another network: what was written before is former, and holds until a source says something new.
"""

from __future__ import annotations

import os

from wbond import ConfigError, resolver

from wbond_net import files, regular_file, runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import NamedTuple
else:
    from wbond_net.named_tuple import NamedTuple

FOLDER, SETTINGS, PUBLISHED = "dns", "dns-settings", "dns-published"
NETWORK = "dns-network"
STATIC, ADVERTISEMENTS = "static", "ra"
SERVERS_MAX, DOMAINS_MAX = 16, 32  # of one source; glibc asks the first three (resolv.conf(5))
READABLE = 0o644  # `wbond status` shows them to everybody
_LONGEST = 1 << 14  # bytes, of a record: more than all that one may hold
_SOURCE_MAX = 32  # characters
# Static servers first, router advertisements last, the clients by their names in between.
_RANKS = {STATIC: 0, ADVERTISEMENTS: 2}


class Record(NamedTuple):
    """What one source says."""

    source: str
    servers: tuple[str, ...]
    domains: tuple[str, ...]


class Settings(NamedTuple):
    """What the file says of a bond: the option `dns`, and the metric of its routes."""

    sink: str = "auto"
    metric: int = 0


class Published(NamedTuple):
    """Where a bond's names were published last, and why that failed; empty where it did not."""

    sink: str = ""
    fault: str = ""


# --- what may be said ---------------------------------------------------------


def cleaned(bond: str, source: str, servers: str, domains: str) -> tuple[Record, list[str]]:
    """Return a record of two lists with blanks between, and what was left out of them."""
    left_out: list[str] = []

    def server(text: str) -> str:
        address, _, zone = text.partition("%")
        read = resolver.nameserver(address)
        if (zone and zone != bond) or (resolver.is_own(read) and source != STATIC):
            raise ConfigError("not-a-nameserver")
        return resolver.with_zone(read, bond)

    record = Record(
        source,
        _read(servers, server, SERVERS_MAX, left_out),
        _read(domains, resolver.domain, DOMAINS_MAX, left_out),
    )
    return record, left_out


def _read(
    text: str, reader: Callable[[str], str], most: int, left_out: list[str]
) -> tuple[str, ...]:
    """Return what a reader takes of the words of a text, each once whatever its case."""
    found: dict[str, str] = {}
    for word in text.split():
        try:
            value = reader(word)
        except ConfigError:
            left_out.append(word)
            continue
        if len(found) < most:
            found.setdefault(value.lower(), value)
    return tuple(found.values())


def is_source(name: str) -> bool:
    """Tell whether a source may be called so: its name is that of a file."""
    legal = name.isascii() and name.replace("-", "").isalnum()  # a dot is in unfinished files'
    return legal and name[0].isalnum() and len(name) <= _SOURCE_MAX


# --- records ------------------------------------------------------------------


def write(bond: str, record: Record) -> None:
    """Note what a source says, in place of what it said before. Raises OSError."""
    folder = runtime.path(bond, FOLDER)
    try:
        os.mkdir(folder, 0o755)
    except FileExistsError:
        pass
    lines = [f"nameserver {server}\n" for server in record.servers]
    lines += [f"search {domain}\n" for domain in record.domains]
    files.write(os.path.join(folder, record.source), "".join(lines), READABLE)


def drop(bond: str, source: str) -> None:
    """Forget what a source has said; none at all is no failure. Raises OSError."""
    files.remove(runtime.path(bond, FOLDER, source))


def read(bond: str, folder: str = "") -> list[Record]:
    """Return what holds: static servers first, each source's in its order.

    What was said in a former network holds only as long as nobody has named a server in this one.
    """
    began = _written(os.path.join(folder or runtime.FOLDER, bond, NETWORK))
    records: list[Record] = []
    former: list[Record] = []
    for source in sources(bond, folder):
        path = os.path.join(folder or runtime.FOLDER, bond, FOLDER, source)
        record = _parsed(bond, source, path)
        is_former = source != STATIC and _written(path) < began
        (former if is_former else records).append(record)
    if any(record.servers for record in records if record.source != STATIC):
        return records
    return sorted([*records, *former], key=lambda record: _place(record.source))


def sources(bond: str, folder: str = "") -> list[str]:
    """Return who has said something of a bond's names, in their order."""
    try:
        names = os.listdir(os.path.join(folder or runtime.FOLDER, bond, FOLDER))
    except OSError:
        return []
    return sorted(filter(is_source, names), key=_place)


def _place(source: str) -> tuple[int, str]:
    return _RANKS.get(source, 1), source


def _written(path: str) -> int:
    """Return when a file was written (ns); 0 where there is none."""
    try:
        return os.stat(path, follow_symlinks=False).st_mtime_ns
    except OSError:
        return 0


def _parsed(bond: str, source: str, path: str) -> Record:
    """Read a record, by the rules for what it was written of."""
    words: dict[str, list[str]] = {"nameserver": [], "search": []}
    for line in _text(path).splitlines():
        key, _, value = line.partition(" ")
        words.get(key, []).append(value)
    record, _ = cleaned(bond, source, " ".join(words["nameserver"]), " ".join(words["search"]))
    return record


def union(values: Iterable[str]) -> tuple[str, ...]:
    """Return each value once, whatever its case, in the order given."""
    found: dict[str, str] = {}
    for value in values:
        found.setdefault(value.lower(), value)
    return tuple(found.values())


# --- settings, and what came of it --------------------------------------------


def write_settings(bond: str, settings: Settings) -> None:
    """Note what the bond's unit says. Raises OSError."""
    text = f"{settings.sink} {settings.metric}\n"
    files.write(runtime.path(bond, SETTINGS), text, READABLE)


def settings(bond: str) -> Settings:
    """Return what the bond's unit has said."""
    sink, _, metric = _text(runtime.path(bond, SETTINGS)).strip().partition(" ")
    return Settings(sink or "auto", number(metric))


def number(text: str) -> int:
    """Return a metric; 0 where none is given, as for the kernel."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0


def note_published(bond: str, published: Published) -> None:
    """Note where names were published. Raises OSError."""
    text = f"{published.sink}\n{published.fault}\n"
    files.write(runtime.path(bond, PUBLISHED), text, READABLE)


def published(bond: str, folder: str = "") -> Published:
    """Return where a bond's names were published last."""
    sink, _, fault = _text(os.path.join(folder or runtime.FOLDER, bond, PUBLISHED)).partition("\n")
    return Published(sink, fault.strip())


def _text(path: str) -> str:
    """Return a file's text, nothing where it cannot be read."""
    try:
        return regular_file.read(path, _LONGEST).decode("utf-8", "replace")
    except OSError:
        return ""

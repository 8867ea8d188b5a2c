# SPDX-License-Identifier: LGPL-2.1-or-later
"""What networks say of names, as mutants, through its readers: no word breaks out of its line."""

import random
import re
import socket
import struct
from pathlib import Path

from wbond_net.kernel import advertised
from wbond_net.names import records, resolv_conf

from tests.mutants import TOKENS, Finding, mutated

SAID = [
    b"192.0.2.1 2001:db8::1 fe80::1%bond0|lab.example example.",
    b"127.0.0.1 ::1 255.255.255.255 192.0.2.1:53|-a a- xn--bcher-kva.example _x",
    b"|" + b"a." * 200,
]
LINE = re.compile(r"(nameserver [0-9a-f.:]+(%bond0)?|search( [A-Za-z0-9._-]+)+|#[ -~]*)")


def option(kind: int, entries: bytes) -> bytes:
    """Return an option of a router advertisement (RFC 8106, 5.1 and 5.2)."""
    entries += bytes(-len(entries) % 8)
    return struct.pack("!BBHI", kind, 1 + len(entries) // 8, 0, 600) + entries


class Names:
    """Lists of servers and domains, and options of routers."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance = chance
        server = socket.inet_pton(socket.AF_INET6, "2001:db8::1")
        self.options = [option(25, server * 2), option(31, b"\3lab\7example\0\3lab\0")]

    def mutant(self) -> bytes:
        """Return two lists with a bar between, a zero, and options."""
        said = mutated(self.chance.choice(SAID), [*SAID, *TOKENS, b"|", b"\n"], self.chance)
        octets = bytearray(b"".join(self.chance.choices(self.options, k=2)))
        for _ in range(self.chance.randint(0, 4)):
            octets[self.chance.randrange(len(octets))] = self.chance.randrange(256)
        return said.replace(b"\0", b"") + b"\0" + bytes(octets)

    def __call__(self, text: bytes) -> None:
        """Read it, and make a resolv.conf of it. Raises Finding."""
        said, _, octets = text.partition(b"\0")
        servers, _, domains = said.decode("utf-8", "surrogateescape").partition("|")
        for found in advertised.names(octets):
            servers += f" {found.value}" if found.kind == advertised.NAMESERVER else ""
            domains += f" {found.value}" if found.kind == advertised.SEARCH else ""
        record, _ = records.cleaned("bond0", "dhclient", servers, domains)
        if len(record.servers) > records.SERVERS_MAX or len(record.domains) > records.DOMAINS_MAX:
            raise Finding("more than is taken of one source")
        for line in resolv_conf.text(record.servers, record.domains, "").splitlines():
            if not LINE.fullmatch(line):
                raise Finding(f"a line that is none of wbond's: {line!r}")

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that answer what a test has them answer."""

from wbond_cli.command import MISSING, CommandError

SHOWN = """\
Id=wbond@bond0.service
LoadState=loaded
ActiveState=active
SubState=exited
Result=success
StatusText=
NeedDaemonReload=yes
Environment=MIIMON=100 PEER_NOTIF=5 MAC=enp0s10

Environment=DHCP4=dhclient DHCP6=none MAC=enp0s10
Id=wbond-watch@bond0.service
LoadState=loaded
ActiveState=active
SubState=running
Result=success
StatusText=cable enp0s10 is active; radio wlp3s0 stands by
NeedDaemonReload=no

Id=dhcp6c@bond0.service
LoadState=not-found
ActiveState=inactive
SubState=dead
"""


class Programs:
    """Stands for command.run: answers by the program's name, and remembers what was asked."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, *argv: str) -> str:
        self.asked.append(argv)
        if argv[0] not in self.answers:
            raise CommandError(f"{argv[0]} is not installed", MISSING)
        return self.answers[argv[0]]

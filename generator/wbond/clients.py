# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of DHCP clients, and which of them a bond's options come to.

What a client is, needs and is told is one row here and one module of `wbond_net.clients`; its
unit's verbs have the same meaning as those of the others.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Installed = Callable[[str], bool]


class Client:
    """A client: its name, which is its program's; its unit; the options that may choose it, which
    are the families that it serves; and the settings that its unit is told.
    """

    __slots__ = ("name", "options", "settings", "unit")

    def __init__(
        self, name: str, unit: str, options: "tuple[str, ...]", settings: "tuple[str, ...]"
    ) -> None:
        self.name, self.unit, self.options, self.settings = name, unit, options, settings


# For each family the one that is preferred comes first.
TABLE = (
    Client("dhclient", "dhclient@.service", ("dhcp4",), ("duid", "dhclient_conf", "metric")),
    Client("dhcp6c", "dhcp6c@.service", ("dhcp6",), ("duid", "dhcp6c_conf")),
    # Distributions have a dhcpcd.service, and some a dhcpcd@.service of other meaning.
    Client("dhcpcd", "wbond-dhcpcd@.service", ("dhcp4", "dhcp6"), ("duid", "metric")),
)
OPTIONS = ("dhcp4", "dhcp6")
UNITS = tuple(client.unit for client in TABLE)
NONE = "none"  # in place of a client or of its unit
FOLDERS = ("usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin")  # systemd's search path


def of(option: str) -> "tuple[Client, ...]":
    """Return the clients that may serve an option's family, the preferred one first."""
    return tuple(client for client in TABLE if option in client.options)


def named(name: str) -> Client:
    """Return a client by its own name or by its unit's template. Raises KeyError."""
    for client in TABLE:
        if name in (client.name, client.unit):
            return client
    raise KeyError(name)


class Choice:
    """The client that serves a family, None for none, and the sentence that says why."""

    __slots__ = ("client", "why")

    def __init__(self, client: Client | None, why: str) -> None:
        self.client, self.why = client, why

    @property
    def unit(self) -> str:
        """Return the template of the client's unit; `none` without one."""
        return self.client.unit if self.client else NONE


def choose(settings: "Mapping[str, str]", installed: "Installed") -> dict[str, Choice]:
    """Return the choice for each option; `installed` tells of a program whether it is there."""
    return {option: _choice(option, settings.get(option, "auto"), installed) for option in OPTIONS}


def _choice(option: str, wanted: str, installed: "Installed") -> Choice:
    if wanted == NONE:
        return Choice(None, f"{option} = none: no client, as the configuration says")
    if wanted != "auto":
        return Choice(named(wanted), f"{option} = {wanted}: {wanted}, as the configuration says")
    first, *others = of(option)
    if installed(first.name):
        return Choice(first, f"{option} = auto: {first.name}, because it is installed")
    for other in others:
        if installed(other.name):
            why = f"{other.name}, because {first.name} is not installed"
            return Choice(other, f"{option} = auto: {why}")
    names = " nor ".join(client.name for client in (first, *others))
    return Choice(first, f"{option} = auto: {first.name}, but neither {names} is installed")


def serving(choices: "Mapping[str, Choice]") -> "Iterator[tuple[Client, list[str]]]":
    """Yield each client that serves a bond, with the options whose families are its own."""
    for client in TABLE:
        options = [option for option, choice in choices.items() if choice.client is client]
        if options:
            yield client, options


def families(options: "list[str]") -> str:
    """Return families as a unit is told of them: `4`, `6` or `4 6`."""
    return " ".join(option.removeprefix("dhcp") for option in options)

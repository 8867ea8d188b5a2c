# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-udev [--root DIR] query|align: what udev's rules ask about a network device.

`query` prints properties, one a line, for IMPORT{program}. `align` sets the
MAC address, from RUN, before any unit is bound to the device.
"""

import sys

from wbond import config, ini, plan, units
from wbond.values import MacPolicy

from wbond_udev import adapter, match

USAGE = "usage: wbond-udev [--root DIR] query|align, called by udev"
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wbond_udev.match import Facts


class NoDevice(Exception):
    """The environment is not that of an event of udev's; the text says what is missing."""


def main(arguments: list[str], environ: "Mapping[str, str]") -> int:
    """Entry point; returns 0, 1 without a device of udev's, 2 when called wrongly."""
    root = "/"
    if arguments[:1] == ["--root"] and len(arguments) == 3:
        root, arguments = arguments[1], arguments[2:]
    if arguments == ["query"]:
        return query(environ, root)
    if arguments == ["align"]:
        return align(environ)
    sys.stderr.write(USAGE + "\n")
    return 2


def query(environ: "Mapping[str, str]", root: str) -> int:
    """Print the properties of the device of this event; nothing for one that is no port."""
    configured = configuration(root)
    try:
        facts = device_facts(environ, configured)
    except NoDevice as error:
        sys.stderr.write(f"wbond-udev: udev's event names no device: {error}\n")
        return 1
    lines = properties(configured, facts, environ.get("SYSTEMD_WANTS", ""))
    sys.stdout.write("".join(f"{name}={value}\n" for name, value in lines))
    return 0


def device_facts(environ: "Mapping[str, str]", configured: config.Config) -> "Facts":
    """Return what the configuration looks at of the device of this event. Raises NoDevice."""
    options = match.options(configured)
    if options <= {"match_name"}:
        try:
            facts = adapter.named(environ)
        except KeyError as error:
            raise NoDevice(f"{error.args[0]} is not set") from None
        found = match.find(configured, facts)
        # A name is enough for one that is named, and for one that nothing takes.
        return facts if found is None or found[1].literal else adapter.seen(environ)
    # With pyudev: 35 ms, which names and kinds do without.
    from wbond_net import site_packages

    pyudev = site_packages.load("pyudev")
    from wbond_udev import device

    try:
        return device.from_environment(environ, "match_mac" in options)
    except pyudev.DeviceNotFoundError as error:
        raise NoDevice(str(error)) from None


def configuration(root: str) -> config.Config:
    """Read the configuration; the generator reports its problems."""
    return config.interpret(ini.read(root), ini.hostname(root))


def properties(
    configured: config.Config, facts: "Facts", wants: str
) -> "Iterator[tuple[str, str]]":
    """Yield the udev properties of a port; `wants` is what other rules have it want.

    Of a device that is kept out of a bond, why.
    """
    found = match.find(configured, facts)
    if found is None:
        if out := match.left_out(configured, facts):
            yield "WBOND_LEFT_OUT", out[1]
        return
    bond, port = found
    yield from plan.port_properties(bond, port, facts.name)
    if "match_mac" in port.matches:
        yield "WBOND_ADDRESS", facts.mac
    # A port that is named literally has links and drop-ins instead.
    if not port.literal:
        # Without an instance: that will be the device's path. A unit's name with
        # an escape in it would be read in two ways, by the version of systemd
        # (device_add_udev_wants(), EXTRACT_RETAIN_ESCAPE).
        yield "SYSTEMD_WANTS", f"{wants} {units.HOTPLUG}".strip()
        for name, value in plan.port_environment(bond, port):
            yield f"WBOND_SET_{name}", value


def align(environ: "Mapping[str, str]") -> int:
    """Give the port the shared MAC while it is down and free; join() tells of it later."""
    from wbond_net.kernel import sysfs
    from wbond_net.ports import mac_policy

    name = environ["INTERFACE"]
    if not sysfs.is_up(name) and not sysfs.master(name):
        policy = MacPolicy.parse(environ["WBOND_MAC"])
        mac_policy.apply(environ["WBOND_BOND"], name, policy)
    return 0

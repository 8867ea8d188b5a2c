# SPDX-License-Identifier: LGPL-2.1-or-later
"""The names of units, all composed here. Cheap to import: the generator and the helpers do.

Names of bonds and interfaces go in as they are and come out escaped.
"""

from wbond import escape

BOND, PORTS = "wbond@.service", "wbond-ports@.service"
WATCH, WAIT_ONLINE = "wbond-watch@.service", "wbond-wait-online@.service"
PLUG, HOTPLUG = "wbond-plug@.service", "wbond-hotplug@.service"
DNS = "wbond-dns@.service"
GENERATED = "run/systemd/generator"  # the normal directory of three, systemd.generator(7)
WIRED, SUPPLICANT = ROLES = ("wired", "supplicant")  # of the ports' units


def instance(template: str, name: str) -> str:
    """Name a template's instance: `wbond@.service`, `bond0` -> `wbond@bond0.service`."""
    return template.replace("@", f"@{escape.unit_instance(name)}", 1)


def template(unit: str) -> str:
    """Name the template of an instance: `wbond@bond0.service` -> `wbond@.service`."""
    return f"{unit.partition('@')[0]}@.service"


def port_template(bond: str, role: str) -> str:
    """Name the template of a bond's ports of a role, WIRED or SUPPLICANT."""
    return f"{escape.unit_instance(bond)}-{role}@.service"


def port(bond: str, role: str, interface: str) -> str:
    """Name the unit of a port: `bond0-wired@enp0s10.service`."""
    return instance(port_template(bond, role), interface)


def plug(port: str) -> str:
    """Name the unit that a device wants besides its port's.

    While the port's still stops, a device that is back finds its start job
    refused; wbond-plug@ queues one. Its instance is the port's unit as it is,
    for systemd puts no other into After=.
    """
    return PLUG.replace("@", f"@{port.removesuffix('.service')}", 1)


# The alias is set by 99-systemd.rules: /sys/subsystem/net/devices/NAME.
_DEVICE, _WANTS = "sys-subsystem-net-devices-", ".device.wants"


def device(interface: str) -> str:
    """Name the device unit that systemd keeps for a network interface."""
    return f"{_DEVICE}{escape.unit_instance(interface)}.device"


def interface(wants: str) -> str:
    """Return the interface whose device unit has this `.wants` directory; nothing for another."""
    if not (wants.startswith(_DEVICE) and wants.endswith(_WANTS)):
        return ""
    return escape.instance_text(wants.removeprefix(_DEVICE).removesuffix(_WANTS))


def instance_name(unit: str) -> str:
    """Return what a unit is an instance for; nothing where that is badly escaped."""
    return escape.instance_text(unit.partition("@")[2].removesuffix(".service"))

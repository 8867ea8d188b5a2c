# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every check of a machine that is to have the configured bonds: CHECKS, in their order.

An error keeps a bond, a port or an address from working; a warning may disturb
them or gives something away; a note says what a person may not expect.
"""

from collections.abc import Iterator

from wbond_cli.check import (
    above,
    cable_authentication,
    conflicts,
    dependencies,
    names,
    networkd,
    networkmanager,
    ports,
    services,
)
from wbond_cli.check.context import Check, Context
from wbond_cli.check.diagnostics import Diagnostic

# Of other programs that would have the ports or the bond: what `wbond import` looks for as well.
OF_OTHERS: tuple[Check, ...] = (
    conflicts.bonds_of_others,
    conflicts.ifupdown_stanzas,
    conflicts.foreign_units,
    conflicts.conflicting_units,
    conflicts.wide_dhcpv6,
    networkmanager.profiles,
    networkmanager.devices,
    networkd.files,
    names.rivals,
    services.wait_online,
    services.netctl_profiles,
    services.hostapd,
    services.tlp,
)
CHECKS: tuple[Check, ...] = (
    dependencies.installation,
    dependencies.programs,
    dependencies.bonding_module,
    dependencies.machine_id,
    ports.absent_ports,
    ports.unmatched_ports,
    ports.wrong_kinds,
    ports.left_out,
    ports.blocked_radios,
    ports.old_radios,
    ports.supplicant_files,
    cable_authentication.sections_without_effect,
    cable_authentication.networks,
    cable_authentication.carriers_that_are_trusted,
    ports.client_files,
    ports.client_files_without_effect,
    names.sinks,
    names.resolv_conf,
    above.waits_in_vain,
    above.addresses_below,
    above.frames_come_back,
    *OF_OTHERS,
)


def diagnostics(context: Context, checks: tuple[Check, ...] = CHECKS) -> Iterator[Diagnostic]:
    """Yield what checks find, in their order."""
    for check in checks:
        yield from check(context)

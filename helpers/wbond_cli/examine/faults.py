# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can be wrong with a machine that is to have the configured bonds: CHECKS, one a fault.

An error keeps a bond, a port or an address from working; a warning may disturb
them or gives something away; a note says what a person may not expect.
"""

from collections.abc import Iterator

from wbond_cli.examine import needs, networkmanager, ports, rivals
from wbond_cli.examine.findings import Finding
from wbond_cli.examine.site import Check, Site

CHECKS: tuple[Check, ...] = (
    needs.installation,
    needs.programs,
    needs.bonding_module,
    needs.machine_id,
    ports.ports_absent,
    ports.kinds_exchanged,
    ports.radios_blocked,
    ports.supplicant_files,
    ports.client_files,
    rivals.bonds_of_others,
    rivals.ifupdown_stanzas,
    rivals.units_in_place_of_wbonds,
    rivals.rival_units,
    rivals.wide_dhcpv6,
    networkmanager.profiles,
    networkmanager.devices,
    rivals.networkd,
)


def findings(site: Site) -> Iterator[Finding]:
    """Yield what the checks find, in their order."""
    for check in CHECKS:
        yield from check(site)

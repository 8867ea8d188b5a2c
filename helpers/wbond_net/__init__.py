# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the units call: bond, ports, DHCP identity, watch. Imports only downwards, to `wbond`."""

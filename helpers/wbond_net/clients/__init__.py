# SPDX-License-Identifier: LGPL-2.1-or-later
"""The DHCP clients: what they read, the host's identity, their leases."""

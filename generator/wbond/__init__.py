# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond's configuration and plan: text -> Config -> Plan -> disk.

Standard library only, and little of it: this package runs in systemd's
generator, where start-up time is boot time. `typing`, `re`, `collections` and
`configparser` each cost more than the whole generator and stay out.
"""

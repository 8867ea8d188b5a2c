# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the kernel and udev know of interfaces, and how they are changed: netlink, sysfs, rfkill."""

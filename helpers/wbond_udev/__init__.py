# SPDX-License-Identifier: LGPL-2.1-or-later
"""What udev's rules call: which bond a device belongs to. The only place that imports pyudev."""

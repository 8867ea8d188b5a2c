# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests that need no virtual machine; the lab is in vm/."""

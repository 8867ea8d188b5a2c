# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-watch: follows the bond through the kernel's events and acts on them."""

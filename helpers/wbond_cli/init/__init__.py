# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `wbond init` writes: a configuration for the hardware."""

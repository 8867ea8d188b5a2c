# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `wbond check` looks at: the text of the configuration, the machine, the units."""

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Names: which servers resolve them, by whom that is said, and where it is published."""

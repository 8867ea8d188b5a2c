# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `wbond plan` compares, and how it shows it: to people, and to programs."""

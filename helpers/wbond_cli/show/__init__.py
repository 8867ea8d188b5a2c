# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `wbond status` and `wbond log` show: read, understood, and put on a terminal or in JSON."""

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The journal: what systemd has recorded of wbond, and the timeline that `wbond log` prints."""

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `wbond status` shows: collected, judged, and rendered on a terminal or as JSON."""

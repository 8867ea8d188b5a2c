# SPDX-License-Identifier: LGPL-2.1-or-later
"""The path behind the ports: whether what stands behind a link leads to the router."""

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bond and its ports: created, enslaved, released, ranked."""

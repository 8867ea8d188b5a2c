# SPDX-License-Identifier: LGPL-2.1-or-later
"""The configuration in force: a snapshot of its files, and the units generated from them."""

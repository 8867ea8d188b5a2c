# SPDX-License-Identifier: LGPL-2.1-or-later
"""The report on a machine for those who help: what is gathered, and what is replaced in it."""

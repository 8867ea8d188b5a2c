# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stands behind `wbond import`: a reader for each program, one record of a connection,
and what becomes of these.
"""

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `wbond apply`, `up` and `down` do: which steps, and how they are carried out."""

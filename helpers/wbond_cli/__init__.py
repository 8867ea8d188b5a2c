# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command `wbond`: what a person asks for. A module a verb, and what they share."""

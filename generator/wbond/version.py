# SPDX-License-Identifier: LGPL-2.1-or-later
"""The version: setup.cfg and `wbond --version` take it from here; the generator does without."""

VERSION = "0.1.0"

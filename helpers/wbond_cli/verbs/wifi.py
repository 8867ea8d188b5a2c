# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond wifi: the networks of the bonds' radios. What it does is a module of wbond_cli.wifi."""

import argparse
from importlib import import_module


def run(options: argparse.Namespace) -> int:
    """Do what is asked for; returns the exit status. Raises UserError for what cannot be done."""
    return int(import_module(f"wbond_cli.wifi.{options.action}").run(options))

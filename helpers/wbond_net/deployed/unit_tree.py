# SPDX-License-Identifier: LGPL-2.1-or-later
"""What wbond-generator would write, and what it wrote in its last run, in one form.

A tree is a dictionary from the path below the generator's directory to a
file's text, or to `-> TARGET` for a link.
"""

import os
from collections.abc import Iterable

from wbond import config, ini, plan, units
from wbond import main as generator
from wbond.plan import Link

ARROW = "-> "
# wbond@, wbond-plug@, wbond-wait-online@; the ports' of the first bond
_OWN = tuple(
    f"{ARROW}{plan.TEMPLATE_DIRECTORY}/{name}" for name in ("wbond", f"{plan.FIRST_BOND}-")
)
_PORTS = tuple(f"-{role}@.service" for role in units.ROLES)  # of other bonds than the first


def read_config(root: str) -> config.Config:
    """Read the configuration below a root directory, or in a snapshot."""
    return config.interpret(ini.read(root), ini.hostname(root))


def render(wanted: config.Config, root: str) -> dict[str, str]:
    """Return the tree that a configuration comes to with the unit templates below `root`.

    Raises OSError when one that is needed is missing.
    """
    return render_items(generator.items(wanted, root))


def render_root(root: str) -> tuple[config.Config, dict[str, str]]:
    """Return the configuration below `root` and the tree that it comes to.

    Raises OSError when a template that is needed is missing.
    """
    wanted = read_config(root)
    return wanted, render(wanted, root)


def render_items(items: Iterable[plan.File | Link]) -> dict[str, str]:
    """Return a plan as a tree."""
    return {
        item.path: ARROW + item.target if isinstance(item, Link) else item.text for item in items
    }


def read_generated(root: str) -> dict[str, str]:
    """Return the tree of the generator's last run, without what other generators wrote."""
    top = os.path.join(root, units.GENERATED)
    tree = {}
    for folder, names, files in os.walk(top):
        for name in (*names, *files):
            path = os.path.join(folder, name)
            text = _text(path)
            if text.startswith((plan.HEADER, *_OWN)) or _leads_to_a_port(text):
                tree[os.path.relpath(path, top)] = text
    return tree


def _leads_to_a_port(text: str) -> bool:
    return text.startswith(f"{ARROW}../") and text.endswith(_PORTS)


def _text(path: str) -> str:
    """Return a file's text or where a link leads; nothing for what is neither or gone."""
    try:
        if os.path.islink(path):
            return ARROW + os.readlink(path)
        return ini.content(path).decode("utf-8", "surrogateescape")
    except (OSError, ValueError):
        return ""

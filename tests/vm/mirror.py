# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where Debian's packages come from: the mirrors that this machine itself uses."""

import subprocess


def sources(release: str) -> str:
    """Return the apt sources for a release; raises RuntimeError where apt knows no mirror."""
    form = "$(ORIGIN)\t$(LABEL)\t$(SITE)"
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    sites = {
        label: site
        for origin, label, site in (line.split("\t") for line in listed.splitlines())
        if origin == "Debian"
    }
    if "Debian" not in sites:
        raise RuntimeError("apt knows no Debian mirror here; run apt-get update")
    lines = [f"deb {sites['Debian']} {suite} main" for suite in (release, f"{release}-updates")]
    if "Debian-Security" in sites:
        lines.append(f"deb {sites['Debian-Security']} {release}-security main")
    return "\n".join(lines) + "\n"

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Install README and what it links to for a package: `documents.py DIRECTORY LIBDIR`.

A link to a file that the directory does not get, such as the source of a manual page, becomes its
text, which names that file or page. Paths of programs are those below LIBDIR.
"""

import re
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "CHANGELOG.md", "SECURITY.md", "docs/*.md", "docs/*.svg")
LINK = re.compile(r"!?\[([^\]]*)\]\(([^)\s#]*)(?:#[^)\s]*)?\)")


def install(target: Path, libdir: str) -> None:
    """Write the documents below `target`, where other files may be already. Raises OSError."""
    sources = [path for pattern in DOCUMENTS for path in sorted(SOURCE.glob(pattern))]
    names = [path.relative_to(SOURCE) for path in sources]
    there = {target / name for name in names} | set(target.rglob("*"))
    for source, name in zip(sources, names, strict=True):
        path = target / name
        text = source.read_text(encoding="utf-8").replace("/usr/lib/wbond/", f"{libdir}/")
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.write_text(without_dead_links(text, path, there), encoding="utf-8")
        path.parent.chmod(0o755)
        path.chmod(0o644)


def without_dead_links(text: str, path: Path, there: set[Path]) -> str:
    """Return a document's text, at `path`, with links to files that are not `there` as text."""

    def replacement(link: re.Match[str]) -> str:
        label, file = link.groups()
        leads = "://" in file or not file or path.parent / file in there
        return link[0] if leads else label

    return LINK.sub(replacement, text) if path.suffix == ".md" else text


if __name__ == "__main__":
    install(Path(sys.argv[1]), sys.argv[2])

"""Write the README of the packages: hatchling runs this when it builds them.

Relative links work in a checkout, but not on a package index. In the packages, the links of
``README.md`` therefore lead to the repository.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_CODE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_ABSOLUTE = re.compile(r"[a-z][a-z+.-]*:|#")


def absolute(text: str, repository: str) -> str:
    """Return a Markdown text whose relative links lead to the main branch of a repository.

    Args:
        text: Text with links that are relative to the root of the repository.
        repository: URL of the repository on GitHub, such as ``https://github.com/owner/name``.
    """

    def replaced(link: re.Match[str]) -> str:
        image, label, target = link["image"], link["text"], link["target"]
        if not _ABSOLUTE.match(target):
            # A page that contains an image is no image: `raw` serves the file itself.
            target = f"{repository}/{'raw' if image else 'blob'}/main/{target}"
        return f"{image}[{label}]({target})"

    parts = _CODE.split(text)
    parts[::2] = [_LINK.sub(replaced, part) for part in parts[::2]]
    return "".join(parts)


class ReadmeHook(MetadataHookInterface):
    """Hatchling's hook for the field ``readme``."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the README to the metadata.

        Args:
            metadata: The table ``project`` of ``pyproject.toml``.
        """
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        repository = metadata["urls"]["Repository"]
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": absolute(text, repository),
        }

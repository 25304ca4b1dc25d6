"""XML as S3 writes and reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"

Node = tuple[str, "str | Sequence[Node]"]
"""An element's name, and its text or the elements in it."""

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(root: str, children: Sequence[Node], *, namespace: str | None = NAMESPACE) -> bytes:
    """A document with its declaration, in UTF-8. What XML cannot hold becomes U+FFFD."""
    element = ET.Element(root)
    if namespace:
        element.set("xmlns", namespace)
    _fill(element, children)
    text = ET.tostring(element, encoding="unicode", short_empty_elements=False)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


def parse(body: bytes, root: str) -> list[tuple[str, dict[str, str]]]:
    """What S3 is sent: a root, elements in it, and one text for each name in these.

    Args:
        body: The document.
        root: What its root has to be called.

    Returns:
        Each element's name, and the texts in it. Namespaces are left out.

    Raises:
        ValueError: It is no XML, has another root, or declares a document type.
    """
    # Entities are declared there; S3's documents need none, and hostile ones grow without end.
    if b"<!" in body:
        raise ValueError("the document has a declaration that is not accepted")
    try:
        # As UTF-8 text, so that no other encoding can hide such a declaration.
        element = ET.fromstring(body.decode("utf-8"))  # noqa: S314 - no entities, see above
    except (ET.ParseError, UnicodeDecodeError):
        raise ValueError("the body is not well-formed XML in UTF-8") from None
    if _local(element) != root:
        raise ValueError(f"the document's root is not {root}")
    return [(_local(child), {_local(leaf): leaf.text or "" for leaf in child}) for child in element]


def _fill(element: ET.Element, children: Sequence[Node]) -> None:
    for name, content in children:
        child = ET.SubElement(element, name)
        if isinstance(content, str):
            child.text = _NOT_XML.sub("\ufffd", content)
        else:
            _fill(child, content)


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]

"""Write and parse S3's XML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"

Node = tuple[str, "str | Sequence[Node]"]
"""The name of an element, and its text or its child elements."""

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(root: str, children: Sequence[Node], *, namespace: str | None = NAMESPACE) -> bytes:
    """Return a document with its declaration, in UTF-8. Invalid characters become U+FFFD."""
    element = ET.Element(root)
    if namespace:
        element.set("xmlns", namespace)
    _fill(element, children)
    text = ET.tostring(element, encoding="unicode", short_empty_elements=False)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


def parse(body: bytes, root: str) -> list[tuple[str, dict[str, str]]]:
    """Parse a document sent to S3: a root with elements, each of which has named texts.

    Args:
        body: Document.
        root: Required name of the root element.

    Returns:
        The name of each element, and its texts by name. Namespaces are removed.

    Raises:
        ValueError: If the body is not XML, has another root, or declares a document type.
    """
    # A document type can declare entities that expand without limit; S3's documents need none.
    if b"<!" in body:
        raise ValueError("the document has a declaration that is not accepted")
    try:
        # Decoded as UTF-8, so that no other encoding can hide a declaration.
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

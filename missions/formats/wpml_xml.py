"""The small parts that WPML is written with."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

Value = str | int | float


def add(parent: Element, name: str, value: Value | None = None) -> Element:
    """A `wpml:` element within another; numbers exactly and without exponents."""
    element = SubElement(parent, f"wpml:{name}")
    if value is not None:
        element.text = shown(value)
    return element


def fill(parent: Element, values: Mapping[str, Value]) -> Element:
    """Several elements, in order; gives the parent back."""
    for name, value in values.items():
        add(parent, name, value)
    return parent


def shown(value: Value) -> str:
    """A value as text. XML has no way to write control characters.

    >>> shown(1e-7), shown(10.0), shown(4.25)
    ('0.0000001', '10', '4.25')
    """
    if isinstance(value, str):
        return "".join(one for one in value if one >= " ")
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return format(Decimal(repr(value)), "f")


def document(version: str) -> tuple[Element, Element]:
    """The root and its Document."""
    root = Element(
        "kml",
        {"xmlns": "http://www.opengis.net/kml/2.2", "xmlns:wpml": f"http://www.dji.com/wpmz/{version}"},
    )
    return root, SubElement(root, "Document")


def written(root: Element) -> bytes:
    """The document as bytes."""
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)) + b"\n"

"""XML from strangers: no entities, no document types, bounded in size, in elements and in depth."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, DTDForbidden, EntitiesForbidden, ExternalReferenceForbidden
from defusedxml.ElementTree import fromstring

from missions.errors import FormatError

MAX_XML_BYTES = 50_000_000
MAX_TAGS = 600_000
MAX_LINES = 2_000_000
MAX_DEPTH = 60
_SAVE = "Save it again from the program that it comes from"


def parse_xml(data: bytes, where: str) -> Element:
    """The root element. Raises FormatError for what is no XML and for any document type or entity."""
    _check_bounds(data, where)
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except (DTDForbidden, EntitiesForbidden, ExternalReferenceForbidden) as error:
        raise FormatError(
            "declares a document type or entities, through which a file can read others or grow without end",
            where=where,
            remedy=_SAVE,
        ) from error
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise FormatError(f"is no XML: {error}", where=where, remedy=_SAVE) from error
    _check_depth(root, where)
    return root


def _check_bounds(data: bytes, where: str) -> None:
    """Refuse what would take long or much memory to parse; each of these bytes costs a piece of its own."""
    if len(data) > MAX_XML_BYTES:
        raise FormatError(f"is larger than {MAX_XML_BYTES // 1_000_000} MB", where=where, remedy=_SAVE)
    many = {
        "tags": (data.count(b"<"), MAX_TAGS),
        "attributes": (data.count(b"="), MAX_TAGS),
        "character references": (data.count(b"&"), MAX_TAGS),
        "lines": (data.count(b"\n") + data.count(b"\r"), MAX_LINES),
    }
    for what, (count, most) in many.items():
        if count > most:
            raise FormatError(
                f"holds {count} {what}; at most {most} are read",
                where=where,
                remedy="Simplify it, or divide it into several files",
            )


def _check_depth(root: Element, where: str) -> None:
    """Refuse elements nested so deep that walking them would take long."""
    level = [root]
    for _ in range(MAX_DEPTH):
        level = [inner for element in level for inner in element]
        if not level:
            return
    raise FormatError(f"is nested more than {MAX_DEPTH} deep", where=where, remedy=_SAVE)

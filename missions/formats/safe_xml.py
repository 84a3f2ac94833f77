"""XML from strangers: no entities, no DTD, bounded in size; and KMZ, bounded before it is unpacked."""

from __future__ import annotations

import io
import zipfile
import zlib
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, DTDForbidden, EntitiesForbidden, ExternalReferenceForbidden
from defusedxml.ElementTree import fromstring

from missions.errors import FormatError

MAX_XML_BYTES = 50_000_000
_MAX_KMZ_FILES = 10_000
_SAVE = "Save the area again as plain KML"


def parse_xml(data: bytes, where: str) -> Element:
    """The root element. Raises FormatError for what is no XML and for any document type or entity."""
    if len(data) > MAX_XML_BYTES:
        raise FormatError(f"is larger than {MAX_XML_BYTES // 1_000_000} MB", where=where, remedy=_SAVE)
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
    return root


def kml_from_kmz(data: bytes, where: str) -> bytes:
    """The first KML in a KMZ, unpacked up to a bound. Raises FormatError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.infolist()
            if len(names) > _MAX_KMZ_FILES:
                raise FormatError(f"holds {len(names)} files", where=where, remedy=_SAVE)
            inside = next((info for info in names if info.filename.lower().endswith(".kml")), None)
            if inside is None:
                raise FormatError("holds no KML", where=where, remedy=_SAVE)
            with archive.open(inside) as file:
                kml = file.read(MAX_XML_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError) as error:
        raise FormatError(f"is no KMZ: {error}", where=where, remedy=_SAVE) from error
    if len(kml) > MAX_XML_BYTES:
        raise FormatError(f"unpacks to more than {MAX_XML_BYTES // 1_000_000} MB", where=where, remedy=_SAVE)
    return kml

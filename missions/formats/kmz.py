"""KMZ: a KML in an archive (OGC 07-147r2, annex C)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from missions.errors import FormatError
from missions.formats import kml
from missions.formats.safe_zip import file_in_archive
from missions.plan import Plan

_WHEN = (1980, 1, 1, 0, 0, 0)


def write(plan: Plan) -> bytes:
    """The plan's KML as a KMZ; the same plan gives the same bytes."""
    return packed({"doc.kml": kml.write(plan)})


def packed(files: Mapping[str, bytes]) -> bytes:
    """Files by name as an archive; the same files give the same bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as into:
        for name, data in files.items():
            into.writestr(zipfile.ZipInfo(name, _WHEN), data, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def kml_from_kmz(data: bytes, where: str) -> bytes:
    """The first KML in a KMZ, unpacked up to a bound. Raises FormatError."""
    found = file_in_archive(data, where, lambda name: name.endswith(".kml"))
    if found is None:
        raise FormatError("holds no KML", where=where, remedy="Save the area again as plain KML")
    return found

"""Paths as KML 2.2 with `gx:Track` (developers.google.com/kml/documentation/kmlreference), playable in time.

Heights are above mean sea level and `altitudeMode` says so (`absolute`). A track of which some height is not
known lies on the ground; headings and figures of which some are not known are left out. A path with gaps is a
`gx:MultiTrack` whose tracks are not joined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

import numpy as np

from telemetry.exports.paths import FlightPath, Floats
from telemetry.exports.recorded import FlightRecord
from telemetry.exports.texts import utc_texts, xml_text

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">
<Document><name>{name}</name>
<Schema id="flight">
<gx:SimpleArrayField name="height_relative_m" type="float">
<displayName>Height above take-off (m)</displayName></gx:SimpleArrayField>
<gx:SimpleArrayField name="ground_speed_m_s" type="float">
<displayName>Ground speed (m/s)</displayName></gx:SimpleArrayField>
</Schema>
"""
_STYLE = "<Style><LineStyle><color>{colour}</color><width>3</width></LineStyle></Style>"
_COLOURS = ("ffa55f0b", "ff0c57c2", "ff5d8011", "ffa03f8b", "ff1a86a8", "ff6b36c2")
"""aabbggrr, one after the other; as in our pictures."""


def write_kml(records: Sequence[FlightRecord], name: str, file: TextIO) -> None:
    """Write a track for each aircraft."""
    file.write(_HEAD.format(name=xml_text(name)))
    for number, record in enumerate(records):
        pieces = record.path.pieces()
        if not pieces:
            continue
        file.write(f"<Placemark><name>{xml_text(record.title)}</name>\n")
        file.write(_STYLE.format(colour=_COLOURS[number % len(_COLOURS)]))
        if len(pieces) > 1:
            file.write(
                "<gx:MultiTrack><altitudeMode>absolute</altitudeMode><gx:interpolate>0</gx:interpolate>\n"
            )
        for piece in pieces:
            file.writelines(_track(record.path, piece))
        file.write("</gx:MultiTrack>\n" if len(pieces) > 1 else "")
        file.write("</Placemark>\n")
    file.write("</Document></kml>\n")


def _track(path: FlightPath, piece: slice) -> Iterator[str]:
    known = bool(np.isfinite(path.height_amsl_m[piece]).all())
    yield f"<gx:Track><altitudeMode>{'absolute' if known else 'clampToGround'}</altitudeMode>\n"
    for time in utc_texts(path.time_s[piece]):
        yield f"<when>{time}</when>\n"
    columns = (each[piece].tolist() for each in (path.lon_deg, path.lat_deg, path.height_amsl_m))
    for lon, lat, amsl in zip(*columns, strict=True):
        yield f"<gx:coord>{lon:.7f} {lat:.7f} {amsl if known else 0:.3f}</gx:coord>\n"
    if np.isfinite(path.heading_deg[piece]).all():
        for heading in path.heading_deg[piece].tolist():
            yield f"<gx:angles>{heading:.2f} 0 0</gx:angles>\n"
    yield '<ExtendedData><SchemaData schemaUrl="#flight">\n'
    for name in ("height_relative_m", "ground_speed_m_s"):
        values: Floats = getattr(path, name)[piece]
        if np.isfinite(values).all():
            yield from _array(name, values)
    yield "</SchemaData></ExtendedData></gx:Track>\n"


def _array(name: str, values: Floats) -> Iterator[str]:
    yield f'<gx:SimpleArrayData name="{name}">\n'
    for value in values.tolist():
        yield f"<gx:value>{value:.3f}</gx:value>\n"
    yield "</gx:SimpleArrayData>\n"

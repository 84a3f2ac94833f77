"""Paths as GPX 1.1 tracks (www.topografix.com/GPX/1/1/gpx.xsd), a segment for each stretch without a gap.

`ele` is above mean sea level, as GPX has it. The height above the take-off point and the heading stand in
`extensions`, the speed there too, as Garmin's TrackPointExtension 2, which other programs read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TextIO

from telemetry.exports.paths import FlightPath
from telemetry.exports.recorded import FlightRecord
from telemetry.exports.texts import utc_texts, xml_text

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="Droneteam" xmlns="http://www.topografix.com/GPX/1/1"
 xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2" xmlns:droneteam="urn:droneteam:gpx:1">
<metadata><name>{name}</name><desc>Times are the recorder's clock, UTC</desc></metadata>
"""


def write_gpx(records: Sequence[FlightRecord], name: str, file: TextIO) -> None:
    """Write a track for each aircraft; what is not known of it is left out."""
    file.write(_HEAD.format(name=xml_text(name)))
    for record in records:
        file.write(f"<trk><name>{xml_text(record.title)}</name>\n")
        for piece in record.path.pieces():
            file.write("<trkseg>\n")
            file.writelines(_points(record.path, piece))
            file.write("</trkseg>\n")
        file.write("</trk>\n")
    file.write("</gpx>\n")


def _points(path: FlightPath, piece: slice) -> Iterator[str]:
    places = [path.lat_deg, path.lon_deg, path.height_amsl_m, path.height_relative_m]
    columns = [*places, path.ground_speed_m_s, path.heading_deg]
    rows = zip(utc_texts(path.time_s[piece]), *(each[piece].tolist() for each in columns), strict=True)
    for time, lat, lon, amsl, relative, speed, heading in rows:
        more = _told("droneteam:height_relative_m", relative, 3) + _told("droneteam:heading_deg", heading, 2)
        if not math.isnan(speed):
            told = (
                f"<gpxtpx:TrackPointExtension>{_told('gpxtpx:speed', speed, 2)}</gpxtpx:TrackPointExtension>"
            )
            more = told + more
        yield (
            f'<trkpt lat="{lat:.7f}" lon="{lon:.7f}">{_told("ele", amsl, 3)}<time>{time}</time>'
            f"{f'<extensions>{more}</extensions>' if more else ''}</trkpt>\n"
        )


def _told(name: str, value: float, digits: int) -> str:
    """An element with a figure; nothing where it is not known."""
    return "" if math.isnan(value) else f"<{name}>{value:.{digits}f}</{name}>"

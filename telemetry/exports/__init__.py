"""Recordings for other programs: GPX, KML, Moving Features, CSV and Parquet.

    recorded -> {gpx, kml, moving_features} of its paths, {message_files} of its messages

What is written is a `Recorded`, whatever kind of file it was read from.
"""

from telemetry.exports.paths import FlightPath
from telemetry.exports.recorded import FlightRecord, Recorded, chosen, open_recorded
from telemetry.exports.writing import KINDS, convert, kind_of

__all__ = ["KINDS", "FlightPath", "FlightRecord", "Recorded", "chosen", "convert", "kind_of", "open_recorded"]

"""Telemetry for years: recordings as Parquet, a dataset a message type, and questions asked of them.

    archive.json                                     what this folder is
    segments/NAME-HASH.json                          one a recording: counts, hashes, and the files made of it
    positions/date=2026-02-23/NAME-HASH.parquet      decoded positions of all aircraft
    messages/ATTITUDE/date=.../NAME-HASH.parquet     every message, fields and units as on the wire
    unknown/date=.../NAME-HASH.parquet               frames of types that the dialect lacks, raw
    foreign_positions/date=.../NAME-HASH.parquet     positions of others: ADS-B, TAK, foreign tracks
    received/date=.../NAME-HASH.parquet              what came beside MAVLink, as it came

A file counts only once its recording's own JSON names it, which is written last.
"""

from telemetry.archive.entries import Entry, Part
from telemetry.archive.reading import Archive, columns_from_table
from telemetry.archive.verifying import Verdict, verify
from telemetry.archive.writing import Added, ArchiveWriter, archive

__all__ = [
    "Added",
    "Archive",
    "ArchiveWriter",
    "Entry",
    "Part",
    "Verdict",
    "archive",
    "columns_from_table",
    "verify",
]

"""`droneteam log convert`: a recording for other programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ops.cli.options import JsonOption
from ops.cli.screen import print_json, say

_TABLES = {"csv", "parquet"}


class ConvertKind(StrEnum):
    """The formats that a recording can be written in."""

    PARQUET = "parquet"
    CSV = "csv"
    GPX = "gpx"
    KML = "kml"
    GEOJSON = "geojson"


def convert(
    recording: Annotated[
        Path, typer.Argument(metavar="FILE", help="A recording (.tlog, .received) or an onboard log (.BIN).")
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="OUT", help="A file; a new folder for csv and parquet."),
    ],
    to: Annotated[
        ConvertKind | None, typer.Option("--to", help="The format; else what the name ends in.")
    ] = None,
    system: Annotated[
        int | None, typer.Option("--system", metavar="NUMBER", help="Only this aircraft; else all.")
    ] = None,
    message: Annotated[
        str | None,
        typer.Option("--message", metavar="NAME", help="csv, parquet: only this type, to a file."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a recording's messages as Parquet or CSV, or its paths as GPX, KML or GeoJSON.

    GPX 1.1 and KML with times and heights above sea level; GeoJSON as OGC Moving Features JSON (19-045r3).
    What was received of others is one table of positions, or paths.
    """
    from telemetry.exports import convert as write
    from telemetry.exports import kind_of, open_recorded
    from telemetry.exports.received_records import POSITIONS
    from telemetry.received.reading import is_received

    kind = kind_of(output, to.value if to else None)
    if is_received(recording) and kind in _TABLES:
        message = POSITIONS  # all that there is: one table, to a file
    done = write(open_recorded(recording), output, kind, system=system, message=message)
    if as_json:
        print_json({"path": str(output), "format": kind, "what": done.what, "counts": done.counts})
        return
    total = sum(done.counts.values())
    of = f"{len(done.counts)} types" if done.what == "messages" else f"{len(done.counts)} aircraft"
    say(f"Wrote {output}: {total} {done.what} of {of}")

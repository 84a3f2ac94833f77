"""One recording into one format: which there are, and which a name asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from missions.errors import InputError
from missions.files import writing_whole
from telemetry.exports.gpx import write_gpx
from telemetry.exports.kml import write_kml
from telemetry.exports.message_files import (
    Write,
    tables_of,
    write_all,
    write_csv_file,
    write_one,
    write_parquet_file,
)
from telemetry.exports.moving_features import write_moving_features
from telemetry.exports.recorded import FlightRecord, Recorded, chosen

_PATHS: dict[str, Callable[[Sequence[FlightRecord], str, TextIO], None]] = {
    "gpx": write_gpx,
    "kml": write_kml,
    "geojson": write_moving_features,
}
_MESSAGES: dict[str, Write] = {"csv": write_csv_file, "parquet": write_parquet_file}
KINDS = (*_MESSAGES, *_PATHS)
"""The formats by their names, which are their suffixes too."""
_SUFFIXES = {f".{kind}": kind for kind in KINDS} | {".json": "geojson"}


@dataclass(frozen=True, slots=True)
class Converted:
    """What was written: of what (an aircraft's positions, or messages by type) how many."""

    what: str
    counts: dict[str, int]


def kind_of(output: Path, kind: str | None) -> str:
    """The format that was asked for, else the one that a name's suffix says. Raises InputError."""
    found = kind or _SUFFIXES.get(output.suffix.lower())
    if found is None:
        raise InputError(
            "the name does not say the format",
            where=str(output),
            remedy=f"Give --to, one of {', '.join(KINDS)}, or a name that ends in one",
        )
    return found


def convert(
    recorded: Recorded, output: Path, kind: str, *, system: int | None = None, message: str | None = None
) -> Converted:
    """Write a recording as one of `KINDS`: paths to a file, messages to a folder of a file each.

    `system` keeps one aircraft, `message` writes that type alone, to a file. Raises InputError where the
    recording lacks what is asked for, and OutputError.
    """
    if kind in _PATHS:
        return _paths(recorded, output, kind, system, message)
    tables = tables_of(recorded, system)
    if not tables:
        chosen(recorded, system)
        raise InputError("there is no message in the recording", where=recorded.name)
    write = _MESSAGES[kind]
    if message is not None:
        return Converted(
            "messages", {message.upper(): write_one(tables, message, recorded.name, output, write)}
        )
    write_all(tables, output, f".{kind}", write)
    return Converted("messages", {name: len(tables[name]) for name in sorted(tables)})


def _paths(recorded: Recorded, output: Path, kind: str, system: int | None, message: str | None) -> Converted:
    if message is not None:
        raise InputError(
            f"{kind} holds paths, no messages", where="--message", remedy="Choose csv or parquet for messages"
        )
    records = [record for record in chosen(recorded, system) if len(record.path)]
    if not records:
        raise InputError(
            "no position of an aircraft is in the recording",
            where=recorded.name,
            remedy="Give the recording of a flight; csv and parquet hold what else is in it",
        )
    with writing_whole(output) as temporary, temporary.open("w", encoding="utf-8") as file:
        _PATHS[kind](records, recorded.name, file)
    return Converted("positions", {record.id: len(record.path) for record in records})

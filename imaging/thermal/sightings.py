"""Every sighting of every find as a line of JSON, in a file beside the document, which holds a few of each.

    finds.geojson               a find with its clearest sightings, and how many there are
    finds_sightings.jsonl       {"find": "find-001", "frame": ..., "sha256": ..., "time": ..., ...}

The document names the file with the SHA-256 of so many of its bytes, so what a stream adds to it while the
document is not written anew breaks nothing. A document that names none holds all sightings itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from imaging.thermal.find import Find
from imaging.thermal.tracks import Sighting, clearness
from missions.errors import FormatError, InputError

SUFFIX = "_sightings.jsonl"
FEW = 3
"""So many of a find's sightings, the clearest, stand in the document too."""
LONGEST_LINE_BYTES = 4000
LIMIT_BYTES = 4_000_000_000
Row = dict[str, Any]
Document = dict[str, Any]
_REMEDY = "Restore the file that was written with these finds, or run the search again"


@dataclass(frozen=True, slots=True)
class Written:
    """How much of a file of sightings belongs to a document: bytes, lines, and the SHA-256 of those bytes."""

    file: str
    bytes: int
    lines: int
    sha256: str

    def told(self) -> dict[str, Any]:
        """As the document says it."""
        return asdict(self)


def sightings_path(document: Path) -> Path:
    """Where the sightings of a document of finds are."""
    return document.with_name(document.stem + SUFFIX)


def few(find: Find) -> list[Sighting]:
    """A find's clearest sightings, in order of time."""
    best = sorted(range(len(find.sightings)), key=lambda n: clearness(find.sightings[n]), reverse=True)[:FEW]
    return [find.sightings[n] for n in sorted(best)]


def row_of(seen: Sighting) -> Row:
    """A sighting as a document and a file of sightings tell it (docs/heat.md)."""
    return {
        "frame": seen.frame,
        "sha256": seen.sha256,
        "time": utc(seen.time_s),
        "col_px": round(float(seen.spot.col), 2),
        "row_px": round(float(seen.spot.row), 2),
        "box_px": [int(each) for each in seen.spot.box],
        "contrast": round(float(seen.spot.contrast), 3),
        "value": round(float(seen.spot.value), 3),
        "score": round(float(seen.spot.score), 5),
        "lon_deg": round(seen.point.place.lon_deg, 8),
        "lat_deg": round(seen.point.place.lat_deg, 8),
        "pose": seen.pose_source,
    }


def line_of(find: str, seen: Sighting) -> bytes:
    """A line of the file."""
    return orjson.dumps({"find": find, **row_of(seen)}) + b"\n"


class Sink:
    """Takes lines for a file that is open for writing, and knows what it holds."""

    def __init__(self, path: Path, file: Any) -> None:
        self._path, self._file = path, file
        self._hash, self._bytes, self._lines = hashlib.sha256(), 0, 0

    def add(self, find: str, sightings: Iterable[Sighting]) -> None:
        """These sightings of a find, all or none of them. Raises OSError."""
        lines = [line_of(find, seen) for seen in sightings]
        whole = b"".join(lines)
        try:
            self._file.write(whole)
            self._file.flush()
        except OSError:
            with suppress(OSError):  # a disk that is full holds half a line
                self._file.truncate(self._bytes)
            raise
        self._hash.update(whole)
        self._bytes += len(whole)
        self._lines += len(lines)

    @property
    def full(self) -> bool:
        """Whether the file holds as much as is read."""
        return self._bytes > LIMIT_BYTES - LONGEST_LINE_BYTES * 1000

    def written(self) -> Written:
        """What it holds by now."""
        return Written(self._path.name, self._bytes, self._lines, self._hash.hexdigest())


def sightings_of(
    document: Document, path: Path, names: Collection[str] | None = None
) -> dict[str, list[Row]]:
    """All sightings of the finds of these names (of all), by find, of a document at `path`.

    Raises FormatError where its file of sightings is gone or is not the one that it names.
    """
    inside = _inside(document, names)
    told = document.get("sightings_file")
    if not told:
        return inside
    count, digest, lines = _named(told, path)
    where = path.with_name(Path(str(told["file"])).name)
    found: dict[str, list[Row]] = {name: [] for name in inside}
    for row in _rows(where, count, digest, lines, names):
        if (of := found.get(str(row.pop("find", "")))) is not None:
            of.append(row)
    return found


def rows_by_now(path: Path, name: str) -> list[Row]:
    """The sightings of a find in a file that is still written to; a line that is half written is left out."""
    found, marked = list[Row](), f'"{name}"'.encode()
    with suppress(OSError, ValueError), path.open("rb") as file:
        while line := file.readline(LONGEST_LINE_BYTES):
            row = orjson.loads(line) if marked in line else None
            if isinstance(row, dict) and row.pop("find", "") == name:
                found.append(row)
    return found


def with_all_sightings(document: Document, path: Path, names: Collection[str]) -> tuple[Document, str]:
    """The document with all sightings of these finds in it; as it was, and why, where they cannot be had."""
    if not document.get("sightings_file") or not names:
        return document, ""
    try:
        whole = sightings_of(document, path, names)
    except (FormatError, InputError) as error:
        return document, str(error)
    features = []
    for feature in document["features"]:
        properties = feature.get("properties") or {}
        rows = whole.get(str(properties.get("find"))) if properties.get("kind") == "find" else None
        features.append({**feature, "properties": {**properties, "sightings": rows}} if rows else feature)
    return {**document, "features": features}, ""


def _inside(document: Document, names: Collection[str] | None) -> dict[str, list[Row]]:
    """The sightings that the document itself holds."""
    found: dict[str, list[Row]] = {}
    for feature in document["features"]:
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if isinstance(properties, dict) and properties.get("kind") == "find":
            name, rows = str(properties.get("find")), properties.get("sightings")
            if names is None or name in names:
                found[name] = [r for r in rows if isinstance(r, dict)] if isinstance(rows, list) else []
    return found


def _named(told: object, path: Path) -> tuple[int, str, int]:
    """How many bytes and lines the document says, and their hash."""
    with suppress(KeyError, TypeError, ValueError):
        if isinstance(told, dict) and isinstance(told["file"], str):
            count, lines = int(told["bytes"]), int(told["lines"])
            if 0 <= count <= LIMIT_BYTES and 0 <= lines <= count:
                return count, str(told["sha256"]), lines
    raise FormatError("names no file of sightings", where=str(path), remedy=_REMEDY)


def _rows(where: Path, count: int, digest: str, lines: int, names: Collection[str] | None) -> Sequence[Row]:
    """The wanted rows of the first `count` bytes, once all of these are known to be what was written."""
    wanted = None if names is None or len(names) > FEW else [f'"{name}"'.encode() for name in names]
    found, taken, read, hashed = list[Row](), 0, 0, hashlib.sha256()
    try:
        with where.open("rb") as file:
            while taken < count and (line := file.readline(LONGEST_LINE_BYTES)):
                hashed.update(line)
                taken, read = taken + len(line), read + 1
                if wanted is None or any(each in line for each in wanted):
                    row = orjson.loads(line)
                    if isinstance(row, dict):
                        found.append(row)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "a line is no JSON"
        raise FormatError(
            f"the file of sightings cannot be read ({reason})", where=str(where), remedy=_REMEDY
        ) from error
    if taken != count or read != lines or hashed.hexdigest() != digest:
        raise FormatError(
            "is not the file of sightings that was written with these finds", where=str(where), remedy=_REMEDY
        )
    return found


def utc(time_s: float | None) -> str | None:
    """Seconds since 1970 as ISO 8601, UTC, to the millisecond."""
    if time_s is None:
        return None
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

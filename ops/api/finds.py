"""Finds as the page shows them, from the GeoJSON that the search wrote."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from imaging.thermal.find import Decision
from missions.errors import FormatError
from missions.files import read_bounded
from ops.api.models import Ellipse, FindReport
from ops.live_finds import LiveFind

LIMIT_BYTES = 50_000_000


def find_reports(path: Path, name: str) -> tuple[FindReport, ...]:
    """Every find with a place. Raises FormatError where the file is no GeoJSON of points."""
    try:
        document = json.loads(read_bounded(path, LIMIT_BYTES, "the finds"), parse_constant=_refuse)
        features = document["features"]
        return tuple(
            _report(feature, f"{name}#{number}", name)
            for number, feature in enumerate(features, 1)
            if (feature.get("geometry") or {}).get("type") == "Point"
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise FormatError("is no GeoJSON of finds", where=str(path), remedy="Run the search again") from error


def with_decisions(report: FindReport, decisions: Mapping[str, Sequence[Decision]]) -> FindReport:
    """The find with what people decided of it after it was written, by the finds' names."""
    made = decisions.get(report.name, ())
    if not made:
        return report
    before = report.properties.get("history")
    history = [*(before if isinstance(before, list) else []), *map(asdict, made)]
    properties = {**report.properties, "state": made[-1].state, "history": history}
    return report.model_copy(update={"state": made[-1].state, "properties": properties})


def live_find_report(find: LiveFind) -> FindReport:
    """A find of a live stream, with what was decided of it."""
    history = [asdict(each) for each in find.history]
    return FindReport(
        id=find.id,
        name=find.name,
        source=find.source,
        state=find.state,
        lat_deg=find.lat_deg,
        lon_deg=find.lon_deg,
        ellipse95=_ellipse(find.properties.get("ellipse95")),
        properties={**find.properties, "state": find.state, "history": history},
        thumbnail_url=f"{thumbnail_url(find.id)}&v={find.pictures}" if find.thumbnail else None,
        vehicle=find.vehicle,
        seen_s=find.frame_s,
    )


def coarse(find: FindReport) -> FindReport:
    """The find with its place to a metre and its ellipse to whole metres."""
    ellipse = find.ellipse95 and find.ellipse95.model_copy(
        update={
            "semi_major_m": float(math.ceil(find.ellipse95.semi_major_m)),
            "semi_minor_m": float(math.ceil(find.ellipse95.semi_minor_m)),
        }
    )
    place = {"lat_deg": round(find.lat_deg, 5), "lon_deg": round(find.lon_deg, 5)}
    return find.model_copy(update={**place, "ellipse95": ellipse})


def thumbnail_url(find_id: str) -> str:
    """Where a find's thumbnail can be had."""
    return f"/api/finds/thumbnail?id={quote(find_id, safe='')}"


def thumbnail_path(find: FindReport) -> str | None:
    """The path in the operation of a find's thumbnail, as its document names it."""
    named = find.properties.get("thumbnail")
    if not isinstance(named, str) or not named.endswith(".png"):
        return None
    return (PurePosixPath(find.source).parent / named).as_posix()


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _report(feature: dict[str, Any], find_id: str, source: str) -> FindReport:
    lon, lat = (float(each) for each in feature["geometry"]["coordinates"][:2])
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise ValueError(f"longitude {lon}, latitude {lat} is not a place")
    properties = dict(feature.get("properties") or {})
    return FindReport(
        id=find_id,
        name=str(feature.get("id") or f"find {find_id.rsplit('#', 1)[-1]}"),
        source=source,
        state=str(properties.get("state", "proposed")),
        lat_deg=lat,
        lon_deg=lon,
        ellipse95=_ellipse(properties.get("ellipse95")),
        properties=properties,
    )


def _ellipse(found: dict[str, Any] | None) -> Ellipse | None:
    if not found:
        return None
    return Ellipse(
        semi_major_m=float(found["semi_major_m"]),
        semi_minor_m=float(found["semi_minor_m"]),
        bearing_deg=float(found["bearing_deg"]),
    )

"""Finds as the page shows them, from the GeoJSON that the search wrote."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from imaging.thermal.find import Decision
from imaging.thermal.reviewing import Document, history_of
from missions.errors import FormatError
from ops.api.models import Ellipse, FindReport
from ops.live_finds import LiveFind
from ops.live_finds_earlier import EarlierFinds, live_id_of

NOT_LISTED = frozenset({"sightings", "covariance_en_m2"})
"""Of a find's properties; `GET /api/finds/sightings` gives its sightings."""


def find_reports(document: Document, name: str) -> tuple[FindReport, ...]:
    """Every find with a place of a document. Raises FormatError where it is no GeoJSON of points."""
    try:
        return tuple(
            _report(feature, f"{name}#{number}", name)
            for number, feature in enumerate(document["features"], 1)
            if (feature.get("geometry") or {}).get("type") == "Point"
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise FormatError("is no GeoJSON of finds", where=name, remedy="Run the search again") from error


def with_history(find: FindReport, history: Sequence[Decision]) -> FindReport:
    """The find with everything that people decided of it, oldest first."""
    if not history:
        return find
    state = history[-1].state
    properties = {**find.properties, "state": state, "history": [asdict(each) for each in history]}
    return find.model_copy(update={"state": state, "properties": properties})


def history_told(find: FindReport) -> tuple[Decision, ...]:
    """What people decided of it, as it tells itself."""
    return history_of(find.properties)


def live_find_report(find: LiveFind) -> FindReport:
    """A find of a live stream, with what was decided of it."""
    history, seen = [asdict(each) for each in find.history], find.acknowledged
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
        calls=find.calls,
        acknowledged="" if seen is None else f"{seen.by}: {seen.why}",
    )


def with_earlier(entered: tuple[FindReport, ...], earlier: EarlierFinds) -> tuple[FindReport, ...]:
    """The finds that entered; of those of services that ended with who saw them, and which still call."""
    calling = {each.id: each.seen.vehicle for each in earlier.calling()}
    if not calling and not earlier.acknowledged:
        return entered
    told = []
    for find in entered:
        seen = earlier.acknowledged.get(live_id_of(find))
        update: dict[str, Any] = {} if seen is None else {"acknowledged": f"{seen.by}: {seen.why}"}
        if find.id in calling:
            update = {"calls": "together", "vehicle": calling[find.id]}
        told.append(find.model_copy(update=update) if update else find)
    return tuple(told)


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


def _report(feature: dict[str, Any], find_id: str, source: str) -> FindReport:
    lon, lat = (float(each) for each in feature["geometry"]["coordinates"][:2])
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise ValueError(f"longitude {lon}, latitude {lat} is not a place")
    told = dict(feature.get("properties") or {})
    properties = {key: value for key, value in told.items() if key not in NOT_LISTED}
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

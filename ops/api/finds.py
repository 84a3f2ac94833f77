"""Finds as the page shows them, from the GeoJSON that the search wrote."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from imaging.thermal.find import Decision
from missions.errors import FormatError
from missions.files import read_bounded
from ops.api.models import Ellipse, FindReport

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

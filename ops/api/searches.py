"""Search maps as the page shows them, from the contours that lie beside each map."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from missions.bounded_json import check_values
from missions.errors import FormatError
from missions.files import read_bounded
from ops.api.models import LiveSearchReport, PassesReport, SearchReport
from ops.live_search import LiveSearch

LIMIT_BYTES = 50_000_000
ROLES = frozenset({"search-contour", "last-seen"})


def search_reports(path: Path, name: str) -> tuple[SearchReport, ...]:
    """The map whose contours are in the file; none in other GeoJSON, such as areas to search next.

    Raises FormatError where they are broken.
    """
    try:
        text = read_bounded(path, LIMIT_BYTES, "the contours").decode()
        check_values(text, str(path))
        document = json.loads(text, parse_constant=_refuse)
        if "search_map" not in document:
            return ()
        about = document["search_map"]
        features = [_feature(each) for each in document["features"]]
        report = SearchReport(
            id=name,
            name=str(document.get("name") or Path(name).stem),
            created=str(about["created"]),
            outside=float(about["outside"]),
            examples=tuple(map(str, about["examples"])),
            searched=_passes(about.get("searched")),
            drawing={"type": "FeatureCollection", "features": features},
        )
        return (report,)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(
            "is no search map's contours", where=str(path), remedy="Make the map again"
        ) from error


def live_search_report(search: LiveSearch) -> SearchReport | None:
    """The map that goes on live; None until the first frame was counted or it is known why none can be."""
    counted = search.counted
    if not counted.drawing and not counted.problem:
        return None
    about = counted.drawing.get("search_map", {})
    worth = counted.figures
    return SearchReport(
        id="live",
        name=str(counted.drawing.get("name") or search.search_map.stem),
        created=str(about.get("created", "")),
        outside=float(about.get("outside", 0.0)),
        examples=tuple(map(str, about.get("examples", ()))),
        drawing={"type": "FeatureCollection", "features": counted.drawing.get("features", [])},
        live=LiveSearchReport(
            updated_s=counted.at_s or None,
            frames=counted.frames,
            pos=worth.get("pos", 0.0),
            pod=worth.get("mean_pod", 0.0),
            poa=worth.get("searched_poa", 0.0),
            cumulative_pos=worth.get("cumulative_pos", 0.0),
            left=worth.get("left", 1.0),
            problem=counted.problem,
        ),
    )


def _passes(told: dict[str, Any] | None) -> PassesReport | None:
    """None too in contours of an older program, which told nothing of passes."""
    if told is None:
        return None
    chances = {name: float(told[name]) for name in ("pos", "cumulative_pos", "left")}
    return PassesReport(passes=int(told["passes"]), **chances)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _feature(feature: dict[str, Any]) -> dict[str, Any]:
    if feature["properties"]["role"] not in ROLES or "coordinates" not in feature["geometry"]:
        raise ValueError("no contour and no place")
    return feature

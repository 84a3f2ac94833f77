"""What a search map says, on the screen."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.cli.screen import facts, out, print_json, say, table

if TYPE_CHECKING:
    from shapely import MultiPolygon, Polygon

    from missions.search.contours import Region
    from missions.search.search_map import SearchMap

    Shares = Sequence[tuple[str, Polygon | MultiPolygon]] | None


def show(made: SearchMap, target: Path, segments: Shares, *, as_json: bool) -> None:
    """Print hypotheses, rings, the best regions, and the segments if any were named."""
    from missions.search.contours import regions

    places = regions(made.chances)
    rows = _segment_rows(made, segments)
    if as_json:
        print_json(_document(made, target, places, rows))
        return
    grid = made.mixture.grid
    stated = [
        ("Cells", f"{grid.rows} x {grid.columns} of {grid.cell_m:g} m"),
        ("Outside the map", f"{100 * made.chances.outside:.1f} %"),
        *(
            (f"{100 * each.weight:.1f} %", f"{each.name}{_source(each.told)}")
            for each in made.mixture.hypotheses
        ),
    ]
    out().print(facts(made.name, stated))
    if made.rings:
        heads = ("Hypothesis", "#People", "#Within m", "#On this map")
        rings = [
            (
                each.hypothesis,
                f"{100 * each.share:.0f} %",
                f"{each.distance_m:.0f}",
                f"{100 * each.poa:.1f} %",
            )
            for each in made.rings
        ]
        out().print(table("Rings around the planning point", heads, rings))
    columns = ("#No", "Latitude", "Longitude", "#Chance", "#Area km²", "#Chance a km²")
    out().print(table("The likeliest ground", columns, [_row(n, at) for n, at in enumerate(places, 1)]))
    if rows:
        shown = [
            (name, f"{100 * poa:.1f} %", f"{km2:.3f}", f"{100 * poa / km2:.1f} %") for name, poa, km2 in rows
        ]
        out().print(table("Segments", ("Segment", "#Chance", "#Area km²", "#Chance a km²"), shown))
    for note in made.notes:
        say(note)
    if made.examples:
        say("THIS MAP RESTS ON MADE-UP FIGURES: give your own with --categories before it is searched by")
    say(f"Wrote {target} and beside it .tif, .geojson and .png. Little chance is not none.")


def _source(told: dict[str, Any]) -> str:
    return f" ({told['category']}: {told['source']})" if told.get("kind") == "category" else ""


def _row(number: int, at: Region) -> tuple[object, ...]:
    place = f"{at.middle.lat_deg:.5f}", f"{at.middle.lon_deg:.5f}"
    return number, *place, f"{100 * at.poa:.1f} %", f"{at.area_km2:.2f}", f"{100 * at.poa_per_km2:.1f} %"


def _segment_rows(made: SearchMap, segments: Shares) -> list[tuple[str, float, float]]:
    """Name, POA and km² of every segment, the likeliest first."""
    rows = [(name, made.chances.poa(shape), shape.area / 1e6) for name, shape in segments or ()]
    return sorted(rows, key=lambda row: -row[1])


def _document(
    made: SearchMap, target: Path, places: Sequence[Region], rows: list[tuple[str, float, float]]
) -> dict[str, Any]:
    grid = made.mixture.grid
    return {
        "map": str(target),
        "name": made.name,
        "created": made.created,
        "cells": [grid.rows, grid.columns],
        "cell_m": grid.cell_m,
        "outside": made.chances.outside,
        "examples": list(made.examples),
        "hypotheses": [
            {"name": each.name, "weight": each.weight, "outside": each.chances.outside, **each.told}
            for each in made.mixture.hypotheses
        ],
        "rings": [dataclasses.asdict(each) for each in made.rings],
        "regions": [{**dataclasses.asdict(each), "poa_per_km2": each.poa_per_km2} for each in places],
        "segments": [{"name": name, "poa": poa, "area_km2": km2} for name, poa, km2 in rows],
        "notes": list(made.notes),
    }

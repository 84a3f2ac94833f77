"""What a search map costs: processor seconds of making, writing, reading and drawing it, by its cells.

    python -m tests.bench.bench_search_map

Three hypotheses, two roads, a lake, a wood and a river that is not crossed, 13.4 km on a side.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from missions.search.case import read_case
from missions.search.contours import contours, regions
from missions.search.making import make_map
from missions.search.map_file import read_map, write_map
from ops.reports.search_picture import png_of_search

CASE = """
name = "Bench"
weights = "weights.toml"
[last_seen]
place = [52.07, 5.72]
within_m = 100
[grid]
side_km = 13.4
[[hypothesis]]
name = "lost walker"
weight = 60
category = "example-walker"
direction_deg = 40
[[hypothesis]]
name = "home by the road"
weight = 30
route = "way.geojson"
offset_m = 30
[[hypothesis]]
name = "left by car"
weight = 10
outside = true
[[layer]]
file = "ground.geojson"
"""
WEIGHTS = """
[class.water]
weight = 0
[class.road]
weight = 3
buffer_m = 10
offset_m = 60
[class.river]
barrier = true
[class.wood]
weight = 1.5
"""
ROAD = [[5.66, 52.09], [5.70, 52.075], [5.72, 52.07], [5.76, 52.06], [5.80, 52.05]]
GROUND = (
    ("road", "LineString", ROAD),
    ("road", "LineString", [[5.71, 52.12], [5.715, 52.09], [5.73, 52.03]]),
    ("river", "LineString", [[5.695, 52.0], [5.695, 52.06], [5.69, 52.10]]),
    ("water", "Polygon", [[[5.735, 52.078], [5.76, 52.08], [5.755, 52.09], [5.735, 52.078]]]),
    ("wood", "Polygon", [[[5.68, 52.04], [5.71, 52.035], [5.715, 52.06], [5.68, 52.04]]]),
)
T = TypeVar("T")


def feature(kind: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def timed(what: str, work: Callable[[], T]) -> T:
    begin_s = time.process_time()
    found = work()
    print(f"  {what:<10} {time.process_time() - begin_s:6.2f} s")
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ground = [feature(kind, places, **{"class": named}) for named, kind, places in GROUND]
        (folder / "ground.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": ground}))
        (folder / "way.geojson").write_text(json.dumps(feature("LineString", ROAD[2:])))
        (folder / "weights.toml").write_text(WEIGHTS)
        (folder / "case.toml").write_text(CASE)
        case = read_case(folder / "case.toml")
        make_map(dataclasses.replace(case, cell_m=200.0), "")  # compiles
        for cell_m in (50.0, 20.0, 6.71):
            measure(folder, cell_m)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"highest memory {peak_mb:.0f} MB")


def measure(folder: Path, cell_m: float) -> None:
    case = dataclasses.replace(read_case(folder / "case.toml"), cell_m=cell_m)
    print(f"cells of {cell_m} m")
    made = timed("make", lambda: make_map(case, ""))
    print(f"  {made.mixture.grid.rows} x {made.mixture.grid.columns} cells")
    _, raster = timed("write", lambda: write_map(made, folder / "map.json"))
    timed("read", lambda: read_map(folder / "map.json"))
    drawn = timed("contours", lambda: contours(made.chances))
    timed("picture", lambda: png_of_search(made, drawn, regions(made.chances)))
    print(f"  {raster.stat().st_size / 1e6:.1f} MB")
    print("  rings " + ", ".join(f"{ring.share:.2f} {ring.poa:.4f}" for ring in made.rings))


if __name__ == "__main__":
    main()

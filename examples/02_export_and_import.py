"""The plan for other programs, and what comes back from them."""

import sys
from pathlib import Path

from missions import catalogue
from missions.formats import area_from_geojson, export_plan, import_plan
from missions.plan_items import mission_items
from missions.search_plan import plan_search

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
corners = [[5.800, 52.090], [5.803, 52.090], [5.803, 52.092], [5.800, 52.092], [5.800, 52.090]]
plan = plan_search(
    area_from_geojson({"type": "Polygon", "coordinates": [corners]}, "a field", "field"),
    catalogue.aircraft("ardupilot-copter"),
    catalogue.camera("demo-wide"),
    created="2026-01-01T00:00:00Z",
)

sent = mission_items(plan)
for kind in ("plan", "waypoints", "kml", "kmz", "gpx", "geojson"):
    path = folder / f"field.{kind}"
    path.write_bytes(export_plan(plan, kind))
    back = import_plan(path)
    print(f"{kind}: {path.stat().st_size} bytes, {len(back.items)} items back of {len(sent)}")
    assert len(back.items) == len(sent)

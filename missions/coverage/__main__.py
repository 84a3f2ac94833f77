"""`python -m missions.coverage POLYGONS.json --lane 40 -o ROUTES.json`: routes for a benchmark.

POLYGONS holds {name: [border, hole, ...]} with rings of [east, north] in metres. ROUTES gets, for each
name, the path flown, the legs on which the sensor records, and the seconds that planning took.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from shapely import Polygon

from missions.coverage import Settings, Swath, cover
from missions.errors import DroneteamError
from missions.files import read_bounded, write_whole


def main() -> int:
    """Plan every polygon in the file."""
    parser = argparse.ArgumentParser(prog="python -m missions.coverage", description=__doc__)
    parser.add_argument("polygons", type=Path)
    parser.add_argument("--lane", type=float, default=40.0, help="lane spacing and footprint, metres")
    parser.add_argument("--turn", type=float, default=5.0, help="metres of flight that a turn counts for")
    parser.add_argument("-o", "--out", type=Path, required=True)
    chosen = parser.parse_args()
    settings = Settings(swath=Swath(chosen.lane, chosen.lane / 2), turn_m=chosen.turn)
    routes = {}
    for name, rings in json.loads(read_bounded(chosen.polygons, 100_000_000, "polygons")).items():
        began = time.perf_counter()
        route = cover(Polygon(rings[0], rings[1:]), settings).route
        routes[name] = {
            "path": route.points.round(3).tolist(),
            "legs": route.legs.round(3).tolist(),
            "seconds": round(time.perf_counter() - began, 2),
        }
    write_whole(chosen.out, json.dumps(routes).encode())
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DroneteamError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)

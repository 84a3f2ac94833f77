"""`python -m missions.coverage POLYGONS.json --lane 40 -o ROUTES.json`: routes for a benchmark.

POLYGONS holds {name: [border, hole, ...]} with rings of [east, north] in metres, closed or not, either way
round; an area of several parts is a list of those. ROUTES gets, for each name, the path flown, the legs on
which the sensor records, and the seconds that planning took. A polygon that cannot be planned is named, with
the reason, and the others are written: the exit code is then 1. What is wrong with the whole file, or with an
option, is exit code 2 and nothing is written; nor is anything by a run that is interrupted.
"""

from __future__ import annotations

import argparse
import logging
import math
import sys
import time
from pathlib import Path
from typing import Any

from missions.coverage import Coverage, Settings, Swath, cover
from missions.coverage.polygons import polygon_of, polygons_in, routes_file
from missions.errors import AreaError, DroneteamError
from missions.files import read_bounded, write_whole

_LIMIT_BYTES = 100_000_000
_log = logging.getLogger("missions.coverage")


def main(arguments: list[str] | None = None) -> int:
    """Plan every polygon in the file; the exit code."""
    chosen = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    settings = Settings(
        swath=Swath(chosen.lane, chosen.lane / 2), turn_m=chosen.turn, bearing_deg=chosen.bearing
    )
    routes: dict[str, dict[str, Any]] = {}
    failed = []
    try:
        polygons = polygons_in(read_bounded(chosen.polygons, _LIMIT_BYTES, "polygons"), str(chosen.polygons))
        for name, rings in polygons.items():
            try:
                routes[name] = _planned(name, rings, settings)
            except (DroneteamError, ValueError, ArithmeticError) as error:
                failed.append(name)
                _log.error("%s", _told(name, error))
        write_whole(chosen.out, routes_file(routes))
    except DroneteamError as error:
        _log.error("%s", error)
        return error.exit_code
    except KeyboardInterrupt:
        _log.error("Interrupted: nothing was written.")
        return 130
    if failed:
        _log.error("%d of %d polygons have no route: %s", len(failed), len(polygons), ", ".join(failed))
    return 1 if failed else 0


def _planned(name: str, rings: object, settings: Settings) -> dict[str, Any]:
    began = time.perf_counter()
    coverage = cover(polygon_of(rings, name), settings)
    seconds = time.perf_counter() - began
    route = coverage.route
    _log.info("%s", _summary(name, coverage, seconds))
    return {"path": route.points.tolist(), "legs": route.legs.tolist(), "seconds": round(seconds, 3)}


def _summary(name: str, coverage: Coverage, seconds: float) -> str:
    crossing = " (its parts are joined over ground outside)" if coverage.route.outside.any() else ""
    return (
        f"{name}: {coverage.route.length_m:.0f} m in {len(coverage.route.legs)} legs, "
        f"{100 * coverage.seen:.2f} % seen, {seconds:.2f} s{crossing}"
    )


def _told(name: str, error: Exception) -> str:
    if isinstance(error, AreaError) and not error.where:
        return str(AreaError(error.what, where=name, remedy=error.remedy))
    return str(error) if isinstance(error, DroneteamError) else f"{name}: cannot be planned ({error})."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m missions.coverage", description=__doc__)
    parser.add_argument("polygons", type=Path)
    parser.add_argument("--lane", type=_metres, default=40.0, help="lane spacing and footprint, metres")
    parser.add_argument("--turn", type=_metres_or_none, default=5.0, help="metres that a turn counts for")
    parser.add_argument("--bearing", type=_degrees, help="the lanes' bearing, degrees; the best if left out")
    parser.add_argument("-o", "--out", type=Path, required=True)
    return parser


def _metres(text: str) -> float:
    value = float(text)
    if not 0.1 <= value <= 10_000:
        raise argparse.ArgumentTypeError(f"{text} is not 0.1 to 10000 metres")
    return value


def _metres_or_none(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 10_000:
        raise argparse.ArgumentTypeError(f"{text} is not 0 to 10000 metres")
    return value


def _degrees(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text} is no bearing")
    return value % 180


if __name__ == "__main__":
    sys.exit(main())

"""What every test may ask for."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.sharing import made_once

if TYPE_CHECKING:
    from missions.plan import Plan

ROOT = Path(__file__).parent.parent

# a worker has one core: threads that wait for one another in small sums take it eight times as long
# (set before NumPy is loaded, for this process and the commands that it runs)
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a job in a shell's background ignores Ctrl-C, and so would every process that the tests interrupt
    signal.signal(signal.SIGINT, signal.default_int_handler)


CAMPAIGN_S = 7200
"""A campaign runs for hours, however it is started."""


LONGEST_FIRST = (
    "ops/test_demo.py",
    "sitl/test_proof_flown.py",
    "ops/test_many_copters.py",
    "sitl/test_contract_flight.py",
    "ops/test_web_replay.py",
    "imaging/test_resume.py",
    "sitl/test_energy_flown.py",
    "ops/test_web.py",
    "sitl/test_patterns_on_autopilots.py",
    "ops/test_interrupt.py",
    "ops/test_api_marking.py",
    "ops/test_bad_input.py",
)
"""Files that take a worker half a minute and more, the longest first: none is begun when the rest is done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; campaigns get their own limit of time, other tests that of pyproject.toml."""
    rank = {ROOT / "tests" / name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))
    for item in items:
        if item.get_closest_marker("campaign") is not None:
            item.add_marker(pytest.mark.timeout(CAMPAIGN_S))


def shared_folder() -> Path:
    """Real data: $DRONETEAM_SHARED, else `shared` beside the repository; the folder itself or its `data`."""
    folder = Path(os.environ.get("DRONETEAM_SHARED") or ROOT.parent / "shared")
    return folder / "data" if (folder / "data").is_dir() else folder


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Gives the path of a file or folder of real data; skips, saying so, where it is absent."""

    def path_of(name: str) -> Path:
        path = shared_folder() / name
        if not path.exists():
            pytest.skip(f"real data {name} is not in {shared_folder()}: set DRONETEAM_SHARED to where it is")
        return path

    return path_of


# One plan of each pattern and of each thing that a plan can hold, small ones round one place.

_BORDER = "4.350,52.0 4.3557,52.0 4.3557,52.0018 4.3529,52.0018 4.3529,52.0038 4.35,52.0038"
_HOLE = "4.3508,52.0005 4.3508,52.001 4.3518,52.001 4.3518,52.0005"
_NO_FLY = "4.353,52.0005 4.354,52.0005 4.354,52.0012 4.353,52.0012"
_ROAD = "4.350,52.0 4.353,52.001 4.356,52.0005 4.358,52.003"
_WATCHED = "4.351,52.0005 4.354,52.001 4.353,52.003"
_PATTERNS = {
    "search": "search area.json",
    "search over terrain": "search area.json --terrain hills.tif",
    "search round a zone": "search area.json --no-fly zone.json --take-off 51.9995,4.3495 --wind 5,240",
    "creeping line": "creeping-line area.json --side n",
    "contour": "contour area.json --terrain hills.tif",
    "perimeter": "perimeter area.json --look inwards --inset 5 --laps 2",
    "photo grid": "photo-grid area.json --crosshatch --height 90",
    "expanding square": "expanding-square --at 52.0015,4.3535 --radius 120 --port",
    "sector": "sector --at 52.0015,4.3535 --radius 150",
    "spiral": "spiral --at 52.0015,4.3535 --radius 120",
    "orbit": "orbit --at 52.0015,4.3535 --radius 60 --turns 1 --heights 40,60 --terrain hills.tif",
    "native orbit": "orbit --at 52.0015,4.3535 --radius 60 --turns 2 --native --anticlockwise",
    "accident": "accident --at 52.0015,4.3535 --radius 20",
    "track line": "track-line road.json",
    "corridor": "corridor road.json --width 120",
    "surveillance": "surveillance points.json --minutes 12",
    "two flights": "search area.json --battery-health 22",
}
_PLANE = {
    "search", "search over terrain", "creeping line", "photo grid", "orbit", "native orbit", "track line",
    "corridor", "surveillance",
}  # fmt: skip
_DJI = {
    "search over terrain",
    "search round a zone",
    "perimeter",
    "orbit",
    "native orbit",
    "accident",
    "surveillance",
}
_FLOWN_BY = {"copter": set(_PATTERNS), "plane": _PLANE, "dji": _DJI}
_CRAFT = {
    "copter": ("--aircraft", "ardupilot-copter", "--camera", "demo-wide"),
    "plane": ("--aircraft", "ardupilot-plane", "--camera", "demo-wide", "--height", "90"),
    "dji": ("--aircraft", "dji-matrice-30t", "--camera", "dji-m30t-wide"),
}


def _lonlats(text: str) -> list[list[float]]:
    return [[float(value) for value in pair.split(",")] for pair in text.split()]


def _draw(folder: Path) -> None:
    """The files that the patterns are planned from: areas, a road, points, and hills in UTM."""
    import numpy as np
    import rasterio
    from affine import Affine

    def rings(*texts: str) -> list[list[list[float]]]:
        return [[*ring, ring[0]] for ring in map(_lonlats, texts)]

    drawn = {
        "area": {"type": "Polygon", "coordinates": rings(_BORDER, _HOLE)},
        "zone": {"type": "Polygon", "coordinates": rings(_NO_FLY)},
        "road": {"type": "LineString", "coordinates": _lonlats(_ROAD)},
        "points": {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"name": f"Point {number}", "max_wait_s": 240, "weight": 1, "dwell_s": 15},
                    "geometry": {"type": "Point", "coordinates": place},
                }
                for number, place in enumerate(_lonlats(_WATCHED), 1)
            ],
        },
    }
    for name, document in drawn.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    west, north, cell, side = 591_900.0, 5_763_500.0, 5.0, 400
    east, down = np.meshgrid(np.arange(side) * cell, np.arange(side) * cell)
    heights = 60 + 25 * np.sin(east / 180) * np.cos(down / 140) + 0.02 * east
    shape = {"width": side, "height": side, "count": 1, "dtype": "float32", "crs": "EPSG:32631"}
    tile = rasterio.open(
        folder / "hills.tif",
        "w",
        driver="GTiff",
        transform=Affine(cell, 0.0, west, 0.0, -cell, north),
        **shape,
    )
    with tile:
        tile.write(heights.astype("float32"), 1)


def _kinds() -> Iterator[tuple[str, str]]:
    for craft in _CRAFT:
        yield from ((craft, name) for name in _PATTERNS if name in _FLOWN_BY[craft])


def _plan(folder: Path) -> None:
    """A plan of each kind in a file of its own."""
    from typer.testing import CliRunner

    from ops.cli.app import app_with

    _draw(folder)
    app = app_with()
    for craft, name in _kinds():
        words = _PATTERNS[name].split()
        asked = [str(folder / word) if "." in word and word[-1] in "nf" else word for word in words]
        made = folder / f"{craft} {name}.json"
        done = CliRunner().invoke(app, ["plan", *asked, *_CRAFT[craft], "-o", str(made)])
        assert done.exit_code == 0, f"{craft}, {name}: {done.exception}"


@pytest.fixture(scope="session")
def every_plan(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plan]:
    """Every flight of a plan of every pattern that the command knows, for each kind of aircraft, by name."""
    from missions.plan_file import read_plan
    from missions.sorties import flights

    folder = made_once(tmp_path_factory, "patterns", _plan)
    return {
        f"{craft}, {name}, {number}": one
        for craft, name in _kinds()
        for number, one in enumerate(flights(read_plan(folder / f"{craft} {name}.json")), 1)
    }

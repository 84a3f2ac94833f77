"""Draws the pictures of docs/pictures/patterns anew, each with the command that its caption stands for.

    python tools/pattern_pictures.py [NAME ...]

The places are made up: a heath with a pond, a road, points to be watched, and a hill.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

from missions.geodesy import GeoPoint, LocalFrame

MIDDLE = GeoPoint(52.1, 5.2)
FRAME = LocalFrame(MIDDLE)
PICTURES = Path(__file__).parent.parent / "docs" / "pictures" / "patterns"
HEATH = [(-320, -240), (300, -280), (420, 90), (180, 330), (20, 150), (-200, 340), (-390, 60)]
POND = [(-90, -90), (30, -100), (40, 20), (-70, 30)]
ROAD = [(-380, -60), (-120, 20), (60, -80), (330, 90)]
WATCHED = {"gate": (-260, 160), "bridge": (40, 30), "barn": (330, 110), "shore": (130, -230)}


def lonlat(places: list[tuple[float, float]]) -> list[list[float]]:
    return np.round(FRAME.geo_from_local(np.array(places, float)), 7).tolist()


def place(east_m: float, north_m: float) -> str:
    ((lon, lat),) = lonlat([(east_m, north_m)])
    return f"{lat},{lon}"


def inputs(folder: Path) -> None:
    """The files that the commands read."""
    rings = [lonlat([*ring, ring[0]]) for ring in (HEATH, POND)]
    write(folder / "heath.geojson", [("Polygon", rings, {"name": "Heath"})])
    write(folder / "road.geojson", [("LineString", lonlat(ROAD), {"name": "Road"})])
    points = [
        ("Point", lonlat([at])[0], {"name": name, "max_wait_s": 240, "dwell_s": 15})
        for name, at in WATCHED.items()
    ]
    write(folder / "points.geojson", points)
    north, east = np.mgrid[60:-60:-1, -60:60] * 10.0 + np.array([-5.0, 5.0])[:, None, None]
    hill = 8 + 0.05 * north + 45 * np.exp(-((east - 60) ** 2 + (north - 40) ** 2) / (2 * 190.0**2))
    crs = f"+proj=aeqd +lat_0={MIDDLE.lat_deg} +lon_0={MIDDLE.lon_deg} +datum=WGS84 +units=m"
    with rasterio.open(
        folder / "hill.tif",
        "w",
        driver="GTiff",
        width=120,
        height=120,
        count=1,
        dtype="float32",
        crs=crs,
        transform=from_origin(-600, 600, 10, 10),
    ) as raster:
        raster.write(hill.astype("float32"), 1)


def write(path: Path, features: list[tuple[str, object, dict[str, object]]]) -> None:
    held = [
        {"type": "Feature", "properties": told, "geometry": {"type": kind, "coordinates": coordinates}}
        for kind, coordinates, told in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": held}))


def commands() -> dict[str, list[str]]:
    """What `droneteam plan` is told for each picture."""
    copter = ["--aircraft", "dji-matrice-30t", "--camera", "dji-m30t-thermal"]
    small = ["--aircraft", "ardupilot-copter", "--camera", "demo-thermal"]
    plane = ["--aircraft", "ardupilot-plane", "--camera", "demo-wide", "--height", "100"]
    home, middle = ["--take-off", place(-330, -255)], place(-40, 60)
    return {
        "search": ["search", "heath.geojson", *copter, *home],
        "search_plane": ["search", "heath.geojson", *plane, "--take-off", place(-300, -200)],
        "creeping_line": ["creeping-line", "heath.geojson", *copter, *home],
        "contour": ["contour", "heath.geojson", *copter, *home, "--terrain", "hill.tif"],
        "expanding_square": ["expanding-square", "--at", middle, "--radius", "140", *copter, *home],
        "sector": ["sector", "--at", middle, "--radius", "180", *copter, *home],
        "spiral": ["spiral", "--at", middle, "--radius", "140", *copter, *home],
        "orbit": ["orbit", "--at", middle, "--radius", "80", *copter, *home],
        "track_line": ["track-line", "road.geojson", *copter, *home],
        "corridor": ["corridor", "road.geojson", "--width", "100", *copter, *home],
        "perimeter": ["perimeter", "heath.geojson", "--inset", "20", *copter, *home],
        "photo_grid": [
            "photo-grid",
            "heath.geojson",
            "--gsd",
            "3",
            "--aircraft",
            "dji-mavic-3t",
            "--camera",
            "dji-m3t-wide",
            *home,
        ],
        "accident": [
            "accident",
            "--at",
            middle,
            "--radius",
            "35",
            "--rings",
            "25,40",
            "--height",
            "35",
            "--aircraft",
            "dji-mavic-3t",
            "--camera",
            "dji-m3t-wide",
            "--take-off",
            place(-90, 20),
        ],
        "surveillance": [
            "surveillance",
            "points.geojson",
            "--minutes",
            "90",
            "--vehicles",
            "3",
            *small,
            "--take-off",
            place(-60, -120),
        ],
    }


def main() -> int:
    wanted = sys.argv[1:] or list(commands())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs(folder)
        for picture in wanted:
            command = [sys.executable, "-m", "ops", "plan", *commands()[picture]]
            command = [str(folder / part) if (folder / part).is_file() else part for part in command]
            made = [*command, "-o", str(folder / "plan.json"), "--picture", str(PICTURES / f"{picture}.png")]
            done = subprocess.run(made, capture_output=True, text=True, check=False)
            sys.stderr.write(f"{picture}: {done.returncode}\n{done.stderr if done.returncode else ''}")
            if done.returncode:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

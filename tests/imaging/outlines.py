"""How far the outlines of vehicles in `orthomosaic.tif` lie from where they truly are, on rendered crashes.

    python -m tests.imaging.outlines FIRST LAST [--keep FOLDER]

renders the scenes of these seeds, makes their mosaics from the files and prints one JSON object a scene.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import rasterio

from imaging.grid import Grid
from imaging.mosaic import mosaic
from missions.geodesy import GeoPoint, LocalFrame
from sitl.world import CrashOptions, CrashScene, PhotoTruth, World, crash_scene
from sitl.world.canvas import Material
from sitl.world.raster import Raster
from sitl.world.vehicles import Vehicle

OPTIONS = CrashOptions(readout_s=0.03, exposure_s=0.001)
"""Barrel, decentred, GPS with drift and steps, focal length off, exposure by 0.3 stops, all that moves."""
HUE = np.array([42.0, -58.0, 42.0])
DARKEST, BRIGHTEST, CONTRAST = 58, 165, 0.6
HUED = 100.0
FINER = 4
AROUND_M, OWN_M = 1.5, 0.4
SPECK_PX = 4
TARGET_M, SEARCH_M = 0.6, 0.5
LEAST_PHOTOS = 3
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Outline:
    """One vehicle: how far drawn edges lie from true ones and true from drawn, GSD; the photos that show all
    of it.
    """

    name: str
    photos: int
    median_gsd: float
    p95_gsd: float
    worst_gsd: float


@dataclass(frozen=True, slots=True)
class Outlines:
    """A scene. `targets` were found in the picture and took its own offset off, leaving `target_rms_gsd`."""

    seed: int
    gsd_m: float
    photos: int
    targets: int
    target_rms_gsd: float
    mosaic_cpu_s: float
    vehicles: tuple[Outline, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The picture, and its lattice in the world's metres: (column, row, 1) @ `affine` gives east, north."""

    pixels: npt.NDArray[np.uint8]
    gsd_m: float
    affine: Floats

    def places(self, columns: Floats, rows: Floats) -> Floats:
        """(h, w, 2) east and north in the world of these columns and rows (pixel 0 has its middle at 0.5)."""
        x, y = np.meshgrid(columns, rows)
        return np.asarray(np.stack([x, y, np.ones_like(x)], axis=-1) @ self.affine)


def hued(scene: CrashScene) -> CrashScene:
    """The scene with every standing vehicle in a hue that nothing else has, so that its mask is no matter of
    opinion: lamps, glass, dents and stripes are of that hue, too. What is dark or bright on it stays so, with
    less contrast than it had.
    """
    world = scene.world
    planes = world.colours.planes.astype(np.float32)
    vehicle = np.isin(world.materials.planes[0], (Material.METAL, Material.GLASS))
    grey = np.minimum(DARKEST + CONTRAST * planes[:, vehicle].mean(axis=0), BRIGHTEST)
    planes[:, vehicle] = grey + HUE[:, None]
    world.colours = Raster(planes.astype(np.uint8), world.texel_m)
    return scene


def hue_of(rgb: npt.NDArray[np.number]) -> npt.NDArray[np.float32]:
    """(h, w) blue less green: about `HUED` on vehicles and 0 or less elsewhere, linear in the colours."""
    return np.asarray(rgb[..., 2].astype(np.float32) - rgb[..., 1])


def measure_scene(
    seed: int, folder: Path, *, photos: int = 12, options: CrashOptions = OPTIONS, keep: Path | None = None
) -> Outlines:
    """Render, make the mosaic from the files, measure every vehicle that three photos or more show whole."""
    scene = hued(crash_scene(seed, photos=photos, options=options))
    truth = scene.render(folder / "photos")
    begun_s = time.process_time()
    report = mosaic(truth.folder, folder / "scene")
    spent_s = time.process_time() - begun_s
    drawn, targets, rms_m = laid_on_truth(folder / "scene", scene.world, truth)
    outlines = tuple(_outlines(scene.world, truth, drawn))
    return Outlines(
        seed, drawn.gsd_m, len(report.used), targets, rms_m / drawn.gsd_m, round(spent_s, 1), outlines
    )


def laid_on_truth(scene: Path, world: World, truth: PhotoTruth) -> tuple[Drawn, int, float]:
    """The picture moved, turned and scaled so that its survey targets lie where they truly are; how many were
    found in it, and what is left of their distances (root mean square, metres).
    """
    body = json.loads((scene / "scene.json").read_text())
    with rasterio.open(scene / "orthomosaic.tif") as file:
        pixels = np.moveaxis(file.read(), 0, -1)
        grid = Grid(
            LocalFrame(world.origin), file.crs.to_epsg(), file.transform.c, file.transform.f,
            file.transform.a, file.width, file.height,
        )  # fmt: skip
    corners = np.array([[0.0, 0.0], [grid.width, 0.0], [0.0, grid.height], [grid.width, grid.height]])
    local = grid.local_from_lattice(np.array([0.0, grid.width]), np.array([0.0, grid.height])).reshape(-1, 2)
    affine = np.linalg.lstsq(np.column_stack([corners, np.ones(4)]), local, rcond=None)[0]
    first = _similarity(*_cameras(body, world, truth))
    drawn = Drawn(pixels, grid.cell_m, affine @ first[:2] + [[0, 0], [0, 0], first[2]])
    places, offsets = _targets(drawn, world)
    kept = np.ones(len(places), bool)
    for _ in range(3):
        fit = _similarity(places[kept] + offsets[kept], places[kept])
        left_m = np.linalg.norm((places + offsets) @ fit[:2] + fit[2] - places, axis=1)
        kept = left_m <= max(3 * float(np.median(left_m)), 0.5 * drawn.gsd_m)
    moved = replace(drawn, affine=drawn.affine @ fit[:2] + [[0, 0], [0, 0], fit[2]])
    return moved, int(kept.sum()), float(np.sqrt(np.mean(left_m[kept] ** 2)))


def _cameras(body: dict, world: World, truth: PhotoTruth) -> tuple[Floats, Floats]:
    """(n, 2) where the scene says the cameras were, and where they were: a first guess of its offset."""
    true = {photo.file: photo.pose.place for photo in truth.photos}
    posed = [photo for photo in body["photos"] if photo["pose"]]
    frame = LocalFrame(GeoPoint(**body["place"]["local_origin"]))
    there = [frame.point_from_local(*photo["pose"]["centre"][:2]) for photo in posed]
    here = [true[Path(photo["path"]).name] for photo in posed]
    found, given = (
        world.frame.local_from_geo([[place.lon_deg, place.lat_deg] for place in places])
        for places in (there, here)
    )
    return found, given


def _similarity(start: Floats, end: Floats) -> Floats:
    """(3, 2) that moves, turns and scales (n, 2) `start` to `end` best: start @ [:2] + [2]."""
    middle, aim = start.mean(axis=0), end.mean(axis=0)
    a, b = (start - middle) @ [1, 1j], (end - aim) @ [1, 1j]
    turn = complex(np.vdot(a, b) / np.vdot(a, a))
    matrix = np.array([[turn.real, turn.imag], [-turn.imag, turn.real]])
    return np.vstack([matrix, aim - middle @ matrix])


def _targets(drawn: Drawn, world: World) -> tuple[Floats, Floats]:
    """(n, 2) true places of the targets that the picture shows, and how far off it shows them, metres."""
    inverse = np.linalg.inv(np.column_stack([drawn.affine, [0, 0, 1]]))
    grey = drawn.pixels[..., :3].mean(axis=-1).astype(np.float32)
    places, offsets = [], []
    for point in world.control_points:
        place = np.array([point.east_m, point.north_m])
        column, row = ([*place, 1.0] @ inverse)[:2]
        reach = (TARGET_M + SEARCH_M) / drawn.gsd_m
        left, top = int(column - reach), int(row - reach)
        right, bottom = int(column + reach) + 1, int(row + reach) + 1
        if min(left, top) < 0 or right > grey.shape[1] or bottom > grey.shape[0]:
            continue
        if (drawn.pixels[top:bottom, left:right, 3] == 0).any():
            continue
        there = drawn.places(np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5).astype(np.float32)
        true = world.colours.read(there[..., 0], there[..., 1], drawn.gsd_m).mean(axis=0).astype(np.float32)
        cut = round(SEARCH_M / drawn.gsd_m)
        score = cv2.matchTemplate(
            grey[top:bottom, left:right], np.ascontiguousarray(true[cut:-cut, cut:-cut]), cv2.TM_CCOEFF_NORMED
        )
        y, x = np.unravel_index(int(score.argmax()), score.shape)
        if score[y, x] < 0.7 or not (0 < y < score.shape[0] - 1 and 0 < x < score.shape[1] - 1):
            continue
        off = [x - cut + _peak(score[y, x - 1 : x + 2]), y - cut + _peak(score[y - 1 : y + 2, x])]
        places.append(place)
        offsets.append(off @ drawn.affine[:2])
    return np.array(places), np.array(offsets)


def _peak(three: npt.NDArray[np.float32]) -> float:
    """Where the parabola through three values is highest, from the middle one."""
    bend = float(three[0] - 2 * three[1] + three[2])
    return 0.5 * float(three[0] - three[2]) / bend if bend < 0 else 0.0


def _outlines(world: World, truth: PhotoTruth, drawn: Drawn) -> Iterator[Outline]:
    for vehicle in world.layout.vehicles:
        shown = photos_of(vehicle, world, truth)
        if shown < LEAST_PHOTOS:
            continue
        window = window_of(vehicle, drawn)
        off = edges_off_gsd(world, window, vehicle)
        yield Outline(
            vehicle.name, shown, *(round(float(np.percentile(off, share)), 2) for share in (50, 95, 100))
        )


def photos_of(vehicle: Vehicle, world: World, truth: PhotoTruth) -> int:
    """How many photos show the vehicle whole."""
    turn, (length_m, width_m, height_m) = np.radians(vehicle.heading_deg), vehicle.size_m
    ahead, aside = np.array([np.sin(turn), np.cos(turn)]), np.array([np.cos(turn), -np.sin(turn)])
    middle = np.array([vehicle.east_m, vehicle.north_m])
    up_m = float(world.ground_height(middle[None])[0])
    corners = np.array([
        [*(middle + a * length_m / 2 * ahead + b * width_m / 2 * aside), up_m + up * height_m]
        for a in (-1, 1) for b in (-1, 1) for up in (0, 1)
    ])  # fmt: skip
    views = (world.view(truth.lens, photo.pose) for photo in truth.photos)
    return sum(bool(view.sees(view.project(corners)).all()) for view in views)


@dataclass(frozen=True, slots=True)
class Window:
    """The picture around a vehicle, `FINER` times as fine: its hue, and the places in the world."""

    hue: npt.NDArray[np.float32]
    rgb: npt.NDArray[np.uint8]
    places: npt.NDArray[np.float32]


def window_of(vehicle: Vehicle, drawn: Drawn) -> Window:
    """The picture around a vehicle. What is not drawn has no hue."""
    reach = (vehicle.size_m[0] / 2 + AROUND_M) / drawn.gsd_m
    inverse = np.linalg.inv(np.column_stack([drawn.affine, [0, 0, 1]]))
    middle = ([vehicle.east_m, vehicle.north_m, 1.0] @ inverse)[:2]
    height, width = drawn.pixels.shape[:2]
    left, top = np.clip((middle - reach).astype(int), 0, [width - 2, height - 2])
    right, bottom = np.clip((middle + reach).astype(int) + 1, [left + 1, top + 1], [width, height])
    part = drawn.pixels[top:bottom, left:right]
    size = FINER * (right - left), FINER * (bottom - top)
    hue = np.where(part[..., 3] > 0, hue_of(part), 0).astype(np.float32)
    finely = [
        first + (np.arange(count) + 0.5) / FINER for first, count in zip((left, top), size, strict=True)
    ]
    return Window(
        cv2.resize(hue, size, interpolation=cv2.INTER_LINEAR),
        np.repeat(np.repeat(part[..., :3], FINER, axis=0), FINER, axis=1),
        drawn.places(*finely).astype(np.float32),
    )


def edges_off_gsd(world: World, window: Window, vehicle: Vehicle) -> Floats:
    """How far each drawn edge lies from the nearest true one, and each true from the nearest drawn, GSD."""
    true = true_mask(world, window)
    inside = cv2.erode(true.astype(np.uint8), np.ones((4 * FINER + 1, 4 * FINER + 1), np.uint8)) > 0
    # Half way between the vehicle's own hue, as bright as it was drawn, and none: no blur moves that edge.
    found = without_specks(window.hue > np.median(window.hue[inside]) / 2)
    rims = [rim_of(mask) for mask in (true, found)]
    near = _nearest_vehicle(world.layout.vehicles, window.places)
    index = world.layout.vehicles.index(vehicle)
    off = []
    for own, other in ((rims[0], rims[1]), (rims[1], rims[0])):
        apart = cv2.distanceTransform((~other).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        off.append(apart[own & (near == index)] / FINER)
    return np.concatenate(off).astype(float)


def true_mask(world: World, window: Window) -> Flags:
    """Where vehicles truly are."""
    colours = world.colours.read(window.places[..., 0], window.places[..., 1])
    return hue_of(np.moveaxis(colours, 0, -1)) > HUED / 2


def rim_of(mask: Flags) -> Flags:
    """The cells of a mask beside one that is not in it."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.asarray(mask & ~inner)


def without_specks(mask: Flags) -> Flags:
    """Without parts and holes of less than four pixels, which noise alone makes."""
    for part in (mask, ~mask):
        _, labels, stats, _ = cv2.connectedComponentsWithStats(part.astype(np.uint8), connectivity=4)
        small = stats[:, cv2.CC_STAT_AREA] < SPECK_PX * FINER**2
        mask = mask ^ (small[labels] & part)
    return mask


def _nearest_vehicle(vehicles: Sequence[Vehicle], places: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
    """(h, w) the vehicle whose box is nearest."""
    apart = []
    for vehicle in vehicles:
        turn, (length_m, width_m, _) = np.radians(vehicle.heading_deg), vehicle.size_m
        east, north = places[..., 0] - vehicle.east_m, places[..., 1] - vehicle.north_m
        ahead = np.abs(east * np.sin(turn) + north * np.cos(turn)) - length_m / 2
        aside = np.abs(east * np.cos(turn) - north * np.sin(turn)) - width_m / 2
        outside = np.hypot(np.maximum(ahead, 0), np.maximum(aside, 0))
        apart.append(outside + np.minimum(np.maximum(ahead, aside), 0))
    return np.argmin(apart, axis=0)


def main() -> None:
    """One line of JSON a scene."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--photos", type=int, default=12)
    parser.add_argument("--keep", type=Path, help="leave photos and scenes here")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(asked.first, asked.last + 1):
            folder = (asked.keep or Path(scratch)) / str(seed)
            sys.stdout.write(json.dumps(asdict(measure_scene(seed, folder, photos=asked.photos))) + "\n")
            sys.stdout.flush()
            if asked.keep is None:
                shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())

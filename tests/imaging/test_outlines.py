"""Vehicles in the picture of a rendered crash lie where they truly are, the whole way from files to picture.

`pytest -m campaign -s tests/imaging/test_outlines.py` measures eight scenes and prints the table.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from sitl.world import World
from sitl.world.raster import Raster
from sitl.world.vehicles import Vehicle
from tests.imaging.outlines import (
    FINER,
    HUED,
    Outline,
    Outlines,
    Window,
    edges_off_gsd,
    measure_scene,
    rim_of,
    without_specks,
)

SCENES = range(1, 9)
WELL_SEEN = 4
"""Photos that show a vehicle whole; fewer see those at the rim of what was flown."""


def figures(outlines: Sequence[Outline]) -> dict[str, float]:
    p95, worst = ([getattr(each, name) for each in outlines] for name in ("p95_gsd", "worst_gsd"))
    return {
        "vehicles": len(outlines),
        "median_gsd": round(float(np.median([each.median_gsd for each in outlines])), 2),
        "p95_gsd": round(float(np.median(p95)), 2),
        "p95_worst_gsd": max(p95),
        "worst_gsd": max(worst),
        "p95_within_2_pct": round(100 * float(np.mean(np.array(p95) <= 2))),
    }


def split(scenes: Sequence[Outlines]) -> tuple[list[Outline], list[Outline]]:
    """Vehicles that many photos show, and the others."""
    every = [vehicle for scene in scenes for vehicle in scene.vehicles]
    return (
        [each for each in every if each.photos >= WELL_SEEN],
        [each for each in every if each.photos < WELL_SEEN],
    )


def test_the_vehicles_of_a_crash_are_drawn_within_two_pixels_of_where_they_are(tmp_path: Path) -> None:
    scene = measure_scene(7, tmp_path, photos=9)
    assert scene.photos == 9
    assert scene.targets >= 6
    assert scene.target_rms_gsd < 0.5
    seen, _ = split([scene])
    assert len(seen) >= 2
    assert all(each.median_gsd <= 0.75 and each.p95_gsd <= 2 for each in seen), seen


def test_specks_of_noise_are_no_vehicle() -> None:
    hue = np.zeros((80, 120), np.float32)
    hue[20:60, 20:100] = HUED
    window = Window(hue, np.zeros((80, 120, 3), np.uint8), np.zeros((80, 120, 2), np.float32))
    mask = without_specks(window.hue > HUED / 2)
    assert np.count_nonzero(mask) == 40 * 80
    assert np.count_nonzero(rim_of(mask)) == 2 * 40 + 2 * 80 - 4
    hue[5:8, 5:8] = HUED
    assert np.array_equal(without_specks(hue > HUED / 2), mask), "a speck of noise is no vehicle"


def test_a_picture_two_pixels_off_has_its_edges_two_pixels_off() -> None:
    vehicle = Vehicle("A", 0.0, 0.0, 0.0, (0, 0, 0))
    metres = np.arange(-400, 400) * 0.01 + 0.005
    east, north = np.meshgrid(metres, -metres)
    body = (np.abs(east) < 0.9) & (np.abs(north) < 2.2)
    planes = np.zeros((3, 800, 800), np.uint8)
    planes[2, body] = HUED
    world = cast(
        "World", SimpleNamespace(colours=Raster(planes, 0.01), layout=SimpleNamespace(vehicles=(vehicle,)))
    )
    places = np.stack([east, north], axis=-1).astype(np.float32)
    shifted = np.roll(planes[2], 2 * FINER, axis=1).astype(np.float32)
    window = Window(shifted, np.zeros((800, 800, 3), np.uint8), places)
    off = edges_off_gsd(world, window, vehicle)
    assert off.max() == pytest.approx(2, abs=0.3)
    assert np.percentile(off, 60) == pytest.approx(2, abs=0.3), "the long sides, across which it moved"
    still = Window(planes[2].astype(np.float32), window.rgb, places)
    assert edges_off_gsd(world, still, vehicle).max() < 0.3


@pytest.mark.campaign
def test_on_eight_crashes_the_vehicles_outlines_lie_within_two_pixels(tmp_path: Path) -> None:
    scenes = [measure_scene(seed, tmp_path / str(seed)) for seed in SCENES]
    seen, others = split(scenes)
    print(json.dumps({"seen by four photos or more": figures(seen), "by three": figures(others)}))  # noqa: T201
    assert len(seen) >= 20
    assert figures(seen)["median_gsd"] <= 0.5
    assert figures(seen)["p95_gsd"] <= 1.5
    assert figures(seen)["p95_within_2_pct"] >= 95
    assert figures(others)["p95_gsd"] <= 3

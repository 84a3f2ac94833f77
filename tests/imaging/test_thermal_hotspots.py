"""The hot spot detector: what it finds, what it leaves, and that it says why."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from imaging.thermal.frame import Exposure, ThermalFrame, Unit
from imaging.thermal.hotspots import HotSpotOptions, detect, overlap
from imaging.thermal.radiometry import read_frame

SHAPE = (512, 640)


def meadow(seed: int = 1) -> np.ndarray:
    """Ground of 12 °C with soft patches of a degree and a sensor's noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    patches = np.sin(x / 70 + 1) * np.cos(y / 55)
    return (12 + patches + 0.05 * rng.standard_normal(SHAPE)).astype(np.float32)


def add_body(
    values: np.ndarray, row: float, col: float, degrees: float, long_px: float = 7, short_px: float = 4
) -> None:
    y, x = np.mgrid[: values.shape[0], : values.shape[1]]
    inside = ((x + 0.5 - col) / short_px) ** 2 + ((y + 0.5 - row) / long_px) ** 2
    values += (degrees * np.clip(1.25 - 0.5 * inside, 0, 1)).astype(np.float32)


def frame_of(values: np.ndarray, unit: Unit = "degC") -> ThermalFrame:
    return ThermalFrame(Path("frame.tif"), values.astype(np.float32), unit, Exposure(), "0" * 64)


@pytest.mark.parametrize(("degrees", "polarity"), [(8.0, "warm"), (-8.0, "cold"), (2.0, "warm")])
def test_a_body_is_found_where_it_lies_whether_warmer_or_colder(degrees: float, polarity: str) -> None:
    values = meadow()
    add_body(values, 200.0, 301.5, degrees)
    best = detect(frame_of(values))[0]
    assert math.hypot(best.row - 200.0, best.col - 301.5) < 0.7
    assert best.polarity == polarity
    assert best.contrast == pytest.approx(degrees, rel=0.25)
    assert overlap(best.box, (296, 191, 11, 18)) > 0.5
    assert f"°C {'warmer' if degrees > 0 else 'colder'}" in best.why


def test_many_bodies_are_all_found_once_each() -> None:
    rng = np.random.default_rng(3)
    values = meadow()
    places = [
        (row + rng.uniform(-10, 10), col + rng.uniform(-10, 10))
        for row in (80, 230, 400)
        for col in (90, 300, 550)
    ]
    for row, col in places:
        add_body(values, row, col, rng.uniform(4, 12))
    spots = detect(frame_of(values))
    assert len(spots) == len(places)
    for row, col in places:
        assert sum(math.hypot(s.row - row, s.col - col) < 2 for s in spots) == 1


def test_calm_ground_and_a_frame_without_any_contrast_show_nothing() -> None:
    assert detect(frame_of(meadow())) == []
    assert detect(frame_of(np.full(SHAPE, 20.0))) == []
    assert detect(frame_of(np.full(SHAPE, np.nan))) == []
    assert detect(frame_of(np.full((20, 20), 20.0))) == []


def test_the_same_scene_in_counts_shows_the_same_spots() -> None:
    values = meadow()
    add_body(values, 200.0, 300.0, 6.0)
    in_degrees = detect(frame_of(values))
    in_counts = detect(frame_of(18000 + 25 * values, "counts"))
    assert [s.box for s in in_counts] == [s.box for s in in_degrees]
    assert "counts warmer" in in_counts[0].why


def test_warm_roads_are_not_bodies() -> None:
    values = meadow()
    values[:, 250:330] += 10
    values[300:340, :] += 10
    assert detect(frame_of(values)) == []


def test_people_are_looked_for_at_the_size_that_the_gsd_gives_them() -> None:
    values = meadow()
    add_body(values, 200.0, 300.0, 8.0, long_px=9, short_px=5)
    right, far, near = (
        max((spot.score for spot in detect(frame_of(values), HotSpotOptions(0.1, gsd_m=gsd))), default=0.0)
        for gsd in (0.08, 0.5, 0.008)
    )
    # from 400 m the same pixels are as long as a lorry
    assert right > 3 * far
    assert right > 3 * near


@pytest.mark.parametrize("degrees", [8.0, 15.0])
def test_a_person_on_ground_that_is_nearer_than_thought_is_found(degrees: float) -> None:
    """Flown 60 m over a take-off that lies 25 m lower he shows 1.7 times as large, and measures over 3 m."""
    values = meadow()
    add_body(values, 200.0, 300.0, degrees, long_px=1.7 * 9, short_px=1.7 * 3.5)
    best = max(detect(frame_of(values), HotSpotOptions(gsd_m=0.085)), key=lambda spot: spot.score)
    assert (best.row, best.col) == pytest.approx((200.0, 300.0), abs=4)
    assert best.sides_px[0] * 0.085 > 3.0


def test_a_body_cut_by_the_edge_is_found_and_marked() -> None:
    values = meadow()
    add_body(values, 511.0, 300.0, 8.0)
    best = detect(frame_of(values))[0]
    assert best.touches_edge
    assert "cut by the frame's edge" in best.why
    assert best.box[1] + best.box[3] <= SHAPE[0]


def test_dead_pixels_hide_nothing() -> None:
    values = meadow()
    add_body(values, 200.0, 300.0, 8.0)
    values[::37, ::41] = np.nan
    best = detect(frame_of(values))[0]
    assert math.hypot(best.row - 200.0, best.col - 300.0) < 1


def test_only_the_asked_polarity_and_number_come_back_best_first() -> None:
    values = meadow()
    for n in range(8):
        add_body(values, 60.0 + 50 * n, 100.0, 3.0 + n)
        add_body(values, 60.0 + 50 * n, 500.0, -3.0 - n)
    spots = detect(frame_of(values), HotSpotOptions(most=5, polarities=("cold",)))
    assert len(spots) == 5
    assert {s.polarity for s in spots} == {"cold"}
    assert [s.score for s in spots] == sorted((s.score for s in spots), reverse=True)


def test_most_people_on_held_out_dates_of_real_frames_are_found(shared: Callable[[str], Path]) -> None:
    """A coarse guard on pictures that no constant was chosen on; bench_hotspots.py measures them all."""
    folder = shared("thermal/hituav")
    notes = json.loads((folder / "annotations.json").read_text())
    held_out = [i for i in notes["images"] if i["date_captured"] == "20210123"][::4]
    ids = {i["id"] for i in held_out}
    people: dict[int, list[list[float]]] = {n: [] for n in ids}
    for note in notes["annotations"]:
        if note["category_id"] == 0 and note["image_id"] in ids:
            people[note["image_id"]].append(note["bbox"])
    found = alarms = 0
    for image in held_out:
        spots = detect(read_frame(folder / "images" / image["filename"]), HotSpotOptions(most=15))
        hit = [
            any(x <= s.col <= x + w and y <= s.row <= y + h for s in spots)
            for x, y, w, h in people[image["id"]]
        ]
        found += sum(hit)
        alarms += max(0, len(spots) - sum(hit))
    assert found / sum(map(len, people.values())) > 0.7
    assert alarms / len(held_out) < 15

"""Marks to places: a click is found in other photos, a lone one meets the surface, the rest is refused."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from imaging.adjustment import Adjusted, adjust
from imaging.control.points import Mark, MarkedPoint
from imaging.lens import Array
from imaging.measure.matching import MATCHED
from imaging.measure.measuring import Asked, completed, measure, on_surface, placed
from imaging.photos import Pixels
from missions.errors import InputError
from tests.imaging.networks import Truth, block, marked

SIZE_M, TEXEL_M = 60.0, 0.02


class Level:
    """A surface that is level at a height."""

    def __init__(self, height_m: float = 0.0, sigma_m: float = 0.02, relief_m: float = 0.0) -> None:
        self.height_m, self.sigma_m, self._relief_m = height_m, sigma_m, relief_m

    def __call__(self, east_north: Array) -> tuple[float, float]:
        return self.height_m, self.sigma_m

    def relief_m(self, east_north: Array, radius_m: float) -> float:
        return self._relief_m


class Unknown(Level):
    """A surface that has no height anywhere, as under a wall."""

    def __call__(self, east_north: Array) -> tuple[float, float]:
        raise InputError("the surface has no height here")


@pytest.fixture(scope="module")
def flown() -> tuple[Adjusted, Truth]:
    network, truth = block(11, sigma_px=0.05, gps_m=0.05)
    return adjust(network), truth


@pytest.fixture(scope="module")
def ground() -> Pixels:
    """A level field of fine gravel, (n, n) grey, its middle at the origin."""
    random = np.random.default_rng(4)
    count = round(SIZE_M / TEXEL_M)
    fine = cv2.GaussianBlur(random.uniform(0, 255, (count, count)).astype(np.float32), (0, 0), 1.5)
    return np.asarray(np.clip((fine - fine.mean()) * 6 + 128, 0, 255), np.uint8)


def photo_of(adjusted: Adjusted, ground: Pixels, name: str, place: Array, reach_px: int = 150) -> Pixels:
    """What a camera sees of the field about a place; black elsewhere, which nobody looks at."""
    view = adjusted.views[adjusted.network.index[name]]
    lens = adjusted.lenses[view.lens]
    picture = np.zeros((lens.height_px, lens.width_px, 3), np.uint8)
    middle = np.nan_to_num(lens.pixels((place - view.centre)[None, :] @ view.rotation.T)[0], nan=-1e6)
    left, top = np.clip(middle - reach_px, 0, [lens.width_px, lens.height_px]).astype(int).tolist()
    right, below = np.clip(middle + reach_px, 0, [lens.width_px, lens.height_px]).astype(int).tolist()
    if right <= left or below <= top:
        return picture
    columns, rows = np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, below) + 0.5)
    rays = lens.rays(np.column_stack([columns.ravel(), rows.ravel()])) @ view.rotation
    places = view.centre + rays * (-view.centre[2] / rays[:, 2])[:, None]
    where = ((places[:, :2] * [1, -1] + SIZE_M / 2) / TEXEL_M - 0.5).astype(np.float32)
    shape = columns.shape
    grey = cv2.remap(ground, where[:, 0].reshape(shape), where[:, 1].reshape(shape), cv2.INTER_LINEAR)
    picture[top:below, left:right] = np.asarray(grey, np.uint8)[..., None]
    return picture


def click(adjusted: Adjusted, name: str, place: Array) -> Mark:
    view = adjusted.views[adjusted.network.index[name]]
    px = adjusted.lenses[view.lens].pixels((place - view.centre)[None, :] @ view.rotation.T)[0]
    return Mark(name, float(px[0]), float(px[1]), 0.5)


def test_one_click_is_found_in_other_photos_and_gives_the_place(
    flown: tuple[Adjusted, Truth], ground: Pixels
) -> None:
    adjusted, _ = flown
    place = np.array([2.0, -1.5, 0.0])
    point = MarkedPoint("A", (click(adjusted, "11.jpg", place),))
    seen: dict[str, Pixels] = {}

    def pictures(name: str) -> Pixels:
        return seen.setdefault(name, photo_of(adjusted, ground, name, place))

    # the surface is half a metre wrong: matching does not depend on it
    found = completed(adjusted, [point], Level(0.5), pictures)[0]
    assert len(found.marks) >= 4
    assert {mark.marked_by for mark in found.marks[1:]} == {MATCHED}
    places = placed(adjusted, [found], Level(0.5))
    assert places.local_m[0] == pytest.approx(place, abs=0.02)
    careless = MarkedPoint("A", (replace(found.marks[0], sigma_px=5.0), *found.marks[1:]))
    wide_m, own_m = placed(adjusted, [careless], Level(0.5)).sigma_m("A")[0], places.sigma_m("A")[0]
    gsd_m = 30 / 1200
    assert np.sqrt(wide_m**2 - own_m**2) == pytest.approx(np.sqrt(5**2 - 0.5**2) * gsd_m, rel=0.1)
    rough = placed(adjusted, [found], Level(0.5, relief_m=0.3))
    assert rough.sigma_m("A")[2] == pytest.approx(0.3, rel=0.1)


def test_a_click_on_what_shows_nothing_stays_alone(flown: tuple[Adjusted, Truth]) -> None:
    adjusted, _ = flown
    lens = adjusted.lenses["lens"]
    plain = np.full((lens.height_px, lens.width_px, 3), 120, np.uint8)
    point = MarkedPoint("A", (click(adjusted, "11.jpg", np.array([2.0, -1.5, 0.0])),))
    assert completed(adjusted, [point], Level(), lambda name: plain) == (point,)


def test_a_lone_mark_meets_the_surface_and_is_as_sure_as_it(flown: tuple[Adjusted, Truth]) -> None:
    adjusted, _ = flown
    place = np.array([4.0, 3.0, 1.2])
    mark = click(adjusted, "12.jpg", place)
    assert on_surface(adjusted, mark, Level(1.2)) == pytest.approx(place, abs=1e-3)
    places = placed(adjusted, [MarkedPoint("A", (mark,))], Level(1.2, sigma_m=0.25))
    assert places.local_m[0] == pytest.approx(place, abs=1e-3)
    assert places.sigma_m("A")[2] == pytest.approx(0.25, rel=0.05)


def test_several_marks_need_no_surface(flown: tuple[Adjusted, Truth]) -> None:
    adjusted, truth = flown
    random = np.random.default_rng(1)
    points = []
    for name in ("T1", "T2", "T3"):
        seen = marked(truth, name, random, sigma_px=0.3, sigma_m=None).marks
        marks = tuple(
            Mark(truth.views[view].name, float(px[0]), float(px[1]), 0.3)
            for view, px in zip(seen.view, seen.px, strict=True)
        )
        points.append(MarkedPoint(name, marks))
    places = placed(adjusted, points, Unknown())
    for row, name in enumerate(places.letters):
        off = places.local_m[row] - truth.targets[name]
        assert np.abs(off / places.sigma_m(name)).max() < 4
    asked = [Asked("distance", ("T1", "T2"), "skid mark"), Asked("area", ("T1", "T2", "T3"))]
    found = measure(places, points, asked, evidence=False, verdict="not for evidence: no ground control")
    truly = float(np.linalg.norm(truth.targets["T1"] - truth.targets["T2"]))
    assert abs(found.figures[0].value - truly) <= 2 * found.figures[0].half_width_95
    assert found.figures[0].note == "skid mark"
    assert found.verdict.startswith("not for evidence")


@pytest.mark.parametrize(
    ("mark", "says"),
    [
        (Mark("elsewhere.jpg", 10, 10, 0.5), "has no pose in this scene"),
        (None, "is marked nowhere"),
    ],
)
def test_marks_that_give_no_place_are_refused(
    flown: tuple[Adjusted, Truth], mark: Mark | None, says: str
) -> None:
    point = MarkedPoint("A", () if mark is None else (mark,))
    with pytest.raises(InputError, match=says):
        placed(flown[0], [point], Level())


def test_a_mark_that_looks_up_is_refused(flown: tuple[Adjusted, Truth]) -> None:
    adjusted, _ = flown
    view = adjusted.network.views[0]
    up = replace(view, rotation=np.diag([1.0, -1.0, -1.0]) @ view.rotation)
    state = replace(adjusted.state, rotations=np.array([up.rotation, *adjusted.state.rotations[1:]]))
    turned = replace(adjusted, state=state)
    with pytest.raises(InputError, match="does not look down"):
        on_surface(turned, Mark(view.name, 800, 600, 0.5), Level())

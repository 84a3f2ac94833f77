"""The adjustment of a whole scene on positions alone: ties without pictures, positions with errors by lot."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from imaging.accuracy import assess
from imaging.adjustment import Ties
from imaging.alignment import Alignment
from imaging.checks import checked
from imaging.control.points import Mark, Role, SurveyedPoint
from imaging.control.scene import NO_CONTROL, SceneControl
from imaging.georeference import georeference
from imaging.lens import Array, View
from imaging.photos import Photo
from imaging.progress import silent
from imaging.refinement import Refined, refine
from imaging.scene import open_scene
from imaging.similarity import Pairs, fit
from imaging.survey import Survey
from missions.geodesy import GeoPoint, LocalFrame
from tests.imaging.networks import TOLD, Truth, block, marked
from tests.imaging.position_calibration import Errors

FRAME = LocalFrame(GeoPoint(52.1, 5.1))
APART_S = 2.0
UP = Errors(0.1, 0.3)


@dataclass(frozen=True)
class Scene:
    """A block of photos, how it was aligned, and the truth."""

    truth: Truth
    alignment: Alignment

    def centres(self) -> Array:
        return np.array([view.centre for view in self.truth.views])


def scene_of(views: tuple[View, ...], points: Array, ties: Ties, truth: Truth) -> Scene:
    seen = np.bincount(ties.point, minlength=len(points))
    alignment = Alignment(
        views, {"lens": truth.lens}, points, np.full(len(seen), 0.4), seen, np.full(len(ties), 0.4), ties, (),
        "aligned",
    )  # fmt: skip
    return Scene(replace(truth, views=views), alignment)


def seen_twice(scene: Scene, east_m: float) -> Scene:
    """The same block and another like it so far east, which no point ties to it."""
    ties, points, views = scene.alignment.ties, scene.alignment.points, scene.truth.views
    away = np.array([east_m, 0.0, 0.0])
    later = tuple(replace(view, name=f"later {view.name}", centre=view.centre + away) for view in views)
    both = Ties(
        np.concatenate([ties.view, ties.view + len(views)]),
        np.concatenate([ties.point, ties.point + len(points)]),
        np.concatenate([ties.px, ties.px]),
    )
    return scene_of((*views, *later), np.concatenate([points, points + away]), both, scene.truth)


@pytest.fixture(scope="module")
def scene() -> Scene:
    """Six lanes of six photos, 45 m by 45 m."""
    network, truth = block(7, rows=6, columns=6, points=500)
    return scene_of(truth.views, network.points, network.ties, truth)


def photos_of(scene: Scene, errors: Errors, random: np.random.Generator) -> dict[str, Photo]:
    centres = scene.centres()
    times_s = APART_S * np.arange(len(centres))
    roots = [np.linalg.cholesky(each.covariance(times_s)) for each in (errors, errors, UP)]
    told_m = centres + np.column_stack([root @ random.normal(size=len(centres)) for root in roots])
    places = FRAME.geo_from_local(told_m[:, :2])
    return {
        view.name: Photo(
            Path(view.name), TOLD.width_px, TOLD.height_px, "0" * 64, time_s=float(time_s),
            place=GeoPoint(float(lat_deg), float(lon_deg)), height_relative_m=float(up_m),
            focal_length_px=TOLD.focal_px,
        )
        for view, time_s, (lon_deg, lat_deg), up_m in zip(
            scene.truth.views, times_s, places, told_m[:, 2], strict=True
        )
    }  # fmt: skip


def refined(
    scene: Scene, photos: dict[str, Photo], folder: Path, control: SceneControl = NO_CONTROL
) -> Refined:
    found = Survey(folder, photos, (), "surveyed")
    kept = open_scene(folder / "scene")
    placed = georeference(found, scene.alignment, kept, silent)
    return refine(found, scene.alignment, placed, control, kept, silent)


def plain_scale(scene: Scene, photos: dict[str, Photo]) -> float:
    """That of the least-squares similarity from the true cameras to the told positions."""
    told_m = np.array([
        [*FRAME.local_from_geo([[each.place.lon_deg, each.place.lat_deg]])[0], each.height_relative_m]
        for each in photos.values() if each.place is not None
    ])  # fmt: skip
    nothing = np.zeros((0, 3))
    return fit(Pairs(scene.centres(), told_m, nothing, nothing), np.ones(len(told_m))).scale


def scale(scene: Scene, made: Refined) -> float:
    true, nothing = scene.centres(), np.zeros((0, 3))
    return fit(Pairs(true, made.adjusted.state.centres, nothing, nothing), np.ones(len(true))).scale


def rms(values: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def test_errors_that_are_new_in_every_photo_leave_a_scale_like_that_of_least_squares(scene, tmp_path) -> None:
    ours, plain, own_m = [], [], []
    for seed in range(6):
        photos = photos_of(scene, Errors(0.5), np.random.default_rng([seed, 3]))
        made = refined(scene, photos, tmp_path / f"{seed}")
        assert abs(scale(scene, made) - 1) < 1.96 * made.placed.scale_sigma
        assert made.gps_factor > 1.8
        ours.append(scale(scene, made) - 1)
        plain.append(plain_scale(scene, photos) - 1)
        own_m.append(made.gps_split["gps_own_plan_m"])
    assert rms(ours) < 1.6 * rms(plain)
    assert np.median(own_m) == pytest.approx(0.5, rel=0.2)


def test_errors_that_drift_leave_a_truer_one(scene, tmp_path) -> None:
    ours, plain = [], []
    for seed in range(4):
        photos = photos_of(scene, Errors(0.1, 0.8, 200), np.random.default_rng([seed, 3]))
        made = refined(scene, photos, tmp_path / f"{seed}")
        assert made.gps_factor == 1.0
        assert made.gps_split["gps_own_plan_m"] < 0.2
        assert made.gps_split["gps_drift_plan_m"] > 0.3
        ours.append(scale(scene, made) - 1)
        plain.append(plain_scale(scene, photos) - 1)
    assert rms(ours) < 0.6 * rms(plain)


def test_what_the_positions_told_stands_in_the_record_and_is_kept(scene, tmp_path) -> None:
    photos = photos_of(scene, Errors(0.3), np.random.default_rng(5))
    made = refined(scene, photos, tmp_path)
    again = refined(scene, photos, tmp_path)
    assert again.gps_split == made.gps_split
    assert set(made.gps_split) == {
        "gps_own_plan_m", "gps_drift_plan_m", "gps_own_up_m", "gps_drift_up_m",
    }  # fmt: skip


def control_with_strays(scene: Scene, random: np.random.Generator, role: Role) -> SceneControl:
    """All targets: of the first one mark of many is wrong, of the second, of this role, one of three."""
    points, marks = [], {}
    for name, place in scene.truth.targets.items():
        seen = marked(scene.truth, name, random, sigma_px=0.5, sigma_m=None).marks
        marks[name] = [
            Mark(scene.truth.views[view].name, float(x), float(y), 0.5)
            for view, (x, y) in zip(seen.view, seen.px, strict=True)
        ]
        spot = FRAME.point_from_local(float(place[0]), float(place[1]))
        points.append(
            SurveyedPoint(name, spot.lat_deg, spot.lon_deg, float(place[2]), "unknown", 0.01, 0.015)
        )
    first, other, *_ = marks
    del marks[other][3:]
    for name in (first, other):
        marks[name][0] = replace(marks[name][0], x_px=marks[name][0].x_px + 6.0)
    points[1] = replace(points[1], role=role)
    return SceneControl(tuple(points), {name: tuple(each) for name, each in marks.items()})


def test_marks_that_miss_one_another_stand_in_the_record_and_are_kept(scene, tmp_path) -> None:
    random = np.random.default_rng(5)
    photos = photos_of(scene, Errors(0.3, 0.0), random)
    control = control_with_strays(scene, random, Role.CONTROL)
    first, other, *_ = control.marks
    for _ in range(2):
        made = refined(scene, photos, tmp_path, control)
        assert [(each.name, each.photo) for each in made.blunders] == [(first, control.marks[first][0].photo)]
        assert [doubt[:30] for doubt in made.doubts] == [f"The marks of {other} miss one another by"[:30]]
        assert list(made.factors) == [other]
        assert made.control_points == len(control.points)


def test_a_check_whose_marks_miss_one_another_is_no_surer_than_they_are(scene, tmp_path) -> None:
    random = np.random.default_rng(5)
    photos = photos_of(scene, Errors(0.3, 0.0), random)
    control = control_with_strays(scene, random, Role.CHECK)
    made = refined(scene, photos, tmp_path, control)
    (factor,) = made.factors.values()
    (plain,) = checked(made.adjusted, control, made.placed.frame)
    (check,) = assess(made, control, open_scene(tmp_path / "scene"), silent).checks
    assert factor > 2
    assert check.name == next(iter(made.factors))
    assert (np.array(check.sigma_m) > 1.5 * np.array(plain.sigma_m)).all()


def test_the_scale_of_two_parts_is_no_surer_for_lying_far_apart(tmp_path) -> None:
    network, truth = block(7, points=200)
    alone = scene_of(truth.views, network.points, network.ties, truth)
    both = seen_twice(alone, 300.0)
    one, two = (
        refined(each, photos_of(each, Errors(0.3), np.random.default_rng(3)), tmp_path / name)
        for each, name in ((alone, "one"), (both, "two"))
    )
    assert (one.parts, two.parts) == (1, 2)
    assert two.placed.scale_sigma == pytest.approx(one.placed.scale_sigma, rel=0.4)

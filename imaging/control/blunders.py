"""Gross errors in control, found and named before they are averaged in.

Marks first: one that lies far from where the other photos put its point. Then points: in plan, photos and
survey must agree up to a similarity close to what GPS gave (consensus of all pairs; Fischler and Bolles
1981), in height up to a tilted plane. What a clerk does is tried on each point that stands outside:
its name swapped with another's, a digit mistyped. Checks have no say in it. Small errors are left to the
adjustment (`straying` and `snooping`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from imaging.adjustment import Pointings
from imaging.adjustment.rays import meeting_point
from imaging.control.points import Mark, Role, SurveyedPoint
from imaging.control.scene import SceneControl, local_of, pointings
from imaging.lens import Array, Lens, View
from missions.geodesy import LocalFrame

MARK_SIGMAS, MARK_PX = 6.0, 6.0
POSE_SHARE = 0.004
"""How well photos laid out by GPS alone hold together, as a share of the picture's longer side."""
SCALE_OFF, TURN_OFF_DEG = 0.2, 30.0
"""How far GPS may be off about a small scene; what the points agree on among themselves counts."""
NEAR_M, NEAR_SHARE = 0.10, 0.006
TYPED_M = (100.0, 10.0, 1.0, 0.1)
MOST_IN_PAIRS = 60


@dataclass(frozen=True, slots=True)
class Blunder:
    """A point (or one mark of it, with `photo`), that is set aside, and why."""

    name: str
    photo: str
    reason: str


class _Cameras:
    """The photos' cameras as GPS laid them out."""

    def __init__(self, views: tuple[View, ...], lenses: dict[str, Lens]) -> None:
        self.views, self.lenses = views, lenses
        self.index = {view.name: number for number, view in enumerate(views)}

    def seen(self, marks: Sequence[Mark]) -> Pointings:
        return pointings(tuple(marks), self.index)

    def meet(self, marks: Sequence[Mark]) -> Array:
        return meeting_point(self.seen(marks), self.views, self.lenses)

    def off_px(self, mark: Mark, place: Array) -> float:
        """Pixels from a mark to where a place is seen in its photo; infinite behind the camera."""
        view = self.views[self.index[mark.photo]]
        seen = self.lenses[view.lens].pixels((place - view.centre)[None, :] @ view.rotation.T)[0]
        off_px = float(np.hypot(seen[0] - mark.x_px, seen[1] - mark.y_px))
        return off_px if math.isfinite(off_px) else math.inf

    def allowed_px(self, mark: Mark) -> float:
        lens = self.lenses[self.views[self.index[mark.photo]].lens]
        return max(MARK_PX, MARK_SIGMAS * mark.sigma_px, POSE_SHARE * max(lens.width_px, lens.height_px))


def sift(
    control: SceneControl, views: tuple[View, ...], lenses: dict[str, Lens], frame: LocalFrame
) -> tuple[SceneControl, tuple[Blunder, ...]]:
    """The control without what is grossly wrong, and what that was."""
    cameras = _Cameras(views, lenses)
    marks, blunders = _sift_marks(control, cameras)
    kept = replace(control, marks=marks)
    wrong = _sift_points(kept, cameras, frame)
    names = {each.name for each in wrong}
    points = tuple(each for each in kept.points if each.name not in names)
    return replace(kept, points=points), (*blunders, *wrong)


def _sift_marks(
    control: SceneControl, cameras: _Cameras
) -> tuple[dict[str, tuple[Mark, ...]], tuple[Blunder, ...]]:
    kept: dict[str, tuple[Mark, ...]] = {}
    outside: list[tuple[str, Mark]] = []
    for name, marks in control.marks.items():
        here = [mark for mark in marks if mark.photo in cameras.index]
        agreeing = _agreeing(here, cameras)
        wrong = [mark for mark in here if mark not in agreeing]
        kept[name] = tuple(mark for mark in marks if mark not in wrong)
        outside += [(name, mark) for mark in wrong]
    places = {name: cameras.meet(marks) for name, marks in kept.items() if len(cameras.seen(marks).view) >= 2}
    return kept, tuple(_bad_mark(name, mark, places, cameras) for name, mark in outside)


def _agreeing(marks: list[Mark], cameras: _Cameras) -> list[Mark]:
    """The most marks that one place explains; all of them where two are all there are."""
    if len(marks) < 3:
        return marks
    best: list[Mark] = []
    least = math.inf
    for pair in itertools.islice(itertools.combinations(marks, 2), MOST_IN_PAIRS):
        place = cameras.meet(pair)
        off = [cameras.off_px(mark, place) / cameras.allowed_px(mark) for mark in marks]
        inside = [mark for mark, share in zip(marks, off, strict=True) if share <= 1]
        total = sum(min(share, 1.0) for share in off)
        if (len(inside), -total) > (len(best), -least):
            best, least = inside, total
    return best if len(best) >= 2 else marks


def _bad_mark(name: str, mark: Mark, places: Mapping[str, Array], cameras: _Cameras) -> Blunder:
    for other, place in places.items():
        if other != name and cameras.off_px(mark, place) <= 2 * cameras.allowed_px(mark):
            return Blunder(name, mark.photo, f"the mark lies where {other} is seen: names swapped?")
    off_px = cameras.off_px(mark, places[name])
    far = f"{off_px:.0f} pixels" if math.isfinite(off_px) else "far"
    return Blunder(name, mark.photo, f"the mark lies {far} from where the other photos show the point")


@dataclass(frozen=True, slots=True)
class _Seen:
    """A surveyed point in plan by the survey and by the photos, and both heights; NaN where not surveyed."""

    point: SurveyedPoint
    surveyed: Array
    photographed: Array


def _sift_points(control: SceneControl, cameras: _Cameras, frame: LocalFrame) -> tuple[Blunder, ...]:
    seen = []
    for point in control.points:
        marks = control.marks.get(point.name, ())
        if len(cameras.seen(marks).view) >= 2:
            surveyed, _ = local_of(point, frame, math.nan)
            seen.append(_Seen(point, surveyed, cameras.meet(marks)))
    shaping = [number for number, each in enumerate(seen) if each.point.role is Role.CONTROL]
    if len(shaping) < 3:
        return ()
    inside, fitted = _consensus(seen, shaping)
    if len(inside) < 3:
        names = [seen[number].point.name for number in shaping]
        said = f"no three of the points ({', '.join(names)}) agree with the photos in plan"
        return tuple(Blunder(name, "", said) for name in names)
    wrong = [_wrong_in_plan(seen[number], seen, fitted) for number in shaping if number not in inside]
    return (*wrong, *_wrong_in_height([seen[number] for number in sorted(inside)]))


def _consensus(seen: list[_Seen], shaping: list[int]) -> tuple[set[int], Array]:
    """The most shaping points that one similarity in plan explains, and all as it lays them out, (n, 2)."""
    photographed = np.array([each.photographed[:2] for each in seen])
    surveyed = np.array([each.surveyed[:2] for each in seen])
    extent_m = float(np.linalg.norm(np.ptp(photographed, axis=0)))
    near_m = np.array([NEAR_M + NEAR_SHARE * extent_m + 4 * each.point.sigma_horizontal_m for each in seen])
    best: set[int] = set()
    laid, least = photographed, math.inf
    pairs = list(itertools.combinations(shaping, 2))
    if len(pairs) > 2000:
        pairs = [pairs[n] for n in np.random.default_rng(1).choice(len(pairs), 2000, replace=False)]
    plane, told = photographed @ [1, 1j], surveyed @ [1, 1j]
    for first, second in pairs:
        apart = plane[second] - plane[first]
        if abs(apart) < 0.1 * extent_m:
            continue
        factor = (told[second] - told[first]) / apart
        if abs(abs(factor) - 1) > SCALE_OFF or abs(np.degrees(np.angle(factor))) > TURN_OFF_DEG:
            continue
        moved = told[first] + factor * (plane - plane[first])
        off = np.abs(moved - told) / near_m
        inside = {number for number in shaping if off[number] <= 1}
        total = float(np.minimum(off[shaping], 1).sum())
        if (len(inside), -total) > (len(best), -least):
            best, least = inside, total
            laid = np.column_stack([moved.real, moved.imag])
    return best, laid


def _wrong_in_plan(wrong: _Seen, seen: list[_Seen], laid: Array) -> Blunder:
    number = seen.index(wrong)
    off = wrong.surveyed[:2] - laid[number]
    near_m = 3 * (NEAR_M + 4 * wrong.point.sigma_horizontal_m)
    for other, each in enumerate(seen):
        if other == number or np.linalg.norm(wrong.surveyed[:2] - laid[other]) > near_m:
            continue
        swapped = np.linalg.norm(each.surveyed[:2] - laid[number]) <= near_m
        said = f"its coordinates are those of {each.point.name}"
        return Blunder(wrong.point.name, "", f"{said}: the two are swapped" if swapped else said)
    distance_m = float(np.linalg.norm(off))
    said = f"its coordinates lie {distance_m:.2f} m from where the photos and the other points put it"
    return Blunder(wrong.point.name, "", said + _typed(off[0], off[1], "east", "north", near_m))


def _typed(first_m: float, second_m: float, first: str, second: str, near_m: float) -> str:
    """Words for an error in one coordinate that is a round figure: one digit mistyped."""
    for off_m, rest_m, axis in ((first_m, second_m, first), (second_m, first_m, second)):
        if abs(rest_m) > near_m:
            continue
        for unit_m in TYPED_M:
            digits = round(abs(off_m) / unit_m)
            if 1 <= digits <= 9 and abs(abs(off_m) - digits * unit_m) <= min(near_m, 0.3 * unit_m):
                return f", {abs(off_m):.2f} m in {axis}: a digit mistyped?"
    return ""


def _wrong_in_height(seen: list[_Seen]) -> tuple[Blunder, ...]:
    """Points whose height stands out from a plane through the differences (least median of absolute ones)."""
    known = [each for each in seen if math.isfinite(each.surveyed[2])]
    if len(known) < 4:
        return ()
    places = np.array([each.photographed for each in known])
    off_m = np.array([each.surveyed[2] for each in known]) - places[:, 2]
    base = np.column_stack([np.ones(len(known)), places[:, :2]])
    best, least = np.zeros(len(known)), math.inf
    for triple in itertools.islice(itertools.combinations(range(len(known)), 3), 500):
        rows = base[list(triple)]
        if np.linalg.cond(rows) > 1e6:
            continue
        left = off_m - base @ np.linalg.solve(rows, off_m[list(triple)])
        typical = float(np.sort(np.abs(left))[(len(known) + 3) // 2])
        if typical < least:
            best, least = left, typical
    extent_m = float(np.linalg.norm(np.ptp(places[:, :2], axis=0)))
    found = []
    for each, left in zip(known, best, strict=True):
        near_m = NEAR_M + 2 * NEAR_SHARE * extent_m + 4 * each.point.sigma_up_m
        if abs(left) > max(near_m, 4 * least):
            said = f"its height lies {abs(left):.2f} m {'above' if left > 0 else 'below'} what the others say"
            found.append(Blunder(each.point.name, "", said + _typed(left, 0.0, "height", "", near_m)))
    return tuple(found)

"""What is wrong with control before anything is computed: names, marks, and distances that contradict.

Two names exchanged or a digit mistyped within the scene shows only against the photos: the adjustment finds
those. A finding that is blocking spoils the result; a caution may.
"""

from __future__ import annotations

import difflib
import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial import KDTree

from imaging.control.lines import shown
from imaging.control.points import Mark, MarkedPoint, Role, ScaleBar, SitePoint, SurveyedPoint
from imaging.lens import Array
from missions.geodesy import GeoPoint, LocalFrame
from missions.plan import Finding, Severity

SAME_M = 0.001
EDGE_PX = 5.0
"""A click at the edge of a photo may lie so far outside."""
NEAR_M = 0.05
"""Two points nearer than this may be one, surveyed twice."""
BEYOND_SIGMAS = 3.0
_NEIGHBOURS = 8
_GUESSES = 20
"""Names that are looked for among the others; a file with more wrong names has another fault."""

Point = SurveyedPoint | SitePoint
Sizes = Mapping[str, tuple[int, int]]
"""Photos by name: width and height in pixels."""


def check_points(points: Sequence[Point]) -> tuple[Finding, ...]:
    """Points that lie on one another."""
    return tuple(_crowded(points))


def check_marks(marked: Sequence[MarkedPoint], photos: Sizes) -> tuple[Finding, ...]:
    """Marks in photos that are not there, and marks outside their picture."""
    meant = _Meant(photos)
    return tuple(finding for point in marked for finding in _marks(point, photos, meant))


def marks_in(marked: Sequence[MarkedPoint], photos: Collection[str]) -> tuple[MarkedPoint, ...]:
    """The marks in these photos alone; points without any are left out."""
    kept = (
        replace(point, marks=tuple(mark for mark in point.marks if mark.photo in photos)) for point in marked
    )
    return tuple(point for point in kept if point.marks)


def check_names(
    points: Sequence[Point], marked: Sequence[MarkedPoint], bars: Sequence[ScaleBar]
) -> tuple[Finding, ...]:
    """Points without marks, marks without coordinates or a bar, and bars whose ends nobody marked."""
    return tuple(_names(points, marked, bars))


def check_bars(points: Sequence[Point], bars: Sequence[ScaleBar]) -> tuple[Finding, ...]:
    """Bars measured twice with different lengths, and bars that the points' coordinates contradict."""
    return (*_repeated(bars), *_against_coordinates(points, bars))


def local_metres(points: Sequence[Point]) -> Array:
    """(n, 3) east, north, up about the middle of the points; up is NaN where nobody measured the height."""
    heights = [one.height_m if isinstance(one, SurveyedPoint) else one.z_m for one in points]
    up = np.array([math.nan if height is None else height for height in heights])
    surveyed = [one for one in points if isinstance(one, SurveyedPoint)]
    if len(surveyed) == len(points):
        lonlat = np.array([[one.lon_deg, one.lat_deg] for one in surveyed]).reshape(-1, 2)
        middle = np.median(lonlat, axis=0) if len(lonlat) else np.zeros(2)
        level = LocalFrame(GeoPoint(float(middle[1]), float(middle[0]))).local_from_geo(lonlat)
    else:
        level = np.array([[one.x_m, one.y_m] for one in points if isinstance(one, SitePoint)])
    return np.column_stack([level, up])


def _crowded(points: Sequence[Point]) -> Iterator[Finding]:
    if len(points) < 2:
        return
    metres = local_metres(points)
    found = KDTree(metres[:, :2]).query(metres[:, :2], k=min(len(points), _NEIGHBOURS))
    near_m, others = np.asarray(found[0]), np.asarray(found[1])
    pairs = {
        (min(number, int(other)), max(number, int(other)))
        for number in range(len(points))
        for other in others[number][near_m[number] <= NEAR_M]
        if other != number
    }
    for first, second in sorted(pairs):
        apart_m = float(np.linalg.norm(metres[first, :2] - metres[second, :2]))
        higher_m = abs(float(metres[first, 2] - metres[second, 2]))
        if higher_m > NEAR_M:
            continue
        names = f"{points[first].name} and {points[second].name}"
        if apart_m <= SAME_M and not higher_m > SAME_M:
            yield Finding(
                "same place",
                Severity.BLOCKING,
                f"{names} have the same coordinates.",
                "Correct the coordinates of one, or leave it out.",
            )
        else:
            yield Finding(
                "same place",
                Severity.CAUTION,
                f"{names} lie {apart_m * 100:.1f} cm apart: one point that was surveyed twice?",
                "Leave one of them out, or make it a check point.",
            )


def outside_px(mark: Mark, width_px: int, height_px: int) -> float:
    """How far a mark lies outside a picture of that size; negative within."""
    return max(-mark.x_px, mark.x_px - width_px, -mark.y_px, mark.y_px - height_px)


def _marks(point: MarkedPoint, photos: Sizes, meant: _Meant) -> Iterator[Finding]:
    for mark in point.marks:
        size = photos.get(mark.photo)
        if size is None:
            yield Finding(
                "unknown photo",
                Severity.CAUTION,
                f"{point.name} is marked in {shown(mark.photo)}, which is not among the photos.",
                meant.remedy(mark.photo, "Add the photo, or leave out the mark."),
            )
        elif outside_px(mark, *size) > EDGE_PX:
            turned = 0 <= mark.y_px <= size[0] and 0 <= mark.x_px <= size[1]
            yield Finding(
                "mark outside",
                Severity.BLOCKING,
                f"{point.name} is marked at {mark.x_px:g}, {mark.y_px:g} in {mark.photo}, which has"
                f" {size[0]} x {size[1]} pixels.",
                "Mark it again; pixels are of the stored picture, "
                + ("and here x and y look exchanged or turned." if turned else "not of a smaller copy."),
            )


def _names(
    points: Sequence[Point], marked: Sequence[MarkedPoint], bars: Sequence[ScaleBar]
) -> Iterator[Finding]:
    counts = {point.name: len(point.marks) for point in marked}
    surveyed = {point.name for point in points}
    ends = {name for bar in bars for name in (bar.first, bar.second)}
    for point in points:
        count = counts.get(point.name, 0)
        if count < 2:
            yield Finding(
                "few marks",
                Severity.CAUTION,
                f"{point.name} is marked in {count or 'no'} photo{'s' if not count else ''}: it fixes nothing"
                " and checks nothing.",
                "Mark it in three photos or more.",
            )
    # What has its marks already is not what another mark was meant for.
    known = _Meant({name for name in surveyed | ends if counts.get(name, 0) < 2})
    seen = _Meant(counts)
    for name in counts:
        if name not in surveyed and name not in ends:
            yield Finding(
                "unknown point",
                Severity.CAUTION,
                f"{name} is marked, and has neither coordinates nor a distance.",
                known.remedy(name, "Add its coordinates, or leave out its marks."),
            )
    for name in sorted(ends - counts.keys()):
        yield Finding(
            "unmarked end",
            Severity.CAUTION,
            f"{name} is the end of a distance, and marked in no photo.",
            seen.remedy(name, "Mark it in three photos or more."),
        )


def _repeated(bars: Sequence[ScaleBar]) -> Iterator[Finding]:
    by_ends: dict[frozenset[str], list[ScaleBar]] = {}
    for bar in bars:
        by_ends.setdefault(frozenset({bar.first, bar.second}), []).append(bar)
    for same in by_ends.values():
        for one, other in itertools.pairwise(same):
            off_m = abs(one.length_m - other.length_m)
            if off_m > BEYOND_SIGMAS * math.hypot(one.sigma_m, other.sigma_m):
                yield Finding(
                    "distance",
                    Severity.BLOCKING,
                    f"{one.first}-{one.second} was measured as {one.length_m:.3f} m and as"
                    f" {other.length_m:.3f} m.",
                    "Measure it again, or leave one of them out.",
                )


def _against_coordinates(points: Sequence[Point], bars: Sequence[ScaleBar]) -> Iterator[Finding]:
    if not points:
        return
    index = {point.name: number for number, point in enumerate(points)}
    metres = local_metres(points)
    for bar in bars:
        if bar.first not in index or bar.second not in index:
            continue
        ends = index[bar.first], index[bar.second]
        step = metres[ends[1]] - metres[ends[0]]
        level = bool(np.isnan(step[2]))
        if level:
            step[2] = 0.0
        between_m = float(np.linalg.norm(step))
        sigma_m = _sigma_of_distance(step, [points[end] for end in ends], bar)
        off_m = bar.length_m - between_m
        # Without heights the points may lie further apart, never nearer.
        if abs(off_m) <= BEYOND_SIGMAS * sigma_m or (level and off_m > 0):
            continue
        yield Finding(
            "distance",
            Severity.CAUTION if bar.role is Role.CHECK else Severity.BLOCKING,
            f"{bar.first}-{bar.second} was measured as {bar.length_m:.3f} m, and their coordinates lie"
            f" {between_m:.3f} m apart; {BEYOND_SIGMAS * sigma_m:.3f} m between the two is to be expected.",
            "Look for a typing error in either, or for two names exchanged.",
        )


def _sigma_of_distance(step: Array, ends: Sequence[Point], bar: ScaleBar) -> float:
    """One standard deviation of bar minus distance, both ends surveyed independently."""
    along = step / max(float(np.linalg.norm(step)), 1e-9)
    variance = bar.sigma_m**2
    for end in ends:
        variance += float(along[:2] @ along[:2]) * end.sigma_horizontal_m**2
        variance += float(along[2]) ** 2 * end.sigma_up_m**2
    return math.sqrt(variance)


class _Meant:
    """Guesses which of the known names was meant."""

    def __init__(self, known: Collection[str]) -> None:
        self._folded = {each.lower(): each for each in known}
        self._left = _GUESSES

    def remedy(self, name: str, otherwise: str) -> str:
        """A question with the name that is most like this one, or the other remedy."""
        self._left -= 1
        if self._left < 0 or len(self._folded) > 5000:
            return otherwise
        found = difflib.get_close_matches(name.lower(), self._folded, 1, 0.7)
        return f"Is it {shown(self._folded[found[0]])}?" if found else otherwise

"""Marks in photos to places and figures, on a scene that was adjusted before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from imaging.adjustment import Adjusted
from imaging.adjustment.intersect import Surface, intersect_marks
from imaging.adjustment.rays import meeting_point
from imaging.control.checks import EDGE_PX, outside_px
from imaging.control.points import Mark, MarkedPoint
from imaging.control.scene import pointings
from imaging.lens import Array
from imaging.measure.agreement import agreed, off_surface
from imaging.measure.derive import derive
from imaging.measure.figures import Figure, Kind, MarkPosition, Measurement
from imaging.measure.matching import LEAST_PHOTOS, SIGMA_PX, Pictures, matched
from imaging.measure.missed import DISAGREES, FEW, Missed
from imaging.measure.places import Places
from imaging.measure.repeated import Relief, repeated
from missions.errors import InputError

WORST_RESIDUAL = 5.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One figure to derive: its kind and the marks, in order."""

    kind: Kind
    letters: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Completed:
    """A point with the marks that were found, and the photos in which it was looked for in vain."""

    point: MarkedPoint
    missed: tuple[Missed, ...] = ()


def completed(
    adjusted: Adjusted, points: Iterable[MarkedPoint], surface: Surface, pictures: Pictures
) -> tuple[Completed, ...]:
    """Points that are marked in one photo, with the marks that matching finds in the others.

    What does not agree with the rest is left out again, so that a point may stay with its one mark. Raises
    InputError for a mark in a photo that has no pose, or that is not as it was, and PhotoError.
    """
    whole = []
    for point in points:
        _check_photos(point, adjusted)
        if len(point.marks) != 1:
            whole.append(Completed(point))
            continue
        place = on_surface(adjusted, point.marks[0], surface)
        found = matched(adjusted, point.marks[0], place, pictures)
        marks = (*point.marks, *found.marks)
        kept, disagree = _consistent(adjusted, marks)
        more = tuple(
            Missed(each.photo, DISAGREES if each in disagree else FEW) for each in marks if each not in kept
        )
        whole.append(Completed(replace(point, marks=kept), found.missed + more))
    return tuple(whole)


def placed(adjusted: Adjusted, points: Sequence[MarkedPoint], surface: Relief) -> Places:
    """Where the points are, with their joint covariance.

    One mark alone meets the surface, and is as sure as the surface is. Marks that matching found repeat the
    click of a person: its error moves all of them together and is counted once, whatever else is marked.
    Where they contradict the surface, nobody can tell which is wrong: its doubts say so, and its covariance
    holds both. Marks by hand that miss one another are left out or taken for less sure, which its doubts say
    too. Raises InputError for a mark in a photo that has no pose, or outside it, AlignmentError where the
    marks give no place.
    """
    index = adjusted.network.index
    seen, start, shared, heights = [], [], [], []
    doubts: dict[str, str] = {}
    left_out: dict[str, frozenset[str]] = {}
    for point in points:
        _check_photos(point, adjusted)
        sound = agreed(adjusted, point.marks)
        found = repeated(adjusted, sound.marks, surface)
        seen.append(pointings(found.marks, index))
        alone = len(found.marks) == 1
        start.append(
            on_surface(adjusted, found.marks[0], surface)
            if alone
            else meeting_point(seen[-1], adjusted.views, adjusted.lenses)
        )
        heights.append(surface if alone else None)
        shared.append(found.shared)
        if gone := {mark.photo for mark in point.marks} - {mark.photo for mark in found.marks}:
            left_out[point.name] = frozenset(gone)
        if sound.doubt or found.doubt:
            doubts[point.name] = _joined(sound.doubt, found.doubt)
    begun = np.array(start).reshape(-1, 3)
    met = intersect_marks(adjusted, tuple(seen), begun, tuple(heights), tuple(shared))
    sigma_up_m = np.sqrt(np.diag(met.covariance)[2::3])
    for point, marks, place, up_m in zip(points, seen, met.local_m, sigma_up_m, strict=True):
        if len(marks.view) == 2 and point.name not in doubts and (said := off_surface(place, up_m, surface)):
            doubts[point.name] = said
    return Places(tuple(point.name for point in points), met.local_m, met.covariance, doubts, left_out)


def measure(
    places: Places,
    points: Sequence[MarkedPoint],
    asked: Iterable[Asked],
    *,
    evidence: bool,
    verdict: str,
    notes: Mapping[str, str] | None = None,
) -> Measurement:
    """The figures asked for. `notes` by letter stand in for those of the points; doubts stand behind them.

    Raises InputError for a figure that cannot be.
    """
    marks = tuple(
        MarkPosition(
            point.name,
            _joined((notes or {}).get(point.name, point.note), places.doubts.get(point.name, "")),
            places.of((point.name,))[0][0],
            places.sigma_m(point.name),
            tuple(
                mark.photo
                for mark in point.marks
                if mark.photo not in places.left_out.get(point.name, frozenset())
            ),
            places.doubts.get(point.name, ""),
        )
        for point in points
    )
    figures = tuple(_figure(each, places) for each in asked)
    return Measurement(marks, figures, evidence, verdict)


def on_surface(adjusted: Adjusted, mark: Mark, surface: Surface) -> Array:
    """(3,) where the ray of a mark meets the surface. Raises InputError for a ray that goes up."""
    view = adjusted.views[adjusted.network.index[mark.photo]]
    begin, ray = view.ray(adjusted.lenses[view.lens], np.array([mark.x_px, mark.y_px]))
    if ray[2] >= -0.02 * np.linalg.norm(ray):
        raise InputError(
            "the mark does not look down on the ground",
            where=f"{mark.photo}, pixel {mark.x_px:.0f}, {mark.y_px:.0f}",
            remedy="Mark the point in two photos or more",
        )
    height_m = surface(begin[:2])[0]
    for _ in range(20):
        place = begin + ray * (height_m - begin[2]) / ray[2]
        found_m = surface(place[:2])[0]
        if abs(found_m - height_m) < 1e-4:
            break
        height_m += 0.7 * (found_m - height_m)
    return np.asarray(begin + ray * (height_m - begin[2]) / ray[2])


def _figure(asked: Asked, places: Places) -> Figure:
    figure = derive(asked.kind, asked.letters, places)
    return replace(figure, note=_joined(asked.note, figure.note))


def _joined(*notes: str) -> str:
    return "; ".join(text for text in notes if text)


def _check_photos(point: MarkedPoint, adjusted: Adjusted) -> None:
    if not point.marks:
        raise InputError(f"{point.name} is marked nowhere", remedy="Mark it in a photo")
    for mark in point.marks:
        if mark.photo not in adjusted.network.index:
            raise InputError(
                f"{point.name} is marked in {mark.photo}, which has no pose in this scene",
                remedy="Mark it in a photo that was used; scene.json names them",
            )
        lens = adjusted.lenses[adjusted.views[adjusted.network.index[mark.photo]].lens]
        if outside_px(mark, lens.width_px, lens.height_px) > EDGE_PX:
            raise InputError(
                f"{point.name} is marked at {mark.x_px:g}, {mark.y_px:g} in {mark.photo}, which has "
                f"{lens.width_px} x {lens.height_px} pixels",
                remedy="Mark it again; pixels are of the stored picture, not of a smaller copy",
            )


def _consistent(adjusted: Adjusted, marks: tuple[Mark, ...]) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    """The first mark and the matches that agree with the place that all give, the worst dropped first, and
    those that do not.
    """
    kept = list(marks)
    dropped: list[Mark] = []
    while len(kept) > 1:
        alike = tuple(replace(mark, sigma_px=SIGMA_PX) for mark in kept)
        seen = pointings(alike, adjusted.network.index)
        start = meeting_point(seen, adjusted.views, adjusted.lenses)
        found = intersect_marks(adjusted, (seen,), start[None, :])
        off = np.linalg.norm(found.residual_px[0], axis=1) / SIGMA_PX
        worst = int(np.argmax(off))
        if off[worst] <= WORST_RESIDUAL:
            break
        if worst == 0:
            return (marks[0],), marks[1:]
        dropped.append(kept.pop(worst))
    return tuple(kept) if len(kept) >= LEAST_PHOTOS else (marks[0],), tuple(dropped)

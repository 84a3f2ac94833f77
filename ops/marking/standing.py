"""How everything stands on a board: points and their residuals, figures and their intervals, predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from imaging.control.points import MarkedPoint, SurveyedPoint
from imaging.control.scene import SceneControl, local_of
from imaging.lens import Array
from imaging.marking.expected import Expected, Prediction
from imaging.marking.opened import MarkingScene
from imaging.marking.residuals import Seen, seen_by_marks
from imaging.measure.derive import derive
from imaging.measure.figures import Figure
from imaging.measure.measuring import Asked, on_surface, placed
from imaging.measure.places import Places
from missions.errors import AlignmentError, DroneteamError, InputError
from ops.marking.books import Books, Kind, Marks

GROUND_SIGMA_M, OPEN_SIGMA_M, NOWHERE_SIGMA_M = 1.0, 100.0, 20.0
"""Heights taken from the surface; places in plan that nothing tells; heights where there is no surface."""


@dataclass(frozen=True)
class Standing:
    """Everything that follows from the adjustment and the marks."""

    scene: MarkingScene
    books: Books
    control: SceneControl
    expected: Expected
    seen: Mapping[tuple[Kind, str], Seen | None]
    places: Places
    unplaced: Mapping[str, str]
    figures: tuple[tuple[Asked, Figure | None, str], ...]

    def predictions(self, kind: Kind, name: str) -> tuple[Prediction, ...]:
        """Where each photo shows the point, the best first, those that do not left out."""
        key = key_of_point(kind, name)
        return (
            tuple(each for each in self.expected.predictions(key) if each.inside)
            if self.knows(kind, name)
            else ()
        )

    def shown_in(self, kind: Kind, name: str) -> int:
        """In how many photos the point is expected."""
        return len(self.expected.shown_in(key_of_point(kind, name))) if self.knows(kind, name) else 0

    def knows(self, kind: Kind, name: str) -> bool:
        """Whether anything tells where the point lies."""
        return self.expected.knows(key_of_point(kind, name))

    def place(self, kind: Kind, name: str) -> Array | None:
        """(3,) where it lies as far as anybody knows."""
        if kind == "measure" and name in self.places.letters:
            return np.asarray(self.places.of((name,))[0][0])
        return self.expected.place(key_of_point(kind, name))[0] if self.knows(kind, name) else None


def key_of_point(kind: Kind, name: str) -> str:
    """A name that no point of the other kind has: those of control are their own."""
    return name if kind == "control" else f"measure {name}"


def standing(scene: MarkingScene, books: Books, control: SceneControl) -> Standing:
    """Work it all out."""
    adjusted = scene.now.adjusted
    start = dict(_starts(scene, books, control))
    marked = {
        key_of_point(kind, name): marks
        for kind, points in books.marks.items()
        for name, marks in points.items()
    }
    seen = {
        (kind, name): seen_by_marks(adjusted, marks)
        for kind, points in books.marks.items()
        for name, marks in points.items()
    }
    places, unplaced = _placed(scene, books.marks["measure"])
    return Standing(
        scene=scene,
        books=books,
        control=control,
        expected=Expected(adjusted, start, marked),
        seen=seen,
        places=places,
        unplaced=unplaced,
        figures=tuple(_figures(books.figures, places, unplaced)),
    )


def _starts(
    scene: MarkingScene, books: Books, control: SceneControl
) -> Iterator[tuple[str, tuple[Array, Array]]]:
    """Before any mark: what was surveyed, else where the first mark meets the ground, known in height."""
    surveyed = {each.name: each for each in control.points}
    for point in surveyed.values():
        yield point.name, _surveyed(scene, point)
    index = scene.now.adjusted.network.index
    for kind, points in books.marks.items():
        for name, marks in points.items():
            if kind == "control" and name in surveyed:
                continue
            first = next((each for each in marks if each.photo in index), None)
            if first is None:
                continue
            try:
                place = on_surface(scene.now.adjusted, first, scene.surface)
                sigma_m = max(0.3, scene.surface(place[:2])[1])
            except InputError:
                continue
            yield key_of_point(kind, name), (place, np.diag([OPEN_SIGMA_M, OPEN_SIGMA_M, sigma_m]) ** 2)


def _surveyed(scene: MarkingScene, point: SurveyedPoint) -> tuple[Array, Array]:
    """The surveyed place; where its height is above something else than the scene's, that of the ground."""
    place, covariance = local_of(point, scene.now.frame, 0.0)
    reference = str(scene.now.report["place"]["height_reference"])
    if point.height_m is None or point.height_reference != reference:
        try:
            place[2], sigma_m = scene.surface(place[:2])[0], GROUND_SIGMA_M
        except InputError:
            sigma_m = NOWHERE_SIGMA_M
        covariance[2, 2] = sigma_m**2
    return place, covariance


def _placed(scene: MarkingScene, marks: Marks) -> tuple[Places, dict[str, str]]:
    """The measuring marks that have a place, all together, and why the others have none."""
    good, problems = [], {}
    for name, each in marks.items():
        point = MarkedPoint(name, each)
        try:
            placed(scene.now.adjusted, [point], scene.surface)
            good.append(point)
        except (InputError, AlignmentError) as error:
            problems[name] = f"{error.what}. {error.remedy}".strip()
    return placed(scene.now.adjusted, good, scene.surface), problems


def _figures(
    asked: tuple[Asked, ...], places: Places, unplaced: Mapping[str, str]
) -> Iterator[tuple[Asked, Figure | None, str]]:
    for each in asked:
        missing = next((letter for letter in each.letters if letter in unplaced), None)
        if missing is not None:
            yield each, None, f"{missing}: {unplaced[missing]}"
            continue
        try:
            yield each, derive(each.kind, each.letters, places), ""
        except DroneteamError as error:
            yield each, None, str(error.what)

"""Where photos were taken that tell no position, by surveyed points that are marked in them.

The photos are set to each other without scale or place (`imaging.quick.free`); the marked points' places in
that model and the surveyed ones give the similarity (Umeyama 1991). What comes out is where the adjustment
begins: it then weighs marks, points and tie points, and these places next to nothing.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from imaging.adjustment.rays import meeting_point
from imaging.array_file import ArrayFile
from imaging.control.points import Role, SurveyedPoint
from imaging.control.scene import SceneControl, local_of, pointings
from imaging.lens import Array, View
from imaging.options import MosaicOptions
from imaging.photos import BY_CONTROL, Photo
from imaging.pictures import Pictures
from imaging.progress import Progress
from imaging.quick.align import pictures_of
from imaging.quick.comparing import compare
from imaging.quick.features import search_of
from imaging.quick.free import free_views
from imaging.quick.guesses import Guess, guesses
from imaging.quick.remembered import remember, remembered
from imaging.scene import Scene, key_of
from imaging.similarity import Pairs, Similarity, fit_robustly
from imaging.survey import LEAST_PHOTOS, Survey, keep_survey, no_position
from missions.errors import AlignmentError
from missions.geodesy import GeoPoint, LocalFrame

LEAST_POINTS = 3
ON_A_LINE = 0.05
"""Points whose spread aside is less than this share of that along them leave the turn about them open."""


def placed_by_control(
    found: Survey,
    control: SceneControl,
    scene: Scene,
    options: MosaicOptions,
    progress: Progress,
    pictures: Pictures | None = None,
) -> Survey:
    """The survey as it is where three photos tell a position; else with places for all, and kept anew.

    Heights are metres above the control's middle. Raises PhotoError where there is neither, AlignmentError
    where fewer than three points that are not on one line are marked in photos that hang together.
    """
    if sum(photo.place is not None for photo in found.photos.values()) >= LEAST_PHOTOS:
        return found
    points = [each for each in control.points if each.role is Role.CONTROL and each.height_m is not None]
    if len(points) < LEAST_POINTS:
        raise no_position(found.folder)
    progress.note(
        f"Fewer than {LEAST_PHOTOS} photos tell a position: "
        f"{len(points)} surveyed points alone place the scene"
    )
    photos = {name: replace(photo, place=None) for name, photo in found.photos.items()}
    frame = LocalFrame(
        GeoPoint(
            float(np.median([each.lat_deg for each in points])),
            float(np.median([each.lon_deg for each in points])),
        )
    )
    known = guesses(photos)
    views = _model(photos, known, scene, options, progress, pictures)
    lay = _laid(points, control, known, views, frame)
    ground_m = float(np.median([each.height_m for each in points if each.height_m is not None]))
    names = [known[number].name for number in views]
    local_m = lay.local_from_model(np.array([view.centre for view in views.values()]))
    for name, (east_m, north_m, up_m) in zip(names, local_m, strict=True):
        photos[name] = replace(
            photos[name],
            place=frame.point_from_local(float(east_m), float(north_m)),
            height_relative_m=float(up_m - ground_m),
            height_amsl_m=None,
            placed_by=BY_CONTROL,
            rtk=False,
        )
    told = {name: asdict(replace(photo, path=Path())) for name, photo in photos.items()}
    result = replace(found, photos=photos, key=key_of(found.key, BY_CONTROL, told))
    keep_survey(result, scene)
    return result


def _model(
    photos: dict[str, Photo],
    known: list[Guess],
    scene: Scene,
    options: MosaicOptions,
    progress: Progress,
    pictures: Pictures | None,
) -> dict[int, View]:
    """The photos to each other; their features are kept for the alignment that follows."""
    search = search_of(options)
    with threadpool_limits(1), ArrayFile(scene.stages) as file:
        compared = compare(
            photos, known, pictures or pictures_of(options), search, progress,
            before=remembered(scene, search), threads=options.threads, file=file,
        )  # fmt: skip
        remember(scene, search, photos, compared.features)
        return free_views(known, compared)


def _laid(
    points: list[SurveyedPoint],
    control: SceneControl,
    known: list[Guess],
    views: dict[int, View],
    frame: LocalFrame,
) -> Similarity:
    """The model's similarity to the map."""
    index = {known[number].name: place for place, number in enumerate(views)}
    lenses = {known[number].lens_name: known[number].lens for number in views}
    model, local = [], []
    for point in points:
        seen = pointings(control.marks.get(point.name, ()), index)
        if len(seen.view) >= 2:
            model.append(meeting_point(seen, tuple(views.values()), lenses))
            local.append(local_of(point, frame, 0.0)[0])
    if len(local) < LEAST_POINTS or _on_a_line(np.array(local)):
        raise AlignmentError(
            f"no photo has a GPS position, and {len(local)} surveyed points with heights are marked in two "
            "or more photos that hang together" + (", all on one line" if len(local) >= LEAST_POINTS else ""),
            remedy=f"Mark {LEAST_POINTS} points or more, not on one line, each in two photos at least",
        )
    nothing = np.zeros((0, 3))
    return fit_robustly(Pairs(np.array(model), np.array(local), nothing, nothing)).similarity


def _on_a_line(places: Array) -> bool:
    spread = np.linalg.svd(places - places.mean(axis=0), compute_uv=False)
    return bool(spread[1] < ON_A_LINE * spread[0])

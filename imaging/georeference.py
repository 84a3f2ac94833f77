"""Stage `georeference`: the model laid on the map by the photos' GPS positions.

The map is a local frame in metres (east, north, up) about the middle of the photos; the result is drawn in
the UTM zone of that point. Heights are the photos' own: above take-off where every photo tells it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from imaging.alignment import Alignment
from imaging.lens import Array, View, json_from_view, view_from_json
from imaging.pairs import frame_of, positions_m
from imaging.photos import BY_CONTROL, Photo
from imaging.progress import Progress
from imaging.scene import Scene, key_of
from imaging.similarity import Fit, Pairs, fit_robustly
from imaging.survey import Survey
from missions.errors import AlignmentError, FormatError
from missions.geodesy import GeoPoint, LocalFrame

STAGE = "georeference"
VERSION = 1
LEAST_SPREAD_M = 3.0
LEAST_TOLD = 3


@dataclass(frozen=True, slots=True)
class Residual:
    """GPS minus model for one photo, metres; `used` says whether the fit rests on it.

    A photo that `told` no position of its own has zeros.
    """

    name: str
    east_m: float
    north_m: float
    up_m: float
    used: bool
    told: bool = True


@dataclass(frozen=True, slots=True)
class Georeference:
    """Views and (n, 3) tie points in metres east, north and up of `frame`.

    `scale_sigma` is one standard deviation of the scale, as a share. `tilt_from` says what settled the tilt.
    """

    frame: LocalFrame
    epsg: int
    height_reference: str
    views: tuple[View, ...]
    points: Array
    residuals: tuple[Residual, ...]
    scale_sigma: float
    tilt_from: str
    key: str


def georeference(found: Survey, alignment: Alignment, scene: Scene, progress: Progress) -> Georeference:
    """Place the aligned photos and write `stages/georeference.json`, or take what stands there.

    Raises AlignmentError where the positions lie too close together to give a scale.
    """
    key = key_of(STAGE, VERSION, alignment.key)
    progress.stage(STAGE, 1)
    record = scene.kept(STAGE, key) or scene.keep(STAGE, key, _placed(found, alignment))
    progress.advance()
    return _from_record(record, alignment)


def kept_georeference(alignment: Alignment, scene: Scene) -> Georeference:
    """Where the scene was laid when it was made. Raises FormatError where that cannot be read."""
    record = scene.read(STAGE)
    try:
        if record is None:
            raise ValueError("there is none")  # noqa: TRY301 - one error for whatever is wrong
        return _from_record(record, alignment)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(
            f"the record of the georeference is broken ({error})",
            where=str(scene.stages / f"{STAGE}.json"),
            remedy="Make the scene again",
        ) from error


def _placed(found: Survey, alignment: Alignment) -> dict[str, Any]:
    photos = {view.name: found.photos[view.name] for view in alignment.views}
    frame = frame_of(photos)
    gps, height_reference = positions_m(photos, frame)
    told = np.isfinite(gps[:, 0])
    witnessed = np.array([photo.placed_by != BY_CONTROL for photo in photos.values()])
    if np.count_nonzero(told) < LEAST_TOLD:
        raise AlignmentError(
            f"only {np.count_nonzero(told)} of the photos that fit together have a position",
            remedy="Use the drone's original files; editors and messengers strip the position",
        )
    pairs, tilt_from = _pairs(alignment.views, photos, gps)
    spread_m = float(np.sqrt(((gps[told] - gps[told].mean(axis=0)) ** 2).sum(axis=1).mean()))
    if spread_m < LEAST_SPREAD_M:
        raise AlignmentError(
            f"the photos' positions lie within {spread_m:.1f} m, too close for GPS to give a scale",
            remedy="Fly a pattern at least as wide as the ground that you map",
        )
    fit = fit_robustly(pairs)
    residuals, used = np.zeros_like(gps), np.zeros(len(gps), bool)
    residuals[told] = pairs.local - fit.similarity.local_from_model(pairs.model)
    used[told] = fit.inliers
    return {
        "origin": {"lat_deg": frame.origin.lat_deg, "lon_deg": frame.origin.lon_deg},
        "epsg": utm_epsg(frame.origin),
        "height_reference": height_reference,
        "tilt_from": tilt_from,
        "similarity": {
            "scale": fit.similarity.scale,
            "rotation": fit.similarity.rotation.tolist(),
            "shift": fit.similarity.shift.tolist(),
        },
        "scale_sigma": _scale_sigma(pairs, fit, residuals[told]),
        "residuals": [
            {"name": view.name, "east_m": e, "north_m": n, "up_m": u, "used": bool(use), "told": bool(tell)}
            for view, (e, n, u), use, tell in zip(
                alignment.views, residuals.tolist(), used, told & witnessed, strict=True
            )
        ],
        "views": [json_from_view(_view_in_frame(view, fit)) for view in alignment.views],
    }


def utm_epsg(place: GeoPoint) -> int:
    """EPSG code of the WGS 84 UTM zone of a place: 326zz north, 327zz south (no exceptions for Norway)."""
    zone = min(60, int((place.lon_deg + 180) // 6) + 1)
    return (32600 if place.lat_deg >= 0 else 32700) + zone


def _pairs(views: tuple[View, ...], photos: dict[str, Photo], gps: Array) -> tuple[Pairs, str]:
    """Positions and directions in both frames, and where the directions come from."""
    told = [
        (view.direction, gimbal)
        for view in views
        if (gimbal := gimbal_direction(photos[view.name])) is not None
    ]
    tilt_from = "the gimbal's angles and the positions" if told else "the positions"
    if not told and _on_a_line(gps[np.isfinite(gps[:, 0])]):
        tilt_from = "the cameras, taken to look straight down: no gimbal angles, positions on one line"
        told = [(view.direction, np.array([0.0, 0.0, -1.0])) for view in views]
    model = np.array([direction for direction, _ in told]).reshape(-1, 3)
    local = np.array([direction for _, direction in told]).reshape(-1, 3)
    known = np.isfinite(gps[:, 0])
    return Pairs(np.array([view.centre for view in views])[known], gps[known], model, local), tilt_from


def gimbal_direction(photo: Photo) -> Array | None:
    """Unit vector east, north, up along the optical axis, None where the photo does not tell."""
    if photo.gimbal_pitch_deg is None:
        return None
    pitch, yaw = math.radians(photo.gimbal_pitch_deg), math.radians(photo.gimbal_yaw_deg or 0.0)
    if photo.gimbal_yaw_deg is None and photo.gimbal_pitch_deg > -85:
        return None
    return np.array([math.cos(pitch) * math.sin(yaw), math.cos(pitch) * math.cos(yaw), math.sin(pitch)])


def _on_a_line(gps: Array) -> bool:
    spread = np.linalg.svd(gps - gps.mean(axis=0), compute_uv=False)
    return bool(spread[1] < 0.15 * spread[0])


def _scale_sigma(pairs: Pairs, fit: Fit, residuals: Array) -> float:
    """One standard deviation of the scale, as a share: the least-squares estimate's own.

    The variance of one horizontal coordinate over the sum of squared distances from the centre, as photos
    of one height carry the scale in the level plane; what all positions share does not show in it.
    """
    used = fit.inliers
    centred = fit.similarity.local_from_model(pairs.model)[used][:, :2]
    square_m2 = float(((centred - centred.mean(axis=0)) ** 2).sum())
    freedom = max(1, 2 * int(used.sum()) - 4)
    variance_m2 = float((residuals[used][:, :2] ** 2).sum()) / freedom
    return math.sqrt(variance_m2 / max(square_m2, 1e-9))


def _view_in_frame(view: View, fit: Fit) -> View:
    centre = fit.similarity.local_from_model(view.centre[None, :])[0]
    rotation = view.rotation @ fit.similarity.rotation.T
    return View(view.name, view.lens, rotation, centre, view.points, view.error_px)


def _from_record(record: dict[str, Any], alignment: Alignment) -> Georeference:
    lay = record["similarity"]
    rotation, shift = np.array(lay["rotation"], float), np.array(lay["shift"], float)
    return Georeference(
        frame=LocalFrame(GeoPoint(**record["origin"])),
        epsg=int(record["epsg"]),
        height_reference=record["height_reference"],
        views=tuple(view_from_json(view) for view in record["views"]),
        points=np.asarray(lay["scale"] * alignment.points @ rotation.T + shift),
        residuals=tuple(Residual(**residual) for residual in record["residuals"]),
        scale_sigma=float(record["scale_sigma"]),
        tilt_from=record["tilt_from"],
        key=record["key"],
    )

"""Contour search (IAMSAR OS): a slope flown along its contours, from the top down.

Every track keeps one height of the ground, so the aircraft neither climbs nor descends on it, and looks
straight down at a slope that it flies beside. On a slope two neighbouring tracks see more of the ground
between them than on the flat: the one above sees further downhill than the one below sees less uphill
(h tan f / (1 - k) and h tan f / (1 + k) for half the field of view f and slope times tan f = k). Lanes as far
apart as on the flat, measured on the map, therefore leave nothing between them.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString

from missions.aircraft import Aircraft
from missions.coverage.around import Around
from missions.coverage.inside import Inside
from missions.errors import AreaError, SettingsError
from missions.geodesy import LocalFrame, Points
from missions.patterns.path import Path, joined, path_of
from missions.patterns.pattern import Pattern, Shape
from missions.terrain.contours import Track, contour_tracks, relief_of, seen_share
from missions.terrain.surface import Terrain
from missions.view import View

NAME = "contour"
_TRIES = 60
_EFFORT = 200_000


def contour(
    shape: Shape,
    frame: LocalFrame,
    aircraft: Aircraft,
    view: View,
    terrain: Terrain,
    *,
    from_top: bool = True,
    start_m: npt.NDArray[np.float64] | None = None,
    where: str = "",
) -> Pattern:
    """Tracks along the contours of an area's ground, each slope from its top down or from its foot up.

    `start_m` is the take-off point in the frame. Where the ground is level short straight lanes take the
    place of contours. Raises AreaError where the area is too flat or the terrain unknown, and SettingsError
    for an aircraft that cannot stop and turn.
    """
    if aircraft.turn_radius_m > 0:
        raise SettingsError(
            f"{aircraft.name} cannot turn as sharply as contours do",
            remedy="Take a copter, or search by parallel track",
        )
    inside = Inside(shape)
    try:
        relief = relief_of(shape, frame, terrain, view.spacing_m)
    except AreaError as error:
        raise AreaError(error.what, where=error.where or where, remedy=error.remedy) from error
    seen_m = view.footprint_m[0]
    tracks, interval_m = contour_tracks(relief, shape, inside.inner, view.spacing_m, seen_m)
    ordered = _in_order(tracks, view.spacing_m, from_top, start_m)
    return Pattern(
        name=NAME,
        frame=frame,
        shape=shape,
        path=_path(ordered, inside, view.height_agl_m, start_m),
        lanes=len(ordered),
        spacing_m=view.spacing_m,
        trigger_m=view.trigger_m,
        covered_pct=100 * seen_share(tracks, shape, seen_m),
        from_take_off=start_m is not None,
        figures={
            "interval_m": round(interval_m, 2),
            "highest_m": round(relief.highest_m, 1),
            "lowest_m": round(relief.lowest_m, 1),
            "from_top": float(from_top),
        },
    )


def _in_order(
    tracks: list[Track], spacing_m: float, from_top: bool, start_m: npt.NDArray[np.float64] | None
) -> list[Points]:
    """The tracks in the order and direction flown: none before the neighbours above it.

    Always one of the nearest next, tried a number of times with seeded luck; the shortest way is kept.
    """
    sign = 1.0 if from_top else -1.0
    waits = _waits_for(tracks, spacing_m, sign)
    levels = np.nan_to_num(sign * np.array([track.level_m for track in tracks]), nan=-np.inf)
    first = None if start_m is not None else int(levels.argmax())
    luck = np.random.default_rng(len(tracks))
    tries = max(1, min(_TRIES, _EFFORT // len(tracks) ** 2))
    found = [
        _nearest_next(tracks, waits, start_m, first, luck.exponential(spread, (len(tracks), len(tracks))))
        for spread in np.linspace(0.0, 0.6, tries)
    ]
    return min(found, key=lambda order: order[0])[1]


def _nearest_next(
    tracks: list[Track],
    waits: list[set[int]],
    start_m: npt.NDArray[np.float64] | None,
    first: int | None,
    dislike: npt.NDArray[np.float64],
) -> tuple[float, list[Points]]:
    """Metres between the tracks, and their points, each flown next that is near and not disliked."""
    left = set(range(len(tracks)))
    flown: list[Points] = []
    here, between_m = start_m, 0.0
    if first is not None:
        left.remove(first)
        flown.append(tracks[first].points)
        here = flown[-1][-1]
    while left and here is not None:
        ready = [index for index in sorted(left) if not (waits[index] & left)]
        away = [_away_m(tracks[index], here) for index in ready]
        worth = np.array(away) * (1 + dislike[len(flown), ready])
        at = int(worth.argmin())
        flown.append(_entered(tracks[ready[at]], here))
        between_m += away[at]
        left.remove(ready[at])
        here = flown[-1][-1]
    if start_m is not None and here is not None:
        between_m += float(np.hypot(*(here - start_m)))
    return between_m, flown


def _waits_for(tracks: list[Track], spacing_m: float, sign: float) -> list[set[int]]:
    """For each track the neighbours that must be flown before it."""
    lines = [LineString(track.points) for track in tracks]
    tree = shapely.STRtree(lines)
    waits: list[set[int]] = [set() for _ in tracks]
    lower, upper = tree.query(lines, predicate="dwithin", distance=1.2 * spacing_m)
    for a, b in zip(lower.tolist(), upper.tolist(), strict=True):
        if sign * (tracks[b].level_m - tracks[a].level_m) > 1e-6:
            waits[a].add(b)
    return waits


def _away_m(track: Track, here: npt.NDArray[np.float64]) -> float:
    """How far away a track can be entered: a ring anywhere, a line at either end."""
    away = track.entries - here
    return math.sqrt(float(np.einsum("ij,ij->i", away, away).min()))


def _entered(track: Track, here: npt.NDArray[np.float64]) -> Points:
    """A track's points from the nearest place where it can be entered."""
    points = track.points
    nearest = int(np.hypot(*(track.entries - here).T).argmin())
    if track.closed:
        return np.vstack([points[nearest:-1], points[: nearest + 1]])
    return points[::-1] if nearest else points


def _path(
    tracks: list[Points], inside: Inside, height_agl_m: float, start_m: npt.NDArray[np.float64] | None
) -> Path:
    """The tracks and the shortest ways between them inside the area, from the start and back."""
    stops = tracks
    if start_m is not None:
        gate = inside.nearest(start_m)[None]
        stops = [gate, *tracks, gate]
    ends = np.array([stop[-1] for stop in stops[:-1]])
    begins = np.array([stop[0] for stop in stops[1:]])
    ways = Around(inside).ways(ends, begins) if len(stops) > 1 else []
    pieces: list[Path] = []
    for number, stop in enumerate(stops):
        recording = np.append(np.ones(len(stop) - 1, bool), False)
        crosses = False
        between = np.empty((0, 2))
        if number < len(ways):
            way, crosses = ways[number]
            between = way[1:-1]
        outside = np.append(np.zeros(len(stop) - 1, bool), crosses)
        pieces.append(_row(stop, height_agl_m, recording, outside))
        pieces.append(_row(between, height_agl_m, False, crosses))
    path = joined(pieces)
    if start_m is not None and np.hypot(*(stops[0][0] - start_m)) > 0.01:
        way_in = _row(start_m[None], height_agl_m, False, True)
        path.outside[-1] = True
        path = joined([way_in, path, _row(start_m[None], height_agl_m, False, False)])
    return path


def _row(
    points: Points,
    height_agl_m: float,
    recording: npt.NDArray[np.bool_] | bool,
    outside: npt.NDArray[np.bool_] | bool,
) -> Path:
    return path_of(points, height_agl_m, recording=recording, outside=outside, gimbal_pitch_deg=-90.0)

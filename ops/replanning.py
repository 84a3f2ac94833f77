"""What of a plan was flown, read from recordings: where, how high, and when the camera was on.

recordings -> a track an aircraft -> camera on or off -> one track -> missions.fleet.rest_of
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely

from missions.errors import FormatError, InputError
from missions.items import Command
from missions.local import frame_of, local_from_area, local_from_ring
from missions.plan import Plan
from missions.plan_items import mission_items
from missions.replan import FlownTrack
from missions.sorties import flights
from telemetry.camera_log import WANTED, CameraLog
from telemetry.dialect import BY_NAME
from telemetry.frames import Frame
from telemetry.tlog import read_tlog
from telemetry.track import Track

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
POSITION = BY_NAME["GLOBAL_POSITION_INT"].message_id
BY_PICTURES, BY_MISSION, BY_PLAN = "pictures", "mission progress", "the plan"
FAR_M = 2000.0
"""A recording that is never nearer to the plan than this is one of somewhere else."""
_BEHIND, _AHEAD = 1.2, 0.3
"""The camera counts as on so far behind and before a picture, in distances between pictures."""
_LOST = 1.5
_ON_ROUTE_M = 15.0
_FOLLOWED = 0.3
"""A track of which less lies on a flight than this share did not fly it."""


@dataclass(frozen=True)
class Flown:
    """What one aircraft flew in one recording.

    `lonlat_deg` (n, 2), `height_relative_m` (n,) above home, `recorded` (n,) whether the camera was on, and
    what `camera` is known by.
    """

    recording: str
    system: int
    lonlat_deg: Floats
    height_relative_m: Floats
    recorded: Bools
    camera: str
    pictures: int


def flown_in(path: Path, plan: Plan) -> tuple[Flown, ...]:
    """What every aircraft in a recording flew; none where it holds no position.

    A recording that is still being written is read as far as it goes. Raises FormatError and InputError.
    """
    wanted = WANTED | {POSITION}
    frames = [frame for frame in read_tlog(path) if frame.message_id in wanted]
    systems = sorted({frame.system for frame in frames if frame.message_id == POSITION})
    found = []
    for system in systems:
        track = _track(frames, system)
        if track is not None:
            found.append(_flown(path.name, track, CameraLog.from_frames(frames, system), plan))
    return tuple(found)


def recordings_in(folder: Path) -> tuple[Path, ...]:
    """An operation's recordings, those that are still being written too, oldest first; no empty ones."""
    paths = sorted((folder / "telemetry").rglob("*.tlog"))
    return tuple(path for path in paths if path.is_file() and path.stat().st_size > 0)


def read_all(paths: Sequence[Path], plan: Plan, *, must_fit: bool) -> tuple[Flown, ...]:
    """What was flown in all the recordings, in their order.

    `must_fit` refuses a recording without a position, and one of elsewhere; else they are left out. Raises
    FormatError and InputError.
    """
    found: list[Flown] = []
    for path in paths:
        try:
            flown = flown_in(path, plan)
        except FormatError:
            if must_fit:
                raise
            continue
        away_m = min((_away_m(plan, one) for one in flown), default=0.0)
        if must_fit and not flown:
            raise InputError(
                "no position of an aircraft is in the recording",
                where=str(path),
                remedy="Give the recording of a flight; it needs GLOBAL_POSITION_INT messages",
            )
        if must_fit and away_m > FAR_M:
            raise InputError(
                f"the recording is of somewhere else: never nearer to the plan than {away_m / 1000:.0f} km",
                where=str(path),
                remedy="Give the recording of a flight of this plan",
            )
        found += [one for one in flown if _away_m(plan, one) <= FAR_M]
    return tuple(found)


def one_track(flown: Sequence[Flown], tolerance_m: float | None = None) -> FlownTrack:
    """All that was flown as one track, with a place that is none between two flights."""
    gap = np.full((1, 2), np.nan)
    places = [part for one in flown for part in (one.lonlat_deg, gap)]
    heights = [part for one in flown for part in (one.height_relative_m, [np.nan])]
    on = [part for one in flown for part in (one.recorded, [False])]
    if not flown:
        return FlownTrack(np.zeros((0, 2)))
    recorded = np.concatenate(on).astype(bool)
    return FlownTrack(np.concatenate(places), np.concatenate(heights), recorded, tolerance_m)


def _track(frames: Sequence[Frame], system: int) -> Track | None:
    try:
        return Track.from_frames(frames, system)
    except InputError:
        return None


def _flown(name: str, track: Track, log: CameraLog, plan: Plan) -> Flown:
    points = frame_of(plan.area).local_from_geo(track.lonlat_deg)
    flight = _most_nearly_flown(points, plan)
    recorded, camera = np.ones(len(points), bool), BY_PLAN
    if flight is not None and flight.totals.photos and len(log.picture):
        along_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        recorded = _on_by_pictures(track.time_s, along_m, log, _apart_m(flight))
        camera = BY_PICTURES
    elif flight is not None and flight.totals.photos and len(log.item):
        recorded, camera = _on_by_mission(log.item_at(track.time_s), flight), BY_MISSION
    return Flown(
        name, track.system, track.lonlat_deg, track.height_relative_m, recorded, camera, len(log.picture)
    )


def _most_nearly_flown(points: Floats, plan: Plan) -> Plan | None:
    """The flight of the plan that most of a track lies on; None where little lies on any."""
    frame = frame_of(plan.area)
    places = [shapely.Point(point) for point in points]

    def share_on(flight: Plan) -> float:
        route = shapely.LineString(local_from_ring([row.place for row in flight.route], frame))
        return float((shapely.distance(places, route) <= _ON_ROUTE_M).mean())

    best = max(flights(plan), key=share_on)
    return best if share_on(best) >= _FOLLOWED else None


def _apart_m(flight: Plan) -> float:
    """The most metres between two pictures of a flight."""
    usual_m = flight.totals.trigger_distance_m
    return max([usual_m, *(row.trigger_m for row in flight.route if row.trigger_m)])


def _on_by_pictures(time_s: Floats, along_m: Floats, log: CameraLog, apart_m: float) -> Bools:
    """On a little before and behind each picture, and between two whose messages in between were lost."""
    taken_m = np.interp(log.picture_s, time_s, along_m)
    steps, numbers = np.diff(taken_m), np.diff(log.picture)
    lost = (numbers > 1) & (steps <= _LOST * apart_m * np.maximum(numbers, 1))
    begin = taken_m - _AHEAD * apart_m
    end = np.append(np.where(lost, taken_m[1:], 0.0), 0.0)
    end = np.maximum(end, taken_m + _BEHIND * apart_m)
    row = np.searchsorted(begin, along_m, side="right") - 1
    return np.asarray((row >= 0) & (along_m <= np.maximum.accumulate(end)[np.maximum(row, 0)]))


def _on_by_mission(item: npt.NDArray[np.int64], flight: Plan) -> Bools:
    """As the mission has it at the item that was under way."""
    on, state = [], False
    for each in mission_items(flight):
        if each.command is Command.DO_SET_CAM_TRIGG_DIST:
            state = each.p1 > 0
        on.append(state)
    known = (item >= 0) & (item < len(on))
    return np.asarray(known & np.array(on)[np.clip(item, 0, len(on) - 1)])


def _away_m(plan: Plan, flown: Flown) -> float:
    """How near a flight came to the plan's ground, metres."""
    frame = frame_of(plan.area)
    points = shapely.points(frame.local_from_geo(flown.lonlat_deg))
    return float(shapely.distance(points, local_from_area(plan.area, frame)).min())

"""From things at their places to finds: what each may be, its temperature, its path, what to know of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from imaging.thermal.find import Find, PathPoint
from imaging.thermal.frame import Unit
from imaging.thermal.placing.kinds import Traits, kind_of
from imaging.thermal.placing.walking import Step
from imaging.thermal.searching import NO_GIMBAL
from imaging.thermal.settling import Settled
from imaging.thermal.tracks import Thing, median_size_m
from missions.geodesy import GeoPoint, LocalFrame

_LEAST_WAY_S = 1e-3
_FEW_M = 5.0
"""Of a path at most one point every so many metres is told, or every so many seconds."""


def find_of(name: str, settled: Settled, frame: LocalFrame, unit: Unit, error_degc: float | None) -> Find:
    """A settled thing as a find; `unit` and `error_degc` are those of its clearest sighting's frame."""
    thing = settled.thing
    best = thing.picture_of
    degc = best.spot.value if unit == "degC" else None
    size_m = median_size_m(thing.sightings)
    way = _path(settled.way, frame)
    kind, reasons = kind_of(_traits(thing, size_m, way, degc))
    east, north = settled.east_north_m
    return Find(
        id=name,
        place=frame.point_from_local(float(east), float(north)),
        ground_amsl_m=best.point.ground_amsl_m,
        covariance=settled.covariance,
        polarity=best.spot.polarity,
        score=thing.score,
        size_m=size_m,
        sightings=tuple(thing.sightings),
        clearest=best,
        picture=thing.picture,
        unit=unit,
        kind=kind,
        reasons=reasons,
        path=tuple(way),
        temperature_degc=degc,
        temperature_error_degc=error_degc if degc is not None else None,
        notes=_notes(thing),
    )


def _traits(thing: Thing, size_m: tuple[float, float], way: list[PathPoint], degc: float | None) -> Traits:
    timed = [s for s in thing.sightings if s.time_s is not None]
    return Traits(
        size_m=size_m,
        cut=all(s.spot.touches_edge for s in thing.sightings),
        polarity=thing.picture_of.spot.polarity,
        speed_m_s=float(np.median([point.speed_m_s for point in way[1:]])) if len(way) > 1 else None,
        way_m=_way_m(thing),
        temperature_degc=degc,
        times_s=[s.time_s or 0.0 for s in timed],
        contrasts=[s.spot.contrast for s in timed],
        categories=[s.spot.category for s in thing.sightings],
    )


def _way_m(thing: Thing) -> float:
    """From the first place to the last, as the crow flies."""
    first, last = (thing.sightings[n].point.placed.east_north_m for n in (0, -1))
    return float(np.linalg.norm(last - first))


def _path(steps: Sequence[Step], frame: LocalFrame) -> list[PathPoint]:
    lonlat = frame.geo_from_local([step.east_north_m for step in steps]) if steps else ()
    return [
        _point(step, GeoPoint(float(lat), float(lon))) for step, (lon, lat) in zip(steps, lonlat, strict=True)
    ]


def _point(step: Step, place: GeoPoint) -> PathPoint:
    ve, vn = (float(each) for each in step.velocity_m_s)
    return PathPoint(
        time_s=step.time_s,
        place=place,
        covariance=step.covariance,
        relative=step.relative,
        speed_m_s=math.hypot(ve, vn),
        course_deg=math.degrees(math.atan2(ve, vn)) % 360,
    )


def _notes(thing: Thing) -> tuple[str, ...]:
    """What changes how the find is to be read, what concerns its place first."""
    notes = [NO_GIMBAL] if any(s.down_by_guess for s in thing.sightings) else []
    if all(s.spot.touches_edge for s in thing.sightings):
        notes.append("seen only at a frame's edge: its size is a lower bound")
    if len(thing.sightings) == 1:
        notes.append("seen in one frame")
    if thing.walks:
        notes.append("it moves: the place is where it was last, and it may be elsewhere by now")
    if thing.picture.size <= 1:
        notes.append("no picture of it was kept")
    return tuple(notes)

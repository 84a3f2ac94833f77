"""Joining paths that each begin and end at one place into one that comes home only once."""

from __future__ import annotations

import dataclasses

import numpy as np
from shapely.geometry.base import BaseGeometry

from missions.coverage.inside import Inside
from missions.patterns.path import Floats, Path, joined, path_of


def linked(first: Path, second: Path, ground: BaseGeometry) -> Path:
    """Two round trips from one place as one: straight on from the first to the second, inside the ground.

    Each may be flown either way round; the shortest way of the four is taken.
    """
    inside = Inside(ground)
    choices = []
    for one in (first, backwards(first)):
        for other in (second, backwards(second)):
            a, b = _last(one), _first(other)
            way, outside = _way(inside, one.points[a], other.points[b])
            length_m = float(np.hypot(*np.diff(way, axis=0).T).sum())
            saved_m = one.taken(slice(a, None)).length_m + other.taken(slice(0, b + 1)).length_m
            choices.append((round(length_m - saved_m, 6), one, other, a, b, way, outside))
    _, one, other, a, b, way, outside = min(choices, key=lambda choice: choice[0])
    head, tail = one.taken(slice(0, a + 1)), other.taken(slice(b, None))
    head.outside[-1] = outside
    return joined([head, _between(way[1:-1], head, outside), tail])


def backwards(path: Path) -> Path:
    """The path flown from its end: what held on the way to a place holds on the way from it."""
    shifted = {"recording", "outside", "speed_m_s", "heading_deg", "gimbal_pitch_deg", "look_at", "trigger_m"}
    columns = {}
    for field in dataclasses.fields(Path):
        values = getattr(path, field.name)[::-1].copy()
        # The last row says nothing of any way; what it holds goes to the new last row.
        columns[field.name] = np.roll(values, -1, axis=0) if field.name in shifted else values
    return Path(**columns)


def recorded_only(path: Path) -> Path:
    """The path from its first recorded way to the end of its last."""
    return path.taken(slice(_first(path), _last(path) + 1))


def _first(path: Path) -> int:
    return int(np.flatnonzero(path.recording)[0])


def _last(path: Path) -> int:
    return int(np.flatnonzero(path.recording)[-1]) + 1


def _way(inside: Inside, a: Floats, b: Floats) -> tuple[Floats, bool]:
    """The way from one place to another, and whether it leaves the ground: straight between parts."""
    begin, end = inside.nearest(a), inside.nearest(b)
    way = inside.way(begin, end)
    return (np.stack([begin, end]), True) if way is None else (np.asarray(way), False)


def _between(points: Floats, like: Path, outside: bool) -> Path:
    return path_of(points, float(like.height_agl_m[-1]), outside=outside)

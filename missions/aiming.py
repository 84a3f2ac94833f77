"""Nose and gimbal turned before the first picture is taken."""

from __future__ import annotations

import dataclasses

import numpy as np

from missions.patterns.path import Path

_SAME_M = 0.1


def looking_ahead(path: Path) -> Path:
    """The path with nose and gimbal turned on the way to where pictures begin.

    An autopilot takes a picture the moment it is there, while a copter turns by some 20 degrees a second and
    a gimbal takes a second: without this the first picture of an orbit shows what lies ahead on the way to
    it. Ways that record, or point somewhere themselves, are left as they are.
    """
    soon = _soon(path)
    looks = ~np.isnan(path.look_at[:, 2])
    idle = ~(path.picture | path.recording | looks) & np.isnan(path.heading_deg) & (path.orbit_turns == 0)
    turning = np.flatnonzero(idle[:-1] & looks[1:] & soon[1:])
    tilting = np.flatnonzero(idle[:-1] & np.isnan(path.gimbal_pitch_deg[:-1]) & ~looks[1:] & soon[1:])
    look_at, pitch = path.look_at.copy(), path.gimbal_pitch_deg.copy()
    look_at[turning] = path.look_at[turning + 1]
    pitch[tilting] = path.gimbal_pitch_deg[tilting + 1]
    return dataclasses.replace(path, look_at=look_at, gimbal_pitch_deg=pitch)


def _soon(path: Path) -> np.typing.NDArray[np.bool_]:
    """Rows at which pictures begin, there or after a climb on the spot."""
    taken = path.picture | path.recording
    steps = np.hypot(*np.diff(path.points, axis=0).T)
    climbed = np.append((steps < _SAME_M) & taken[1:], False)
    return np.asarray(taken | climbed)

"""Recorded flights as tracks: one a vehicle, thinned to a point a second."""

from __future__ import annotations

from pathlib import Path

from ops.api.models import TrackPoint, TrackReport
from telemetry.messages import decode
from telemetry.tlog import read_tlog

GLOBAL_POSITION_INT = 33
INTERVAL_S = 1.0
LONGEST_POINTS = 20_000
"""More than five hours at a point a second; what is longer is thinned further."""


def recorded_tracks(path: Path, name: str) -> tuple[TrackReport, ...]:
    """The tracks in a `.tlog`, by system. Raises FormatError where it is none."""
    points: dict[int, list[TrackPoint]] = {}
    for frame in read_tlog(path):
        if frame.message_id != GLOBAL_POSITION_INT:
            continue
        track = points.setdefault(frame.system, [])
        time_s = frame.time_us / 1e6
        if track and 0 <= time_s - track[-1][3] < INTERVAL_S:
            continue
        message = decode(frame)
        if message is not None and (message.lat or message.lon):
            track.append((message.lon / 1e7, message.lat / 1e7, message.alt / 1000, round(time_s, 3)))
    return tuple(
        TrackReport(
            key=f"{name}#{system}",
            name=f"Vehicle {system}, recorded",
            source="recorded",
            points=_thinned(track),
        )
        for system, track in sorted(points.items())
        if len(track) > 1
    )


def _thinned(track: list[TrackPoint]) -> tuple[TrackPoint, ...]:
    step = -(-len(track) // LONGEST_POINTS)
    return (*track[:-1:step], track[-1])

"""Recordings of made flights, as an autopilot would tell them, over a search map."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from missions.geodesy import LocalFrame
from telemetry.messages import Encoder

BEGIN_S = 1_790_000_000.0
"""2026-09-21, 14:13 UTC: day in the Netherlands."""
STEP_S = 0.2


def recording(
    path: Path,
    frame: LocalFrame,
    corners_m: Sequence[tuple[float, float]],
    *,
    height_m: float = 60.0,
    speed_m_s: float = 10.0,
    begin_s: float = BEGIN_S,
    picture_m: float = 0.0,
    system: int = 1,
) -> Path:
    """A flight along corners at one height, taking off at the first; a picture each `picture_m` (0: none)."""
    encoder, corners = Encoder(system, 1), np.array(corners_m, float)
    ends = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    data, taken_m, pictures = bytearray(), -np.inf, 0
    up = np.linspace(0.0, height_m, 20)
    rows = [(0.0, float(height)) for height in up]
    rows += [(float(along), height_m) for along in np.arange(0, ends[-1], speed_m_s * STEP_S)]
    for number, (along_m, height) in enumerate(rows):
        leg = min(int(np.searchsorted(ends, along_m, side="right")) - 1, len(corners) - 2)
        at = [np.interp(along_m, ends, column) for column in corners.T]
        way = (corners[leg + 1] - corners[leg]) / (ends[leg + 1] - ends[leg])
        heading = float(np.degrees(np.arctan2(*way)) % 360)
        lon, lat = (round(degrees * 1e7) for degrees in frame.geo_from_local([at])[0])
        place = {
            "lat": lat,
            "lon": lon,
            "alt": round(1000 * (height + 40)),
            "relative_alt": round(1000 * height),
        }
        moving = speed_m_s if number >= len(up) else 0.0
        velocity = {"vx": round(100 * moving * way[1]), "vy": round(100 * moving * way[0])}
        yaw = float(np.radians((heading + 180) % 360 - 180))
        said: list[tuple[str, dict[str, float]]] = [
            ("GLOBAL_POSITION_INT", {**place, **velocity, "hdg": round(100 * heading)}),
            ("ATTITUDE", {"roll": 0.0, "pitch": 0.0, "yaw": yaw}),
        ]
        if picture_m and height >= height_m and along_m - taken_m >= picture_m:
            taken_m, pictures = along_m, pictures + 1
            said.append(("CAMERA_FEEDBACK", {"img_idx": pictures, "lat": lat, "lng": lon}))
        time_us = round((begin_s + number * STEP_S) * 1e6)
        for name, fields in said:
            data += time_us.to_bytes(8, "big") + encoder.encode(name, **fields)
    path.write_bytes(bytes(data))
    return path


def lanes(side_m: float, spacing_m: float) -> list[tuple[float, float]]:
    """There and back over a square around the origin."""
    corners = []
    for number, east in enumerate(np.arange(-side_m / 2 + spacing_m / 2, side_m / 2, spacing_m)):
        ends = [-side_m / 2, side_m / 2]
        corners += [(float(east), north) for north in (ends if number % 2 == 0 else ends[::-1])]
    return corners

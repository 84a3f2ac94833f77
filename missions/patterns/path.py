"""The path of a pattern: places in a flat frame, and what the aircraft and its camera do on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from missions.geodesy import Points

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Path:
    """Places to fly through in order, one row each; what a row says holds on the way to the next.

    `points` (n, 2) are metres east and north, `height_agl_m` (n,) metres above ground. `recording` takes
    pictures every `trigger_m` metres (NaN: the plan's distance), `picture` one at the place itself.
    `outside` marks a way that must leave the area. NaN in `speed_m_s`, `heading_deg`, `gimbal_pitch_deg` and
    `look_at` (n, 3: east, north, metres above ground) leaves cruise speed, the nose along the way, the
    gimbal as it is, nothing looked at. A row with `orbit_radius_m` is the middle of `orbit_turns` circles,
    clockwise where the radius is above 0. Build one with `path_of`.
    """

    points: Points
    height_agl_m: Floats
    recording: Bools
    outside: Bools
    speed_m_s: Floats
    hold_s: Floats
    heading_deg: Floats
    gimbal_pitch_deg: Floats
    look_at: Floats
    picture: Bools
    trigger_m: Floats
    orbit_turns: Floats
    orbit_radius_m: Floats

    def __len__(self) -> int:
        return len(self.points)

    @property
    def length_m(self) -> float:
        """Metres from place to place, circles included."""
        steps = np.hypot(*np.diff(self.points, axis=0).T)
        circles = 2 * np.pi * np.abs(self.orbit_radius_m) * self.orbit_turns
        return float(steps.sum() + circles.sum())

    def taken(self, rows: slice | npt.NDArray[Any]) -> Path:
        """Some of the rows, in the order named."""
        return Path(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def path_of(points: npt.ArrayLike, height_agl_m: float | Floats, **columns: Any) -> Path:
    """A path from its places, a height, and any other columns: one value for all, or one a row.

    The last row never records: nothing comes after it.

    >>> path = path_of([[0, 0], [100, 0]], 60.0, recording=True)
    >>> path.recording.tolist(), path.length_m
    ([True, False], 100.0)
    """
    places = np.asarray(points, float).reshape(-1, 2)
    count = len(places)
    columns = {**_DEFAULTS, **columns, "height_agl_m": height_agl_m}
    filled = {name: _column(value, count, name) for name, value in columns.items()}
    if count:
        filled["recording"][-1] = False
    return Path(points=places, **filled)


def joined(paths: Sequence[Path]) -> Path:
    """Paths flown one after another."""
    names = [field.name for field in fields(Path)]
    return Path(**{name: np.concatenate([getattr(path, name) for path in paths]) for name in names})


_DEFAULTS: dict[str, Any] = {
    "recording": False,
    "outside": False,
    "speed_m_s": np.nan,
    "hold_s": 0.0,
    "heading_deg": np.nan,
    "gimbal_pitch_deg": np.nan,
    "look_at": np.nan,
    "picture": False,
    "trigger_m": np.nan,
    "orbit_turns": 0.0,
    "orbit_radius_m": 0.0,
}


def _column(value: Any, count: int, name: str) -> npt.NDArray[Any]:
    kind = bool if name in {"recording", "outside", "picture"} else float
    shape = (count, 3) if name == "look_at" else (count,)
    return np.array(np.broadcast_to(np.asarray(value, kind), shape))

"""Where an aircraft was at any moment of a recording, and how it and its gimbal lay.

Times are those at which the recording's maker received the messages; what came late and all at once is put
back by the sender's clock (`sent_times`). Where the autopilot knew UTC (from GPS,
SYSTEM_TIME) `utc_offset_s` is what to add to them for UTC.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from missions.errors import InputError
from missions.geodesy import GeoPoint
from telemetry.frames import Frame
from telemetry.pose import Pose
from telemetry.tlog import read_tlog
from telemetry.track_series import Series, TrackBuilder

MAX_GAP_S = 5.0
Column = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Track:
    """One aircraft's positions, attitudes and gimbal angles over time.

    Positions come from GLOBAL_POSITION_INT, attitudes from ATTITUDE (level and along the heading in a
    recording without any), the gimbal from GIMBAL_DEVICE_ATTITUDE_STATUS, MOUNT_ORIENTATION or MOUNT_STATUS,
    whichever comes first in this list, and the accuracy from GPS_RAW_INT.
    """

    system: int
    positions: Series
    attitudes: Series
    gimbal: Series
    accuracy: Series
    utc_offset_s: float | None = None

    @classmethod
    def from_tlog(cls, path: Path, system: int | None = None) -> Self:
        """The track in a recording. Raises FormatError, and InputError where it holds no position or several
        aircraft of which none was chosen."""
        return cls._build(read_tlog(path), system, str(path))

    @classmethod
    def from_frames(cls, frames: Iterable[Frame], system: int | None = None) -> Self:
        """The track in frames that were received in this order. Raises InputError as `from_tlog` does."""
        return cls._build(frames, system, "")

    @classmethod
    def _build(cls, frames: Iterable[Frame], system: int | None, where: str) -> Self:
        builders: dict[tuple[int, int], TrackBuilder] = {}
        for frame in frames:
            if system is None or frame.system == system:
                key = (frame.system, frame.component)
                builder = builders.get(key)
                if builder is None:
                    builder = builders[key] = TrackBuilder()
                builder.add(frame)
        key = _chosen(builders, system, where)
        main = builders[key]
        family = [builder for other, builder in builders.items() if other[0] == key[0]]
        attitudes = main.attitudes()
        return cls(
            system=key[0],
            positions=main.positions(),
            attitudes=attitudes,
            gimbal=max(
                (builder.gimbal(attitudes) for builder in family), key=lambda series: len(series.time_s)
            ),
            accuracy=main.accuracy(),
            utc_offset_s=main.utc_offset_s(),
        )

    @property
    def time_s(self) -> Column:
        """When each position was received, seconds since 1970 UTC, rising, shape (n,)."""
        return self.positions.time_s

    @property
    def lat_deg(self) -> Column:
        """Latitudes, shape (n,)."""
        return self.positions.columns[0]

    @property
    def lon_deg(self) -> Column:
        """Longitudes, shape (n,)."""
        return self.positions.columns[1]

    @property
    def lonlat_deg(self) -> npt.NDArray[np.float64]:
        """Longitude and latitude, shape (n, 2)."""
        return np.column_stack([self.lon_deg, self.lat_deg])

    @property
    def height_amsl_m(self) -> Column:
        """Heights above mean sea level, shape (n,)."""
        return self.positions.columns[2]

    @property
    def height_relative_m(self) -> Column:
        """Heights above the take-off point, shape (n,)."""
        return self.positions.columns[3]

    @property
    def start_s(self) -> float:
        """The first position's time."""
        return float(self.time_s[0])

    @property
    def end_s(self) -> float:
        """The last position's time."""
        return float(self.time_s[-1])

    def pose_at(self, time_s: float, *, max_gap_s: float = MAX_GAP_S) -> Pose | None:
        """The pose at a time of the recording, interpolated, angles the short way round.

        None before the first and after the last position, and where the two positions around lie more than
        `max_gap_s` apart. Accuracy and gimbal angles are None where none was received within that time.
        """
        between = self.positions.between(time_s, max_gap_s)
        if between is None:
            return None
        (lat, lon, amsl, relative, speed, heading), gap_s = between
        attitude = self.attitudes.near(time_s, max_gap_s)
        roll, pitch, yaw = attitude if attitude is not None else (0.0, 0.0, heading)
        gimbal = self.gimbal.near(time_s, max_gap_s)
        sigma = self.accuracy.near(time_s, max_gap_s)
        return Pose(
            time_s=time_s,
            place=GeoPoint(lat, _half_turn(lon)),
            height_amsl_m=amsl,
            height_relative_m=relative,
            roll_deg=_half_turn(roll),
            pitch_deg=pitch,
            yaw_deg=yaw % 360,
            gimbal_roll_deg=_half_turn(gimbal[0]) if gimbal else None,
            gimbal_pitch_deg=gimbal[1] if gimbal else None,
            gimbal_yaw_deg=gimbal[2] % 360 if gimbal else None,
            speed_m_s=speed,
            sigma_horizontal_m=sigma[0] if sigma and math.isfinite(sigma[0]) else None,
            sigma_vertical_m=sigma[1] if sigma and math.isfinite(sigma[1]) else None,
            gap_s=gap_s,
        )


def _chosen(builders: dict[tuple[int, int], TrackBuilder], system: int | None, where: str) -> tuple[int, int]:
    """The (system, component) whose positions make the track."""
    counts = Counter({key: builder.count for key, builder in builders.items() if builder.count})
    systems = sorted({key[0] for key in counts})
    if not systems:
        raise InputError(
            "no position of an aircraft is in the recording"
            if system is None
            else f"no position of aircraft {system} is in the recording",
            where=where,
            remedy="Give the recording of a flight; it needs GLOBAL_POSITION_INT messages",
        )
    if len(systems) > 1:
        names = ", ".join(map(str, systems))
        raise InputError(
            f"several aircraft are in the recording ({names})", where=where, remedy="Choose one by its number"
        )
    return counts.most_common(1)[0][0]


def _half_turn(angle_deg: float) -> float:
    return (angle_deg + 180) % 360 - 180

"""What a recording tells of one flight, by the autopilot's own clock.

That clock is simulated time itself: a machine too busy for the speed asked for does not falsify it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from missions.errors import InputError
from telemetry.messages import Message, decode
from telemetry.tlog import read_tlog

Floats = npt.NDArray[np.float64]
_ARMED = 128
_OFF_GROUND_M = 0.5


@dataclass(frozen=True, slots=True)
class Recorded:
    """One flight, seconds since the autopilot started.

    `track` (n, 5): seconds, longitude, latitude, metres above home, metres above mean sea level. `pictures`
    (m, 6): seconds, longitude, latitude, metres above home, heading and pitch of the camera in degrees, NaN
    where the recording does not tell. `battery` (k, 4): seconds, volts, milliampere hours used
    so far, per cent left. `armed_s` is when the motors started, `began_s` when the aircraft left the ground,
    `ended_s` when it disarmed, or the recording's end where it did not.
    """

    track: Floats
    pictures: Floats
    battery: Floats
    armed_s: float
    began_s: float
    ended_s: float

    @classmethod
    def read(cls, path: Path, *, pans: bool = False) -> Self:
        """The flight in a recording. Raises InputError where nothing left the ground, FormatError.

        A gimbal that `pans` turns away from the nose as it says; any other looks where the nose points.
        """
        rows = _Rows()
        for frame in read_tlog(path):
            message = decode(frame)
            if message is not None and message.component == 1:
                rows.add(message)
        track = np.array(rows.track, float).reshape(-1, 5)
        up = np.flatnonzero(track[:, 3] > _OFF_GROUND_M)
        if not up.size:
            raise InputError("nothing left the ground", where=str(path), remedy="Fly it again")
        began_s = float(track[up[0], 0])
        disarmed = [second for second in rows.disarmed_s if second > began_s]
        before = [second for second in rows.disarmed_s if second <= began_s]
        return cls(
            track=track,
            pictures=_pointed(rows, pans),
            battery=np.array(rows.battery, float).reshape(-1, 4),
            armed_s=max(before, default=float(track[0, 0])),
            began_s=began_s,
            ended_s=disarmed[0] if disarmed else float(track[-1, 0]),
        )

    @property
    def flown(self) -> Floats:
        """The rows of the track from the start of the motors to their stop."""
        seconds = self.track[:, 0]
        return self.track[(seconds >= self.armed_s) & (seconds <= self.ended_s)]

    @property
    def duration_s(self) -> float:
        """From leaving the ground until the motors stop."""
        return self.ended_s - self.began_s

    @property
    def energy_wh(self) -> float:
        """Watt hours in that time: the charge used, at the voltage it was used at. Raises InputError."""
        if len(self.battery) < 2:
            raise InputError("the recording tells nothing of the battery")
        used_ah = np.diff(self.battery[:, 2]) / 1000
        volts = (self.battery[1:, 1] + self.battery[:-1, 1]) / 2
        so_far = np.concatenate([[0.0], np.cumsum(used_ah * volts)])
        began, ended = np.interp([self.began_s, self.ended_s], self.battery[:, 0], so_far)
        return float(ended - began)

    @property
    def battery_left_pct(self) -> float:
        """What the autopilot says is left at the end, per cent of the battery that it was told of."""
        before = self.battery[self.battery[:, 0] <= self.ended_s + 1.0]
        return float(before[-1, 3]) if len(before) else math.nan


def _pointed(rows: _Rows, pans: bool) -> Floats:
    """The pictures, each with where the gimbal pointed at its time."""
    pictures = np.array(rows.pictures, float).reshape(-1, 5)
    gimbal = np.array(rows.gimbal, float).reshape(-1, 3)
    pitch = np.full(len(pictures), math.nan)
    if len(gimbal) and len(pictures):
        pitch = np.interp(pictures[:, 0], gimbal[:, 0], gimbal[:, 1])
        if pans:
            aside = np.interp(pictures[:, 0], gimbal[:, 0], np.unwrap(gimbal[:, 2], period=360.0))
            pictures[:, 4] = (pictures[:, 4] + aside) % 360.0
    return np.column_stack([pictures, pitch])


class _Rows:
    """What is collected while a recording is read."""

    def __init__(self) -> None:
        self.track: list[tuple[float, ...]] = []
        self.pictures: list[tuple[float, ...]] = []
        self.gimbal: list[tuple[float, ...]] = []
        self.battery: list[tuple[float, ...]] = []
        self.disarmed_s: list[float] = []
        self._now_s = 0.0

    def add(self, message: Message) -> None:
        """Take in one message of the autopilot; what carries no time of its own has that of the last one."""
        fields = message.fields
        if "time_boot_ms" in fields and message.name != "SYSTEM_TIME":
            self._now_s = max(self._now_s, fields["time_boot_ms"] / 1000)
        if message.name == "GLOBAL_POSITION_INT":
            self._place(fields["lon"], fields["lat"], fields["relative_alt"], fields["alt"])
        elif message.name == "CAMERA_FEEDBACK":
            place = fields["lng"] / 1e7, fields["lat"] / 1e7
            self.pictures.append((self._now_s, *place, fields["alt_rel"], fields["yaw"]))
        elif message.name == "GIMBAL_DEVICE_ATTITUDE_STATUS":
            w, x, y, z = fields["q"]
            pitch_deg = math.degrees(math.asin(max(-1.0, min(1.0, 2 * (w * y - z * x)))))
            # Without roll yaw is known at any pitch; ArduPilot counts it from the nose, whatever flags say.
            self.gimbal.append((self._now_s, pitch_deg, math.degrees(2 * math.atan2(z, w))))
        elif message.name == "BATTERY_STATUS":
            volts = fields["voltages"][0] / 1000
            used_mah, left_pct = float(fields["current_consumed"]), float(fields["battery_remaining"])
            self.battery.append((self._now_s, volts, used_mah, left_pct))
        elif message.name == "HEARTBEAT" and not fields["base_mode"] & _ARMED:
            self.disarmed_s.append(self._now_s)

    def _place(self, lon_e7: int, lat_e7: int, relative_mm: int, amsl_mm: int) -> None:
        if lon_e7 or lat_e7:  # (0, 0) is sent while no place is known
            self.track.append((self._now_s, lon_e7 / 1e7, lat_e7 / 1e7, relative_mm / 1000, amsl_mm / 1000))

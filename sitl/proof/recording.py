"""What a recording tells of one flight, by the autopilot's own clock.

That clock is simulated time itself: a machine too busy for the speed asked for does not falsify it.
"""

from __future__ import annotations

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

    `track` (n, 4): seconds, longitude, latitude, metres above home. `pictures` (m, 5): seconds, longitude,
    latitude, metres above home, heading in degrees. `battery` (k, 3): seconds, volts, milliampere hours used
    so far. `began_s` is when the aircraft left the ground, `ended_s` when it disarmed.
    """

    track: Floats
    pictures: Floats
    battery: Floats
    began_s: float
    ended_s: float

    @classmethod
    def read(cls, path: Path) -> Self:
        """The flight in a recording. Raises InputError where nothing left the ground."""
        rows = _Rows()
        for frame in read_tlog(path):
            message = decode(frame)
            if message is not None and frame.component == 1:
                rows.add(message)
        track = np.array(rows.track, float).reshape(-1, 4)
        up = np.flatnonzero(track[:, 3] > _OFF_GROUND_M)
        if not up.size:
            raise InputError("nothing left the ground", where=str(path))
        began_s = float(track[up[0], 0])
        disarmed = [second for second in rows.disarmed_s if second > began_s]
        return cls(
            track=track,
            pictures=np.array(rows.pictures, float).reshape(-1, 5),
            battery=np.array(rows.battery, float).reshape(-1, 3),
            began_s=began_s,
            ended_s=disarmed[0] if disarmed else float(track[-1, 0]),
        )

    @property
    def flown(self) -> Floats:
        """The rows of the track in the air."""
        seconds = self.track[:, 0]
        return self.track[(seconds >= self.began_s) & (seconds <= self.ended_s)]

    @property
    def energy_wh(self) -> float:
        """Watt hours from leaving the ground to the end: the charge used, at the voltage it was used at."""
        seconds = self.battery[:, 0]
        rows = self.battery[(seconds >= self.began_s - 1.0) & (seconds <= self.ended_s + 1.0)]
        used_ah = np.diff(rows[:, 2]) / 1000
        return float(np.sum(used_ah * (rows[1:, 1] + rows[:-1, 1]) / 2))


class _Rows:
    """What is collected while a recording is read."""

    def __init__(self) -> None:
        self.track: list[tuple[float, ...]] = []
        self.pictures: list[tuple[float, ...]] = []
        self.battery: list[tuple[float, ...]] = []
        self.disarmed_s: list[float] = []
        self._now_s = 0.0

    def add(self, message: Message) -> None:
        fields = message.fields
        if message.name == "GLOBAL_POSITION_INT":
            self._now_s = fields["time_boot_ms"] / 1000
            place = fields["lon"] / 1e7, fields["lat"] / 1e7
            self.track.append((self._now_s, *place, fields["relative_alt"] / 1000))
        elif message.name == "CAMERA_FEEDBACK":
            place = fields["lng"] / 1e7, fields["lat"] / 1e7
            self.pictures.append((self._now_s, *place, fields["alt_rel"], fields["yaw"]))
        elif message.name == "BATTERY_STATUS":
            volts = fields["voltages"][0] / 1000
            self.battery.append((self._now_s, volts, float(fields["current_consumed"])))
        elif message.name == "HEARTBEAT" and not fields["base_mode"] & _ARMED:
            self.disarmed_s.append(self._now_s)

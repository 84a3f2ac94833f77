"""A track of known poses, for what is placed along one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telemetry.pose import Pose

_WITHIN_S = 0.05


@dataclass(frozen=True)
class Poses:
    """A track that knows its poses and nothing between them. A `TrackLike`."""

    poses: Sequence[Pose]

    @property
    def start_s(self) -> float:
        return self.poses[0].time_s

    @property
    def end_s(self) -> float:
        return self.poses[-1].time_s

    def pose_at(self, time_s: float) -> Pose | None:
        """The pose of that time."""
        nearest = min(self.poses, key=lambda pose: abs(pose.time_s - time_s))
        return nearest if abs(nearest.time_s - time_s) < _WITHIN_S else None

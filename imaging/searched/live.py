"""Frames of a live stream as what was searched: told by the process that searches, counted by another.

    looked at -> one each second, with how the camera turned -> JSON -> viewpoint over a search map

What a frame is worth is reckoned as it is from a recording (`imaging.searched.viewpoints`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from imaging.geolocate import Mount
from imaging.searched.viewpoints import LOWEST_M, TURN_S, Looking, Views, height_at, turned_deg_s, viewpoint
from imaging.thermal.posing import TrackLike
from imaging.thermal.searching import Looked
from missions.camera import Camera
from missions.errors import FormatError
from missions.geodesy import GeoPoint, LocalFrame
from missions.search.looks import Viewpoint
from missions.search.seen_ground import SeenGround
from telemetry.pose import Pose

EVERY_S = 1.0
"""As of a clip: frames nearer to one another see hardly more."""
WAIT_S = 2.0
"""For the track to tell how the camera turned; then it is taken not to have."""
_MOST_WAITING = 100


class LookedAt:
    """Takes every frame that was searched, and gives those that count as soon as all is known of them."""

    def __init__(self, mount: Mount = "stabilised") -> None:
        self._mount = mount
        self._waiting: deque[Looked] = deque(maxlen=_MOST_WAITING)
        self._last_s: float | None = None

    def add(self, looked: Looked) -> None:
        """A frame that was searched; one that could not be placed was not looked at anywhere, and a blank one
        shows nothing.
        """
        if looked.why or looked.frame.blank or looked.posed is None or not isinstance(looked.camera, Camera):
            return
        time_s = looked.posed.pose.time_s
        if self._last_s is None or abs(time_s - self._last_s) >= EVERY_S:
            self._last_s = time_s
            self._waiting.append(looked)

    def due(self, track: TrackLike | None, now_s: float) -> list[dict[str, Any]]:
        """The frames of which all is known by `now_s`, the stream's time, as JSON."""
        found = []
        while self._waiting and (posed := self._waiting[0].posed) is not None:
            pose = posed.pose
            told = posed.source == "frame" or (track is not None and track.end_s >= pose.time_s + TURN_S)
            if not told and now_s - pose.time_s < WAIT_S:
                break
            looked = self._waiting.popleft()
            turn = turned_deg_s(track, pose, self._mount) if track and posed.source != "frame" else 0.0
            found.append(
                {
                    "name": looked.frame.name,
                    "pose": asdict(pose),
                    "camera": asdict(looked.camera) if isinstance(looked.camera, Camera) else None,
                    "above_ground": posed.above_ground,
                    "mount": self._mount,
                    "turn_deg_s": turn,
                }
            )
        return found


class OverMap:
    """Turns frames that were told into viewpoints over a map; `views.left_out` says which did not count."""

    def __init__(self, frame: LocalFrame, ground: SeenGround) -> None:
        self.views = Views([], "frames", frame.origin)
        self._frame, self._ground = frame, ground

    def view(self, told: Mapping[str, Any], take_off: GeoPoint, source: str) -> Viewpoint | None:
        """A frame of `source` whose aircraft took off there; None for one that counts nowhere.

        Raises FormatError for what is no frame.
        """
        try:
            pose = Pose(**{**told["pose"], "place": GeoPoint(**told["pose"]["place"])})
            looking = Looking(Camera(**told["camera"]), mount=told["mount"])
            name, turn, above = str(told["name"]), float(told["turn_deg_s"]), bool(told["above_ground"])
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"a frame that was looked at makes no sense: {error}", where=source) from error
        if pose.height_relative_m < LOWEST_M:
            return None
        base_m = height_at(self._ground, self._frame, pose.place if above else take_off)
        kind = looking.kind_of(pose, 0.0)
        made = viewpoint(pose, looking, self._frame, base_m, name, kind, source, turn)
        before = len(self.views.views)
        self.views.add(name, looking, pose, made)
        return self.views.views.pop() if len(self.views.views) > before else None

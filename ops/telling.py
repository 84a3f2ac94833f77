"""Finds and foreign tracks to TAK: again and again, since nothing is acknowledged there."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from imaging.thermal.find import shown_score
from missions.errors import InputError
from ops.nearby import Undulations
from telemetry.tak import CotEvent, FindMarker, TakStation, find_event, track_event
from telemetry.tak.event import clean
from telemetry.traffic import ForeignReport

if TYPE_CHECKING:
    from ops.api.models import FindReport

LOOK_S = 1.0
FIND_AGAIN_S = 180.0
FINDS_AT_ONCE = 20
"""At each look, so that many finds leave room for the aircraft."""
SIGMAS_OF_95_PCT = 2.4477
"""The semi-axis of an ellipse that holds 95 % in two dimensions, in standard deviations."""
_log = logging.getLogger(__name__)


class Telling:
    """Sends in a thread of its own, as a context manager; `tick` does one look, and `also` what else is due.

    A find goes when it is new or changed, and every three minutes; a foreign track with each report, but
    for those that came from TAK itself.
    """

    def __init__(
        self,
        station: TakStation,
        send: Callable[[CotEvent], None],
        tracks: Callable[[], Mapping[str, ForeignReport]],
        finds: Callable[[], Sequence[FindReport]],
        undulations: Undulations,
        also: Callable[[], None] = lambda: None,
    ) -> None:
        self._also = also
        self._station = station
        self._send = send
        self._tracks = tracks
        self._finds = finds
        self._undulations = undulations
        self._clock = undulations.clock
        self._told_tracks: dict[str, float] = {}
        self._told_finds: dict[str, tuple[FindMarker, float]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telling", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def tick(self) -> None:
        """Send what is due."""
        self._also()
        self._tell_tracks()
        self._tell_finds()

    def _tell_tracks(self) -> None:
        tracks = self._tracks()
        for key, report in tracks.items():
            if self._told_tracks.get(key) == report.time_s:
                continue
            event = track_event(self._station, report, self._undulations.at(report.lat_deg, report.lon_deg))
            if event is not None:
                self._send(event)
        self._told_tracks = {key: report.time_s for key, report in tracks.items()}

    def _tell_finds(self) -> None:
        now_s = self._clock.monotonic_s()
        due = [marker for marker in map(marker_of, self._finds()) if self._is_due(marker, now_s)]
        for marker in due[:FINDS_AT_ONCE]:
            self._told_finds[marker.id] = (marker, now_s)
            try:
                self._send(find_event(self._station, marker, self._clock.now_s()))
            except InputError as error:
                _log.warning("find %s cannot be told: %s", marker.id, error)

    def _is_due(self, marker: FindMarker, now_s: float) -> bool:
        told, told_s = self._told_finds.get(marker.id, (None, 0.0))
        return told != marker or now_s - told_s >= FIND_AGAIN_S

    def _run(self) -> None:
        while not self._over.wait(LOOK_S):
            try:
                self.tick()
            except Exception:  # noqa: BLE001  # what cannot be told now may be at the next look
                _log.exception("telling failed")


def marker_of(find: FindReport) -> FindMarker:
    """A find as a marker; what is not confirmed says so in its name."""
    ellipse, score = find.ellipse95, find.properties.get("score")
    scored = f", score {shown_score(score)}" if isinstance(score, int | float) else ""
    return FindMarker(
        id=_identity(find.id),
        label=clean(find.name)[:60] or "find",
        lat_deg=find.lat_deg,
        lon_deg=find.lon_deg,
        confirmed=find.state == "confirmed",
        sigma_m=None if ellipse is None else ellipse.semi_major_m / SIGMAS_OF_95_PCT,
        remarks=f"{clean(find.state)[:40]}{scored}",
    )


def _identity(text: str) -> str:
    """The id where it can be part of a uid, else its hash."""
    if re.fullmatch(r"[A-Za-z0-9._/#-]{1,80}", text):
        return text
    return "sha256." + hashlib.sha256(text.encode()).hexdigest()[:40]

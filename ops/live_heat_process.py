"""A process of its own for one live thermal stream: it reads, searches, places, keeps, and tells.

    python -m ops.live_heat_process

Standard input is a line of JSON (`Job`), then the aircraft's telemetry as a `.tlog` without an end. Standard
output is a line of JSON for each find that is new or changed, for how the stream fares, and at the end for
what was kept. SIGTERM ends it in order: what was found is written once more. When standard input ends its
parent is gone, and it goes too, at once.

    stream -> [reading thread] -> queue, which drops the oldest -> [searching, here] -> finds
"""

from __future__ import annotations

import base64
import os
import signal
import threading
from dataclasses import dataclass
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson

from imaging.heat import frame_spots
from imaging.searched.live import LookedAt
from imaging.thermal.detector import CLEAR_CONTRAST, ContrastDetector, both_detectors
from imaging.thermal.features import point_feature
from imaging.thermal.find import Find
from imaging.thermal.frame import Exposure, ThermalFrame
from imaging.thermal.hotspots import HotSpotOptions
from imaging.thermal.learned import MODEL
from imaging.thermal.live import LiveHeat
from imaging.thermal.made_by import made_by
from imaging.thermal.options import Detector, HeatOptions
from imaging.thermal.searching import Looked
from missions.camera import Camera
from missions.errors import OutputError
from missions.terrain import open_terrain
from ops.live_finds import sentence
from ops.live_heat_frames import LiveFrames
from ops.live_heat_keeping import locked, thumbnails_of
from ops.live_heat_kept import Kept, Page
from ops.live_heat_track import GrowingTrack
from telemetry.clock import Clock, SystemClock
from telemetry.tlog import STAMP_BYTES, TlogScanner

KEEP_S, KEEP_SHARE = 3.0, 10.0
"""Finds are written this often, and where that takes long no more than a tenth of the time."""
TELL_S = 1.0
WAIT_S = 0.1
_CHUNK_BYTES = 1 << 16
_TRIAL_PX = (512, 640)


@dataclass(frozen=True, slots=True)
class Job:
    """What a process is to do: a `HeatSpec` with where it writes and the number of its first find."""

    stream: str
    vehicle: int
    tag: str
    delay_s: float
    camera: dict[str, Any] | None
    document: str
    first_number: int
    terrain: tuple[str, ...] = ()

    @property
    def shown_camera(self) -> str:
        """The camera's name, empty where the stream tells its own."""
        return "" if self.camera is None else str(self.camera["name"])


def detector() -> Detector:
    """Who looks at live frames: the network where it is installed, and contrast for what is plain to see."""
    if not MODEL.is_file():
        return ContrastDetector(HotSpotOptions(CLEAR_CONTRAST))
    return both_detectors(alone=CLEAR_CONTRAST)


def warmed(looks: Detector) -> Detector:
    """The detector, its network loaded: the first true frame is not to wait for that."""
    dark = np.zeros(_TRIAL_PX, np.float32)
    looks(ThermalFrame(Path("trial"), dark, "grey", Exposure(), "trial"), None)
    return looks


class Searcher:
    """Searches what the reader took in, and tells by `tell`, a JSON object at a time."""

    def __init__(self, job: Job, frames: LiveFrames, track: GrowingTrack, tell: Any, clock: Clock) -> None:
        self._job, self._frames, self._tell, self._clock = job, frames, tell, clock
        self._kept = Kept(
            Path(job.document),
            {"vehicle": job.vehicle, "address": frames.shown, "camera": job.shown_camera},
            job.shown_camera,
        )
        options = HeatOptions(
            detector=warmed(detector()),
            clock_offset_s=-job.delay_s,
            ground=open_terrain([Path(each) for each in job.terrain]) if job.terrain else None,
        )
        self._kept.made_by = made_by(options)
        self._track, self._looked_at = track, LookedAt(options.mount)
        self._live = LiveHeat(
            track.now,
            None if job.camera is None else Camera(**job.camera),
            options,
            looked=self._looked,
            named=lambda number: f"live-{job.tag}-{job.first_number + number - 1:03d}",
        )
        self._clearest: dict[str, tuple[str, float]] = {}
        self._why = ""
        self._told_s = self._keep_s = 0.0
        self._changed = False
        self._problem = ""
        self._lost = 0
        self._keeping: threading.Thread | None = None

    def step(self) -> None:
        """Search the next frame, if one comes soon, and do what else is due."""
        frame = self._frames.take(WAIT_S)
        found = self._live.go_on(self._clock.now_s()) if frame is None else self._live.add(frame)
        for find in found:
            self._take(find)
        now_s = self._clock.monotonic_s()
        if now_s - self._told_s >= TELL_S:
            self._told_s = now_s
            self._tell({"status": self._status()})
            self._tell_looked_at(self._clock.now_s())
        self._keep_soon(now_s)

    def finish(self) -> None:
        """Write what is left, and say what was kept."""
        for find in self._live.go_on(float("inf")):
            self._take(find)
        self._tell_looked_at(float("inf"))
        if self._keeping is not None:
            self._keeping.join()
        if self._kept.read:
            try:
                self._keep(self._kept.page(), self._kept.lost)
            except OutputError as error:
                self._problem = str(error)
        self._kept.close()
        self._tell({"status": self._status()})
        self._tell({"kept": {"finds": len(self._kept.finds), "frames": self._kept.read}})

    def _take(self, find: Find) -> None:
        feature = point_feature(find, thumbnails_of(self._kept.document).name, whole=False)
        properties = {name: value for name, value in feature["properties"].items() if name != "sightings"}
        told: dict[str, Any] = {
            "name": find.id,
            "lon_lat": feature["geometry"]["coordinates"],
            "properties": properties,
            "text": sentence(find),
            "frame_s": find.last_s,
        }
        clearest = (find.clearest.sha256, find.clearest.spot.score)
        if self._clearest.get(find.id) != clearest:
            self._clearest[find.id] = clearest
            told["thumbnail"] = base64.b64encode(self._pictured(find)).decode()
        self._tell({"find": told})
        try:
            self._kept.take(find)
        except OutputError as error:
            self._problem = str(error)
        self._changed = True

    def _pictured(self, find: Find) -> bytes:
        try:
            return self._kept.picture(find)
        except OutputError as error:
            self._problem = str(error)
            return b""

    def _tell_looked_at(self, now_s: float) -> None:
        """After the finds, which nothing may delay: what the search map is to know."""
        for each in self._looked_at.due(self._track.now(), now_s):
            self._tell({"looked_at": each})

    def _looked(self, looked: Looked) -> None:
        self._looked_at.add(looked)
        self._kept.read += 1
        self._why = looked.why
        self._changed = True
        if looked.why:
            self._kept.not_placed(frame_spots(looked))
        else:
            self._kept.placed += 1
        if isinstance(looked.camera, Camera):
            self._kept.camera = looked.camera.name

    def _keep_soon(self, now_s: float) -> None:
        """Have a thread write: no frame waits for a disk."""
        alive = self._keeping is not None and self._keeping.is_alive()
        if self._changed and not alive and now_s >= self._keep_s:
            self._changed = False
            self._keep_s = now_s + KEEP_S
            self._forget()
            try:
                page = self._kept.page()
            except OutputError as error:
                self._problem = str(error)
                return
            self._keeping = threading.Thread(target=self._keep, args=(page, self._kept.lost), daemon=True)
            self._keeping.start()

    def _forget(self) -> None:
        """What was of finds that no frame will change any more; there may be a day of them."""
        names = self._live.names
        self._kept.forget_all_but(names)
        for name in self._clearest.keys() - names:
            del self._clearest[name]

    def _keep(self, page: Page, lost: int) -> None:
        begun_s = self._clock.monotonic_s()
        try:
            page.write(self._notes())
            if lost == self._lost:
                self._problem = ""
            self._lost = lost
        except OutputError as error:
            self._problem = str(error)
        took_s = self._clock.monotonic_s() - begun_s
        self._keep_s = max(self._keep_s, begun_s + KEEP_SHARE * took_s)

    def _notes(self) -> tuple[str, ...]:
        counts = ((self._frames.dropped, "frames were dropped to keep up with the stream"),
                  (self._frames.opened - 1, "times the stream was opened anew"),
                  (self._kept.left_out, "finds of the lowest scores are left out"),
                  (self._kept.lost, "sightings could not be written"))  # fmt: skip
        return (*self._frames.notes, *(f"{count} {what}" for count, what in counts if count > 0))

    def _status(self) -> dict[str, Any]:
        return {
            **self._frames.status(),
            "searched": self._kept.read,
            "placed": self._kept.placed,
            "waiting": self._live.waiting,
            "why": self._why,
            "finds": len(self._kept.finds),
            "keeping": self._problem,
        }


def main() -> None:
    """Do the job on standard input until told to end."""
    finishing = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: finishing.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(5)  # the aircraft's telemetry goes first
    clock, out, telemetry = SystemClock(), _own_output(), BufferedReader(FileIO(0))
    job = Job(**orjson.loads(telemetry.readline()))
    track = GrowingTrack(job.vehicle)
    threading.Thread(target=_hear, args=(telemetry, track), daemon=True).start()

    def tell(told: dict[str, Any]) -> None:
        out.write(orjson.dumps(told) + b"\n")
        out.flush()

    with locked(Path(job.document)):
        frames = LiveFrames(job.stream, f"heat-{job.tag}", clock)
        searcher = Searcher(job, frames, track, tell, clock)
        threading.Thread(target=frames.read, daemon=True).start()
        while not finishing.is_set():
            searcher.step()
        searcher.finish()
    os._exit(0)  # the reading thread may be deep in native code


def _own_output() -> BinaryIO:
    """Standard output for us alone: what a library prints goes to standard error."""
    ours = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return ours


def _hear(telemetry: BufferedReader, track: GrowingTrack) -> None:
    """Take in telemetry; when it ends the parent is gone."""
    scanner, data, start = TlogScanner(), b"", 0
    while more := telemetry.read1(_CHUNK_BYTES):
        data += more
        found, done = scanner.scan(data, last=False, start=start)
        track.add(frame for _, _, frame in found)
        drop = max(0, done - STAMP_BYTES)
        data, start = data[drop:], done - drop
    os._exit(1)


if __name__ == "__main__":
    main()

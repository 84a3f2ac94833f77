"""One live thermal stream as the service sees it: a process that searches it, started again if it dies."""

from __future__ import annotations

import base64
import logging
import os
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from imaging.worker import working
from missions.errors import DroneteamError
from ops.live_finds import LiveFind
from ops.live_heat_keeping import highest_number, new_document
from ops.live_heat_specs import HeatSpec
from telemetry.backoff import Backoff
from telemetry.clock import Clock
from telemetry.dialect import BY_NAME
from telemetry.frames import Frame
from telemetry.pointing import SOURCES
from telemetry.tlog import STAMP_BYTES

MODULE = "ops.live_heat_process"
MOST_TELEMETRY = 4000
"""Frames that wait for a process that does not take them; of more the oldest are dropped."""
FINISH_S = 10.0
LONGEST_LINE_BYTES = 4_000_000
_TOLD = {BY_NAME[name].message_id for name in ("GLOBAL_POSITION_INT", "ATTITUDE", "GPS_RAW_INT", *SOURCES)}
_TAIL_BYTES = 2000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StreamState:
    """How a stream fares. `state` is opening, open, reconnecting, failed or closed, for `state_s` so far.

    Of `frames` that were read so many were `dropped` to keep up, `searched`, and `placed`; `broken` counts
    gaps. `late_s` is the age of the last frame as it came, by its own time or against the earliest that came.
    `why` is why the last one could not be placed, "" where it was. `keeping` says what is wrong with
    writing the finds.
    """

    state: str = "opening"
    problem: str = ""
    opened: int = 0
    state_s: float = 0.0
    frames: int = 0
    rate_hz: float = 0.0
    late_s: float = 0.0
    dropped: int = 0
    broken: int = 0
    searched: int = 0
    placed: int = 0
    waiting: int = 0
    why: str = ""
    finds: int = 0
    keeping: str = ""


class HeatStream:
    """Runs from `start` to `stop`. `hear` takes telemetry from the hub; `found` gets each find as it is told.

    `looked_at` gets frames that were searched (`imaging.searched.live`); without `terrain` ground is level.

    `documents` are the paths of what was kept, the last one being written to until `stop` is done.
    """

    def __init__(
        self,
        spec: HeatSpec,
        folder: Path,
        source: str,
        clock: Clock,
        found: Callable[[LiveFind], None],
        terrain: Sequence[Path] = (),
    ) -> None:
        self.spec = spec
        self.looked_at: Callable[[dict[str, Any]], None] = lambda _: None
        self._terrain = [str(each) for each in terrain]
        self.state = StreamState()
        self.documents: list[Path] = []
        self._folder, self._source, self._clock, self._found = folder, source, clock, found
        self._telemetry: deque[Frame] = deque(maxlen=MOST_TELEMETRY)
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name=f"heat {spec.shown}", daemon=True)

    def start(self) -> None:
        """Begin to search."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the process to end; `join` waits until it has."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
            if self._process is not None:
                self._process.terminate()

    def join(self) -> None:
        """Wait until all is written; a process that takes too long is ended."""
        self._thread.join(FINISH_S)
        with self._changed:
            if self._thread.is_alive() and self._process is not None:
                self._process.kill()
        self._thread.join(FINISH_S)

    def hear(self, frames: Sequence[Frame]) -> None:
        """Called in a link's thread: short, and waits for nobody."""
        vehicle = self.spec.vehicle
        some = [frame for frame in frames if frame.system == vehicle and frame.message_id in _TOLD]
        if some:
            with self._changed:
                self._telemetry.extend(some)
                self._changed.notify_all()

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                problem = self._search()
            except DroneteamError as error:
                problem = str(error)
            except Exception as error:  # noqa: BLE001 - whatever it was, the service goes on and says so
                _log.exception("searching %s failed", self.spec.shown)
                problem = f"{error}"
            if not self._stopping.is_set():
                self._become("failed", problem)
                self._stopping.wait(backoff.next_s())
        self._become("closed", "")

    def _search(self) -> str:
        """Run one process to its end; why it ended."""
        document = new_document(self._folder, self.spec.tag, self._clock)
        self.documents.append(document)
        job = {
            "stream": self.spec.stream,
            "vehicle": self.spec.vehicle,
            "tag": self.spec.tag,
            "delay_s": self.spec.delay_s,
            "camera": None if self.spec.camera is None else asdict(self.spec.camera),
            "document": str(document),
            "terrain": self._terrain,
            "first_number": highest_number(self._folder, self.spec.tag) + 1,
        }
        with tempfile.TemporaryFile() as messages, working(MODULE, messages=messages) as (process, told):
            with self._changed:
                self._process = process
                if self._stopping.is_set():
                    process.terminate()
            over = threading.Event()
            feeder = threading.Thread(target=self._feed, args=(process, job, over), daemon=True)
            feeder.start()
            try:
                while line := told.readline(LONGEST_LINE_BYTES):
                    self._hear_of(orjson.loads(line), document)
            finally:
                over.set()
                with self._changed:
                    self._process = None
                    self._changed.notify_all()
                process.kill()
                feeder.join()
            said = _tail(messages).replace(self.spec.stream, self.spec.shown)
            return f"the process that searches it ended ({said})"

    def _feed(self, process: subprocess.Popen[bytes], job: dict[str, Any], over: threading.Event) -> None:
        """The job, then telemetry as it comes: `.tlog`, each frame after its time."""
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        pipe = process.stdin.fileno()
        with suppress(OSError):
            _write(pipe, orjson.dumps(job) + b"\n")
            while not over.is_set():
                with self._changed:
                    self._changed.wait_for(lambda: self._telemetry or over.is_set())
                    frames = list(self._telemetry)
                    self._telemetry.clear()
                _write(
                    pipe, b"".join(each.time_us.to_bytes(STAMP_BYTES, "big") + each.raw for each in frames)
                )

    def _hear_of(self, told: dict[str, Any], document: Path) -> None:
        if "status" in told:
            self.state = StreamState(**told["status"])
        elif "looked_at" in told:
            self.looked_at(told["looked_at"])
        elif "find" in told:
            find = told["find"]
            lon_deg, lat_deg = find["lon_lat"]
            self._found(
                LiveFind(
                    vehicle=self.spec.vehicle,
                    name=find["name"],
                    source=f"{self._source}/{document.name}",
                    lat_deg=lat_deg,
                    lon_deg=lon_deg,
                    properties=find["properties"],
                    text=find["text"],
                    frame_s=find["frame_s"],
                    thumbnail=base64.b64decode(find.get("thumbnail", "")),
                )
            )

    def _become(self, state: str, problem: str) -> None:
        self.state = StreamState(**{**asdict(self.state), "state": state, "problem": problem})


def _write(pipe: int, data: bytes) -> None:
    """All of it; nothing is held back, which would be written anew when the pipe is closed."""
    left = memoryview(data)
    while left:
        left = left[os.write(pipe, left) :]


def _tail(messages: IO[bytes]) -> str:
    """The last line of what a process complained of."""
    messages.seek(0, 2)
    messages.seek(max(0, messages.tell() - _TAIL_BYTES))
    lines = messages.read().decode("utf-8", "replace").strip().splitlines()
    return (
        "".join(letter for letter in lines[-1] if letter.isprintable())[:300] if lines else "it said nothing"
    )

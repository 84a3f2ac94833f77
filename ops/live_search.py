"""The search map of an operation while cameras are searched live: POA, POD and POS as the flight goes on.

    process of a stream --frames looked at--> here --> process that counts --figures, contours--> page
                                                                            --at the end, the map--> searches/

It goes on with the newest map that entered. What is kept at the end are the files that `droneteam search
covered` writes, so each cell says which frames saw it (`droneteam search why`). They are kept meanwhile too:
what a killed service left enters when the operation is served next (`ops.live_search_keeping`).
"""

from __future__ import annotations

import logging
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson

from imaging.worker import working
from missions.errors import DroneteamError
from ops.live_search_keeping import folder_of, taken
from ops.operations import FOLDERS, Operation
from telemetry.clock import Clock
from telemetry.hub import Hub

MODULE = "ops.live_search_process"
SUFFIX = ".json"
FINISH_S = 30.0
MOST_WAITING = 10_000
LONGEST_LINE_BYTES = 50_000_000
SINGLE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counted:
    """What all frames looked at so far were worth, with `missions.search.bookkeeping.Score`'s names.

    `last_pos` is that of the last few seconds, `drawing` the map's contours after it, `at_s` when it was
    counted, `problem` why nothing is counted, "" while all is well.
    """

    at_s: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)
    frames: int = 0
    drawing: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


def newest_map(operation: Operation) -> Path | None:
    """The map that entered last, None where none did."""
    paths = [operation.folder / file.path for file in operation.files("search")]
    return next((path for path in reversed(paths) if path.suffix == SUFFIX and _is_map(path)), None)


class LiveSearch:
    """Counts what is looked at over a map, in a process of its own. Any thread may call anything.

    `changed` hears of every figure that is new. Each `keep_s` the map is written for what may come.
    """

    def __init__(
        self,
        search_map: Path,
        operation: Operation,
        hub: Hub,
        clock: Clock,
        terrain: Sequence[Path] = (),
        keep_s: float = 60.0,
    ) -> None:
        self.search_map = search_map
        self.counted = Counted()
        self.changed: Callable[[], None] = lambda: None
        self.kept: tuple[Path, ...] = ()
        self._operation, self._hub, self._clock = operation, hub, clock
        self._terrain = tuple(str(each) for each in terrain)
        self._keep_s = keep_s
        self._output: Path | None = None
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._news = threading.Condition()
        self._over = False
        self._thread = threading.Thread(target=self._run, name="search map", daemon=True)

    def start(self) -> None:
        """Begin to count."""
        self._thread.start()

    @property
    def going_on(self) -> bool:
        """Whether it still counts."""
        return self._thread.is_alive()

    def looked_at(self, vehicle: int, source: str, view: dict[str, Any]) -> None:
        """A frame that was looked at (`imaging.searched.live`); waits for nobody."""
        state = self._hub.vehicles().get(vehicle)
        home = None if state is None else state.home
        told = {"source": source, "take_off": None if home is None else home[:2], "view": view}
        with self._news:
            self._waiting.append(orjson.dumps(told) + b"\n")
            self._news.notify()

    def stop(self) -> None:
        """Count what is left and keep the map; it enters the operation."""
        with self._news:
            self._over = True
            self._news.notify()
        self._thread.join(FINISH_S)
        try:
            if self._output is not None and not self.going_on:
                self.kept = taken(folder_of(self._output))
            for path in self.kept:
                self._operation.add_file(path, "search", after=self.search_map.name)
            if self.kept:
                self._operation.record(
                    "search.covered", frames=self.counted.frames, live=True, **_worth(self.counted.figures)
                )
        except DroneteamError as error:
            _log.error("the search map does not enter the operation: %s", error)

    def _run(self) -> None:
        try:
            problem = self._count()
        except DroneteamError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - whatever it was, finds go on and people are told
            _log.exception("counting what is searched failed")
            problem = f"{error}"
        if problem:
            self._tell(Counted(self.counted.at_s, self.counted.figures, self.counted.frames, {}, problem))

    def _count(self) -> str:
        """Run the process to its end; what went wrong."""
        folder = self._operation.folder / FOLDERS["search"]
        output = self._operation.free_path("search", f"{self.search_map.stem}-live{SUFFIX}")
        folder.mkdir(parents=True, exist_ok=True)
        self._output = output
        job = {
            "search_map": str(self.search_map),
            "output": str(output),
            "terrain": self._terrain,
            "keep_s": self._keep_s,
        }
        with (
            tempfile.TemporaryFile() as messages,
            working(MODULE, messages=messages, defaults=SINGLE) as (process, told),
        ):
            feeder = threading.Thread(target=self._feed, args=(process, job), daemon=True)
            feeder.start()
            ended = False
            while line := told.readline(LONGEST_LINE_BYTES):
                said = orjson.loads(line)
                if "error" in said:
                    return f"{said['error']}"
                ended = ended or "kept" in said
                self._hear(said)
            return "" if ended else f"the process that counts it ended ({_last_line(messages)})"

    def _feed(self, process: subprocess.Popen[bytes], job: dict[str, Any]) -> None:
        pipe = process.stdin
        assert pipe is not None  # noqa: S101 - it is a pipe
        with suppress(OSError, ValueError):
            pipe.write(orjson.dumps(job) + b"\n")
            pipe.flush()
            while True:
                with self._news:
                    self._news.wait_for(lambda: self._waiting or self._over)
                    lines, over = b"".join(self._waiting), self._over
                    self._waiting.clear()
                pipe.write(lines)
                pipe.flush()
                if over:
                    break
            pipe.close()

    def _hear(self, said: dict[str, Any]) -> None:
        if "counted" in said:
            counted = said["counted"]
            drawing, frames = counted.pop("drawing"), int(counted.pop("frames"))
            self._tell(Counted(self._clock.now_s(), counted, frames, drawing))

    def _tell(self, counted: Counted) -> None:
        self.counted = counted
        self.changed()


def _worth(figures: dict[str, float]) -> dict[str, float]:
    return {name: figures[name] for name in ("pos", "left") if name in figures}


def _is_map(path: Path) -> bool:
    """Whether a document is a map's, by its first words: areas and plans lie beside maps."""
    with suppress(OSError), path.open("rb") as file:
        return b"droneteam-search-map" in file.read(400)
    return False


def _last_line(messages: IO[bytes]) -> str:
    messages.seek(0)
    lines = messages.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"

"""Drawing a scene anew in a process of its own, one at a time, while people go on marking."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from imaging.worker import working
from missions.errors import AlignmentError, DroneteamError, InputError

BEGINNING, ENTERING = "beginning", "entering the operation"
CLOSING_S = 10.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is being drawn: of which scene, under what new name, for whom, and how far it is.

    `share` is of the whole, 0 to 1; `left_s` seconds that it will take yet, None while nobody knows.
    """

    scene: str
    new: str
    who: str
    stage: str = BEGINNING
    share: float = 0.0
    left_s: float | None = None


class Redrawing:
    """The one drawing that may run. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._worker: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._now: Drawing | None = None
        self._problems: dict[str, str] = {}

    @property
    def now(self) -> Drawing | None:
        """What is being drawn, None where nothing is."""
        return self._now

    def problem(self, scene: str) -> str:
        """Why the last drawing of a scene came to nothing; empty where it did not."""
        return self._problems.get(scene, "")

    def start(
        self,
        drawing: Drawing,
        into: Path,
        job: Callable[[], Mapping[str, Any]],
        enter: Callable[[], None],
    ) -> None:
        """Draw into a folder that is not there yet; `job` tells the worker what, `enter` takes what came of
        it.

        Answers at once. Raises InputError while another scene is drawn.
        """
        with self._lock:
            if self._now is not None:
                raise InputError(
                    f"{self._now.new} is being drawn", where="redraw", remedy="Wait until that is done"
                )
            self._now, self._stopped = drawing, False
            self._problems.pop(drawing.scene, None)
            self._thread = threading.Thread(
                target=self._run, args=(drawing.scene, into, job, enter), daemon=True
            )
            self._thread.start()

    def stop(self, scene: str) -> None:
        """Break off the drawing of a scene; what it left half is removed. Raises InputError for none."""
        with self._lock:
            if self._now is None or self._now.scene != scene or self._now.stage == ENTERING:
                raise InputError("there is no such drawing any more", where=scene, remedy="Look again")
            self._break_off()

    def close(self) -> None:
        """Break off whatever runs, and wait until it is gone."""
        with self._lock:
            thread = self._thread
            if self._now is not None and self._now.stage != ENTERING:
                self._break_off()
        if thread is not None:
            thread.join(CLOSING_S)

    def _break_off(self) -> None:
        self._stopped = True
        if self._worker is not None:
            self._worker.kill()

    def _run(
        self, scene: str, into: Path, job: Callable[[], Mapping[str, Any]], enter: Callable[[], None]
    ) -> None:
        try:
            self._work(into, job())
            self._end_of_work()
            enter()
        except DroneteamError as error:
            entering = self._now is not None and self._now.stage == ENTERING
            if not self._stopped:
                self._problems[scene] = str(error)
            if not entering:
                shutil.rmtree(into, ignore_errors=True)
        except Exception as error:  # a thread has nobody to raise to
            self._problems[scene] = f"the drawing failed ({error})"
            raise
        finally:
            with self._lock:
                self._now = self._worker = None

    def _work(self, into: Path, job: Mapping[str, Any]) -> None:
        said = "it stopped early"
        with tempfile.TemporaryDirectory(prefix="droneteam-") as scratch:
            file = Path(scratch) / "job.json"
            file.write_text(json.dumps({**job, "new": str(into.resolve())}))
            with working("imaging.redraw_worker", str(file), messages=subprocess.DEVNULL) as (worker, lines):
                with self._lock:
                    self._worker = worker
                    if self._stopped:
                        worker.kill()
                for line in lines:
                    event = json.loads(line)
                    said = event.get("error", said)
                    if "stage" in event:
                        self._tell(stage=event["stage"], share=event["share"], left_s=event["left_s"])
                status = worker.wait()
        if status:
            raise AlignmentError(f"the drawing failed: {said}")

    def _end_of_work(self) -> None:
        """From here on it cannot be stopped any more. Raises AlignmentError where it was."""
        with self._lock:
            if self._stopped:
                raise AlignmentError("it was stopped")
            self._tell(stage=ENTERING, share=1.0, left_s=0.0)

    def _tell(self, **how_far: Any) -> None:
        if self._now is not None:
            self._now = replace(self._now, **how_far)

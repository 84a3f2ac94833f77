"""What was done to alarms, onto the disk in a thread of its own: no look waits for a disk that hangs."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from missions.errors import DroneteamError, InputError
from ops.index import record_alerts
from telemetry.clock import Clock

Rows = Sequence[Mapping[str, Any]]
MAX_WAITING = 10_000
"""Of transitions that could not be written yet; beyond them the oldest are lost, and that is told."""
SLOW_S = 5.0
RETRY_S = 5.0
CLOSE_S = 10.0
_log = logging.getLogger(__name__)


class AlarmLog:
    """Writes transitions (`Transition.as_dict()`) to `alerts.jsonl` in a folder, in order, each once.

    What cannot be written waits and is tried again; one that the log takes for none is lost alone. `write`
    stands for `ops.index.record_alerts` in tests.
    """

    def __init__(
        self, folder: Path, clock: Clock, write: Callable[[Path, Rows], None] = record_alerts
    ) -> None:
        self.folder = folder
        self.lost = 0
        self._clock = clock
        self._write = write
        self._waiting: deque[Mapping[str, Any]] = deque()
        self._begun_s: float | None = None
        self._added = 0
        self._done = 0
        self._error = ""
        self._one_by_one = False
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"alarms into {folder}", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str:
        """Why transitions are not on the disk; "" while all is well."""
        with self._changed:
            waiting = len(self._waiting)
            begun_s, error, lost = self._begun_s, self._error, self.lost
        gone = f" Changes of alarms lost: {lost}." if lost else ""
        if error:
            return f"{waiting} changes of alarms are not recorded: {error}{gone}"
        late_s = 0.0 if begun_s is None else self._clock.monotonic_s() - begun_s
        if late_s > SLOW_S:
            return f"{waiting} changes of alarms have waited {late_s:.0f} s for {self.folder}.{gone}"
        return gone.strip()

    def add(self, rows: Rows) -> int:
        """Have transitions written soon; gives what to `wait` for."""
        with self._changed:
            self._waiting.extend(rows)
            self._added += len(rows)
            while len(self._waiting) > MAX_WAITING:
                self._waiting.popleft()
                self._done += 1
                self.lost += 1
            self._changed.notify_all()
            return self._added

    def wait(self, number: int, timeout_s: float) -> bool:
        """Wait until what was added up to `number` is on the disk; whether it is."""
        with self._changed:
            lost = self.lost
            self._changed.wait_for(lambda: self._done >= number or self._error, timeout_s)
            return self._done >= number and self.lost == lost

    def close(self) -> None:
        """Write what waits, if that can be done, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(CLOSE_S)
        if self._waiting:
            _log.error("%s", self.problem or f"{len(self._waiting)} changes of alarms are not recorded")

    def _run(self) -> None:
        while rows := self._next():
            error, done = self._written(rows)
            with self._changed:
                self._error = error
                self._took(rows[:done])
                self._begun_s = None
                self._changed.notify_all()
                if error and not self._closing:
                    self._changed.wait_for(lambda: self._closing, RETRY_S)
                elif error:
                    return

    def _next(self) -> list[Mapping[str, Any]]:
        """Wait for something to write; nothing at the end."""
        with self._changed:
            self._one_by_one = self._one_by_one and bool(self._waiting)
            self._changed.wait_for(lambda: self._waiting or self._closing)
            self._begun_s = self._clock.monotonic_s()
            return list(islice(self._waiting, 1 if self._one_by_one else None))

    def _took(self, rows: list[Mapping[str, Any]]) -> None:
        """Forget what was written, unless it was lost meanwhile."""
        gone = {id(row) for row in rows}
        while self._waiting and id(self._waiting[0]) in gone:
            self._waiting.popleft()
            self._done += 1

    def _written(self, rows: Rows) -> tuple[str, int]:
        """Why they could not be written, "" if they could, and how many of them are done with."""
        try:
            with suppress(OSError):  # the log says what is wrong with the folder
                self.folder.mkdir(parents=True, exist_ok=True)
            self._write(self.folder, rows)
        except InputError as error:
            if len(rows) > 1:
                self._one_by_one = True
                return "", 0
            _log.error("%s", error)
            with self._changed:
                self.lost += 1
            return "", 1
        except DroneteamError as error:
            return str(error), 0
        except Exception as error:  # noqa: BLE001  # the thread must go on, whatever it was
            _log.exception("recording alarms failed")
            return f"{self.folder}: {error}", 0
        return "", len(rows)

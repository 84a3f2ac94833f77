"""The index kept up to date while a recorder records: a follower of its watermark, in a thread of its own.

It reads what the recorder wrote. So there is no queue that could overflow, nobody waits for it, and it can
never know more than the segments do: when it falls behind, what it has not read lies on the disk.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from missions.errors import DroneteamError
from ops.index.alert_log import append
from ops.index.database import Database
from ops.index.filling import Filler
from ops.index.reading import Index
from ops.index.rebuilding import Tell, opened, writing
from telemetry.clock import Clock
from telemetry.recorder import Watermark

EVERY_S = 0.5
_RETRY_S = 5.0
_CLOSE_S = 60.0
_log = logging.getLogger(__name__)


class IndexWriter:
    """Keeps the index of `folder`: `recorder.subscribe(writer)`, and so of the recorder of what is received.

    Every `every_s` it adds what became safe since, in one transaction a segment. Where that fails it says why
    in `problem`, tries again every five seconds and catches up. Without a recorder that tells its watermark
    it forces to the disk what it is about to read. With an infinite `every_s` there is no thread, and `flush`
    does its work. Raises OutputError where the folder cannot be written or another process writes this index.
    """

    def __init__(
        self, folder: Path, clock: Clock, *, every_s: float = EVERY_S, tell: Tell = _log.warning
    ) -> None:
        self.folder = folder
        self.index = Index(folder)
        self.problem = ""
        self._clock = clock
        self._every_s = every_s
        self._tell = tell
        self._lock = writing(_made(folder))
        self._working = threading.Lock()
        self._safe: dict[str, Watermark] = {}
        self._database: Database | None = None
        self._filler: Filler | None = None
        self._retry_s = -math.inf
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        if not math.isinf(every_s):
            self._thread = threading.Thread(target=self._run, name=f"index of {folder}", daemon=True)
            self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __call__(self, watermark: Watermark) -> None:
        """Note how far a recorder is. Takes no time."""
        if watermark.segment is not None:
            self._safe[watermark.segment.suffix] = watermark

    def record_alerts(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Keep transitions of alarms (`Transition.as_dict()`): on the disk now, in the index soon.

        Raises InputError and OutputError.
        """
        append(self.folder, rows)

    def flush(self) -> None:
        """Add what became safe, unless it failed less than five seconds ago."""
        with self._working:
            if self._clock.monotonic_s() >= self._retry_s:
                self._step(last=False)

    def close(self) -> None:
        """Add everything that is safe, and let others write; after the recorder. May be called twice."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(_CLOSE_S)
        with self._working:
            if self._lock.taken:
                self._step(last=True)
                self._let_go()
                self._lock.release()

    def _run(self) -> None:
        while not self._closing.wait(self._every_s):
            self.flush()

    def _step(self, *, last: bool) -> None:
        try:
            if self._filler is None:
                self._database = opened(self.folder, self._clock, self._tell)
                self._filler = Filler(self.folder, self._database)
            self._filler.catch_up(last=last, safe=self._safe_bytes())
            problem = "; ".join(self._filler.problems)
        except (DroneteamError, OSError) as error:
            self._let_go()
            problem = str(error)
        except Exception as error:  # noqa: BLE001  # the thread must go on, whatever a segment did to it
            _log.exception("indexing %s failed", self.folder)
            self._let_go()
            problem = f"{self.folder}: the index failed ({error})"
        if problem and not self.problem:
            self._tell(problem)
        self.problem = problem
        self._retry_s = self._clock.monotonic_s() + _RETRY_S if problem else -math.inf

    def _safe_bytes(self) -> dict[Path, int]:
        return {safe.segment: safe.bytes for safe in tuple(self._safe.values()) if safe.segment is not None}

    def _let_go(self) -> None:
        database, self._database, self._filler = self._database, None, None
        if database is not None:
            database.close()


def _made(folder: Path) -> Path:
    """The folder, made where there is none, so that an index may be there before its recorder."""
    with suppress(OSError):  # whoever writes into it next says why that cannot be
        folder.mkdir(parents=True, exist_ok=True)
    return folder

"""A thread that plays a replay."""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Self

from telemetry.replay.replay import Replay

_STOP_S = 10.0
_log = logging.getLogger(__name__)


class ReplayThread:
    """Plays `replay` while the block runs; standing still it costs nothing."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="replay", daemon=True)
        replay.on_change(self._woken.set)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._woken.set()
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                wait_s = self._replay.advance()
            except Exception:  # noqa: BLE001  # a file that was taken away must not end the service
                _log.exception("the replay failed")
                self._replay.pause()
                wait_s = None
            self._woken.wait(wait_s)

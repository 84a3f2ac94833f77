"""The boards of an operation's scenes: opened when they are first asked for, and what they share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from ops.marking.adjusting import Adjusting
from ops.marking.board import Board
from ops.marking.photo_files import PhotoPixels
from ops.marking.standing import Standing, standing
from telemetry.clock import Clock

KEPT = 8


class Folder(Protocol):
    """What a board needs of its operation."""

    def scene_folder(self, scene: str) -> Path:
        """Where a scene lies; raises InputError for none."""
        ...

    def file_with(self, sha256: str) -> Path | None:
        """A file that entered with this content."""
        ...

    def record(self, action: str, **details: Any) -> None:
        """Log an act."""
        ...


class Boards:
    """All scenes of an operation, with one store of pixels and one adjustment at a time. Any thread."""

    def __init__(self, folder: Folder, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self.pixels, self.adjusting = PhotoPixels(), Adjusting()
        self._boards: dict[str, Board] = {}
        self._standing: dict[str, tuple[str, Standing, Any]] = {}
        self._lock, self._working = threading.Lock(), threading.Lock()

    def board(self, scene: str) -> Board:
        """The board of a scene. Raises InputError where there is none, EvidenceError where it was changed."""
        folder = self._folder.scene_folder(scene)
        with self._lock:
            if scene not in self._boards:
                while len(self._boards) >= KEPT:
                    old = next(iter(self._boards))
                    del self._boards[old]
                    self._standing.pop(old, None)
                self._boards[scene] = Board(
                    folder,
                    scene,
                    self._folder.file_with,
                    self.pixels,
                    self.adjusting,
                    self._folder.record,
                    self._clock,
                )
            return self._boards[scene]

    def standing(self, board: Board, tell: Callable[[Standing, str], Any]) -> tuple[str, Standing, Any]:
        """How it stands, and what `tell` makes of it; worked out once for each state of the board."""
        books, scene, control = board.books(), board.opened(), board.control()
        revision = f"{books.revision}-{scene.control.key[:8]}-{id(scene) & 0xFFFFFF:x}"
        with self._working:
            kept = self._standing.get(board.scene)
            if kept is None or kept[0] != revision:
                found = standing(scene, books, control)
                kept = self._standing[board.scene] = revision, found, tell(found, revision)
            return kept

    def close(self) -> None:
        """End what runs."""
        self.adjusting.close()

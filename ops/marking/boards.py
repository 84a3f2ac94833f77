"""The boards of an operation's scenes: opened when they are first asked for, and what they share."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from imaging.control.gathering import json_from_control
from missions.errors import InputError
from ops.marking.adjusting import Adjusting
from ops.marking.board import Board
from ops.marking.photo_files import PhotoPixels
from ops.marking.redrawing import Drawing, Redrawing
from ops.marking.standing import Standing, standing
from ops.operations import Operation
from ops.scenes import check_changeable, drawn_after, enter_drawn, free_scene
from telemetry.clock import Clock

KEPT = 8


class Folder(Protocol):
    """What a board needs of its operation."""

    @property
    def operation(self) -> Operation:
        """The operation itself."""
        ...

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
    """All scenes of an operation, with one store of pixels, and one adjustment and one drawing at a time.

    `look` is called when something entered the operation. Any thread.
    """

    def __init__(self, folder: Folder, clock: Clock, look: Callable[[], None]) -> None:
        self._folder, self._clock, self._look = folder, clock, look
        self.pixels, self.adjusting, self.redrawing = PhotoPixels(), Adjusting(), Redrawing()
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
                    partial(check_changeable, self._folder.operation),
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

    def redraw(self, board: Board, who: str) -> None:
        """Begin to draw a scene anew with its newest adjustment, as a scene of its own; answers at once.

        Raises InputError where its marks changed since that, or the picture is drawn with it already.
        """
        scene, control = board.opened(), board.control()
        if control.key != scene.control.key:
            raise InputError(
                "marks changed since the last adjustment",
                where="redraw",
                remedy="Adjust, and look at it first",
            )
        if scene.now is scene.made:
            raise InputError(
                "the picture is drawn with these marks already",
                where="redraw",
                remedy="Mark and adjust first",
            )
        operation, old = self._folder.operation, board.folder
        into = free_scene(operation, old)
        locate = board.photos().path

        def job() -> dict[str, Any]:
            photos = {name: str(locate(name).resolve()) for name in board.photos().photos}
            return {
                "old": str(old.resolve()),
                "photos": photos,
                "control": json_from_control(control),
                "threads": max(1, (os.cpu_count() or 2) - 1),
            }

        def enter() -> None:
            enter_drawn(operation, into, locate, old=old.name, who=who)
            self._look()

        self.redrawing.start(Drawing(board.scene, into.name, who), into, job, enter)

    def stop_drawing(self, board: Board, who: str) -> None:
        """Break off the drawing of a scene; nothing is left of it. Raises InputError where none runs."""
        self.redrawing.stop(board.scene)
        self._folder.record("drawing.stopped", scene=board.scene, who=who)

    def drawn_after(self, board: Board) -> str:
        """The newest scene drawn anew from this one; empty for none."""
        return drawn_after(self._folder.operation, board.scene)

    def close(self) -> None:
        """End what runs."""
        self.adjusting.close()
        self.redrawing.close()

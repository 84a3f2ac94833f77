"""The operation as the page shows it. Only files that entered the operation are read or handed out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

from imaging.thermal.find import State
from missions.errors import DroneteamError, EvidenceError, InputError
from missions.files import read_bounded
from missions.formats.volumes_geojson import read_volumes
from missions.plan import Plan
from missions.plan_file import read_plan
from missions.sorties import flights
from missions.volumes import FlightVolumes
from ops.api.drawing import plan_report
from ops.api.finds import history_told, thumbnail_path, with_history
from ops.api.found import Found
from ops.api.models import (
    FileReport,
    FindReport,
    OperationReport,
    PlanReport,
    SceneReport,
    SearchReport,
    TrackReport,
)
from ops.api.scenes import ORTHOMOSAIC, scene_picture, scene_report
from ops.api.searched_frames import SearchedReport
from ops.api.searches import search_reports
from ops.api.tracks import recorded_tracks
from ops.finds import Decisions, decisions_of, log_decision
from ops.operations import EnteredFile, Operation
from telemetry.clock import Clock

Section = Literal["plans", "finds", "scenes", "tracks", "volumes", "searches"]
SECTIONS: tuple[Section, ...] = ("plans", "finds", "scenes", "tracks", "volumes", "searches")
KINDS: dict[Section, str] = {
    "plans": "plan",
    "finds": "find",
    "scenes": "scene",
    "tracks": "telemetry",
    "volumes": "volume",
    "searches": "search",
}
PLAN_SUFFIXES = {"", ".json", ".droneteam"}
"""Exports of a plan for other programs lie beside it, under other suffixes."""
PICTURES_KEPT = 8
LARGEST_THUMBNAIL_BYTES = 4_000_000
T = TypeVar("T")


@dataclass(slots=True)
class _Shelf(Generic[T]):
    """What was made of files, once: a file that entered does not change. An unreadable one is a problem."""

    make: Callable[[Path, EnteredFile], tuple[T, ...]]
    made: dict[str, tuple[T, ...]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, folder: Path, files: tuple[EnteredFile, ...]) -> tuple[T, ...]:
        with self.lock:
            for file in files:
                if file.path not in self.made:
                    self._make(folder / file.path, file)
            return tuple(report for file in files for report in self.made[file.path])

    def _make(self, path: Path, file: EnteredFile) -> None:
        try:
            self.made[file.path] = self.make(path, file)
        except DroneteamError as error:
            self.made[file.path], self.problems[file.path] = (), str(error)


class OperationFolder:
    """One operation, read-only but for its log. Raises what `Operation.open` raises."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._operation = Operation.open(folder, clock)
        self._files: dict[str, EnteredFile] = {}
        self._plans = _Shelf(lambda path, file: (plan_report(read_plan(path), file.path),))
        self._flights = _Shelf(lambda path, _: flights(read_plan(path)))
        self._found = Found(self._operation.folder)
        self._tracks = _Shelf(lambda path, file: recorded_tracks(path, file.path))
        self._volumes = _Shelf(lambda path, _: (read_volumes(path),))
        self._searches = _Shelf(lambda path, file: search_reports(path, file.path))
        self._scenes = _Shelf(lambda path, file: (scene_report(path, file.path, file.sha256),))
        self._pictures: dict[str, bytes] = {}
        self._picturing = threading.Lock()
        self._decisions: Decisions = {}
        self.decided: tuple[FindReport, ...] = ()
        self.look()

    @property
    def operation(self) -> Operation:
        """The operation itself."""
        return self._operation

    @property
    def name(self) -> str:
        """What the operation is called."""
        return self._operation.name

    def look(self) -> set[Section]:
        """See which files entered since the last look; gives the sections that changed.

        `decided` are then the finds on which somebody decided since, of those that were listed before.
        """
        files = {each.path: each for each in self._operation.files()}
        entered = set(files.values()) ^ set(self._files.values())
        self._files = files
        kinds = {each.kind for each in entered}
        changed: set[Section] = {section for section, kind in KINDS.items() if kind in kinds}
        decisions = decisions_of(self._operation)
        self.decided = ()
        if decisions != self._decisions:
            before = self._found.known
            self._decisions = decisions
            after = self._listed() if before else {}
            self.decided = tuple(
                find
                for name, find in after.items()
                if name not in before or history_told(before[name]) != history_told(find)
            )
        return changed

    def plans(self) -> tuple[PlanReport, ...]:
        """Every plan; exports of plans to other formats are not read."""
        return self._read(self._plans, "plan", lambda path: path.suffix in PLAN_SUFFIXES)

    def flights(self) -> tuple[Plan, ...]:
        """Every flight of every plan, each a plan of its own; the same objects each time."""
        return self._read(self._flights, "plan", lambda path: path.suffix in PLAN_SUFFIXES)

    def finds(self) -> tuple[FindReport, ...]:
        """Every find, with what people decided, the first to look at first."""
        return tuple(self._listed().values())

    def searched(self) -> tuple[SearchedReport, ...]:
        """What every search of frames says of itself, the newest first."""
        return self._found.searched(self._find_files(), self._decisions)

    def find(self, find_id: str) -> FindReport | None:
        """One of them, None where there is none of that id."""
        return self._listed().get(find_id)

    def sightings(self, find_id: str) -> list[dict[str, Any]]:
        """Every sighting of a find. Raises InputError for no find, FormatError where they cannot be had."""
        return self._found.sightings(self._known(find_id))

    def thumbnail(self, find_id: str) -> bytes:
        """The PNG of a find. Raises InputError where there is none, EvidenceError where it changed."""
        found = self.find(find_id)
        path = None if found is None else thumbnail_path(found)
        if path is None:
            raise InputError(f"there is no picture of a find {find_id!r}", remedy="See GET /api/finds")
        return read_bounded(self.file(path), LARGEST_THUMBNAIL_BYTES, "the thumbnail")

    def review(self, find_id: str, state: State, by: str, why: str) -> FindReport:
        """Log what somebody decided of a find. Raises InputError (`where` "find" for none), EvidenceError."""
        found = self._known(find_id)
        self.file(found.source)
        made = log_decision(self._operation, found.source, found.name, state, by, why)
        return with_history(found, (*history_told(found), made))

    def tracks(self) -> tuple[TrackReport, ...]:
        """Every recorded track."""
        return self._read(self._tracks, "telemetry", lambda path: path.suffix == ".tlog")

    def volumes(self) -> tuple[FlightVolumes, ...]:
        """Every file of volumes, the newest last; the same objects each time."""
        return self._read(self._volumes, "volume", lambda path: path.suffix in {".geojson", ".json"})

    def scenes(self) -> tuple[SceneReport, ...]:
        """Every mosaic."""
        return self._read(self._scenes, "scene", lambda path: path.name == ORTHOMOSAIC)

    def searches(self) -> tuple[SearchReport, ...]:
        """Every map of where he may be, the newest last."""
        return self._read(self._searches, "search", lambda path: path.suffix == ".geojson")

    def scene_picture(self, scene: str) -> bytes:
        """A mosaic's picture as WebP. Raises InputError for a scene that is not there."""
        path = self.file(f"{scene}/{ORTHOMOSAIC}")
        with self._picturing:
            if scene not in self._pictures:
                while len(self._pictures) >= PICTURES_KEPT:
                    del self._pictures[next(iter(self._pictures))]
                self._pictures[scene] = scene_picture(path)
            return self._pictures[scene]

    def scene_folder(self, scene: str) -> Path:
        """Where the scene lies that an entered mosaic belongs to. Raises what `file` raises."""
        return self.file(f"{scene}/{ORTHOMOSAIC}").parent

    def file_with(self, sha256: str) -> Path | None:
        """A file that entered with this content, None where none did or it is not what it was."""
        for entered in tuple(self._files.values()):
            if entered.sha256 == sha256:
                with suppress(EvidenceError):
                    return self.file(entered.path)
        return None

    def record(self, action: str, **details: Any) -> None:
        """Log an act: it is on the disk when this returns. Raises EvidenceError, OutputError."""
        self._operation.record(action, **details)

    def file(self, path: str) -> Path:
        """Where a file that entered lies.

        Raises InputError for any other file, EvidenceError for one whose size changed.
        """
        entered = self._files.get(path)
        if entered is None:
            raise InputError("no such file entered the operation", where=path, remedy="See /api/operation")
        found = self._operation.folder / entered.path
        if found.is_symlink() or not found.is_file() or found.stat().st_size != entered.bytes:
            raise EvidenceError(
                "the file is gone or changed after it entered", where=path, remedy="Restore it"
            )
        return found

    def report(self) -> OperationReport:
        """The operation with its files."""
        for read in (self.plans, self.finds, self.tracks, self.scenes, self.volumes, self.searches):
            read()
        shelves = (self._plans, self._found, self._tracks, self._scenes, self._volumes, self._searches)
        return OperationReport(
            name=self._operation.name,
            kind=self._operation.kind.value,
            created=self._operation.created,
            folder=self._operation.folder.name,
            files=tuple(_file_report(each) for each in self._files.values()),
            unreadable=tuple(problem for shelf in shelves for problem in shelf.problems.values()),
        )

    def _listed(self) -> dict[str, FindReport]:
        return self._found.finds(self._find_files(), self._decisions)

    def _find_files(self) -> tuple[EnteredFile, ...]:
        return tuple(each for each in self._files.values() if each.kind == "find")

    def _known(self, find_id: str) -> FindReport:
        found = self.find(find_id)
        if found is None:
            raise InputError(f"there is no find {find_id!r}", where="find", remedy="See GET /api/finds")
        return found

    def _read(self, shelf: _Shelf[T], kind: str, wanted: Callable[[Path], bool]) -> tuple[T, ...]:
        files = tuple(each for each in self._files.values() if each.kind == kind and wanted(Path(each.path)))
        return shelf.read(self._operation.folder, files)


def _file_report(file: EnteredFile) -> FileReport:
    return FileReport(
        path=file.path,
        kind=file.kind,
        size_bytes=file.bytes,
        sha256=file.sha256,
        url=f"/api/files/{quote(file.path)}",
    )

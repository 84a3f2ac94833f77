"""One scene's marks and figures: what may be done to them, each act kept and logged before it is answered.

Several people may mark at once. Who changes a mark says which one they saw; if it stands there no longer, the
act is refused and nothing is lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imaging.control.lines import shown
from imaging.control.marks import note_from
from imaging.control.naming import names_in
from imaging.control.points import Mark, MarkedPoint, Role, json_from_mark
from imaging.control.roles import FILE as ROLES
from imaging.control.roles import write_roles
from imaging.control.scene import SceneControl
from imaging.marking.again import FOLDER as LATER
from imaging.marking.opened import MarkingScene, open_marking
from imaging.measure.derive import KINDS
from imaging.measure.figures import Kind as FigureKind
from imaging.measure.matching import MATCHED
from imaging.measure.measuring import Asked, Completed, completed
from imaging.photos import Pixels
from imaging.scene import Scene
from missions.errors import DroneteamError, InputError
from missions.files import write_whole
from ops.marking.adjusting import Adjusting
from ops.marking.books import (
    FIGURES,
    FILES,
    Books,
    Kind,
    Marks,
    next_letter,
    read_books,
    write_figures,
    write_kind,
)
from ops.marking.photo_files import PhotoPaths, PhotoPixels, posed_photos
from ops.marking.spots import Spot, at_centre, check_spot, on_photo
from ops.verify_alone import hash_of_file
from telemetry.clock import Clock

MOST_POINTS, MOST_FIGURES = 500, 200
Log = Callable[..., None]


class Changed(InputError):
    """Somebody else changed it in the meantime."""


class Board:
    """The scene in a folder of an operation. `log` writes a line of the operation's log; `changeable` raises
    EvidenceError for a file, by its path in the operation, that may not change any more.
    """

    def __init__(
        self,
        folder: Path,
        scene: str,
        entered: Callable[[str], Path | None],
        pixels: PhotoPixels,
        adjusting: Adjusting,
        log: Log,
        clock: Clock,
        changeable: Callable[[str], None],
    ) -> None:
        self.folder, self.scene, self._changeable = folder, scene, changeable
        self.pixels, self.adjusting = pixels, adjusting
        self._log, self._clock, self._entered = log, clock, entered
        self._lock, self._opening = threading.RLock(), threading.Lock()
        self._opened: tuple[object, MarkingScene, PhotoPaths] | None = None

    def opened(self) -> MarkingScene:
        """The scene with its newest adjustment. Raises what `open_marking` raises."""
        return self._open()[0]

    def photos(self) -> PhotoPaths:
        """Its photos."""
        return self._open()[1]

    def books(self) -> Books:
        """What is marked and asked."""
        with self._lock:
            scene = self.opened()
            return read_books(self.folder, scene.control.marks, names_in(scene.made.report))

    def names(self) -> tuple[str, ...]:
        """Control points and ends of distances that can be marked, each once."""
        control = self.opened().control
        ends = [name for bar in control.bars for name in (bar.first, bar.second)]
        marked = self.books().marks["control"]
        return tuple(dict.fromkeys([*(each.name for each in control.points), *ends, *marked]))

    def put(
        self,
        kind: Kind,
        point: str,
        spot: Spot,
        who: str,
        replaces: tuple[float, float] | None,
        *,
        centre: bool = False,
    ) -> str:
        """Mark a point in a photo, or move its mark, with `centre` to the centre of the target there.

        Gives why it could not be centred, else nothing. Raises Changed, InputError, EvidenceError,
        PhotoError.
        """
        check_spot(self.photos(), spot)
        mark, why_not = spot.mark(who, self._now()), ""
        if centre:
            mark, why_not = at_centre(mark, self._pixels_of(spot.photo))
        with self._lock:
            books = self.books()
            self._check_point(books, kind, point)
            self._check_seen(books, kind, point, spot.photo, replaces)
            self._write(books, kind, point, {spot.photo: mark}, "mark.set", who)
        return why_not

    def remove(
        self, kind: Kind, point: str, photo: str, who: str, replaces: tuple[float, float] | None
    ) -> None:
        """Take a mark away. Raises Changed, InputError."""
        with self._lock:
            books = self.books()
            self._check_point(books, kind, point)
            self._check_seen(books, kind, point, photo, replaces)
            if books.mark(kind, point, photo) is None:
                raise InputError("there is no such mark", where=f"{point} in {shown(photo)}")
            self._write(books, kind, point, {photo: None}, "mark.removed", who)

    def begin(self, kind: Kind, point: str | None, spot: Spot, who: str, *, matching: bool) -> Completed:
        """Mark a point in one place and find it in the other photos; a new letter where none is named.

        Marks that stand already stay. Gives what was found. Raises Changed, InputError, EvidenceError.
        """
        spot = spot if spot.photo else on_photo(self.opened(), spot)
        check_spot(self.photos(), spot)
        mark = spot.mark(who, self._now())
        found = self._found_again(mark) if matching else Completed(MarkedPoint("", (mark,)))
        with self._lock:
            books = self.books()
            if point is None:
                point = next_letter(set(books.marks["measure"]))
                if len(books.marks[kind]) >= MOST_POINTS:
                    raise InputError(f"there are {MOST_POINTS} marks", remedy="Remove what is not needed")
            else:
                self._check_point(books, kind, point)
            if books.mark(kind, point, spot.photo) is not None:
                raise Changed(f"{point} is marked in {spot.photo} already", remedy="Move that mark")
            # What is one click found again in the other photos is measured as that: a person's beside it not.
            return self._add(books, kind, point, found, who)

    def match(self, kind: Kind, point: str, photo: str, who: str) -> Completed:
        """Find what is marked in one photo in the photos where it is not; gives what was found."""
        mark = self.books().mark(kind, point, photo)
        if mark is None:
            raise InputError("there is no such mark", where=f"{shown(point)} in {shown(photo)}")
        found = self._found_again(mark)
        with self._lock:
            return self._add(self.books(), kind, point, found, who)

    def _found_again(self, mark: Mark) -> Completed:
        scene, point = self.opened(), MarkedPoint("", (mark,))
        return completed(scene.now.adjusted, [point], scene.surface, self._pixels_of)[0]

    def _add(self, books: Books, kind: Kind, point: str, found: Completed, who: str) -> Completed:
        """Write the marks in photos where the point has none yet, and say which those are."""
        stands = {each.photo for each in books.marks[kind].get(point, ())}
        new = {each.photo: each for each in found.point.marks if each.photo not in stands}
        missed = tuple(each for each in found.missed if each.photo not in stands)
        if new:
            told = {"not_found_again": [asdict(each) for each in missed]} if missed else {}
            self._write(books, kind, point, new, "mark.set", who, **told)
        return Completed(MarkedPoint(point, tuple(new.values())), missed)

    def forget(self, letter: str, who: str) -> None:
        """Take a measuring mark away from every photo. Raises InputError while a figure needs it."""
        with self._lock:
            books = self.books()
            self._check_point(books, "measure", letter)
            needing = [each for each in books.figures if letter in each.letters]
            if needing:
                raise InputError(
                    f"the {needing[0].kind} {'-'.join(needing[0].letters)} needs {letter}",
                    remedy="Remove that figure first",
                )
            gone: dict[str, Mark | None] = {each.photo: None for each in books.marks["measure"][letter]}
            self._write(books, "measure", letter, gone, "mark.removed", who)

    def ask(self, kind: FigureKind, letters: tuple[str, ...], note: str, who: str) -> None:
        """Ask for a figure, or change its note. Raises InputError for one that cannot be."""
        _, least, most, _ = KINDS[kind]
        with self._lock:
            books = self.books()
            for letter in letters:
                self._check_point(books, "measure", letter)
            if not least <= len(letters) <= most or len(set(letters)) < len(letters):
                raise InputError(
                    f"{len(letters)} marks make no {kind}", remedy=f"Name {least} marks, each once"
                )
            others = [each for each in books.figures if (each.kind, each.letters) != (kind, letters)]
            if len(others) >= MOST_FIGURES:
                raise InputError(f"there are {MOST_FIGURES} figures", remedy="Remove what is not needed")
            asked = Asked(kind, letters, _note(note))
            self._keep_figures([*others, asked], "figure.asked", asked, who)

    def note(self, kind: Kind, point: str, note: str, who: str) -> None:
        """Note something of a point that is marked, or nothing any more. Raises InputError."""
        note = _note(note)
        with self._lock:
            books = self.books()
            if point not in books.marks[kind]:
                raise InputError("there is no such point", where=shown(point), remedy="Mark it first")
            with self._logged(FILES[kind], "mark.noted", who=who, kind=kind, point=point, note=note):
                write_kind(self.folder, kind, books.marks[kind], {**books.notes[kind], point: note})

    def drop(self, kind: FigureKind, letters: tuple[str, ...], who: str) -> None:
        """Ask for a figure no more. Raises InputError for one that was not asked for."""
        with self._lock:
            books = self.books()
            gone = next(
                (each for each in books.figures if (each.kind, each.letters) == (kind, letters)), None
            )
            if gone is None:
                raise InputError("there is no such figure", where=f"{kind} {'-'.join(letters)}"[:200])
            self._keep_figures(
                [each for each in books.figures if each is not gone], "figure.removed", gone, who
            )

    def set_role(self, point: str, role: Role, who: str, other: str = "") -> None:
        """Let a surveyed point, or a distance to `other`, hold the scene or be a check. Raises InputError."""
        with self._lock:
            roles = self.opened().control.roles_with(self.books().roles, point, other, role)
            named = {"point": point} | ({"other": other} if other else {})
            with self._logged(ROLES, "role.set", who=who, role=role.value, **named):
                write_roles(self.folder / ROLES, roles)

    def control(self) -> SceneControl:
        """What the next adjustment is to be made with."""
        books = self.books()
        return replace(self.opened().control, marks=dict(books.marks["control"])).with_roles(books.roles)

    def adjust(self, who: str) -> None:
        """Adjust the scene again with the marks as they are. Raises InputError, AlignmentError."""
        control = self.control()
        if not any(len(each) >= 2 for each in control.marks.values()):
            raise InputError(
                "no point is marked in two photos yet", where="adjust", remedy="Mark points first"
            )
        self.adjusting.run(self.opened().made.scene, self.scene, control)
        scene = self.opened()
        accuracy = scene.now.report["accuracy"]
        file = Scene(self.folder / LATER).stages / "adjustment.npz"
        self._log(
            "scene.adjusted",
            scene=self.scene,
            who=who,
            control=control.key,
            adjustment_sha256=hash_of_file(file),
            control_points=accuracy["ground_control_points"],
            scale_bars=accuracy["scale_bars"],
            checks=len(accuracy["checks"]),
            blunders=[f"{each['name']} {each['photo']}".strip() for each in accuracy["blunders"]],
            verdict=accuracy["verdict"],
        )

    def _open(self) -> tuple[MarkingScene, PhotoPaths]:
        """Opened once for each state of the records."""
        state = tuple(
            (stat.st_mtime_ns, stat.st_size, stat.st_ino) if (stat := _stat(path)) is not None else None
            for path in (
                Scene(self.folder).report,
                Scene(self.folder).stages / "adjustment.json",
                Scene(self.folder / LATER).stages / "marking.json",
            )
        )
        with self._opening:
            if self._opened is None or self._opened[0] != state:
                scene = open_marking(self.folder)
                self._opened = state, scene, self._paths(scene)
            return self._opened[1], self._opened[2]

    def _paths(self, scene: MarkingScene) -> PhotoPaths:
        photos = posed_photos(scene.made.report)
        return PhotoPaths(photos, scene.made.photos, self._entered)

    def _pixels_of(self, name: str) -> Pixels:
        paths = self.photos()
        path = paths.path(name)
        return self.pixels.whole(paths.photos[name], path)

    def _check_point(self, books: Books, kind: Kind, point: str) -> None:
        known: Collection[str] = books.marks["measure"] if kind == "measure" else self.names()
        if point not in known:
            raise InputError("there is no such point", where=shown(point), remedy="Take one of the list")

    def _check_seen(
        self, books: Books, kind: Kind, point: str, photo: str, seen: tuple[float, float] | None
    ) -> None:
        mark = books.mark(kind, point, photo)
        stands = None if mark is None else (mark.x_px, mark.y_px)
        if stands == seen:
            return
        if mark is None:
            raise Changed(f"the mark of {point} in {photo} was removed by somebody", remedy="Look again")
        by = f"{mark.marked_by} " if mark.marked_by not in ("", MATCHED) else "somebody "
        raise Changed(
            f"{by}marked {point} in {photo} meanwhile", remedy="That mark stands; look at it and mark again"
        )

    def _write(
        self,
        books: Books,
        kind: Kind,
        point: str,
        changes: Mapping[str, Mark | None],
        action: str,
        who: str,
        **more: Any,
    ) -> None:
        """Change some marks of a point on the disk, with a line in the log; a point without marks goes."""
        marks: Marks = dict(books.marks[kind])
        mine = {each.photo: each for each in marks.get(point, ())}
        for photo, mark in changes.items():
            if mark is None:
                mine.pop(photo, None)
            else:
                mine[photo] = mark
        marks[point] = tuple(mine.values())
        if not mine and not any(point in each.letters for each in books.figures):
            del marks[point]
        told = [json_from_mark(each) for each in changes.values() if each is not None]
        with self._logged(
            FILES[kind], action, who=who, kind=kind, point=point, marks=told, photos=list(changes), **more
        ):
            write_kind(self.folder, kind, marks, books.notes[kind])

    def _keep_figures(self, figures: Sequence[Asked], action: str, asked: Asked, who: str) -> None:
        told = {"kind": asked.kind, "letters": list(asked.letters), "note": asked.note}
        with self._logged(FIGURES, action, who=who, **told):
            write_figures(self.folder, figures)

    @contextmanager
    def _logged(self, name: str, action: str, **details: Any) -> Iterator[None]:
        """Log what the block writes to a file of the scene; what cannot be logged is not done either."""
        self._changeable(f"{self.scene}/{name}")
        path = self.folder / name
        before = path.read_bytes() if path.exists() else None
        yield
        try:
            self._log(action, scene=self.scene, sha256=hash_of_file(path), **details)
        except DroneteamError:
            if before is None:
                path.unlink(missing_ok=True)
            else:
                write_whole(path, before)
            raise

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock.now_s(), UTC).isoformat(timespec="milliseconds")


def _note(text: str) -> str:
    try:
        return note_from(text)
    except ValueError as error:
        raise InputError(str(error), where="note", remedy="Write it shorter") from error


def _stat(path: Path) -> Any:
    try:
        return path.stat()
    except OSError:
        return None

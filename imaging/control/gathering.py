"""Everything that was measured on the ground, from its files, as one scene uses it.

Points, marks and distances are read, held against each other and against the photos, and what was gathered is
written into the scene (`stages/control.json`), so that it can be adjusted again without the files.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from imaging.control.bars import read_bars
from imaging.control.centred import NotCentred
from imaging.control.checks import check_bars, check_marks, check_names, check_points, marks_in
from imaging.control.files import Control, read_control
from imaging.control.lines import shown
from imaging.control.marks import read_marks
from imaging.control.naming import named_as_photos
from imaging.control.points import (
    Mark,
    MarkedPoint,
    Role,
    ScaleBar,
    SitePoint,
    SurveyedPoint,
    json_from_mark,
    mark_from_json,
)
from imaging.control.scene import NO_CONTROL, SceneControl
from imaging.control.whereabouts import check_against_photos
from imaging.photos import Photo, hash_file
from imaging.scene import Scene
from missions.errors import FormatError, InputError
from missions.plan import Finding, Severity

STAGE = "control"
MOST_SITE_POINTS = 50
"""Every two of them make a distance: 1225 of fifty."""
NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlFiles:
    """Where it is written. `system`, `heights` and `grids` are as in `read_control`.

    `checks` are points that take no part, whatever their file says of them. `centre` moves marks to the
    centres of the targets under them.
    """

    points: Path | None = None
    marks: Path | None = None
    bars: Path | None = None
    system: str | None = None
    heights: str | None = None
    grids: Path | None = None
    checks: tuple[str, ...] = ()
    centre: bool = False

    @property
    def named(self) -> bool:
        """Whether there is any."""
        return any((self.points, self.marks, self.bars))

    @property
    def sources(self) -> dict[str, str]:
        """Name and SHA-256 of each. Raises PhotoError where one cannot be read."""
        return {path.name: hash_file(path) for path in (self.points, self.marks, self.bars) if path}


@dataclass(frozen=True, slots=True)
class Gathered:
    """The control of a scene and what is doubtful about it.

    `of_files` are those findings, in words, that only the files show, by which of them; the others are found
    again whenever the control is gathered.
    """

    control: SceneControl
    findings: tuple[Finding, ...]
    of_files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What was found, in words."""
        return tuple(each.text for each in self.findings)


def gather(
    files: ControlFiles,
    photos: Mapping[str, Photo],
    *,
    others: Collection[str] = (),
    kept: SceneControl = NO_CONTROL,
) -> Gathered:
    """Read all of it. `others` are names of photos that lie in the folder and are not used.

    What no file tells is taken from `kept`, what the scene was made with before. Raises InputError for a file
    that cannot be read, a name that can be meant in two ways and a finding that is blocking.
    """
    read = None
    if files.points is not None:
        read = read_control(files.points, system=files.system, heights=files.heights, grids=files.grids)
    bars = read_bars(files.bars) if files.bars is not None else None
    where = str(files.points or files.marks or files.bars or "ground control")
    marked = _merged(read, _marked(files, kept))
    marked = named_as_photos(marked, [*photos, *others], str(files.marks or where))
    measured = bars.bars if bars is not None else _not_of_site(kept, read)
    points: tuple[SurveyedPoint, ...] | tuple[SitePoint, ...] = kept.points
    if read is not None:
        points = read.points or read.site_points
    points = _with_checks(points, files.checks)
    sizes = {name: (photo.width_px, photo.height_px) for name, photo in photos.items()}
    of_marks, of_bars = check_marks(marked, sizes), check_bars(points, measured)
    of_points = (*(read.findings if read is not None else ()), *_whereabouts(read, photos))
    of_tape = bars.findings if bars is not None else ()
    findings = (
        *of_points,
        *of_tape,
        *check_points(points),
        *of_marks,
        *check_names(points, marked, measured),
        *of_bars,
    )
    blocking = [finding for finding in findings if finding.severity is Severity.BLOCKING]
    if blocking:
        told = ((files.marks, of_marks), (files.bars, of_bars))
        raise InputError(
            " ".join(finding.text for finding in blocking),
            where=next((str(file) for file, said in told if file and blocking[0] in said), where),
            remedy=blocking[0].remedy,
        )
    marks = {point.name: point.marks for point in marks_in(marked, photos)}
    site = _bars_of_site([each for each in points if isinstance(each, SitePoint) and each.name in marks])
    control = SceneControl(
        points=tuple(each for each in points if isinstance(each, SurveyedPoint)),
        marks=marks,
        bars=(*measured, *site),
    )
    only_there = {"points": of_points, "marks": of_marks, "bars": of_tape}
    of_files = {file: tuple(each.text for each in said) for file, said in only_there.items() if said}
    return Gathered(control, findings, of_files)


def keep_control(
    control: SceneControl,
    scene: Scene,
    sources: Mapping[str, str] | None = None,
    not_centred: Sequence[NotCentred] = (),
    doubts: Sequence[str] = (),
    of_files: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Write it into the scene; `sources` are the files that it was read from, by name with their SHA-256,
    `not_centred` the marks in which no target's centre was found, `doubts` what was found doubtful and
    `of_files` that of it which only the files show.

    Raises OutputError.
    """
    kept = {"sources": dict(sources or {}), "not_centred": [asdict(each) for each in not_centred]}
    told = {"doubts": list(doubts), "doubts_of_files": {k: list(v) for k, v in (of_files or {}).items()}}
    scene.keep(STAGE, control.key, {**json_from_control(control), **kept, **told})


def doubts_of_before(scene: Scene, files: ControlFiles) -> dict[str, tuple[str, ...]]:
    """What only the files that a scene was made with showed, by which of them, without those that `files`
    takes the place of.
    """
    told: Mapping[str, Sequence[str]] = (scene.read(STAGE) or {}).get("doubts_of_files", {})
    named = {"points": files.points, "marks": files.marks, "bars": files.bars}
    return {file: tuple(said) for file, said in told.items() if named.get(file) is None}


def kept_control(scene: Scene) -> SceneControl:
    """What a scene was adjusted with; empty where nothing was. Raises FormatError for a broken record."""
    record = scene.read(STAGE)
    try:
        return SceneControl() if record is None else control_from_json(record)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(
            f"the record of ground control is broken ({error})", where=str(scene.stages / f"{STAGE}.json")
        ) from error


def json_from_control(control: SceneControl) -> dict[str, Any]:
    """Plain values."""
    return {
        "points": [asdict(point) for point in control.points],
        "marks": {name: [json_from_mark(mark) for mark in marks] for name, marks in control.marks.items()},
        "bars": [asdict(bar) for bar in control.bars],
    }


def control_from_json(body: Mapping[str, Any]) -> SceneControl:
    """What `json_from_control` wrote. Raises KeyError, TypeError and ValueError as they come."""
    return SceneControl(
        points=tuple(SurveyedPoint(**{**each, "role": Role(each["role"])}) for each in body["points"]),
        marks={name: tuple(mark_from_json(each) for each in marks) for name, marks in body["marks"].items()},
        bars=tuple(ScaleBar(**{**each, "role": Role(each["role"])}) for each in body["bars"]),
    )


def _marked(files: ControlFiles, kept: SceneControl) -> tuple[MarkedPoint, ...]:
    """The marks of the marks' own file, else those that were used before."""
    if files.marks is not None:
        return read_marks(files.marks)
    return tuple(MarkedPoint(name, marks) for name, marks in kept.marks.items())


def _with_checks(
    points: tuple[SurveyedPoint, ...] | tuple[SitePoint, ...], checks: tuple[str, ...]
) -> tuple[SurveyedPoint, ...] | tuple[SitePoint, ...]:
    """The points, those that are named taking no part. Raises InputError for a name that none has."""
    unknown = [name for name in checks if all(each.name != name for each in points)]
    if unknown:
        raise InputError(
            f"nobody surveyed a point {shown(unknown[0])}",
            where="--check",
            remedy=f"The points are {', '.join(each.name for each in points[:NAMED]) or 'none'}"
            + (" and more" if len(points) > NAMED else ""),
        )

    def role(each: SurveyedPoint | SitePoint) -> Role:
        return Role.CHECK if each.name in checks else each.role

    surveyed = tuple(replace(each, role=role(each)) for each in points if isinstance(each, SurveyedPoint))
    return surveyed or tuple(replace(each, role=role(each)) for each in points if isinstance(each, SitePoint))


def _merged(read: Control | None, marked: tuple[MarkedPoint, ...]) -> tuple[MarkedPoint, ...]:
    """Marks of both files; where both mark a point in a photo, that of the marks' own file holds."""
    merged: dict[str, dict[str, Mark]] = {}
    for point in (*(read.marked if read is not None else ()), *marked):
        merged.setdefault(point.name, {}).update({mark.photo: mark for mark in point.marks})
    return tuple(MarkedPoint(name, tuple(marks.values())) for name, marks in merged.items())


def _whereabouts(read: Control | None, photos: Mapping[str, Photo]) -> tuple[Finding, ...]:
    if read is None or not read.points:
        return ()
    places = [photo.place for photo in photos.values() if photo.place is not None]
    return check_against_photos(read.points, places, listed=read.listed, system=read.system)


def _not_of_site(kept: SceneControl, read: Control | None) -> tuple[ScaleBar, ...]:
    """The distances from before, without those between points that a site's own frame now gives anew."""
    site = {point.name for point in read.site_points} if read is not None else set()
    return tuple(each for each in kept.bars if not {each.first, each.second} <= site)


def _bars_of_site(points: list[SitePoint]) -> Iterator[ScaleBar]:
    """A site's own frame has distances only: one between every two marked points with heights.

    n points say no more than 3 n - 6 independent distances, so each of the many that shape the scene is taken
    for less sure; one that is only compared with it is as sure as its ends.
    Raises InputError for more points than such distances are made of.
    """
    known = [point for point in points if point.z_m is not None]
    if len(known) > MOST_SITE_POINTS:
        raise InputError(
            f"{len(known)} points of the site's own frame are marked; at most {MOST_SITE_POINTS} are used",
            remedy="Mark fewer of them, well spread over the scene",
        )
    shaping = sum(point.role is Role.CONTROL for point in known)
    share = math.sqrt(max(1.0, math.comb(shaping, 2) / max(1, 3 * shaping - 6)))
    for first, second in itertools.combinations(known, 2):
        apart = [first.x_m - second.x_m, first.y_m - second.y_m, (first.z_m or 0.0) - (second.z_m or 0.0)]
        sigma_m = math.hypot(
            max(first.sigma_horizontal_m, first.sigma_up_m),
            max(second.sigma_horizontal_m, second.sigma_up_m),
        )
        role = Role.CHECK if Role.CHECK in (first.role, second.role) else Role.CONTROL
        sure_m = share * sigma_m if role is Role.CONTROL else sigma_m
        yield ScaleBar(first.name, second.name, math.hypot(*apart), sure_m, role)

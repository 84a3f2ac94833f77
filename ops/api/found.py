"""The finds of an operation's files as one list: what was decided, which run of a flight counts, what first.

A flight that was searched again has two documents over the same frames. What both hold is listed once, as
the newer tells it, with everything that was decided of either. What only the older holds stays in the list,
behind the others: nothing that was proposed once goes without somebody's word.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imaging.thermal.find import Decision, listing
from imaging.thermal.reviewing import Document, finds_in, read_finds, spots_of
from imaging.thermal.same import SAME_SHARE, Spot, shares
from imaging.thermal.sightings import Row, sightings_of
from missions.errors import DroneteamError
from ops.api.finds import find_reports, history_told, thumbnail_path, thumbnail_url, with_history
from ops.api.models import FindReport
from ops.api.searched_frames import SearchedReport, searched_report
from ops.finds import Decisions
from ops.operations import EnteredFile

STATES = {"confirmed": 0, "proposed": 1, "dismissed": 2}
SUFFIX = ".geojson"


@dataclass(frozen=True, slots=True)
class _Run:
    """A document: its finds, the frames that it is known by, what it says of itself, and its finds' spots
    once they are asked for.
    """

    reports: tuple[FindReport, ...]
    frames: frozenset[str] = frozenset()
    searched: SearchedReport | None = None
    spots: dict[str, list[Spot]] = field(default_factory=dict)


class Found:
    """Reads each document once, since a file that entered does not change. Any thread may ask."""

    def __init__(self, folder: Path) -> None:
        self.problems: dict[str, str] = {}
        self._folder = folder
        self._runs: dict[str, _Run] = {}
        self._lock = threading.Lock()
        self._asked: tuple[tuple[EnteredFile, ...], Decisions] | None = None
        self._list: dict[str, FindReport] = {}
        self._searched: tuple[SearchedReport, ...] = ()

    def finds(self, files: Sequence[EnteredFile], decisions: Decisions) -> dict[str, FindReport]:
        """The list by id, the first to look at first; the same object until something changed.

        `files` are all of finds that entered, the newest last.
        """
        asked = (tuple(files), decisions)
        with self._lock:
            if self._asked != asked:
                self._list = self._made(files, decisions)
                self._asked = asked
            return self._list

    @property
    def known(self) -> dict[str, FindReport]:
        """The list as it was last asked for."""
        return self._list

    def searched(self, files: Sequence[EnteredFile], decisions: Decisions) -> tuple[SearchedReport, ...]:
        """What the searches say of themselves, the newest first."""
        self.finds(files, decisions)
        return self._searched

    def sightings(self, find: FindReport) -> list[Row]:
        """Every sighting of a find. Raises FormatError where they cannot be had."""
        path = self._folder / find.source
        return sightings_of(read_finds(path), path, {find.name}).get(find.name, [])

    def _made(self, files: Sequence[EnteredFile], decisions: Decisions) -> dict[str, FindReport]:
        documents = [file for file in files if Path(file.path).suffix == SUFFIX]
        for file in documents:
            if file.path not in self._runs:
                self._read(file.path)
        runs = [self._runs[file.path] for file in documents]
        histories = {
            find.id: (*history_told(find), *decisions.get(find.source, {}).get(find.name, ()))
            for run in runs
            for find in run.reports
        }
        heirs, older = self._heirs(documents, runs)
        for old, heir in heirs.items():
            histories[heir] = _together(histories[old], histories[heir])
        self._searched = tuple(
            run.searched.model_copy(update={"searched_again": older.get(run.searched.source, "")})
            for run in reversed(runs)
            if run.searched is not None
        )
        there = {file.path for file in files}
        listed = [
            _told(find, histories[find.id], older.get(find.source, ""), there)
            for run in runs
            for find in run.reports
            if find.id not in heirs
        ]
        return {find.id: find for find in sorted(listed, key=rank)}

    def _read(self, path: str) -> None:
        try:
            document = read_finds(self._folder / path)
            self._runs[path] = _Run(
                find_reports(document, path), _frames(document), searched_report(document, path)
            )
        except DroneteamError as error:
            self._runs[path], self.problems[path] = _Run(()), str(error)

    def _heirs(
        self, files: Sequence[EnteredFile], runs: Sequence[_Run]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """By the id of what a newer run tells too that run's find; and by run the newer one of its frames."""
        heirs: dict[str, str] = {}
        older: dict[str, str] = {}
        for newer in reversed(range(len(runs))):
            for before in range(newer):
                if runs[newer].frames.isdisjoint(runs[before].frames):
                    continue
                older.setdefault(files[before].path, files[newer].path)
                taken = set[str]()
                pairs = self._same(files[before].path, files[newer].path)
                for _, old, new in sorted(pairs, reverse=True):
                    if old not in heirs and new not in taken:
                        heirs[old] = new
                        taken.add(new)
        for old in reversed(list(heirs)):  # the heir of an heir
            while heirs[old] in heirs:
                heirs[old] = heirs[heirs[old]]
        return heirs, older

    def _same(self, old: str, new: str) -> list[tuple[float, str, str]]:
        spots = [self._spots(path) for path in (old, new)]
        names = [list(each) for each in spots]
        found = shares(list(spots[0].values()), list(spots[1].values()))
        return [(share, names[0][k], names[1][n]) for share, k, n in found if share >= SAME_SHARE]

    def _spots(self, path: str) -> dict[str, list[Spot]]:
        """Of a document by the finds' ids; where its file of sightings is gone by the clearest of each."""
        run, where = self._runs[path], self._folder / path
        if not run.spots:
            document = read_finds(where)
            rows = {each["find"]: each for each in finds_in(document)}
            try:
                rows = {name: {"sightings": each} for name, each in sightings_of(document, where).items()}
            except DroneteamError as error:
                self.problems[f"{path} sightings"] = str(error)
            run.spots.update({each.id: spots_of(rows.get(each.name, {})) for each in run.reports})
        return run.spots


def rank(find: FindReport) -> tuple[int, bool, tuple[bool, float], str]:
    """What to look at first: what was confirmed, then the surest and vehicles after all else, then what a
    newer run has not. What was dismissed comes last.
    """
    return (
        STATES.get(find.state, 1),
        bool(find.searched_again),
        listing(find.properties.get("what"), find.properties.get("score")),
        find.id,
    )


def _frames(document: Document) -> frozenset[str]:
    """Frames that tell which flight was searched; none of a live stream, whose frames come once."""
    if document.get("stream"):
        return frozenset()
    sample = document.get("frames_sample")
    known = {str(each) for each in sample} if isinstance(sample, list) else set()
    return frozenset(known.union(spot[0] for each in finds_in(document) for spot in spots_of(each)))


def _together(one: Sequence[Decision], other: Sequence[Decision]) -> tuple[Decision, ...]:
    """Both histories in order of time, what both tell once."""
    return tuple(sorted(dict.fromkeys((*one, *other)), key=lambda each: each.time))


def _told(find: FindReport, history: Sequence[Decision], searched_again: str, there: set[str]) -> FindReport:
    """The find as listed: with its decisions, its picture, and the newer run that has it not."""
    update: dict[str, Any] = {"searched_again": searched_again}
    if thumbnail_path(find) in there:
        update["thumbnail_url"] = thumbnail_url(find.id)
    return with_history(find.model_copy(update=update), history)

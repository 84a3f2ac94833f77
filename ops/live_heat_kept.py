"""What a live stream's process keeps of what it found, and how it is written (`ops.live_heat_keeping`).

Sightings go to the disk as they come, and of each find only its text is held: a stream may last for a day.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from heapq import heappop, heappush
from pathlib import Path
from typing import IO, Any

from imaging.finds import Finds, FrameSpots, thumbnail
from imaging.thermal.features import document_text, features_of
from imaging.thermal.find import Find, listing
from imaging.thermal.sightings import Sink, sightings_path
from missions.errors import OutputError
from missions.files import write_whole
from ops.live_heat_keeping import thumbnails_of

UNPLACED_LISTED = 200
MOST_FINDS = 10_000
"""Of more those with the lowest scores are left out of the document; their sightings stay in the file."""


@dataclass(frozen=True, slots=True)
class KeptFind:
    """A find as it is written: its features, and the score that it is kept by."""

    score: float
    what: str
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A document as it is to be written; nothing in it changes while a thread writes it."""

    document: Path
    about: dict[str, Any]
    finds: tuple[KeptFind, ...]

    def write(self, notes: tuple[str, ...]) -> None:
        """Write it whole, in the order of a list of finds. Raises OutputError."""
        about = json.dumps({**self.about, "notes": list(notes)}, allow_nan=False)
        finds = sorted(self.finds, key=lambda each: listing(each.what, each.score))
        write_whole(
            self.document, document_text(about, [f for each in finds for f in each.features]).encode()
        )


@dataclass
class Kept:
    """Everything that a stream's process keeps; of frames that could not be placed the last 200.

    `lost` counts sightings that could not be written.
    """

    document: Path
    about: dict[str, Any]
    camera: str = ""
    finds: dict[str, KeptFind] = field(default_factory=dict)
    read: int = 0
    placed: int = 0
    lost: int = 0
    made_by: dict[str, Any] = field(default_factory=dict)
    unplaced: list[FrameSpots] = field(default_factory=list)
    _found: int = 0
    _by_score: list[tuple[float, str]] = field(default_factory=list)
    _written: dict[str, int] = field(default_factory=dict)
    _file: IO[bytes] | None = None
    _sink: Sink | None = None

    @property
    def left_out(self) -> int:
        """How many finds are not in the document."""
        return self._found - len(self.finds)

    def take(self, find: Find) -> None:
        """A find that is new or changed. Raises OutputError where its sightings cannot be written."""
        features = features_of(find, thumbnails_of(self.document).name, whole=False)
        before = self.finds.get(find.id)
        told = tuple(json.dumps(each, allow_nan=False) for each in features)
        self.finds[find.id] = KeptFind(find.score, find.kind, told)
        if before is None or before.score != find.score:
            heappush(self._by_score, (find.score, find.id))
        while len(self.finds) > MOST_FINDS:
            self._leave_out_lowest()
        self._found += find.id not in self._written
        fresh = find.sighting_count - self._written.get(find.id, 0)
        self._written[find.id] = find.sighting_count
        self._append(find, fresh)

    def _leave_out_lowest(self) -> None:
        """The heap also holds scores that finds no longer have; those are passed over."""
        score, name = heappop(self._by_score)
        if name in self.finds and self.finds[name].score == score:
            del self.finds[name]

    def forget_all_but(self, names: Collection[str]) -> None:
        """Only of these finds more sightings will come."""
        for name in self._written.keys() - names:
            del self._written[name]

    def page(self) -> Page:
        """The document as it is now."""
        sightings = self._opened().written()
        found = Finds((), tuple(self.unplaced), (), (), self.camera, made_by=self.made_by)
        about = found.about(sightings)
        about |= {"frames_read": self.read, "frames_placed": self.placed, "stream": self.about}
        return Page(self.document, about, tuple(self.finds.values()))

    def picture(self, find: Find) -> bytes:
        """The find's thumbnail, which is written too. Raises OutputError."""
        data = thumbnail(find)
        path = thumbnails_of(self.document) / f"{find.id}.png"
        beside = path.with_name(f".{path.name}")
        try:
            beside.write_bytes(data)
            beside.replace(path)
        except OSError as error:
            raise OutputError(f"cannot be written ({error.strerror})", where=str(path)) from error
        return data

    def close(self) -> None:
        """No more sightings will come."""
        if self._file is not None:
            self._file.close()

    def not_placed(self, frame: FrameSpots) -> None:
        """A frame that could not be placed, with the reason."""
        self.unplaced.append(frame)
        del self.unplaced[:-UNPLACED_LISTED]

    def _append(self, find: Find, fresh: int) -> None:
        if fresh <= 0:
            return
        there = find.sightings[-fresh:]
        self.lost += fresh - len(there)
        try:
            if self._opened().full:
                self.lost += len(there)
            else:
                self._opened().add(find.id, there)
        except OSError as error:
            self.lost += len(there)
            raise OutputError(
                f"cannot be written ({error.strerror})", where=str(sightings_path(self.document))
            ) from error

    def _opened(self) -> Sink:
        if self._sink is None:
            path = sightings_path(self.document)
            try:
                self._file = path.open("xb")
            except OSError as error:
                raise OutputError(f"cannot be written ({error.strerror})", where=str(path)) from error
            self._sink = Sink(path, self._file)
        return self._sink

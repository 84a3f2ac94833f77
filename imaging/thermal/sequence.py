"""FLIR's sequences (.seq): FFF files one after the other, each a radiometric frame with its own time.

Written from the layout of a single FFF and from what ExifTool says of SEQ (FFF blocks back to back); frames
packed as JPEG-LS (.csq) are named and not read. A frame's place is not in it: it comes from a track.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from imaging.finds import Unread
from imaging.thermal import flir
from imaging.thermal.frame import Exposure, ThermalFrame
from imaging.thermal.radiometry import flir_frame
from imaging.thermal.reading import VideoOptions
from missions.errors import InputError, PhotoError

SUFFIXES = frozenset({".seq", ".csq"})
_MAGIC = b"FFF\0"
LARGEST_FRAME_BYTES = 64_000_000
MOST_FRAMES = 5_000_000
_SAME_FRAME_S = 1e-3
_MOST_DAMAGED = 1000


@dataclass
class SequenceFrames:
    """Frames of a sequence, sampled by their own times; iterate once. `notes` are complete after that."""

    path: Path
    options: VideoOptions = field(default_factory=VideoOptions)
    notes: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[ThermalFrame | Unread]:
        """Frames, and those that are damaged by name. Raises PhotoError where there is none."""
        first_s: float | None = None
        due_s = 0.0
        number = -1
        damaged = 0
        for number, piece in enumerate(self._pieces()):
            name = f"{self.path.name}#{number:06d}"
            try:
                at_s = flir.taken_s(piece, name)
                first_s = at_s if first_s is None else first_s
                media_s = None if at_s is None or first_s is None else at_s - first_s
                if media_s is not None and self._ended(media_s):
                    return
                if media_s is not None and media_s < due_s - _SAME_FRAME_S:
                    continue
                if media_s is not None and self.options.every_s > 0:
                    due_s = (int((media_s + _SAME_FRAME_S) / self.options.every_s) + 1) * self.options.every_s
                sha256 = hashlib.sha256(piece).hexdigest()
                yield flir_frame(piece, self.path, Exposure(), sha256, number)
            except InputError as error:
                damaged += 1
                yield Unread(name, error.what)
                if damaged >= _MOST_DAMAGED:
                    self.notes.append(f"{name}: reading ended here, {damaged} frames were damaged")
                    return
        if number < 0:
            raise PhotoError("holds no frame", where=str(self.path), remedy="Give a FLIR sequence")

    def begins_s(self) -> float | None:
        """When the first frame was taken. Raises PhotoError."""
        for piece in self._pieces():
            return flir.taken_s(piece, str(self.path))
        return None

    def count(self) -> int | None:
        """Nobody knows before it is read."""
        return None

    def hashes(self) -> list[tuple[str, str]]:
        """Name and SHA-256 of the file."""
        with self.path.open("rb") as file:
            return [(self.path.name, hashlib.file_digest(file, "sha256").hexdigest())]

    def _ended(self, media_s: float) -> bool:
        return self.options.at_most_s is not None and media_s > self.options.at_most_s

    def _pieces(self) -> Iterator[bytes]:
        """Each FFF, from its head to the next one's; only one is held at a time."""
        try:
            with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
                at = whole.find(_MAGIC)
                for _ in range(MOST_FRAMES):
                    if at < 0:
                        return
                    following = whole.find(_MAGIC, at + len(_MAGIC))
                    end = len(whole) if following < 0 else following
                    yield whole[at : min(end, at + LARGEST_FRAME_BYTES)]
                    at = following
        except (OSError, ValueError) as error:
            raise PhotoError(
                f"cannot be read ({getattr(error, 'strerror', None) or error})",
                where=str(self.path),
                remedy="Copy the file again",
            ) from error

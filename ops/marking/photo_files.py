"""Pixels of a scene's photos: found by what they are, decoded a few at a time, cut out as JPEG."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from imaging.photos import Pixels, decode, hash_file
from missions.errors import EvidenceError, InputError, PhotoError

MOST_SIDE_PX = 2048
KEPT_BYTES, KEPT_CUTS_BYTES = 320_000_000, 48_000_000
AT_ONCE = 2
QUALITY = 92
Window = tuple[int, int, int, int]
"""Left, top, width, height in the picture's pixels."""


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A photo as the scene's report has it."""

    name: str
    sha256: str
    width_px: int
    height_px: int


def posed_photos(report: Mapping[str, Any]) -> dict[str, PhotoFile]:
    """The photos of a scene's report that have a pose, by name."""
    return {
        str(each["path"]): PhotoFile(
            str(each["path"]), str(each["sha256"]), int(each["width_px"]), int(each["height_px"])
        )
        for each in report["photos"]
        if each["pose"] is not None
    }


class Kept:
    """The last few things that were made, up to so many bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes, self._bytes = most_bytes, 0
        self._kept: OrderedDict[object, tuple[object, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: object) -> object | None:
        """What is kept under a key, None where nothing is."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def put(self, key: object, made: object, size_bytes: int) -> None:
        """Keep it, and let go of what was not asked for longest."""
        with self._lock:
            self._bytes += size_bytes - self._kept.pop(key, (None, 0))[1]
            self._kept[key] = (made, size_bytes)
            while self._bytes > self._most_bytes and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1][1]


class PhotoPixels:
    """The pixels of all scenes' photos. At most two pictures are decoded at a time."""

    def __init__(self) -> None:
        self._decoded, self._cuts = Kept(KEPT_BYTES), Kept(KEPT_CUTS_BYTES)
        self._decoding = threading.Semaphore(AT_ONCE)

    def whole(self, photo: PhotoFile, path: Path, reduce: int = 1) -> Pixels:
        """The photo decoded, a pixel covering `reduce` of it each way. Raises PhotoError."""
        key = photo.sha256, reduce
        found = self._decoded.get(key)
        if found is None:
            with self._decoding:
                found = self._decoded.get(key)
                if found is None:
                    found = decode(path, reduce)
                    self._decoded.put(key, found, found.nbytes)
        assert isinstance(found, np.ndarray)  # noqa: S101 - only pictures are kept there
        return found

    def cut(self, photo: PhotoFile, path: Path, window: Window, side_px: int) -> bytes:
        """A window of the photo as JPEG, at most `side_px` along its longer side, never enlarged.

        Raises InputError for a window that is not within the photo, PhotoError.
        """
        left, top, width, height = window
        if not (left >= 0 and top >= 0 and width >= 1 and height >= 1 and 1 <= side_px <= MOST_SIDE_PX):
            raise InputError(f"a window has sides of 1 pixel or more, given as 1 to {MOST_SIDE_PX}")
        if left + width > photo.width_px or top + height > photo.height_px:
            raise InputError(f"the window is not within the {photo.width_px} x {photo.height_px} pixels")
        key = photo.sha256, window, side_px
        found = self._cuts.get(key)
        if found is None:
            found = self._cut(photo, path, window, side_px)
            self._cuts.put(key, found, len(found))
        assert isinstance(found, bytes)  # noqa: S101 - only JPEGs are kept there
        return found

    def _cut(self, photo: PhotoFile, path: Path, window: Window, side_px: int) -> bytes:
        left, top, width, height = window
        shrink = max(1.0, max(width, height) / side_px)
        reduce = next((each for each in (8, 4, 2) if each <= shrink), 1)
        picture = Image.fromarray(self.whole(photo, path, reduce))
        size = max(1, round(width / shrink)), max(1, round(height / shrink))
        right, bottom = (
            min(picture.width, (left + width) / reduce),
            min(picture.height, (top + height) / reduce),
        )
        part = picture.resize(size, Image.Resampling.BOX, box=(left / reduce, top / reduce, right, bottom))
        encoded = io.BytesIO()
        part.save(encoded, "JPEG", quality=QUALITY, subsampling=0)
        return encoded.getvalue()


class PhotoPaths:
    """Where a scene's photos lie: among what entered the operation, else in the folder they came from.

    `entered` finds a file of the operation by its SHA-256. A photo in the folder must still be the same file.
    """

    def __init__(
        self, photos: Mapping[str, PhotoFile], folder: Path, entered: Callable[[str], Path | None]
    ) -> None:
        self.photos = photos
        self._folder, self._entered = folder, entered
        self._known: dict[str, tuple[int, int]] = {}

    def path(self, name: str) -> Path:
        """Where it lies. Raises InputError for another name, EvidenceError where it is gone or changed."""
        photo = self.photos.get(name)
        if photo is None:
            raise InputError("there is no such photo in the scene", where=name[:200])
        found = self._entered(photo.sha256)
        if found is not None:
            return found
        gone = EvidenceError("the photo is gone or changed", where=name, remedy="Restore it")
        path = self._folder / name
        try:
            if not path.resolve().is_relative_to(self._folder.resolve()):
                raise gone
            stat = path.stat()
            if self._known.get(name) != (stat.st_size, stat.st_mtime_ns):
                if hash_file(path) != photo.sha256:
                    raise gone
                self._known[name] = stat.st_size, stat.st_mtime_ns
        except (OSError, PhotoError) as error:
            raise gone from error
        return path

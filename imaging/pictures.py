"""Decoded pictures, kept within a bound on memory. Threads may share them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from PIL import Image

from imaging.photos import Photo, Pixels, decode

REDUCTIONS = (8, 4)
MOST_HELD = 32


class Pictures:
    """Grey pictures at half the photos' sides where that leaves `least_px`, of large photos at 1/4 or 1/8.

    With `colours` those that are reduced are there in colour too, at half of that, to draw from. The first
    `limit_bytes` are kept in memory, the others as files of the folder `scratch`; without one, or where it
    has no room, they are decoded anew.
    """

    def __init__(
        self, least_px: int, limit_bytes: int, scratch: Path | None = None, *, colours: bool = False
    ) -> None:
        self._least_px, self._left_bytes = least_px, limit_bytes
        self._scratch, self._colours = scratch, colours
        self._kept: dict[str, Pixels] = {}
        self._files: dict[str, Path] = {}
        self._lock = Lock()

    def reduce(self, photo: Photo) -> int:
        """How many pixels of the file a pixel of the grey picture covers each way."""
        times = max(photo.width_px, photo.height_px) / self._least_px
        # Decoding smaller blurs more than averaging does: what is left must then be twice as much.
        return next((step for step in REDUCTIONS if times >= 2 * step), 2 if times >= 2 else 1)

    def picture(self, photo: Photo) -> Pixels:
        """The grey picture, (h, w). Raises PhotoError where it cannot be decoded."""
        kept = self._found(photo.sha256)
        return self._decoded(photo)[0] if kept is None else kept

    def colours_at(self, photo: Photo) -> int | None:
        """How many pixels of the file a pixel of the picture in colour covers each way, None without one."""
        reduce = self.reduce(photo)
        return 2 * reduce if self._colours and reduce > 1 else None

    def coloured(self, photo: Photo) -> Pixels:
        """The picture in colour, (h, w, 3), each side 1/`colours_at` of the file's."""
        kept = self._found(f"{photo.sha256}-colours")
        return self._decoded(photo)[1] if kept is None else kept

    def set_aside(self) -> None:
        """Keep them as files alone for a while, or not at all where there is no folder or no room."""
        with self._lock:
            kept, self._kept = self._kept, {}
            self._left_bytes += sum(pixels.nbytes for pixels in kept.values())
        for name, pixels in kept.items():
            self._write(name, pixels)

    def forget(self) -> None:
        """Let all of them go."""
        with self._lock:
            self._left_bytes += sum(pixels.nbytes for pixels in self._kept.values())
            self._kept.clear()
            for file in self._files.values():
                file.unlink(missing_ok=True)
            self._files.clear()

    def _decoded(self, photo: Photo) -> tuple[Pixels, Pixels]:
        whole = decode(photo.path, self.reduce(photo))
        grey = np.asarray(cv2.cvtColor(whole, cv2.COLOR_RGB2GRAY), np.uint8)
        self._keep(photo.sha256, grey)
        if self.colours_at(photo) is None:
            return grey, whole
        half = np.asarray(Image.fromarray(whole).reduce(2), np.uint8)
        self._keep(f"{photo.sha256}-colours", half)
        return grey, half

    def _found(self, name: str) -> Pixels | None:
        kept = self._kept.get(name)
        if kept is None and name in self._files:
            with suppress(OSError, ValueError):
                kept = np.asarray(np.load(self._files[name], allow_pickle=False), np.uint8)
                kept.flags.writeable = False  # as decoded ones are: compiled code is made for one kind
        return kept

    def _keep(self, name: str, pixels: Pixels) -> None:
        with self._lock:
            if name in self._kept or name in self._files:
                return
            if pixels.nbytes <= self._left_bytes:
                self._left_bytes -= pixels.nbytes
                self._kept[name] = pixels
                return
        self._write(name, pixels)

    def _write(self, name: str, pixels: Pixels) -> None:
        if self._scratch is None:
            return
        file = self._scratch / f"{name}.npy"
        try:
            np.save(file, pixels)
        except OSError:
            file.unlink(missing_ok=True)
            self._scratch = None
            return
        with self._lock:
            self._files[name] = file


class Decoded:
    """Decoded photos, the `MOST_HELD` used last, up to `limit_bytes` in all (one at least).

    Blocks and pairs go back and forth among neighbours, so keeping the last ones serves better here, and more
    than meet in a block would only be kept in vain. What `pictures` have at the same size is taken from
    there; `grey` gives one band, (h, w).
    """

    def __init__(
        self,
        photos: Mapping[str, Photo],
        reduce: int,
        limit_bytes: int,
        pictures: Pictures | None = None,
        *,
        grey: bool = False,
    ) -> None:
        self.reduce = reduce
        self._photos, self._pictures, self._grey = photos, pictures, grey
        self._limit_bytes = limit_bytes
        self._held: OrderedDict[str, Pixels] = OrderedDict()
        self._lock = Lock()
        self._making: dict[str, Lock] = {}

    def picture(self, name: str) -> Pixels:
        """The photo's pixels, (height, width, 3), each side 1/`reduce` of the file's."""
        with self._lock:
            making = self._making.setdefault(name, Lock())
        with making:
            with self._lock:
                if name in self._held:
                    self._held.move_to_end(name)
                    return self._held[name]
            picture = self._decoded(self._photos[name])
            with self._lock:
                total = picture.nbytes + sum(other.nbytes for other in self._held.values())
                while self._held and (total > self._limit_bytes or len(self._held) >= MOST_HELD):
                    total -= self._held.popitem(last=False)[1].nbytes
                self._held[name] = picture
            return picture

    def forget(self) -> None:
        """Let all of them go."""
        with self._lock:
            self._held.clear()

    def _decoded(self, photo: Photo) -> Pixels:
        if self._pictures is not None and self._grey and self._pictures.reduce(photo) == self.reduce:
            return self._pictures.picture(photo)
        if self._pictures is not None and not self._grey and self._pictures.colours_at(photo) == self.reduce:
            return self._pictures.coloured(photo)
        pixels = decode(photo.path, self.reduce)
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8) if self._grey else pixels

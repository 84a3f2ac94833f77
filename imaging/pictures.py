"""Decoded pictures, kept in memory within a bound. Threads may share them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock

from imaging.photos import Photo, Pixels, decode


class Pictures:
    """Pictures at a half of their sides where that leaves `least_px` on the longer one, else whole.

    The first `limit_bytes` are kept and the others decoded anew: stages go through the photos in the same
    order, so keeping the first ones serves better than the last.
    """

    def __init__(self, least_px: int, limit_bytes: int) -> None:
        self._least_px = least_px
        self._left_bytes = limit_bytes
        self._kept: dict[str, Pixels] = {}
        self._lock = Lock()

    def reduce(self, photo: Photo) -> int:
        """How many pixels of the file a pixel covers each way: 1 or 2."""
        return 2 if max(photo.width_px, photo.height_px) >= 2 * self._least_px else 1

    def picture(self, photo: Photo) -> Pixels:
        """The picture, (h, w, 3). Raises PhotoError where it cannot be decoded."""
        kept = self._kept.get(photo.sha256)
        if kept is not None:
            return kept
        pixels = decode(photo.path, self.reduce(photo))
        with self._lock:
            if pixels.nbytes <= self._left_bytes and photo.sha256 not in self._kept:
                self._left_bytes -= pixels.nbytes
                self._kept[photo.sha256] = pixels
        return pixels

    def forget(self) -> None:
        """Let all of them go."""
        with self._lock:
            self._left_bytes += sum(pixels.nbytes for pixels in self._kept.values())
            self._kept.clear()


class Decoded:
    """Decoded photos, the ones used last, up to `limit_bytes` in all (one at least).

    Blocks and pairs go back and forth among neighbours, so keeping the last ones serves better here.
    """

    def __init__(self, photos: Mapping[str, Photo], reduce: int, limit_bytes: int) -> None:
        self._photos, self._reduce, self._limit_bytes = photos, reduce, limit_bytes
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
            picture = decode(self._photos[name].path, self._reduce)
            with self._lock:
                total = picture.nbytes + sum(other.nbytes for other in self._held.values())
                while self._held and total > self._limit_bytes:
                    total -= self._held.popitem(last=False)[1].nbytes
                self._held[name] = picture
            return picture

"""Decoded pictures, kept from the stage that decodes them first for those that need them again."""

from __future__ import annotations

from imaging.photos import Photo, Pixels, decode


class Pictures:
    """Pictures at a half of their sides where that leaves `least_px` on the longer one, else whole.

    The first `limit_bytes` are kept and the others decoded anew: stages go through the photos in the same
    order, so keeping the first ones serves better than the last.
    """

    def __init__(self, least_px: int, limit_bytes: int) -> None:
        self._least_px = least_px
        self._limit_bytes = limit_bytes
        self._kept: dict[str, Pixels] = {}

    def reduce(self, photo: Photo) -> int:
        """How many pixels of the file a pixel covers each way: 1 or 2."""
        return 2 if max(photo.width_px, photo.height_px) >= 2 * self._least_px else 1

    def picture(self, photo: Photo) -> Pixels:
        """The picture, (h, w, 3). Raises PhotoError where it cannot be decoded."""
        kept = self._kept.get(photo.sha256)
        if kept is not None:
            return kept
        pixels = decode(photo.path, self.reduce(photo))
        if pixels.nbytes <= self._limit_bytes:
            self._limit_bytes -= pixels.nbytes
            self._kept[photo.sha256] = pixels
        return pixels

    def forget(self) -> None:
        """Let all of them go."""
        self._limit_bytes += sum(pixels.nbytes for pixels in self._kept.values())
        self._kept.clear()

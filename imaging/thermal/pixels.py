"""A decoded frame's pixels: their hash, and what they are as values.

The hash is SHA-256 over the planes as the decoder gives them, rows without padding, one plane after the
other: what `ffmpeg -i CLIP -f framehash -hash sha256 -` prints for each frame. Formats other than grey and
planar YUV are hashed as red, green, blue. H.264 and H.265 are decoded to the bit
alike by every decoder that keeps to the standard, so another can check it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import av
import numpy as np

from imaging.thermal.frame import Unit, Values
from imaging.thermal.palettes import Colours, grey_from_colours
from imaging.thermal.planck import KELVIN_AT_0_DEGC

_PLANAR = frozenset({"yuv420p", "yuvj420p", "nv12", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p"})
"""Formats with brightness in a plane of its own, eight bits."""
_DEEP = {"gray16le": "<u2", "gray16be": ">u2", "gray14le": "<u2", "gray12le": "<u2", "gray10le": "<u2"}
_FULL_RANGE = 2
_COLOUR_LEVELS, _ANY_COLOUR_SHARE = 12, 0.0005

HOT_NOT_TOLD = "nothing in the picture says which end is hot: white was taken for hot"
UNKNOWN_COLOURS = (
    "the picture is in visible light or in false colour that is not known here: its brightness need not "
    "follow temperature"
)
COUNTS_NOT_TOLD = "the clip does not say what its numbers mean: plain counts, no temperature"
BLACK_HOT = "black was taken for hot, as asked"


def read_by(palette: str) -> str:
    """What a frame's notes say of a palette."""
    return f"false colour read as the palette '{palette}': the order of warmth, no temperature"


@dataclass(frozen=True, slots=True)
class Pixels:
    """`values` (height, width) in `unit`, their `sha256`, and what must be said of them."""

    values: Values
    unit: Unit
    sha256: str
    notes: tuple[str, ...]


def pixels_of(frame: av.VideoFrame, *, black_hot: bool, centikelvin: bool) -> Pixels:
    """The values of a decoded frame: counts of a deep one (degrees if told so), else grey 0 to 255."""
    name = frame.format.name
    if name in _DEEP:
        (plane,) = _planes(frame)
        counts, digest = plane.view(_DEEP[name]).astype(np.float32), _sha256([plane])
        if centikelvin:
            return Pixels((counts / 100 - KELVIN_AT_0_DEGC).astype(np.float32), "degC", digest, ())
        return Pixels(counts, "counts", digest, (COUNTS_NOT_TOLD,))
    if name == "gray":
        planes = _planes(frame)
        return _grey(planes[0].astype(np.float32), "", black_hot, _sha256(planes))
    if name in _PLANAR:
        planes = _planes(frame)
        digest = _sha256(planes)
        if not _coloured(planes[1:]):
            values = planes[0].astype(np.float32)
            if frame.color_range != _FULL_RANGE and not name.startswith("yuvj"):
                # ITU-R BT.601: black is 16 and white 235
                values = np.clip((values - 16) * np.float32(255 / 219), 0, 255)
            return _grey(values, "", black_hot, digest)
        return _grey(*grey_from_colours(_rgb(frame)), black_hot, digest)
    rgb = _rgb(frame)
    return _grey(*grey_from_colours(rgb), black_hot, _sha256([rgb]))


def _grey(values: Values, palette: str, black_hot: bool, sha256: str) -> Pixels:
    values, notes = grey_values(values, palette, black_hot)
    return Pixels(values, "grey", sha256, notes)


def grey_values(values: Values, palette: str, black_hot: bool) -> tuple[Values, tuple[str, ...]]:
    """Grey values with the hot end up, and what must be said of how they were read.

    A palette that was read tells its own hot end; `black_hot` turns round what tells none.
    """
    if palette == "unknown":
        return values, (UNKNOWN_COLOURS,)
    if palette:
        return values, (read_by(palette),)
    if black_hot:
        return np.float32(255) - values, (BLACK_HOT,)
    return values, (HOT_NOT_TOLD,)


def _rgb(frame: av.VideoFrame) -> Colours:
    return np.ascontiguousarray(frame.to_ndarray(format="rgb24"))


def _sha256(planes: Sequence[Colours]) -> str:
    digest = hashlib.sha256()
    for plane in planes:
        digest.update(np.ascontiguousarray(plane).data)
    return digest.hexdigest()


def _planes(frame: av.VideoFrame) -> list[Colours]:
    """(rows, bytes) of each plane, without the padding at the end of its rows."""
    found = []
    for n, plane in enumerate(frame.planes):
        wide = 2 if frame.format.name in _DEEP or (n and frame.format.name == "nv12") else 1
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        found.append(rows[: plane.height, : wide * plane.width])
    return found


def _coloured(planes: Sequence[Colours]) -> bool:
    """Whether more than a trace of the picture has colour."""
    for plane in planes:
        away = np.abs(plane[::2, ::2].astype(np.int16) - 128) > _COLOUR_LEVELS
        if float(away.mean()) > _ANY_COLOUR_SHARE:
            return True
    return False

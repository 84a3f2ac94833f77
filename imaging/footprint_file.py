"""Footprints kept in a scratch file: what all photos show of the seams' grid takes no memory.

A file that stays mapped counts as memory, page by page, as far as it was ever looked at. So every array is
mapped anew when it is asked for, and goes with what was taken from it.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from imaging.footprints import Floats, Footprint
from imaging.photos import Pixels
from missions.errors import OutputError

ARRAYS = ("slant", "colours", "clear", "open", "inside")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an array lies in the file."""

    begin: int
    shape: tuple[int, ...]
    kind: np.dtype[Any]


class FootprintFile:
    """A file without a name in `folder`, gone with the process at the latest."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._end = folder, 0
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def keep(self, one: Footprint) -> Footprint:
        """The footprint, its arrays in the file from now on. Raises OutputError where that has no room."""
        places: dict[str, _Place] = {}
        for name in ARRAYS:
            array: npt.NDArray[Any] | None = getattr(one, name)
            if array is not None:
                places[name] = _Place(self._end, array.shape, array.dtype)
                self.write(self._end, array)
                self._end += -(-array.nbytes // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        return _Kept(one, self, places)

    def write(self, begin: int, array: npt.NDArray[Any]) -> None:
        """Write an array there. Raises OutputError."""
        left = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        try:
            while left:
                written = os.pwrite(self._file.fileno(), left, begin)
                left, begin = left[written:], begin + written
        except OSError as error:
            raise OutputError(
                f"cannot be written ({error.strerror or error})", where=str(self._folder), remedy="Make room"
            ) from error

    def read(self, place: _Place) -> npt.NDArray[Any]:
        """An array as it lies there, mapped as long as it is held."""
        size = int(np.prod(place.shape)) * place.kind.itemsize
        mapped = mmap.mmap(self._file.fileno(), size, access=mmap.ACCESS_READ, offset=place.begin)
        return np.frombuffer(mapped, place.kind).reshape(place.shape)


class _Kept(Footprint):
    """A footprint whose arrays lie in a file."""

    __slots__ = ("_file", "_places")
    _file: FootprintFile
    _places: dict[str, _Place]

    def __init__(self, one: Footprint, file: FootprintFile, places: dict[str, _Place]) -> None:
        told = {"view": one.view, "column": one.column, "row": one.row, "_file": file, "_places": places}
        for name, value in told.items():
            object.__setattr__(self, name, value)  # it is frozen

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self._places["slant"].shape
        return rows, columns

    @property
    def slant(self) -> Floats:
        return self._file.read(self._places["slant"])

    @property
    def colours(self) -> Pixels:
        return self._file.read(self._places["colours"])

    @property
    def clear(self) -> Pixels | None:
        return self._bits("clear")

    @property
    def open(self) -> Pixels | None:
        return self._bits("open")

    @property
    def inside(self) -> Pixels | None:
        return self._bits("inside")

    def loaded(self) -> Footprint:
        """The same in memory."""
        arrays = {name: np.array(self._file.read(place)) for name, place in self._places.items()}
        return Footprint(self.view, self.column, self.row, **arrays)

    def with_slant(self, slant: Floats) -> Footprint:
        """The same one: its slant is written over in the file."""
        return self._written("slant", slant)

    def with_colours(self, colours: Pixels) -> Footprint:
        """The same one: its colours are written over in the file."""
        return self._written("colours", colours)

    def _written(self, name: str, array: npt.NDArray[Any]) -> Footprint:
        place = self._places[name]
        assert array.shape == place.shape  # noqa: S101 - else it would be written over its neighbours
        self._file.write(place.begin, array.astype(place.kind, copy=False))
        return self

    def _bits(self, name: str) -> Pixels | None:
        place = self._places.get(name)
        return None if place is None else self._file.read(place)

"""Footprints kept in a scratch file: what all photos show of the seams' grid takes no memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from imaging.array_file import ArrayFile, Place
from imaging.footprints import Floats, Footprint
from imaging.photos import Pixels

ARRAYS = ("slant", "colours", "clear", "open", "inside")


class FootprintFile(ArrayFile):
    """A file of footprints."""

    def keep(self, one: Footprint) -> Footprint:
        """The footprint, its arrays in the file from now on. Raises OutputError where that has no room."""
        places: dict[str, Place] = {}
        for name in ARRAYS:
            array: npt.NDArray[Any] | None = getattr(one, name)
            if array is not None:
                places[name] = self.put(array)
        return _Kept(one, self, places)


class _Kept(Footprint):
    """A footprint whose arrays lie in a file."""

    __slots__ = ("_file", "_places")
    _file: FootprintFile
    _places: dict[str, Place]

    def __init__(self, one: Footprint, file: FootprintFile, places: dict[str, Place]) -> None:
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

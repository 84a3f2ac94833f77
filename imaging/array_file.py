"""Arrays kept in a scratch file without a name: what is not looked at takes no memory.

A file that stays mapped counts as memory, page by page, as far as it was ever looked at. So every array is
mapped anew when it is asked for, and goes with what was taken from it.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from missions.errors import OutputError


@dataclass(frozen=True, slots=True)
class Place:
    """Where an array lies in the file."""

    begin: int
    shape: tuple[int, ...]
    kind: np.dtype[Any]

    def first(self, count: int) -> Place:
        """Of its first rows."""
        return replace(self, shape=(min(count, self.shape[0]), *self.shape[1:]))


class ArrayFile:
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

    def put(self, array: npt.NDArray[Any]) -> Place:
        """Write an array behind all others. Raises OutputError where there is no room."""
        place = Place(self._end, array.shape, array.dtype)
        self.write(self._end, array)
        self._end += -(-array.nbytes // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        return place

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

    def read(self, place: Place) -> npt.NDArray[Any]:
        """An array as it lies there, mapped as long as it is held."""
        size = int(np.prod(place.shape)) * place.kind.itemsize
        if not size:
            return np.zeros(place.shape, place.kind)
        mapped = mmap.mmap(self._file.fileno(), size, access=mmap.ACCESS_READ, offset=place.begin)
        return np.frombuffer(mapped, place.kind).reshape(place.shape)

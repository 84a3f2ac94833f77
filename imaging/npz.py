"""Arrays of an `.npz` written and read a part at a time: whole ones would be held twice, or for nothing."""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

AnyArray = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Parts:
    """An array of this `shape` that comes in parts of its rows, all of one kind; there is one at least."""

    shape: tuple[int, ...]
    parts: Iterable[AnyArray]


def write_npz(target: Path | IO[bytes], arrays: Mapping[str, AnyArray | Parts]) -> None:
    """Write what `numpy.load` reads, not compressed. Raises OSError."""
    with zipfile.ZipFile(target, "w") as file:
        for name, array in arrays.items():
            whole = array if isinstance(array, Parts) else Parts(array.shape, [array])
            _write(file, name, whole)


def _write(target: zipfile.ZipFile, name: str, array: Parts) -> None:
    with target.open(f"{name}.npy", "w", force_zip64=True) as file:
        for number, part in enumerate(array.parts):
            if not number:
                descr = np.lib.format.dtype_to_descr(part.dtype)
                header = {"descr": descr, "fortran_order": False, "shape": array.shape}
                np.lib.format.write_array_header_1_0(file, header)
            file.write(np.ascontiguousarray(part).data)


def begin_of(path: Path, name: str) -> tuple[int, tuple[int, ...], np.dtype[Any]]:
    """Where the values of an array begin that is not compressed, its shape and its kind.

    APPNOTE.TXT 4.3.7 and `.npy` 1.0. Raises OSError, KeyError, ValueError and BadZipFile as they come.
    """
    with zipfile.ZipFile(path) as arrays:
        begin = arrays.getinfo(f"{name}.npy").header_offset
    with path.open("rb") as file:
        file.seek(begin + 26)
        file.seek(sum(struct.unpack("<HH", file.read(4))), os.SEEK_CUR)
        np.lib.format.read_magic(file)
        shape, _, kind = np.lib.format.read_array_header_1_0(file)
        return file.tell(), shape, kind


def rows_of(path: Path, name: str, at_once: int) -> Iterator[AnyArray]:
    """So many rows at a time of an array, as they lie in the file. Raises as `begin_of` does."""
    begin, shape, kind = begin_of(path, name)
    row = int(np.prod(shape[1:], dtype=np.int64))
    for first in range(0, shape[0], at_once):
        count = min(at_once, shape[0] - first)
        part = np.fromfile(path, kind, count * row, offset=begin + first * row * kind.itemsize)
        yield part.reshape(count, *shape[1:])

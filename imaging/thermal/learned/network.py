"""The network as a file, run on the processor by ONNX Runtime."""

from __future__ import annotations

import hashlib
import json
import os
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from imaging.thermal.frame import Values
from missions.errors import FormatError, SettingsError

MODEL = Path(__file__).with_name("people.onnx")
STEP_PX, STRIDES = 32, (4, 8, 16)
"""Sides of what the network reads are multiples of the first; cells are as large as the others."""
MOST_SIDE_PX = 4096
SPREAD, FARTHEST = 4.0, 6.0
THREADS_ENVIRONMENT = "DRONETEAM_HEAT_THREADS"

_ROUNDING = 1e-3
"""A logit this far below the one asked for has no score that is rounded up to it."""

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


def evened(values: Values) -> Floats:
    """(rows, columns) of any unit, evened: the median at 0, and 4 between the first and the last percent.

    A frame without a value everywhere takes its median there.
    """
    bad = ~np.isfinite(values)
    if bad.any():
        values = np.where(bad, np.float32(np.median(values[~bad]) if not bad.all() else 0), values)
    low, middle, high = np.percentile(values[::8, ::8], [1, 50, 99]).astype(np.float32)
    scale = np.float32(SPREAD) / max(high - low, np.float32(1e-3 * max(1.0, abs(float(middle)) * 1e-3)))
    even: Floats = np.subtract(values, middle, dtype=np.float32)
    even *= scale
    np.clip(even, -FARTHEST, FARTHEST, out=even)
    return even


def told(cells: Floats, stride: int, columns: int, lowest: float) -> tuple[Floats, Floats, Numbers]:
    """Boxes, scores and classes as `Network.answer` gives them of one level: (rows x columns, classes + 4)
    logits and sides of cells of `stride` pixels, the sides in strides and before their softplus.
    """
    kinds = cells.shape[1] - 4
    with np.errstate(divide="ignore"):
        floor = np.log(np.clip(lowest, 0, 1)) - np.log1p(-np.clip(lowest, 0, 1))
    # of some thirty thousand cells few are worth more work
    cell, classes = np.divmod(np.flatnonzero(cells[:, :kinds] > floor - _ROUNDING), kinds)
    scores: Floats = np.asarray(1 / (1 + np.exp(-cells[cell, classes])), np.float32)
    above = scores > lowest
    cell, scores, classes = cell[above], scores[above], classes[above]
    row, column = np.divmod(cell, columns)
    centres = stride * (np.stack([column, row], axis=1).astype(np.float32) + np.float32(0.5))
    sides = stride * np.logaddexp(np.float32(0), cells[cell, kinds:])
    return np.hstack([centres - sides[:, :2], centres + sides[:, 2:]]), scores, classes


class Network:
    """Boxes and scores of a frame. Loaded once, when first asked; one per process is enough.

    `threads` is how many cores it takes, by default all that this process may use. Raises FormatError for a
    file that is no such network.
    """

    def __init__(self, path: Path = MODEL, threads: int | None = None) -> None:
        self.path, self._threads = path, threads or _threads_told()

    @cached_property
    def sha256(self) -> str:
        """The file's hash, to be named beside whatever the network found."""
        return hashlib.sha256(self._bytes).hexdigest()

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the scores."""
        told = self._session.get_modelmeta().custom_metadata_map.get("classes", "")
        try:
            return tuple(str(name) for name in json.loads(told))
        except ValueError as error:
            raise FormatError(
                "the network names no classes",
                where=str(self.path),
                remedy="Give one of training.heat.export",
            ) from error

    def answer(self, values: Values, lowest: float) -> tuple[Floats, Floats, Numbers]:
        """What scores above `lowest` in a frame: (n, 4) boxes, left, top, right, bottom in pixels, (n,)
        scores of 0..1 and (n,) classes.
        """
        rows, columns = values.shape
        if max(rows, columns) > MOST_SIDE_PX:
            raise FormatError(
                f"a frame of {columns}x{rows} is too large",
                remedy=f"Give frames of at most {MOST_SIDE_PX} pixels a side",
            )
        even = evened(values)
        below, beside = -rows % STEP_PX, -columns % STEP_PX
        if below or beside:
            even = np.pad(even, ((0, below), (0, beside)), mode="edge")
        levels = self._session.run([f"cells_{stride}" for stride in STRIDES], {"frame": even[None, None]})
        found = [
            told(cells, stride, even.shape[1] // stride, lowest)
            for cells, stride in zip(levels, STRIDES, strict=True)
        ]
        boxes, scores, classes = (np.concatenate(part) for part in zip(*found, strict=True))
        return boxes, scores, classes

    @cached_property
    def _bytes(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise FormatError(
                f"the network cannot be read ({error.strerror or error})",
                where=str(self.path),
                remedy="Install droneteam again, or give another network",
            ) from error

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 3
        # Threads that wait by spinning would take the cores of whatever reads the frames.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            return onnxruntime.InferenceSession(self._bytes, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise FormatError(
                f"this is no network that can be run ({error})",
                where=str(self.path),
                remedy="Install droneteam again, or give one of training.heat.export",
            ) from error


def _threads_told() -> int:
    told = os.environ.get(THREADS_ENVIRONMENT, "")
    if told:
        if not told.isdigit() or not 1 <= int(told) <= 64:
            raise SettingsError(
                f"{told!r} threads are not possible", where=THREADS_ENVIRONMENT, remedy="Give 1 to 64"
            )
        return int(told)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

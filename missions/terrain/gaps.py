"""Ground that the data do not show: bridged where that was allowed, else named as missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.terrain.samples import Samples
from missions.terrain.surface import Heights


@dataclass(frozen=True, slots=True)
class Ground:
    """(m,) the ground below and the highest beside each sample, without gaps; where it is `missing` a guess.

    `stretches` are the missing ones: the first sample and the metres of each. `bridged_m` in all.
    """

    below_m: Heights
    highest_m: Heights
    missing: npt.NDArray[np.bool_]
    stretches: tuple[tuple[int, float], ...]
    bridged_m: float


def ground_of(samples: Samples, bridge_m: float, otherwise_m: float) -> Ground:
    """Fill the gaps: as high as the higher edge, `otherwise_m` where there is no edge at all."""
    unknown = np.isnan(samples.ground_m) | np.isnan(samples.highest_m)
    below, highest = samples.ground_m.copy(), samples.highest_m.copy()
    missing = np.zeros(len(unknown), bool)
    stretches: list[tuple[int, float]] = []
    bridged_m = 0.0
    for first, end in _runs(unknown):
        length_m = float(samples.along_m[min(end, len(unknown) - 1)] - samples.along_m[max(first - 1, 0)])
        edges = [samples.highest_m[at] for at in (first - 1, end) if 0 <= at < len(unknown)]
        edge_m = max(edges, default=otherwise_m)
        below[first:end] = np.where(np.isnan(below[first:end]), edge_m, below[first:end])
        highest[first:end] = np.fmax(np.fmax(highest[first:end], below[first:end]), edge_m)
        if len(edges) == 2 and length_m <= bridge_m:
            bridged_m += length_m
            continue
        missing[first:end] = True
        stretches.append((first, length_m))
    return Ground(below, highest, missing, tuple(stretches), bridged_m)


def _runs(marked: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and end (one past the last) of each run."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]

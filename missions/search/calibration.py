"""Fitting the figures of detection to searches whose end is known, and how well a prediction kept its word.

Logistic regression by maximum likelihood, over whole searches and not over frames: what is known is whether
somebody was found, never in which frame he should have been. The figures as they were pull like as many
searches as `_PULL` says, so that a few outcomes change them a little.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logit

from missions.errors import SettingsError
from missions.geodesy import GeoPoint, LocalFrame
from missions.search.detection import Detection
from missions.search.grid import SearchGrid
from missions.search.looks import LOOKED, MEASURED_COLUMNS, Looks, Seen, in_order
from missions.search.missed import missed_places

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
FITTED = (
    "pixels_50",
    "slope",
    "person_sigma",
    "at_best",
    "smear_weight",
    "independent_after_s",
    "gap_lasting",
    "gap_power",
    "unseen",
)
FITTED_MEASURED = ("contrast_50_k", "contrast_weight", "spread_power")
"""Fitted too where frames tell of the ground's heat."""
FEWEST_CASES = 20
_SHARES = {"at_best", "gap_lasting", "unseen"}
_PULL = 1.0
_WIDE = {"pixels_50": 0.7, "slope": 0.4, "person_sigma": 0.7, "smear_weight": 0.7}
"""How far a figure's logarithm (a share's log odds) may be expected from where it was; 1 for the others."""
_NUMBERS = (*LOOKED, *MEASURED_COLUMNS)
_SURE = 1e-9
_ROUNDS = 80
_STEP = 1e-3


@dataclass(frozen=True, eq=False)
class Cases:
    """n searches for one person each whose end is known.

    `looks` at one cell each, as `together` makes them: of one place where it is known where he was, of more
    where only his cell counts. One whose cell was never looked at has none. `cover` has one value a look;
    `found` (n,) one a person: whether, or in what share of such searches.
    """

    looks: Looks
    cover: Floats
    found: Bools | Floats

    def pod(self, figures: Detection) -> Floats:
        """(n,) the chance that each was found: the mean over the places of his cell."""
        places, missed = missed_places(self.looks, {figures.name: figures}, self.cover)
        return np.bincount(self._case(places), 1 - missed, len(self.found)) / self.looks.per_side**2

    def looked_at(self) -> npt.NDArray[np.int64]:
        """Who was looked at at all, rising."""
        return np.unique(self._case(self.looks.place))

    def _case(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        side = self.looks.per_side
        return np.asarray(places % (len(self.found) * side) // side, np.int64)


@dataclass(frozen=True, slots=True)
class Decile:
    """A tenth of the predictions: what was promised on average, and what came of it."""

    count: int
    predicted: float
    found: float

    @property
    def sigma(self) -> float:
        """The standard deviation of `found` if the prediction is right."""
        return math.sqrt(max(self.predicted * (1 - self.predicted), 1e-9) / max(self.count, 1))


def together(parts: list[Looks]) -> Looks:
    """Looks at one cell each as looks at as many cells in a row: cell i is the i-th's.

    All have as many places a side; of one place a cell, place i is the i-th's.
    """
    side = parts[0].per_side if parts else 1
    frames: list[Seen] = []
    columns: dict[str, list[npt.NDArray[Any]]] = {}
    for index, looks in enumerate(parts):
        own = {
            "place": looks.place // side * (len(parts) * side) + index * side + looks.place % side,
            "frame": (looks.frame + len(frames)).astype(np.int32),
            **{name: getattr(looks, name) for name in _NUMBERS},
        }
        for name, column in own.items():
            columns.setdefault(name, []).append(column)
        frames += looks.frames
    grid = SearchGrid(LocalFrame(GeoPoint(0.0, 0.0)), 0.0, 0.0, 1.0, 1, len(parts))
    joined = {name: np.concatenate(column) for name, column in columns.items()}
    made = Looks(
        grid, side, tuple(frames), joined["place"], joined["frame"], *(joined[name] for name in _NUMBERS)
    )
    return in_order(made)


def fit(cases: Cases, start: Detection) -> Detection:
    """The figures under which what happened is likeliest, not far from `start`.

    Raises SettingsError for fewer than FEWEST_CASES people who were looked at.
    """
    people = cases.looked_at()
    if len(people) < FEWEST_CASES:
        raise SettingsError(
            f"{len(people)} searches are too few to fit anything to", remedy=f"Give {FEWEST_CASES} or more"
        )
    keys = FITTED + (FITTED_MEASURED if start.contrast_weight > 0 else ())
    begin = _free(start, keys)
    width = np.array([_WIDE.get(key, 1.0) for key in keys])

    def cost(free: Floats) -> float:
        figures = _detection(start, keys, np.asarray(free, float))
        pull = _PULL * float((((free - begin) / width) ** 2).sum()) / 2
        return pull - len(people) * likelihood(cases, figures)

    far = [(float(value) - 4, float(value) + 4) for value in begin]
    best = minimize(
        cost,
        begin,
        method="L-BFGS-B",
        bounds=far,
        options={"maxiter": _ROUNDS, "eps": _STEP, "ftol": 1e-7},
    )
    return _detection(start, keys, np.asarray(best.x, float))


def likelihood(cases: Cases, figures: Detection) -> float:
    """The mean logarithm of the chance that was given to what then happened, over those looked at."""
    people = cases.looked_at()
    pod, found = cases.pod(figures)[people], cases.found[people]
    told = found * np.log(np.maximum(pod, _SURE)) + (1 - found) * np.log(np.maximum(1 - pod, _SURE))
    return float(told.mean())


def reliability(predicted: Floats, found: Bools | Floats, parts: int = 10) -> tuple[Decile, ...]:
    """The predictions in so many equal parts, lowest first, each with the share that came true."""
    order = np.argsort(predicted, kind="stable")
    return tuple(
        Decile(len(rows), float(predicted[rows].mean()), float(found[rows].mean()))
        for rows in np.array_split(order, parts)
        if len(rows)
    )


def _free(figures: Detection, keys: Sequence[str]) -> Floats:
    """The fitted figures as numbers without bounds: logarithms, and log odds of shares."""
    values = (getattr(figures, key) for key in keys)
    return np.array(
        [
            logit(np.clip(value, 0.01, 0.99)) if key in _SHARES else math.log(max(value, 0.02))
            for key, value in zip(keys, values, strict=True)
        ]
    )


def _detection(start: Detection, keys: Sequence[str], free: Floats) -> Detection:
    bounded = np.clip(free, -12, 12)
    figures: dict[str, Any] = {
        key: float(expit(value)) if key in _SHARES else math.exp(value)
        for key, value in zip(keys, bounded, strict=True)
    }
    return dataclasses.replace(start, **figures)

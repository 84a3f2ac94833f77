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
from missions.search.looks import LOOKED, MEASURED_COLUMNS, Looks, Seen
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

    `looks` at the people's own places: place i is person i's, and one who was never looked at has none.
    `cover` has one value a look; `found` (n,) one a person.
    """

    looks: Looks
    cover: Floats
    found: Bools


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
    """Looks at one place each as looks at as many places: place i is the i-th's."""
    frames: list[Seen] = []
    columns: dict[str, list[npt.NDArray[Any]]] = {}
    for index, looks in enumerate(parts):
        own = {
            "place": np.full(len(looks), index, np.int64),
            "frame": (looks.frame + len(frames)).astype(np.int32),
            **{name: getattr(looks, name) for name in _NUMBERS},
        }
        for name, column in own.items():
            columns.setdefault(name, []).append(column)
        frames += looks.frames
    grid = SearchGrid(LocalFrame(GeoPoint(0.0, 0.0)), 0.0, 0.0, 1.0, 1, len(parts))
    joined = {name: np.concatenate(column) for name, column in columns.items()}
    return Looks(
        grid, 1, tuple(frames), joined["place"], joined["frame"], *(joined[name] for name in _NUMBERS)
    )


def fit(cases: Cases, start: Detection) -> Detection:
    """The figures under which what happened is likeliest, not far from `start`.

    Raises SettingsError for fewer than FEWEST_CASES people who were looked at.
    """
    places = np.unique(cases.looks.place)
    if len(places) < FEWEST_CASES:
        raise SettingsError(
            f"{len(places)} searches are too few to fit anything to", remedy=f"Give {FEWEST_CASES} or more"
        )
    found = cases.found[places]
    keys = FITTED + (FITTED_MEASURED if start.contrast_weight > 0 else ())
    begin = _free(start, keys)
    width = np.array([_WIDE.get(key, 1.0) for key in keys])

    def cost(free: Floats) -> float:
        figures = _detection(start, keys, np.asarray(free, float))
        missed = missed_places(cases.looks, {start.name: figures}, cases.cover)[1]
        chance = np.where(found, 1 - missed, missed)
        pull = _PULL * float((((free - begin) / width) ** 2).sum()) / 2
        return pull - float(np.log(np.maximum(chance, _SURE)).sum())

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
    places, missed = missed_places(cases.looks, {figures.name: figures}, cases.cover)
    chance = np.where(cases.found[places], 1 - missed, missed)
    return float(np.log(np.maximum(chance, _SURE)).mean())


def reliability(predicted: Floats, found: Bools, parts: int = 10) -> tuple[Decile, ...]:
    """The predictions in so many equal parts, lowest first, each with the share that came true."""
    order = np.argsort(predicted, kind="stable")
    return tuple(
        Decile(len(rows), float(predicted[rows].mean()), float(found[rows].mean()))
        for rows in np.array_split(order, parts)
        if len(rows)
    )


def worst_gap(table: Sequence[Decile]) -> float:
    """The largest difference between what was promised and what came true."""
    return max((abs(each.predicted - each.found) for each in table), default=0.0)


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

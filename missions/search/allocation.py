"""How search time is best shared out over cells, if flying from one to the next took no time.

With a detection function b(z) = 1 - exp(-r z) of the seconds z spent in a cell (Koopman 1946: random search)
the plan that finds most in a given time spends it where chance x rate is highest, and evens those out: at a
level l that the whole time fixes, z = ln(m r / l) / r where m r > l, and none elsewhere (Stone, Theory of
Optimal Search, 1975, 2.1: Lagrange). It is uniformly optimal: best at every moment, not at the end alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from missions.errors import SettingsError
from missions.search.grid import Cells

Floats = npt.NDArray[np.float64]


def best_seconds(mass: Cells, rate_s: Cells, seconds: float) -> Cells:
    """(rows, columns) the seconds to spend in each cell of chance `mass`; `rate_s` is r, one over seconds.

    Cells of no rate get none. Raises SettingsError for what is no rate or no time.
    """
    if seconds < 0 or not (np.isfinite(rate_s).all() and rate_s.min() >= 0):
        raise SettingsError("a rate or a time of search is negative or no number")
    worth = (mass * rate_s).ravel()
    order = np.argsort(-worth, kind="stable")
    order = order[worth[order] > 0]
    spent = np.zeros(mass.size)
    if not len(order) or seconds == 0:
        return spent.reshape(mass.shape)
    log_worth, slow = np.log(worth[order]), 1 / rate_s.ravel()[order]
    # seconds that the first n cells take until all are worth as little as the n-th
    taken = np.cumsum(slow * log_worth) - log_worth * np.cumsum(slow)
    count = int(np.searchsorted(taken, seconds, side="right"))
    used = slice(0, count)
    level = (float((slow * log_worth)[used].sum()) - seconds) / float(slow[used].sum())
    spent[order[used]] = slow[used] * (log_worth[used] - level)
    return np.maximum(spent, 0.0).reshape(mass.shape)


def most_found(mass: Cells, rate_s: Cells, seconds: float) -> float:
    """The chance to find him so: no flying finds more by these rates, however it is arranged."""
    spent = best_seconds(mass, rate_s, seconds)
    return float((mass * -np.expm1(-rate_s * spent)).sum())

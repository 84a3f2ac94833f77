"""The chance to miss somebody, place by place and look by look, compiled; `missed` says what is reckoned."""

from __future__ import annotations

import math

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
SURE = 1e-12
"""No chance is nearer to 0 or 1."""
_LEAST = 1e-300


@numba.njit(cache=True, nogil=True)
def chances_of(
    logit: Floats,
    conspicuous: Floats,
    seen: Floats,
    above_k: Floats,
    needed_k: Floats,
    warmer_k: Floats,
    least_k: float,
    weight: float,
) -> Floats:
    """(n, nodes) seen expit(logit + conspicuous) expit(weight ln(contrast / needed_k)).

    The contrast is `warmer_k` (nodes,) - `above_k` (n,), at least about `least_k`; with a `weight` of 0 the
    last factor is left out.
    """
    made = np.empty((len(logit), len(seen)))
    fade = np.exp(-conspicuous)
    for row in range(len(logit)):
        odds = math.exp(-logit[row])
        for node in range(len(seen)):
            made[row, node] = seen[node] / (1 + odds * fade[node])
        if weight > 0:
            for node in range(len(seen)):
                contrast = (warmer_k[node] - above_k[row]) ** 2 + least_k**2
                made[row, node] /= 1 + (needed_k[row] ** 2 / contrast) ** (weight / 2)
    return made


@numba.njit(cache=True, nogil=True)
def missed_by(
    begins: Places,
    noticed: Floats,
    shared: Floats,
    fresh_below: float,
    sky: Places,
    open_sky: Floats,
    hidden: Floats,
    sortie: Places,
    confirmed: Floats,
) -> Floats:
    """(places, nodes) the chance to miss somebody at each place, by how conspicuous he is.

    Place i has the looks from `begins[i]` up to the next one's, in the order of time. For each look (n,):
    `noticed` (n, nodes) its chance, `shared` what of that the look before tells (less
    than `fresh_below` begins a new pass), `sky` the part of the sky that it comes from, `open_sky` the chance
    that leaves leave the sight open, `hidden` that he is hidden from everywhere, `sortie` which flight it is
    of and `confirmed` what is confirmed then.
    """
    places, nodes = len(begins), noticed.shape[1]
    longest = 0
    for place in range(places):
        end = begins[place + 1] if place + 1 < places else len(sky)
        longest = max(longest, end - begins[place])
    log_missed = np.empty((longest, nodes))
    parts, widest, never = np.empty(longest, np.int64), np.empty(longest), np.empty(longest)
    best, before = np.empty(nodes), np.empty(nodes)
    made = np.ones((places, nodes))
    for place in range(places):
        row = begins[place]
        end = begins[place + 1] if place + 1 < places else len(sky)
        count = 0
        before[:] = 1.0
        while row < end:
            flight, at_best = sortie[row], 0.0
            while row < end and sortie[row] == flight:
                part = _part(parts[:count], sky[row])
                if part == count:
                    parts[part], widest[part], never[part] = sky[row], 0.0, hidden[row]
                    log_missed[part] = 0.0
                    count += 1
                widest[part] = max(widest[part], open_sky[row])
                _add(log_missed[part], best, noticed[row], shared[row], shared[row] < fresh_below)
                at_best = max(at_best, confirmed[row])
                row += 1
            _confirm(made[place], before, at_best, log_missed[:count], widest, never)
    return made


@numba.njit(cache=True, nogil=True)
def _part(parts: Places, sky: int) -> int:
    """Which of the parts of the sky this is; their number for one that is not among them."""
    for part in range(len(parts) - 1, -1, -1):
        if parts[part] == sky:
            return part
    return len(parts)


@numba.njit(cache=True, nogil=True)
def _add(log_missed: Floats, best: Floats, noticed: Floats, shared: float, begun: bool) -> None:
    """One look more: what chance adds, and by how much it is better than the best of its pass (`best`)."""
    if begun:
        best[:] = 0.0
    for node in range(len(noticed)):
        alone = math.log1p(-min(noticed[node], 1 - SURE))
        log_missed[node] += (1 - shared) * alone + shared * min(alone - best[node], 0.0)
        best[node] = min(best[node], alone)


@numba.njit(cache=True, nogil=True)
def _confirm(
    missed: Floats, before: Floats, at_best: float, log_missed: Floats, widest: Floats, never: Floats
) -> None:
    """What the looks up to the end of a flight leave: gaps averaged over, and his word who confirms."""
    always = never[0]
    for node in range(len(missed)):
        through = 1.0
        for part in range(len(log_missed)):
            gap = min(widest[part] / max(1 - never[part], SURE), 1.0)
            through *= max(1 + gap * math.expm1(log_missed[part, node]), _LEAST)
        shown = always + (1 - always) * through
        missed[node] *= 1 - at_best * (1 - min(shown / before[node], 1.0))
        before[node] = max(shown, SURE)

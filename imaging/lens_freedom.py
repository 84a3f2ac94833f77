"""How much of the lens is found from the photos: as little as they need.

From level photos of flat ground a tenth of a pixel that many tie points share is enough to move the focal
length by a tenth of itself, at no cost that the eye or the reprojection error would show. So parameters stay
as they are told unless finding them brings the scale of the residuals down clearly; and what stays as told
counts with its own uncertainty in every figure (consider parameters; Schmidt 1966).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from imaging.adjustment import Adjusted, LensPrior, Network, adjust
from imaging.adjustment.state import LENS, VIEW, State, sigmas_of
from imaging.lens import Array

PAYS = 0.05
BELIEVED = 3.0
"""Standard deviations of what the photos tell that a found focal length may lie off it."""
FOCAL, READOUT = 0, 7


def adjust_with_lens(network: Network, start: State | None = None) -> Adjusted:
    """The adjustment with all of the lens as told, its distortion found, or its focal length found too.

    The simplest of the three that another does not beat by a twentieth of the residuals' scale; a focal
    length is found only within three standard deviations of the told one. Lenses whose focal length nobody
    told are found.
    """
    if any(not lens.focal_known for lens in network.lenses.values()):
        return adjust(network, start)
    distorted = adjust(_considering(network, [FOCAL]), start)
    told = _as_told(network, distorted)
    best = distorted if distorted.sigma_px < (1 - PAYS) * told.sigma_px else told
    free = adjust(network, distorted.state)
    if free.sigma_px < (1 - PAYS) * best.sigma_px and _believable(free):
        return free
    return best


def _as_told(network: Network, distorted: Adjusted) -> Adjusted:
    """All of the lens as told. What the photos would have made of it is how far off it may be."""
    considered = {}
    lenses = distorted.state.lenses.copy()
    for number, (name, lens) in enumerate(network.lenses.items()):
        prior = sigmas_of(lens, network.priors.get(name, LensPrior()))
        begin = VIEW * distorted.layout.views + LENS * number
        spread = np.diag(distorted.covariance)[begin : begin + LENS]
        values = _told(network, name)
        off = distorted.state.lenses[number] - values
        sigma = np.minimum(prior, np.sqrt(off**2 + spread))
        sigma[FOCAL] = prior[FOCAL]
        sigma[READOUT] = 0.0
        considered[name] = sigma
        lenses[number, :READOUT] = values[:READOUT]
    return adjust(replace(network, considered=considered), replace(distorted.state, lenses=lenses))


def _considering(network: Network, parameters: list[int]) -> Network:
    considered = {}
    for name, lens in network.lenses.items():
        sigma = np.zeros(LENS)
        sigma[parameters] = sigmas_of(lens, network.priors.get(name, LensPrior()))[parameters]
        considered[name] = sigma
    return replace(network, considered=considered)


def _told(network: Network, name: str) -> Array:
    lens = network.lenses[name]
    return np.array([
        lens.focal_px, lens.centre_x_px, lens.centre_y_px, lens.radial, lens.radial2,
        lens.tangential_x, lens.tangential_y, network.readout_s.get(name, 0.0),
    ])  # fmt: skip


def _believable(free: Adjusted) -> bool:
    network = free.network
    for name, lens in free.lenses.items():
        told_px = network.lenses[name].focal_px
        sigma_px = sigmas_of(network.lenses[name], network.priors[name])[FOCAL]
        if abs(lens.focal_px - told_px) > BELIEVED * sigma_px:
            return False
    return True

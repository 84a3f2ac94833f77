"""How much of the lens is found from the photos.

From level photos of flat ground a tenth of a pixel that many tie points share is enough to move the focal
length by a tenth of itself, at no cost that the eye or the reprojection error would show. So it stays as it
is told unless finding it brings the scale of the residuals down clearly, or control holds the ground; and
while it stays as told it counts with its own uncertainty in every figure (consider parameter; Schmidt 1966).
Distortion and principal point are always found, from their priors.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from imaging.adjustment import Adjusted, LensPrior, Network, adjust
from imaging.adjustment.state import LENS, State, sigmas_of

PAYS = 0.05
BELIEVED = 3.0
"""Standard deviations of what the photos tell that a found focal length may lie off it."""
HOLDING = 3
"""Surveyed points that hold the ground, so that a wrong focal length cannot bend it."""
FOCAL = 0


def adjust_with_lens(network: Network, start: State | None = None) -> Adjusted:
    """The adjustment with the focal length as told, or found.

    Found where three surveyed points or more hold the ground or the residuals' scale falls by a twentieth,
    and then only within three standard deviations of the told one. Lenses whose focal length nobody told are
    found.
    """
    if any(not lens.focal_known for lens in network.lenses.values()):
        return adjust(network, start)
    told = adjust(_considering(network, [FOCAL]), start)
    held = sum(each.covariance is not None for each in network.named) >= HOLDING
    found = adjust(network, told.state)
    if (held or found.sigma_px < (1 - PAYS) * told.sigma_px) and _believable(found):
        return found
    return told


def _considering(network: Network, parameters: list[int]) -> Network:
    considered = {}
    for name, lens in network.lenses.items():
        sigma = np.zeros(LENS)
        sigma[parameters] = sigmas_of(lens, network.priors.get(name, LensPrior()))[parameters]
        considered[name] = sigma
    return replace(network, considered=considered)


def _believable(free: Adjusted) -> bool:
    network = free.network
    for name, lens in free.lenses.items():
        told_px = network.lenses[name].focal_px
        sigma_px = sigmas_of(network.lenses[name], network.priors[name])[FOCAL]
        if abs(lens.focal_px - told_px) > BELIEVED * sigma_px:
            return False
    return True

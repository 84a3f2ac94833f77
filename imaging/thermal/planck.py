"""FLIR's counts to degrees: the radiometric equation with the camera's own Planck constants.

The detector answers R1 / (R2 (exp(B / T) - F)) - O to a black body of T kelvin. What it saw is the object's
share plus what the object reflects, what the air adds and, where there is one, what a window reflects and
adds (Minkina and Dudzik, Infrared Thermography: Errors and Uncertainties, 2009, chapter 2). The air passes
tau = X exp(-sqrt(d) (a1 + b1 sqrt(w))) + (1 - X) exp(-sqrt(d) (a2 + b2 sqrt(w))), w being grams of water in a
cubic metre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from imaging.thermal.frame import Values

KELVIN_AT_0_DEGC = 273.15


@dataclass(frozen=True, slots=True)
class Radiometry:
    """All that the equation needs, as the camera stored it; temperatures in kelvin, humidity 0 to 1."""

    emissivity: float
    distance_m: float
    reflected_k: float
    air_k: float
    window_k: float
    window_transmission: float
    humidity: float
    planck_r1: float
    planck_b: float
    planck_f: float
    planck_o: float
    planck_r2: float
    alpha1: float
    alpha2: float
    beta1: float
    beta2: float
    x: float


def counts_from_kelvin(kelvin: float, r: Radiometry) -> float:
    """The detector's answer to a black body."""
    return r.planck_r1 / (r.planck_r2 * (math.exp(r.planck_b / kelvin) - r.planck_f)) - r.planck_o


def air_transmission(r: Radiometry) -> float:
    """Share of the radiation that passes the air between object and camera."""
    t = r.air_k - KELVIN_AT_0_DEGC
    water = r.humidity * math.exp(1.5587 + 0.06939 * t - 0.00027816 * t**2 + 0.00000068455 * t**3)
    root_d, root_w = math.sqrt(max(r.distance_m, 0.0)), math.sqrt(max(water, 0.0))
    first = math.exp(-root_d * (r.alpha1 + r.beta1 * root_w))
    second = math.exp(-root_d * (r.alpha2 + r.beta2 * root_w))
    return r.x * first + (1 - r.x) * second


def degc_from_counts(counts: Values, r: Radiometry) -> Values:
    """Temperature of the object behind each count, °C; NaN where no temperature gives that count."""
    tau, window, emissivity = air_transmission(r), r.window_transmission, r.emissivity
    reflected = counts_from_kelvin(r.reflected_k, r) * (1 - emissivity) * tau * window
    air = counts_from_kelvin(r.air_k, r) * (1 - tau) * window
    pane = counts_from_kelvin(r.window_k, r) * (1 - window)
    own = (counts.astype(np.float64) - reflected - air - pane) / (emissivity * tau * window)
    with np.errstate(invalid="ignore", divide="ignore"):
        kelvin = r.planck_b / np.log(r.planck_r1 / (r.planck_r2 * (own + r.planck_o)) + r.planck_f)
    return (kelvin - KELVIN_AT_0_DEGC).astype(np.float32)

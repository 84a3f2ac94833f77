"""The shortest turn of all words, whatever lies in its way: what turns are held against."""

import numpy as np

from missions.coverage.dubins import word_points, words
from missions.geodesy import Points


def turn_points(
    a: Points, heading_a: float, b: Points, heading_b: float, radius_m: float, step_m: float
) -> Points:
    """Points `step_m` apart on its arcs; headings in radians from east, anticlockwise. (n, 2)"""
    lengths, parts = words(a[None], np.array([heading_a]), b[None], np.array([heading_b]), radius_m)
    best = int(np.argmin(lengths[:, 0]))
    return word_points(a, heading_a, best, parts[best, :, 0], radius_m, step_m)

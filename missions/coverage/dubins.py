"""Turns of an aircraft that cannot stop: the shortest curve from one heading to another.

Dubins 1957, On curves of minimal length; the six words as in Shkel and Lumelsky 2001, Classification of the
Dubins set, Robotics and Autonomous Systems 34.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from missions.geodesy import Points

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
_FULL = 2 * np.pi
CORNER_DEG = 36.0
"""The sharpest corner of a line drawn round an arc: five of them turn an aircraft round."""
_STRAIGHT_RAD = 1e-4
WORDS = ("LSL", "RSR", "LSR", "RSL", "RLR", "LRL")
_SIDES = np.array([[{"L": 1.0, "S": 0.0, "R": -1.0}[letter] for letter in word] for word in WORDS])


def turning_lengths(legs: npt.NDArray[np.float64], radius_m: float) -> Floats:
    """The shortest turn from every leg's end to every other's, (2n, 2n) metres.

    Row i: leaving by end i, heading away from its leg; column j: entering by end j, heading into its leg.
    """
    ends = legs.reshape(-1, 2)
    away = np.concatenate([legs[:, :1] - legs[:, 1:], legs[:, 1:] - legs[:, :1]], axis=1).reshape(-1, 2)
    heading = np.arctan2(away[:, 1], away[:, 0])
    i, j = (index.ravel() for index in np.indices((len(ends), len(ends))))
    lengths, _ = words(ends[i], heading[i], ends[j], heading[j] + np.pi, radius_m)
    return np.asarray(lengths.min(axis=0).reshape(len(ends), len(ends)))


def word_points(
    a: Points, heading: float, word: int, parts: Floats, radius_m: float, step_m: float
) -> Points:
    """Points along one word from `a`: `step_m` apart on arcs, the ends alone of a straight. (n, 2)"""
    ends = np.concatenate([[0.0], np.cumsum(parts)])
    places = [ends[:1]]
    for letter, begin, end in zip(WORDS[word], ends[:-1], ends[1:], strict=True):
        steps = 1 if letter == "S" else max(1, int(np.ceil((end - begin) * radius_m / step_m)))
        places.append(begin + (end - begin) * np.arange(1, steps + 1) / steps)
    along = np.concatenate(places)
    heads = np.array([heading])
    return np.asarray(word_places(a[None], heads, np.array([word]), parts[None], radius_m, along[None])[0])


def word_corners(pose: Floats, word: int, parts: Floats, radius_m: float) -> Points:
    """The corners of the straight line round one word's arcs from `pose` (east, north, heading), (n, 2).

    Every arc touches the sides of its corners, which bend by at most `CORNER_DEG`: neither end of the word is
    a corner, and the line leaves and enters along the word's own headings.
    """
    place, heading = np.array(pose[:2], float), float(pose[2])
    corners: list[Floats] = []
    for letter, part in zip(WORDS[word], parts, strict=True):
        if letter == "S":
            place = place + part * radius_m * _ahead(heading)
            continue
        count = int(np.ceil(part / np.radians(CORNER_DEG) - 1e-9))
        step = float(part) / max(count, 1)
        if step < _STRAIGHT_RAD:
            continue
        tangent_m = radius_m * np.tan(step / 2)
        for _ in range(count):
            corners.append(place + tangent_m * _ahead(heading))
            heading += step if letter == "L" else -step
            place = corners[-1] + tangent_m * _ahead(heading)
    return np.array(corners).reshape(-1, 2)


def _ahead(heading: float) -> Floats:
    return np.array([np.cos(heading), np.sin(heading)])


def word_places(
    a: Points, heading: Floats, word: Indices, parts: Floats, radius_m: float, along: Floats
) -> Floats:
    """Places on many words at once: from `a` (n, 2), `parts` (n, 3) and `along` (n, m) in radii. (n, m, 2)"""
    place = np.zeros((*along.shape, 2))
    before, head = np.zeros(len(a)), heading
    for index in range(3):
        side = _SIDES[word, index]
        flown = np.clip(along - before[:, None], 0.0, parts[:, index, None])
        turned = head[:, None] + side[:, None] * flown
        straight = np.stack([np.cos(head), np.sin(head)], axis=-1)[:, None] * flown[..., None]
        arc = np.stack(
            [np.sin(turned) - np.sin(head)[:, None], np.cos(head)[:, None] - np.cos(turned)], axis=-1
        )
        place += np.where(side[:, None, None] == 0, straight, side[:, None, None] * arc)
        before, head = before + parts[:, index], head + side * parts[:, index]
    return np.asarray(a[:, None] + radius_m * place)


def words(
    a: Points, heading_a: Floats, b: Points, heading_b: Floats, radius_m: float
) -> tuple[Floats, Floats]:
    """Lengths (6, n) in metres, infinite where a word does not exist; its parts (6, 3, n) in radii."""
    delta = b - a
    d = np.hypot(delta[:, 0], delta[:, 1]) / radius_m
    bearing = np.arctan2(delta[:, 1], delta[:, 0])
    al, be = (heading_a - bearing) % _FULL, (heading_b - bearing) % _FULL
    sa, sb, ca, cb, cab = np.sin(al), np.sin(be), np.cos(al), np.cos(be), np.cos(al - be)
    with np.errstate(invalid="ignore"):
        words = [
            _lsl(d, al, be, sa, sb, ca, cb, cab),
            _rsr(d, al, be, sa, sb, ca, cb, cab),
            _lsr(d, al, be, sa, sb, ca, cb, cab),
            _rsl(d, al, be, sa, sb, ca, cb, cab),
            _rlr(d, al, be, sa, sb, ca, cb, cab),
            _lrl(d, al, be, sa, sb, ca, cb, cab),
        ]
    parts = np.stack([np.stack(word) for word in words])
    lengths = parts.sum(axis=1) * radius_m
    return np.where(np.isfinite(lengths), lengths, np.inf), parts


_Parts = tuple[Floats, Floats, Floats]


def _turn(angle: Floats) -> Floats:
    """An angle within a full turn; what rounding made almost a full turn is none."""
    within = np.asarray(angle % _FULL)
    return np.where(within > _FULL - 1e-9, 0.0, within)


def _lsl(
    d: Floats, al: Floats, be: Floats, sa: Floats, sb: Floats, ca: Floats, cb: Floats, cab: Floats
) -> _Parts:
    p2 = 2 + d * d - 2 * cab + 2 * d * (sa - sb)
    mid = np.arctan2(cb - ca, d + sa - sb)
    return _turn(mid - al), np.sqrt(np.where(p2 > -1e-9, np.abs(p2), np.nan)), _turn(be - mid)


def _rsr(
    d: Floats, al: Floats, be: Floats, sa: Floats, sb: Floats, ca: Floats, cb: Floats, cab: Floats
) -> _Parts:
    p2 = 2 + d * d - 2 * cab + 2 * d * (sb - sa)
    mid = np.arctan2(ca - cb, d - sa + sb)
    return _turn(al - mid), np.sqrt(np.where(p2 > -1e-9, np.abs(p2), np.nan)), _turn(mid - be)


def _lsr(
    d: Floats, al: Floats, be: Floats, sa: Floats, sb: Floats, ca: Floats, cb: Floats, cab: Floats
) -> _Parts:
    p2 = -2 + d * d + 2 * cab + 2 * d * (sa + sb)
    p = np.sqrt(p2)
    mid = np.arctan2(-ca - cb, d + sa + sb) - np.arctan2(-2.0, p)
    return _turn(mid - al), p, _turn(mid - be)


def _rsl(
    d: Floats, al: Floats, be: Floats, sa: Floats, sb: Floats, ca: Floats, cb: Floats, cab: Floats
) -> _Parts:
    p2 = -2 + d * d + 2 * cab - 2 * d * (sa + sb)
    p = np.sqrt(p2)
    mid = np.arctan2(ca + cb, d - sa - sb) - np.arctan2(2.0, p)
    return _turn(al - mid), p, _turn(be - mid)


def _rlr(
    d: Floats, al: Floats, be: Floats, sa: Floats, sb: Floats, ca: Floats, cb: Floats, cab: Floats
) -> _Parts:
    p = _turn(_FULL - np.arccos((6 - d * d + 2 * cab + 2 * d * (sa - sb)) / 8))
    t = _turn(al - np.arctan2(ca - cb, d - sa + sb) + p / 2)
    return t, p, _turn(al - be - t + p)


def _lrl(
    d: Floats, al: Floats, be: Floats, sa: Floats, sb: Floats, ca: Floats, cb: Floats, cab: Floats
) -> _Parts:
    p = _turn(_FULL - np.arccos((6 - d * d + 2 * cab + 2 * d * (sb - sa)) / 8))
    t = _turn(-al - np.arctan2(ca - cb, d + sa - sb) + p / 2)
    return t, p, _turn(be - al - t + p)

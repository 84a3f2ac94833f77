"""Random areas of every kind are covered, and no metre is flown outside: a share here, 500 in the campaign.

The check is the benchmark's own, written down once more: it shares nothing with the planner but GEOS.
"""

import math

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Polygon

from missions.coverage import Coverage, Settings, Swath, cover

Shape = Polygon | MultiPolygon
CAMPAIGN = 500
SHARE = 25


def scored(area: Shape, coverage: Coverage, width_m: float) -> tuple[float, float]:
    """The share seen by footprints as long as wide, and metres more than 0.5 m outside the area.

    Legs are rounded to a millimetre, as the file that is scored has them.
    """
    footprints = [
        LineString(leg).buffer(width_m / 2, cap_style="square")
        for leg in coverage.route.legs.round(3)
        if LineString(leg).length > 0.01
    ]
    seen = shapely.union_all(footprints).intersection(area).area / area.area
    pieces = np.stack([coverage.route.points[:-1], coverage.route.points[1:]], axis=1)
    inside = shapely.linestrings(pieces[~coverage.route.outside[:-1]])
    return seen, float(shapely.length(shapely.difference(inside, area.buffer(0.5))).sum())


def wholly_outside_m(area: Shape, coverage: Coverage) -> float:
    """Metres outside by any distance at all, less what was flown over ground between parts."""
    pieces = np.stack([coverage.route.points[:-1], coverage.route.points[1:]], axis=1)
    inside = shapely.linestrings(pieces[~coverage.route.outside[:-1]])
    return float(shapely.length(shapely.difference(inside, area)).sum())


def ring(chance: np.random.Generator, corners: int, radius_m: float, least: float) -> np.ndarray:
    angles = np.sort(chance.uniform(0, 2 * np.pi, corners))
    radii = radius_m * chance.uniform(least, 1, corners)
    return np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None]


def blob(chance: np.random.Generator) -> Polygon:
    """A star with up to 300 corners."""
    return Polygon(ring(chance, int(chance.integers(3, 301)), 500, float(chance.uniform(0.2, 0.9))))


def ragged(chance: np.random.Generator) -> Polygon:
    """A few slow waves with a rough border."""
    angles = np.linspace(0, 2 * np.pi, int(chance.integers(20, 301)), endpoint=False)
    waves = 1 + 0.35 * np.sin(int(chance.integers(2, 7)) * angles + chance.uniform(0, 6))
    radii = 350 * waves + chance.uniform(-1, 1, len(angles)) * float(chance.choice([2, 8, 25]))
    return Polygon(np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None])


def comb(chance: np.random.Generator) -> Polygon:
    teeth, width, gap = int(chance.integers(2, 7)), chance.uniform(15, 150), chance.uniform(5, 120)
    spine = shapely.box(0, 0, teeth * (width + gap) - gap, chance.uniform(10, 200))
    tall = [
        shapely.box(k * (width + gap), 0, k * (width + gap) + width, chance.uniform(200, 600))
        for k in range(teeth)
    ]
    return shapely.union_all([spine, *tall])


def spiral(chance: np.random.Generator) -> Polygon:
    turns = np.arange(0.5, chance.uniform(6, 14), 0.3)
    out = chance.uniform(25, 60) * turns
    line = LineString(np.column_stack([np.cos(turns) * out, np.sin(turns) * out]))
    return line.buffer(float(chance.uniform(8, 60)), cap_style="flat", quad_segs=2)


def corridor(chance: np.random.Generator) -> Polygon:
    line = LineString(chance.uniform(-700, 700, (int(chance.integers(2, 7)), 2)))
    return line.buffer(float(chance.choice([1.5, 6, 25, 90])), cap_style="flat", join_style="mitre")


def letters(chance: np.random.Generator) -> Polygon:
    """Boxes joined: U, E, H, T and such."""
    corners = chance.uniform([-500, -500, 30, 30], [300, 300, 600, 300], (int(chance.integers(2, 6)), 4))
    return shapely.union_all([shapely.box(x, y, x + wide, y + high) for x, y, wide, high in corners])


def spiked(chance: np.random.Generator) -> Polygon:
    """Repeated corners, corners on a line, and spikes a centimetre wide."""
    corners = ring(chance, int(chance.integers(4, 12)), 400, 0.6)
    doubled = np.repeat(corners, 2, axis=0)
    halves = (doubled + np.roll(doubled, -1, axis=0)) / 2
    mixed = np.stack([doubled, halves], axis=1).reshape(-1, 2)
    tip = mixed[2] * 1.5
    return Polygon(np.insert(mixed, 3, [tip, tip + np.array([0.01, 0.0])], axis=0))


KINDS = (blob, ragged, comb, spiral, corridor, letters, spiked)


def with_holes(chance: np.random.Generator, area: Shape) -> Shape:
    """Up to six holes, some across the border and some that leave a passage a hand wide."""
    west, south, east, north = area.bounds
    size = min(east - west, north - south)
    for _ in range(int(chance.integers(0, 7))):
        middle = chance.uniform([west, south], [east, north])
        corners = ring(chance, int(chance.integers(3, 12)), size * chance.uniform(0.02, 0.25), 0.4)
        hole = Polygon(corners + middle).buffer(0)
        area = area - hole
        if chance.random() < 0.3:
            area = area - shapely.affinity.translate(hole, hole.bounds[2] - hole.bounds[0] + 0.3)
    return area


def random_area(seed: int) -> tuple[Shape, float]:
    """An area, and the lanes' width."""
    chance = np.random.default_rng(seed)
    area: Shape = KINDS[seed % len(KINDS)](chance).buffer(0)
    if chance.random() < 0.6:
        area = with_holes(chance, area)
    if seed % 11 == 0:
        # A zone across all of it tears it in two.
        west, south, east, north = area.bounds
        area = area - shapely.box((west + east) / 2 - 20, south - 1, (west + east) / 2 + 20, north + 1)
    scale = float(chance.choice([0.05, 0.4, 1.0, 1.0, 1.0, 4.0]))
    area = shapely.affinity.scale(
        shapely.affinity.rotate(area, chance.uniform(0, 360), origin=(0, 0)), scale, scale, origin=(0, 0)
    )
    parts = [part for part in shapely.get_parts(area) if part.area > 4.0]
    width_m = float(chance.choice([25, 40, 90])) * max(1.0, scale)
    return (parts[0] if len(parts) == 1 else MultiPolygon(parts)), width_m


def check(seed: int) -> None:
    area, width_m = random_area(seed)
    coverage = cover(area, Settings(Swath(width_m, width_m / 2), turn_m=5.0))
    seen, outside_m = scored(area, coverage, width_m)
    assert outside_m == 0.0
    assert wholly_outside_m(area, coverage) < 1e-6
    assert seen >= 0.99
    assert math.isclose(coverage.seen, seen, abs_tol=1e-3)
    if len(shapely.get_parts(area)) == 1:
        assert not coverage.route.outside.any()


@pytest.mark.parametrize("seed", range(SHARE))
def test_a_random_area_is_covered_from_inside(seed: int) -> None:
    check(seed)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(SHARE, CAMPAIGN))
def test_every_random_area_is_covered_from_inside(seed: int) -> None:
    check(seed)

"""The map in blocks that lanes fit into, and regions that grow block by block where a second finds most.

A block is a whole number of lanes wide. A region costs its lanes, a turn for each, and the way there and
back; each step adds the block with the most chance to find him for the seconds it adds (greedy, which is best
where a block costs the same wherever one comes from: Stone 1975, 4.2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon

from missions.search.grid import Cells, SearchGrid
from missions.search.probability import ProbabilityMap

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
MOST_BLOCKS = 10_000
BLOCKS_A_FLIGHT = 60
_SEEDS = 6


@dataclass(frozen=True, eq=False)
class Blocks:
    """Squares of `lanes` x `spacing_m`, rows from the north, and the chance to find him by a pass of each.

    `gain` (rows, columns) is that chance; `usable` where one may fly.
    """

    west_m: float
    north_m: float
    side_m: float
    lanes: int
    gain: Floats
    usable: Bools

    @property
    def middles_m(self) -> Floats:
        """(rows, columns, 2) east and north."""
        rows, columns = self.gain.shape
        east = self.west_m + (np.arange(columns) + 0.5) * self.side_m
        north = self.north_m - (np.arange(rows) + 0.5) * self.side_m
        return np.stack(np.meshgrid(east, north), axis=-1)

    def shape_of(self, chosen: Bools) -> Polygon | MultiPolygon:
        """The chosen blocks as one shape of the frame."""
        row, column = np.nonzero(chosen)
        west, north = self.west_m + column * self.side_m, self.north_m - row * self.side_m
        whole = shapely.union_all(shapely.box(west, north - self.side_m, west + self.side_m, north))
        return whole if isinstance(whole, Polygon | MultiPolygon) else MultiPolygon()


@dataclass(frozen=True, slots=True)
class Pace:
    """What a second is spent on: speed along lanes and ways, seconds for a turn, and for up and down."""

    speed_m_s: float
    turn_s: float
    lift_s: float
    home_m: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Region:
    """Chosen blocks: `chosen` (rows, columns), the reckoned seconds and chance, lanes east or north."""

    chosen: Bools
    seconds: float
    gain: float
    lanes_east: bool


def blocks_of(grid: SearchGrid, gain: Cells, usable: Bools, spacing_m: float, flown_m: float) -> Blocks:
    """The gain of the cells in blocks, of which BLOCKS_A_FLIGHT or so make a flight with `flown_m` of lanes.

    `usable` (rows, columns) are the cells that may be flown over.
    """
    wanted_m = math.sqrt(max(flown_m * spacing_m, spacing_m**2) / BLOCKS_A_FLIGHT)
    west, south, east, north = grid.bounds_m
    fewest_m = math.sqrt((east - west) * (north - south) / MOST_BLOCKS)
    lanes = max(1, round(wanted_m / spacing_m), math.ceil(fewest_m / spacing_m))
    side_m = lanes * spacing_m
    columns, rows = (max(1, math.ceil(span / side_m - 1e-6)) for span in (east - west, north - south))
    west -= (columns * side_m - (east - west)) / 2
    north += (rows * side_m - (north - south)) / 2
    edges_east = np.asarray(west + np.arange(columns + 1) * side_m, float)
    edges_north = np.asarray(north - np.arange(rows + 1) * side_m, float)
    parts = _summed(grid, gain, edges_east, edges_north)
    free = _summed(grid, usable.astype(float), edges_east, edges_north) * (grid.cell_m / side_m) ** 2
    return Blocks(west, north, side_m, lanes, np.maximum(parts, 0.0), free > 0.25)


def flat(chances: ProbabilityMap, cells: Bools) -> Cells:
    """The chance of the map spread evenly over some cells."""
    return np.asarray(cells / max(int(cells.sum()), 1) * chances.on_grid, float)


def grown(blocks: Blocks, pace: Pace, seconds: float) -> Region | None:
    """The region with the highest chance for its time that takes `seconds` at most; None where none fits."""
    gain = np.where(blocks.usable, blocks.gain, 0.0)
    best: Region | None = None
    for seed in _seeds(gain, blocks, pace):
        for lanes_east in (True, False):
            found = _grown_from(blocks, gain, pace, seconds, seed, lanes_east=lanes_east)
            if found is not None and (best is None or found.gain > best.gain):
                best = found
    return best


def _summed(grid: SearchGrid, values: Cells, edges_east: Floats, edges_north: Floats) -> Floats:
    """Sums of cells over larger squares, each cell spread evenly over itself."""
    sums = np.zeros((grid.rows + 1, grid.columns + 1))
    sums[1:, 1:] = values.cumsum(axis=0).cumsum(axis=1)
    row = np.clip((grid.north_m - edges_north) / grid.cell_m, 0, grid.rows)
    column = np.clip((edges_east - grid.west_m) / grid.cell_m, 0, grid.columns)
    down = np.stack([np.interp(row, np.arange(grid.rows + 1), each) for each in sums.T], axis=1)
    at = np.stack([np.interp(column, np.arange(grid.columns + 1), each) for each in down])
    return np.asarray(np.diff(np.diff(at, axis=0), axis=1))


def _seeds(gain: Floats, blocks: Blocks, pace: Pace) -> list[tuple[int, int]]:
    """Blocks to begin with: the best, each well away from those before it; and the best near home."""
    columns = gain.shape[1]
    away_m = np.linalg.norm(blocks.middles_m - np.array(pace.home_m), axis=-1)
    near = gain / (away_m / max(away_m.max(), 1.0) + 0.1)
    left, seeds = gain.copy(), []
    reach = max(2, round(math.sqrt(BLOCKS_A_FLIGHT) / 2))
    for number in range(_SEEDS):
        score = near if number == 0 else left
        row, column = divmod(int(np.argmax(score)), columns)
        if score[row, column] <= 0:
            continue
        seeds.append((row, column))
        if number:
            left[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1] = 0
    return list(dict.fromkeys(seeds))


def _grown_from(
    blocks: Blocks, gain: Floats, pace: Pace, seconds: float, seed: tuple[int, int], *, lanes_east: bool
) -> Region | None:
    """Block after block from a seed. Worked with lanes along the rows: a map with lanes north is turned."""
    middles = blocks.middles_m
    if not lanes_east:
        gain, middles, seed = gain.T, middles.transpose(1, 0, 2), (seed[1], seed[0])
    lane_s = blocks.lanes * blocks.side_m / pace.speed_m_s
    turns_s = blocks.lanes * pace.turn_s
    way_s = 2 * np.linalg.norm(middles - np.array(pace.home_m), axis=-1) / pace.speed_m_s
    chosen = np.zeros(gain.shape, bool)
    spent = pace.lift_s + float(way_s[seed]) + lane_s + turns_s
    if spent > seconds:
        return None
    chosen[seed] = True
    nearest_m = np.linalg.norm(middles - middles[seed], axis=-1)
    total = float(gain[seed])
    open_blocks = gain > 0
    while True:
        beside = np.zeros(gain.shape, int)
        beside[:, 1:] += chosen[:, :-1]
        beside[:, :-1] += chosen[:, 1:]
        hop_s = 2 * np.maximum(nearest_m - 1.5 * blocks.side_m, 0.0) / pace.speed_m_s
        added = lane_s + np.where(beside == 0, turns_s + hop_s, np.where(beside == 2, -turns_s, 0.0))
        added = np.maximum(added, 0.1 * lane_s)
        rate = np.where(open_blocks & ~chosen & (spent + added <= seconds), gain / added, 0.0)
        at = np.unravel_index(int(np.argmax(rate)), gain.shape)
        if rate[at] <= 0:
            break
        chosen[at] = True
        spent += float(added[at])
        total += float(gain[at])
        nearest_m = np.minimum(nearest_m, np.linalg.norm(middles - middles[at], axis=-1))
    return Region(chosen if lanes_east else chosen.T, spent, total, lanes_east)

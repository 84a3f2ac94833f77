"""A trail is what a list of its last points would be, in memory that does not grow."""

from __future__ import annotations

import random
import tracemalloc
from itertools import pairwise

import pytest

from imaging.worked import give_back
from ops.api.trail import Trail


@pytest.mark.parametrize("seed", range(5))
def test_a_trail_gives_what_came_after_a_change(seed: int) -> None:
    rng = random.Random(seed)
    most = rng.choice([1, 2, 7, 50])
    trail, listed, change = Trail(most), [], 0
    assert (trail.newest, trail.after(0), len(trail)) == (-1, (), 0)
    for number in range(200):
        change += rng.randrange(1, 4)
        point = (rng.uniform(-180, 180), rng.uniform(-90, 90), rng.choice([None, 12.5]), 1e9 + number)
        trail.add(change, point)
        listed = [*listed, (change, point)][-most:]
        after = rng.randrange(change + 3)
        assert trail.after(after) == tuple(point for at, point in listed if at > after)
        assert (trail.newest, trail.newest_s, len(trail)) == (change, point[3], len(listed))


def test_a_long_trail_is_thinned_where_it_is_old() -> None:
    trail = Trail(3600)
    for number in range(5000):
        trail.add(number + 1, (5.0, 52.0, 60.0, float(number)))
    whole, thin = trail.after(0), trail.after(0, 600)
    assert (len(whole), len(thin)) == (3600, 600)
    assert thin[-300:] == whole[-300:]
    assert thin[0] == whole[0]
    times = [point[3] for point in thin]
    assert times == sorted(set(times))
    assert max(b - a for a, b in pairwise(times)) <= 12
    assert trail.after(4990, 600) == whole[-10:]


def test_the_memory_of_a_trail_does_not_grow() -> None:
    trail = Trail(3600)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(8000):
        trail.add(number, (5.0, 52.0, 60.0, 1e9 + number))
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # kept point by point it would be half a million; other threads of the process count too
    assert after - before < 20_000


def test_memory_can_be_given_back_at_any_time() -> None:
    give_back()

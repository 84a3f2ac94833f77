"""Which finds call alone and which as a group: people and others of rendered flights, by their scores.

    python -m tests.bench.bench_find_alarms FIRST LAST [COOLEST WARMEST]

Each flight is searched as a live stream is, frame after frame, with the detector of live streams. Of every
find that calls its highest score is taken, and whether it is one of the people. The last lines sum up: so
many people and others would call alone from each score on. People are of 22 to 30 °C, else as told.
"""

from __future__ import annotations

import sys

import numpy as np

from imaging.thermal.find import Find
from imaging.thermal.live import LiveHeat
from imaging.thermal.options import HeatOptions
from imaging.thermal.placing.errors import Sigmas
from ops.live_finds import CALLING, CALLING_SCORE
from ops.live_heat_process import detector
from tests.imaging.heat_calibration import flight_of, of_person, studio
from tests.imaging.heat_flights import POSTURES, Drawn, Flight, Rendered, Somebody

SCORES = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8)


def flown(seed: int, temperatures_c: tuple[float, float] | None) -> Rendered:
    """A flight of that seed, over people of such temperatures."""
    if temperatures_c is None:
        return flight_of(seed)
    rng = np.random.default_rng([seed, 6])
    stage = studio(3 + seed % 2)
    flight = Flight(stage.world, speed_m_s=6.0, lanes_m=(-10.0, 10.0), reach_m=28.0)
    people = [
        Somebody.still(f"still {n}", at, POSTURES[n % 3], float(rng.uniform(*temperatures_c)))
        for n, at in enumerate(stage.open_places(4, rng, 20.0, apart_m=7.0))
    ]
    return stage.render(flight, people, interval_s=1.0, seed=seed)


def scores_of(
    seed: int, temperatures_c: tuple[float, float] | None = None
) -> tuple[int, list[float], list[float]]:
    """How many people there were, the highest scores of those who call, and of all else that calls."""
    rendered = flown(seed, temperatures_c)
    drone = Drawn(rendered.flight, Sigmas(), seed * 1000)
    live = LiveHeat(lambda: drone, drone.camera, HeatOptions(detector=detector()))
    finds: dict[str, Find] = {}
    best: dict[str, float] = {}
    for frame in drone.frames(rendered):
        for find in live.add(frame):
            finds[find.id] = find
            if find.kind in CALLING and find.sighting_count >= 2 and find.score >= CALLING_SCORE:
                best[find.id] = max(best.get(find.id, 0.0), find.score)
    people: dict[str, float] = {}
    others: list[float] = []
    for name, score in best.items():
        who = of_person(rendered, finds[name])
        if who:
            people[who] = max(people.get(who, 0.0), score)
        else:
            others.append(score)
    return len(rendered.people), list(people.values()), others


def main(first: int, last: int, temperatures_c: tuple[float, float] | None = None) -> None:
    """A line a flight, and the table."""
    people, others, there = list[float](), list[float](), 0
    for seed in range(first, last + 1):
        count, his, theirs = scores_of(seed, temperatures_c)
        there += count
        people, others = people + his, others + theirs
        print(seed, "people", np.round(sorted(his), 2).tolist(), "others", len(theirs), flush=True)
    print(f"{len(people)} of {there} people call, and {len(others)} others; alone from a score of")
    for score in SCORES:
        his, theirs = (sum(each >= score for each in some) for some in (people, others))
        print(f"{score:.2f}: {his} people, {theirs} others")


if __name__ == "__main__":
    told = tuple(map(float, sys.argv[3:5]))
    main(int(sys.argv[1]), int(sys.argv[2]), (told[0], told[1]) if len(told) == 2 else None)

"""Rendered flights over people, searched as an operator would, against where the people truly were.

    python -m tests.imaging.heat_calibration FIRST LAST [DRAWS]

renders the flights of those seeds, gives each to DRAWS drones with errors of their own, and prints a line of
JSON for each: every person, how far off the find is, and whether its 95 % ellipse holds the truth. The last
line sums up.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from imaging.finds import Finds
from imaging.geolocate import CHI2_95_2D, ellipse95
from imaging.heat import HeatOptions, finds_of, frame_spots
from imaging.thermal.find import Find
from imaging.thermal.frame import ThermalFrame
from imaging.thermal.hotspots import HotSpotOptions, detect
from imaging.thermal.options import Detector
from imaging.thermal.placing.errors import Sigmas
from imaging.thermal.placing.spot import Spot
from imaging.thermal.searching import Search
from sitl.world import World
from tests.imaging.heat_flights import POSTURES, Drawn, Flight, Rendered, Somebody, Studio

STILL, WALKING = 3, 1
SEEN_LEAST = 3
_NEAR_PX = 10.0


@dataclass(frozen=True, slots=True)
class Placing:
    """How one person was found: the finds that are him, and the best of them against the truth."""

    name: str
    walks: bool
    shown: int
    finds: int
    sightings: int
    off_m: float
    squared: float
    semi_major_m: float
    kind: str
    said_to_walk: bool

    @property
    def holds(self) -> bool:
        """Whether the 95 % ellipse holds the truth."""
        return self.squared <= CHI2_95_2D


@dataclass(frozen=True, slots=True)
class Outcome:
    """One flight with one drone's errors. The clock's figures are in seconds, None where it was not found."""

    seed: int
    draw: int
    pitch_deg: float
    speed_m_s: float
    clock_true_s: float
    clock_found_s: float | None
    clock_sigma_s: float | None
    finds: int
    frames: int
    people: tuple[Placing, ...]


@lru_cache(maxsize=2)
def studio(world_seed: int, *, night: bool = True) -> Studio:
    """A world to fly over."""
    return Studio(World(world_seed, size_m=240.0, texel_m=0.12), night=night)


def flight_of(seed: int) -> Rendered:
    """A flight drawn from its seed: its height is 60 m, the rest by lot."""
    rng = np.random.default_rng([seed, 5])
    stage = studio(3 + seed % 2)
    pitch_deg = float(rng.choice([-90.0, -90.0, -75.0, -60.0]))
    flight = Flight(
        stage.world,
        speed_m_s=float(rng.uniform(4, 9)),
        lanes_m=(-10.0, 10.0, -2.0)[: int(rng.integers(2, 4))],
        reach_m=28.0,
        heading_deg=float(rng.uniform(0, 360)),
        pitch_deg=pitch_deg,
    )
    places = stage.open_places(STILL + WALKING, rng, 20.0, apart_m=7.0)
    people = [
        Somebody.still(f"still {n}", at, POSTURES[n % 3], float(rng.uniform(22, 30)))
        for n, at in enumerate(places[:STILL])
    ]
    speed, course = rng.uniform(0.6, 1.6), rng.uniform(0, 2 * math.pi)
    people.append(
        Somebody.walking("walking", places[STILL], (speed * math.sin(course), speed * math.cos(course)))
    )
    return stage.render(flight, people, interval_s=1.0, seed=seed)


class Remembering:
    """The detector, which looks at a frame once for every 5 % of the ground's size of a pixel.

    Drones that flew the same flight differ by less than that, and looking is most of the work.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], Sequence[Spot]] = {}

    def __call__(self, frame: ThermalFrame, gsd_m: float | None) -> Sequence[Spot]:
        step = round(math.log(gsd_m or 1.0) / 0.05)
        if (frame.sha256, step) not in self._seen:
            rounded = None if gsd_m is None else math.exp(0.05 * step)
            self._seen[frame.sha256, step] = detect(frame, HotSpotOptions(gsd_m=rounded))
        return self._seen[frame.sha256, step]


def search(rendered: Rendered, drone: Drawn, options: HeatOptions | None = None) -> Finds:
    """The finds of a drone that flew it."""
    done = Search(drone, drone.camera, options or HeatOptions(sigmas=drone.sigmas))
    spots = [frame_spots(done.add(frame)) for frame in drone.frames(rendered)]
    return finds_of(done, (), spots)


def outcome(
    seed: int, draw: int, rendered: Rendered, sigmas: Sigmas | None = None, detector: Detector | None = None
) -> Outcome:
    """One flight with one drone's errors."""
    drone = Drawn(rendered.flight, sigmas or Sigmas(), seed * 1000 + draw)
    finds = search(rendered, drone, HeatOptions(sigmas=drone.sigmas, detector=detector))
    flight, clock = rendered.flight, finds.clock
    return Outcome(
        seed=seed,
        draw=draw,
        pitch_deg=flight.pitch_deg,
        speed_m_s=flight.speed_m_s,
        clock_true_s=-drone.ahead_s,
        clock_found_s=None if clock is None else clock.offset_s,
        clock_sigma_s=None if clock is None else clock.sigma_s,
        finds=len(finds.finds),
        frames=len(finds.frames),
        people=tuple(_people(rendered, finds, drone)),
    )


def of_person(rendered: Rendered, find: Find) -> str:
    """Whom most of a find's sightings show, by where each truly shows in the frame; "" for nobody."""
    votes: Counter[str] = Counter()
    for sighting in find.sightings:
        for name, (col, row) in rendered.pixels[sighting.frame].items():
            if math.hypot(sighting.spot.col - col, sighting.spot.row - row) < _NEAR_PX:
                votes[name] += 1
    best = votes.most_common(1)
    return best[0][0] if best and best[0][1] * 2 > len(find.sightings) else ""


def _people(rendered: Rendered, finds: Finds, drone: Drawn) -> Iterable[Placing]:
    of = {find.id: of_person(rendered, find) for find in finds.finds}
    for name in rendered.people:
        shown = sum(name in pixels for pixels in rendered.pixels.values())
        if shown < SEEN_LEAST:
            continue
        his = sorted((f for f in finds.finds if of[f.id] == name), key=lambda f: -len(f.sightings))
        yield _placing(name, shown, his, rendered, drone)


def _placing(name: str, shown: int, his: Sequence[Find], rendered: Rendered, drone: Drawn) -> Placing:
    walks = name.startswith("walking")
    if not his:
        return Placing(name, walks, shown, 0, 0, math.nan, math.nan, math.nan, "", False)
    find = his[0]
    frame = rendered.flight.world.frame
    truth = rendered.truth(name, (find.last_s or 0.0) - drone.ahead_s)
    away = frame.local_from_geo([[find.place.lon_deg, find.place.lat_deg]])[0] - truth
    return Placing(
        name=name,
        walks=walks,
        shown=shown,
        finds=len(his),
        sightings=len(find.sightings),
        off_m=float(np.linalg.norm(away)),
        squared=float(away @ np.linalg.solve(find.covariance, away)),
        semi_major_m=ellipse95(find.covariance).semi_major_m,
        kind=find.kind,
        said_to_walk=bool(find.path),
    )


def table(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The figures of a campaign."""
    found = [p for each in outcomes for p in each.people if p.finds]
    everybody = [p for each in outcomes for p in each.people]
    clocks = [
        (each.clock_found_s - each.clock_true_s) / each.clock_sigma_s
        for each in outcomes
        if each.clock_found_s is not None and each.clock_sigma_s
    ]
    steep = [p for each in outcomes if each.pitch_deg < -80 for p in each.people if p.finds and not p.walks]
    return {
        "flights": len(outcomes),
        "people_shown": len(everybody),
        "found": len(found),
        "held_pct": _pct([p.holds for p in found]),
        "held_pct_still": _pct([p.holds for p in found if not p.walks]),
        "held_pct_walking": _pct([p.holds for p in found if p.walks]),
        "off_m_median": _median([p.off_m for p in found]),
        "off_m_median_nadir_still": _median([p.off_m for p in steep]),
        "off_m_p95": round(float(np.percentile([p.off_m for p in found], 95)), 2),
        "semi_major_m_median": _median([p.semi_major_m for p in found]),
        "one_find_pct": _pct([p.finds == 1 for p in found]),
        "walkers_said_to_walk_pct": _pct([p.said_to_walk for p in found if p.walks]),
        "still_said_to_walk_pct": _pct([p.said_to_walk for p in found if not p.walks]),
        "clock_sigma_s_median": _median([e.clock_sigma_s for e in outcomes if e.clock_sigma_s]),
        "clock_off_s_rms": round(
            float(
                np.sqrt(
                    np.mean([(e.clock_found_s - e.clock_true_s) ** 2 for e in outcomes if e.clock_found_s])
                )
            ),
            3,
        ),
        "clock_within_2_sigma_pct": _pct([abs(each) <= 2 for each in clocks]),
    }


def _pct(values: Sequence[bool]) -> float | None:
    return round(100 * float(np.mean(values)), 1) if values else None


def _median(values: Sequence[float | None]) -> float | None:
    return round(float(np.median([v for v in values if v is not None])), 3) if values else None


def main(first: int, last: int, draws: int) -> None:
    """One line of JSON a flight and drone, and the table of all at the end."""
    outcomes = []
    for seed in range(first, last + 1):
        rendered = flight_of(seed)
        detector = Remembering()
        for draw in range(draws):
            outcomes.append(outcome(seed, draw, rendered, detector=detector))
            line = asdict(outcomes[-1]) | {"held": [p.holds for p in outcomes[-1].people]}
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
    sys.stdout.write(json.dumps({"table": table(outcomes)}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 5)

"""How far a whole run is, and how long it will take: by what its steps took before, here or typically."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from imaging.scene import Scene
from imaging.usage import kept_usage
from telemetry.clock import Clock

KEPT = ": kept from before"
TYPICAL = {
    "photos": 4.2,
    "alignment: tie points": 46.8,
    "alignment: matches": 9.2,
    "alignment: poses": 21.6,
    "georeference": 1.1,
    "adjustment": 14.4,
    "accuracy": 0.1,
    "surface": 0.2,
    "dense: trees and houses": 8.2,
    "dense: rough surface": 3.9,
    "dense: matching": 44.6,
    "dense: one surface": 37.7,
    "orthomosaic: footprints": 79.0,
    "orthomosaic: seams": 80.5,
    "orthomosaic: drawing": 110.6,
    "orthomosaic: overviews": 43.4,
    "orthomosaic: preview": 5.5,
    "cloud": 14.8,
    "overlay": 10.7,
}
"""Seconds of 18 photos of 4000 x 2250 pixels (a real flight) on two busy cores: only their shares count."""
TYPICAL_QUICK = {
    "photos": 1.53,
    "alignment: tie points": 2.88,
    "alignment: matches": 0.96,
    "alignment: poses": 1.28,
    "georeference": 0.16,
    "adjustment": 1.0,
    "accuracy": 0.01,
    "surface": 0.03,
    "orthomosaic: footprints": 1.09,
    "orthomosaic: seams": 0.53,
    "orthomosaic: drawing": 2.34,
    "orthomosaic: overviews": 0.49,
    "orthomosaic: preview": 0.28,
    "overlay": 0.79,
}
"""The same photos, quickly."""
LEAST_SEEN = 0.03


class Pace:
    """Hears a run's progress and tells how much of the whole is done and how long the rest will take.

    `expected` are seconds by step in the order of the work; where `typical`, only their shares count.
    """

    def __init__(self, expected: Mapping[str, float], clock: Clock, *, typical: bool) -> None:
        self._expected = dict(expected)
        self._clock = clock
        self._typical = typical
        self._total = max(1e-9, sum(self._expected.values()))
        self._done: set[str] = set()
        self._begun: set[str] = set()
        self._skipped: set[str] = set()
        self._step, self._steps_total, self._steps = "", 0, 0
        self._start_s = self._step_start_s = clock.monotonic_s()

    def stage(self, name: str, total: int | None) -> None:
        """A step begins: those before it are done."""
        names = list(self._expected)
        mine = [each for each in names if stage_of(each) == stage_of(name)]
        before = names[: names.index(mine[0])] if mine else []
        if name.endswith(KEPT):
            before += mine
        elif name in mine:
            before += mine[: mine.index(name)]
        # What is passed over without having been begun was kept: it took no time.
        self._skipped |= set(before) - self._done - self._begun
        self._done |= set(before)
        self._begun.add(name)
        self._step, self._steps_total, self._steps = name, total or 0, 0
        self._step_start_s = self._clock.monotonic_s()

    def advance(self, n: int = 1) -> None:
        """That many more parts of this step are done."""
        self._steps += n

    def note(self, text: str) -> None:
        """Nothing to hear here."""

    @property
    def share(self) -> float:
        """How much of the whole is done, 0 to 1."""
        return min(1.0, self._known() / self._total)

    @property
    def left_s(self) -> float | None:
        """Seconds that the rest will take, None while too little is done to tell."""
        rest = self._total - self._known()
        worked = self._known() - sum(self._expected[name] for name in self._skipped)
        passed_s = self._clock.monotonic_s() - self._start_s
        if worked < LEAST_SEEN * self._total:
            return None if self._typical else max(0.0, rest)
        return max(0.0, rest * passed_s / worked)

    @property
    def step_left_s(self) -> float | None:
        """Seconds that this step will take yet, None where nobody knows how long it is."""
        if not self._steps_total or not self._steps:
            return None
        passed_s = self._clock.monotonic_s() - self._step_start_s
        return max(0.0, passed_s * (self._steps_total / self._steps - 1))

    def _known(self) -> float:
        """Expected seconds of what is done."""
        done = sum(self._expected[name] for name in self._done)
        part = min(1.0, self._steps / self._steps_total) if self._steps_total else 0.0
        return done + (part * self._expected.get(self._step, 0.0) if self._step not in self._done else 0.0)


def pace_of(scene: Path, clock: Clock, *, quick: bool, without: Collection[str] = ()) -> Pace:
    """The pace of a run into this folder: by its own last run where that went all the way.

    `without` are stages that will take no time.
    """
    typical = {
        step: seconds
        for step, seconds in (TYPICAL_QUICK if quick else TYPICAL).items()
        if stage_of(step) not in without
    }
    wanted = list(dict.fromkeys(stage_of(step) for step in typical))
    usage, steps = kept_usage(Scene(scene))
    if not set(wanted) <= set(usage):
        return Pace(typical, clock, typical=True)
    mine = [step for step in steps if stage_of(step) in wanted]
    ordered = sorted(mine, key=lambda step: wanted.index(stage_of(step)))
    return Pace({step: steps[step] for step in ordered}, clock, typical=False)


def stage_of(step: str) -> str:
    """The stage of a step: what stands before the colon."""
    return step.partition(":")[0]

"""What one scene of the calibration came to: its figures with their truth, and the line that is printed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from imaging.measure.derive import COVERAGE_95
from imaging.measure.figures import Kind

Way = Literal["clicked", "matched", "touched", "unmatched", "alone"]


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure: what came out, its half interval, the truth, and how its marks were made.

    `way` is "clicked" in two photos or more; "matched": clicked once and found again by matching, or
    "unmatched" where one mark at least was not; "touched": found again, and then one of the matches put right
    by hand; "alone": one click against the dense surface.
    """

    kind: Kind
    way: Way
    value: float
    half_width_95: float
    truth: float

    @property
    def off(self) -> float:
        """How far off it is, in its own standard deviations."""
        off = self.value - self.truth
        if self.kind == "angle":
            off = (off + 180) % 360 - 180
        return COVERAGE_95 * off / self.half_width_95

    @property
    def holds(self) -> bool:
        """Whether the interval holds the truth."""
        return abs(self.off) <= COVERAGE_95


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scene. `gsd_m` is the ground sample distance, `scale` all measured distances over the true ones,
    `scale_95_pct` what the product says of it, `bar_m` how long the bar is.

    `ties` are the tie points of the median photo, `cpu_s` and `align_cpu_s` the processor seconds of all and
    of the alignment, `readout_s` how long the shutter was found to take, `steps` those of the adjustment.
    `check_plan_m` and `check_up_m` are the root mean squares of check points as the product tells them,
    beside their survey, `true_plan_m` and `true_up_m` beside where they truly are. `found_again` is how many
    of so many single clicks matching found in other photos; `pairs` how many distances and height
    differences there are between these, and how many are off by more than four standard deviations.
    """

    seed: int
    source: str
    photos: int
    used: int
    gsd_m: float
    scale: float
    scale_95_pct: float
    bar_m: float | None
    sigma_px: float
    ties: int
    cpu_s: float
    align_cpu_s: float
    readout_s: float
    true_readout_s: float
    steps: int
    check_plan_m: float | None
    check_up_m: float | None
    true_plan_m: float | None
    true_up_m: float | None
    evidence: bool
    blunders: int
    found_again: tuple[int, int]
    pairs: tuple[int, int]
    figures: tuple[Measured, ...]


def json_from_outcome(outcome: Outcome) -> dict[str, Any]:
    """Plain values: `held` and `off` by way of marking and kind of figure, [how many, how many hold] and how
    far off each is in standard deviations.
    """
    body = asdict(outcome)
    del body["figures"]
    held: dict[str, dict[str, list[int]]] = {}
    off: dict[str, dict[str, list[float]]] = {}
    for figure in outcome.figures:
        counted = held.setdefault(figure.way, {}).setdefault(figure.kind, [0, 0])
        counted[0] += 1
        counted[1] += figure.holds
        off.setdefault(figure.way, {}).setdefault(figure.kind, []).append(round(figure.off, 2))
    return {**body, "held": held, "off": off}

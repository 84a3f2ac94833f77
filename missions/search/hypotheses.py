"""What may have happened, each with its own map and weight, and kept apart so that the mix can change.

Scenario weights and maps as IAMSAR and SAROPS (Kratzke, Stone, Frost 2010) mix them: the whole map is the
sum of the hypotheses' maps by their weights. A search that found nothing changes each map by Bayes' rule,
and the weights too: a hypothesis that would have had him found there loses to one that would not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from missions.errors import SettingsError
from missions.search.grid import Cells, SearchGrid
from missions.search.probability import TOLERANCE, ProbabilityMap

MAX_HYPOTHESES = 20


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """What may have happened and where he is if it did. `told` says what the map was made of, as JSON."""

    name: str
    weight: float
    chances: ProbabilityMap
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Mixture:
    """Hypotheses on one grid whose weights are 1 together. Raises SettingsError for what is none."""

    hypotheses: tuple[Hypothesis, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.hypotheses) <= MAX_HYPOTHESES:
            raise SettingsError(
                f"{len(self.hypotheses)} hypotheses make no map", remedy=f"Give 1 to {MAX_HYPOTHESES}"
            )
        names = [each.name for each in self.hypotheses]
        if len(set(names)) != len(names) or not all(name.strip() for name in names):
            raise SettingsError("hypotheses without a name of their own", remedy="Name each differently")
        if any(each.chances.grid != self.grid for each in self.hypotheses):
            raise SettingsError("the hypotheses lie on different grids")
        weights = [each.weight for each in self.hypotheses]
        if not all(math.isfinite(weight) and weight >= 0 for weight in weights):
            raise SettingsError("a weight of a hypothesis is no chance")
        if abs(sum(weights) - 1) > TOLERANCE:
            raise SettingsError(f"the weights of the hypotheses are {sum(weights):g} together, not 1")

    @classmethod
    def of(cls, *hypotheses: Hypothesis) -> Mixture:
        """The mixture in proportion to the weights given. Raises SettingsError where they are all nought."""
        whole = sum(each.weight for each in hypotheses)
        if not (math.isfinite(whole) and whole > 0):
            raise SettingsError("no hypothesis has any weight", remedy="Give one a weight above 0")
        return cls(tuple(replace(each, weight=each.weight / whole) for each in hypotheses))

    @property
    def grid(self) -> SearchGrid:
        """The grid of all of them."""
        return self.hypotheses[0].chances.grid

    @cached_property
    def chances(self) -> ProbabilityMap:
        """The whole map."""
        mass = np.zeros(self.grid.shape)
        for each in self.hypotheses:
            mass += each.weight * each.chances.mass
        outside = sum(each.weight * each.chances.outside for each in self.hypotheses)
        return ProbabilityMap.normalised(self.grid, mass, outside)

    def weighing(self, **weights: float) -> Mixture:
        """The same maps with other weights, by name; those not named keep theirs, in proportion.

        Raises SettingsError for a name that is none.
        """
        names = {each.name for each in self.hypotheses}
        if unknown := sorted(set(weights) - names):
            raise SettingsError(
                f"there is no hypothesis {unknown[0]!r}", remedy=f"There is {', '.join(sorted(names))}"
            )
        given = sum(weights.values())
        if not (all(weight >= 0 for weight in weights.values()) and given <= 1 + TOLERANCE):
            raise SettingsError(
                "the weights given are no chances", remedy="Give shares of 1 that leave 0 or more"
            )
        rest = sum(each.weight for each in self.hypotheses if each.name not in weights)
        scale = (1 - given) / rest if rest > 0 else 0.0
        return Mixture.of(
            *(replace(each, weight=weights.get(each.name, each.weight * scale)) for each in self.hypotheses)
        )

    def searched(self, missed: Cells) -> Mixture:
        """The mixture after a search that found nothing.

        `missed` is for every cell the chance that he, were he there, was not found: 1 where nobody looked.
        Raises SettingsError where it is no chance or leaves none.
        """
        if missed.shape != self.grid.shape or not ((missed >= 0) & (missed <= 1)).all():
            raise SettingsError("what a search missed is no chance for every cell of the grid")
        left: list[Hypothesis] = []
        for each in self.hypotheses:
            mass = each.chances.mass * missed
            chance = float(mass.sum()) + each.chances.outside
            if chance > 0:
                chances = ProbabilityMap.normalised(self.grid, mass, each.chances.outside)
                left.append(replace(each, weight=each.weight * chance, chances=chances))
            else:
                left.append(replace(each, weight=0.0))
        return Mixture.of(*left)

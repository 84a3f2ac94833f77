"""Which detector looks at the frames: by contrast alone, by the network that was trained, or both.

All are a `Detector` (`imaging.thermal.options`): a frame and the ground's size of a pixel to spots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from imaging.thermal.frame import ThermalFrame
from imaging.thermal.hotspots import HOT_GROUND_DEGC, HotSpotOptions, detect, on_hot_ground, overlap
from imaging.thermal.options import Detector
from imaging.thermal.placing.spot import Spot
from missions.errors import SettingsError

DetectorName = Literal["learned", "contrast", "both"]
LABELS = {"Person": 0, "Car": 1, "Bicycle": 2, "OtherVehicle": 3}
"""What a box may be called and its number, both as HIT-UAV has them."""
LISTED = 0.01
"""From this score of a network on its boxes are listed for whoever scores them."""
LEAST_CONTRAST, EVEN_CONTRAST, FULL_CONTRAST = HotSpotOptions().least_score, 7.0, 10.0
"""Scores by contrast: of what it does not list, at most; that which leaves the network's as it is; and that
from which on more says nothing more, which three of four people have and every hot stone (docs/heat_model.md
says how they were chosen).
"""
DOUBTED = 0.3
"""By how much less the odds of a box count that the network lists and does not propose."""
CLEAR_CONTRAST = 6.0
"""From this score by contrast on a thing stands out clearly. Where somebody listens, contrast alone proposes
no less: a room that hears of every warm stone hears nothing.
"""
_SAME = 0.3


@dataclass(frozen=True, slots=True)
class ContrastDetector:
    """Spots that stand out (`imaging.thermal.hotspots`); `options.gsd_m` gives way to each frame's own."""

    options: HotSpotOptions = field(default_factory=HotSpotOptions)

    def __call__(self, frame: ThermalFrame, gsd_m: float | None) -> list[Spot]:
        """Spots, the best first."""
        return detect(frame, replace(self.options, gsd_m=gsd_m))

    def told(self) -> dict[str, Any]:
        """What it is, for a document."""
        return {"name": "contrast", "least_score": self.options.least_score, "most": self.options.most}


@dataclass(frozen=True, slots=True)
class BothDetectors:
    """What `first` finds, weighed by whether it stands out, and what stands out alone.

    `first` gives scores of 0..1 and lists what is doubtful too (`Spot.proposed`). A box of a person has the
    odds of `first` times the score of the spot of `second` that it overlaps, `FULL_CONTRAST` at most, over
    `EVEN_CONTRAST`; where there is none, that of what `second` just does not list. What `first` does not
    propose has `DOUBTED` of them, and what it has no box for the odds of `LISTED` times its score over
    `FULL_CONTRAST`: the end of the list, in an order of its own. On hot ground (`on_hot_ground`) what stands
    out is the sun's work, and the odds of `first` stay as they are.

    Proposed is what either proposes, `second` from `alone` on. What is not is given where it is `listed`.
    """

    first: Detector
    second: ContrastDetector
    alone: float = 0.0
    listed: bool = False

    def __call__(self, frame: ThermalFrame, gsd_m: float | None) -> list[Spot]:
        """Spots, the surest first."""
        found, clear = self.first(frame, gsd_m), self.second(frame, gsd_m)
        known = [spot.box for spot in found if spot.proposed or label_of(spot) == "Person"]
        alone = [
            replace(spot, score=_odds(LISTED, spot.score / FULL_CONTRAST), proposed=spot.score >= self.alone)
            for spot in clear
            if all(overlap(spot.box, box) < _SAME for box in known)
        ]
        hot, taken = on_hot_ground(frame), set[int]()
        weighed = [
            self._weighed(spot, clear, taken, hot=hot) if label_of(spot) == "Person" else spot
            for spot in sorted(found, key=lambda spot: (not spot.proposed, -spot.score))
        ]
        shown = [spot for spot in (*weighed, *alone) if spot.proposed or self.listed]
        return sorted(shown, key=lambda spot: -spot.score)

    def _weighed(self, spot: Spot, clear: Sequence[Spot], taken: set[int], *, hot: bool) -> Spot:
        """The box with the score of both. What stands out is one thing: it makes no second box a proposal."""
        shares = [overlap(spot.box, one.box) for one in clear]
        beside = int(np.argmax(shares)) if shares and max(shares) >= _SAME else None
        contrast = LEAST_CONTRAST if beside is None else clear[beside].score
        times = 1.0 if hot else min(contrast, FULL_CONTRAST) / EVEN_CONTRAST
        score = _odds(spot.score, times if spot.proposed else DOUBTED * times)
        proposed, told = spot.proposed, "nothing stands out there"
        if beside is not None:
            told = f"it scores {contrast:.1f}"
            proposed |= beside not in taken and contrast >= self.alone
            taken.add(beside)
        told += ", which weighs nothing on hot ground" if hot else ""
        return replace(spot, score=score, proposed=proposed, why=f"{spot.why}; by contrast {told}")

    def told(self) -> dict[str, Any]:
        """What they are, for a document."""
        return {
            "name": "both",
            "first": told_of(self.first),
            "second": self.second.told(),
            "alone": self.alone,
            "even_contrast": EVEN_CONTRAST,
            "full_contrast": FULL_CONTRAST,
            "hot_ground_degc": HOT_GROUND_DEGC,
        }


def _odds(score: float, times: float) -> float:
    """The score of which the odds are so many times those of `score`."""
    odds = score / max(1e-9, 1 - score) * times
    return odds / (1 + odds)


def told_of(detector: Detector | None, options: HotSpotOptions | None = None) -> dict[str, Any]:
    """A detector as a document tells of it; without one that of contrast with these options."""
    if detector is None:
        return ContrastDetector(options or HotSpotOptions()).told()
    told = getattr(detector, "told", None)
    if callable(told):
        return dict(told())
    return {"name": getattr(detector, "__qualname__", type(detector).__qualname__)}


def detector_called(
    name: DetectorName | None = None, least_score: float | None = None, *, listed: bool = False
) -> Detector:
    """The detector of that name; without one both where the learned one's model is there, else by contrast.

    Both, since a person missed is the worst error: either alone found fewer people in simulated searches, and
    together they know better who is one.

    `least_score` is in the scale of the detector named (of "both" the learned one's); None for its own
    default, and then the learned one's boxes may be `listed` from 0.01 on. Raises SettingsError where the
    learned one is asked for and its model is not there.
    """
    from imaging.thermal.learned import MODEL, LearnedDetector, LearnedOptions

    if name is None:
        name = "both" if MODEL.is_file() else "contrast"
    if name == "contrast":
        return ContrastDetector(HotSpotOptions() if least_score is None else HotSpotOptions(least_score))
    if not MODEL.is_file():
        raise SettingsError(
            "the learned detector's model is not installed",
            where=str(MODEL),
            remedy="Use --detector contrast, or install the package anew",
        )
    if name == "both":
        return both_detectors(least_score, listed=listed and least_score is None)
    options = LearnedOptions(least_listed=LISTED if listed else None)
    return LearnedDetector(options if least_score is None else LearnedOptions(least_score=least_score))


def both_detectors(
    least_score: float | None = None, *, alone: float = 0.0, listed: bool = False
) -> BothDetectors:
    """Both, with the network that ships; what only contrast finds is proposed from `alone` on."""
    from imaging.thermal.learned import LearnedDetector, LearnedOptions

    least = LearnedOptions().least_score if least_score is None else least_score
    learned = LearnedDetector(LearnedOptions(least_score=least, least_listed=LISTED))
    return BothDetectors(learned, ContrastDetector(), alone, listed)


def label_of(spot: Spot) -> str:
    """One of `LABELS`: what the detector names, else a person, whom the contrast detector looks for."""
    return spot.label if spot.label in LABELS else "Person"

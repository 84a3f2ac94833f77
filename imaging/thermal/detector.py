"""Which detector looks at the frames: by contrast alone, by the network that was trained, or both.

All are a `Detector` (`imaging.thermal.options`): a frame and the ground's size of a pixel to spots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from imaging.thermal.frame import ThermalFrame
from imaging.thermal.hotspots import HotSpotOptions, detect, overlap
from imaging.thermal.options import Detector
from imaging.thermal.placing.spot import Spot
from missions.errors import SettingsError

DetectorName = Literal["learned", "contrast", "both"]
LABELS = {"Person": 0, "Car": 1, "Bicycle": 2, "OtherVehicle": 3}
"""What a box may be called and its number, both as HIT-UAV has them."""
LISTED = 0.01
"""From this score of a network on its boxes are listed for whoever scores them."""
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
    """What `first` finds, then what only `second` does.

    The scores of two detectors do not compare: those of `second` are brought under the lowest of `first`'s
    scale, `below`, in their own order.
    """

    first: Detector
    second: ContrastDetector
    below: float

    def __call__(self, frame: ThermalFrame, gsd_m: float | None) -> list[Spot]:
        """Spots, those of `first` first."""
        found: Sequence[Spot] = self.first(frame, gsd_m)
        known = [spot for spot in found if spot.proposed]
        others = [
            replace(spot, score=self.below * spot.score / (spot.score + 10))
            for spot in self.second(frame, gsd_m)
            if all(overlap(spot.box, one.box) < _SAME for one in known)
        ]
        return [*known, *others, *(spot for spot in found if not spot.proposed)]

    def told(self) -> dict[str, Any]:
        """What they are, for a document."""
        return {"name": "both", "first": told_of(self.first), "second": self.second.told()}


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

    Both, since a person missed is the worst error: by night either alone found fewer people in simulated
    searches, and what only contrast finds stands behind what the network takes for a person.

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
    options = LearnedOptions(least_listed=LISTED if listed else None)
    options = options if least_score is None else LearnedOptions(least_score=least_score)
    learned = LearnedDetector(options)
    return learned if name == "learned" else BothDetectors(learned, ContrastDetector(), options.least_score)


def label_of(spot: Spot) -> str:
    """One of `LABELS`: what the detector names, else a person, whom the contrast detector looks for."""
    return spot.label if spot.label in LABELS else "Person"

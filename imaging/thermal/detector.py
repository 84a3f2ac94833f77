"""Which detector looks at the frames: by contrast alone, by the network that was trained, or both.

All are a `Detector` (`imaging.thermal.options`): a frame and the ground's size of a pixel to spots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from imaging.thermal.frame import ThermalFrame
from imaging.thermal.hotspots import HotSpotOptions, detect, overlap
from imaging.thermal.options import Detector
from imaging.thermal.placing.spot import Spot
from missions.errors import SettingsError

DetectorName = Literal["learned", "contrast", "both"]
LABELS = ("warm spot", "cold spot", "Person", "Car", "Bicycle", "OtherVehicle")
"""What a box may be called: by contrast the first two, by a trained network as its data set does."""
_SAME = 0.3


@dataclass(frozen=True, slots=True)
class ContrastDetector:
    """Spots that stand out (`imaging.thermal.hotspots`); `options.gsd_m` gives way to each frame's own."""

    options: HotSpotOptions = field(default_factory=HotSpotOptions)

    def __call__(self, frame: ThermalFrame, gsd_m: float | None) -> list[Spot]:
        """Spots, the best first."""
        return detect(frame, replace(self.options, gsd_m=gsd_m))


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
        known: Sequence[Spot] = self.first(frame, gsd_m)
        others = [
            replace(spot, score=self.below * spot.score / (spot.score + 10))
            for spot in self.second(frame, gsd_m)
            if all(overlap(spot.box, one.box) < _SAME for one in known)
        ]
        return [*known, *others]


def detector_called(name: DetectorName | None = None, least_score: float | None = None) -> Detector:
    """The detector of that name; without one both where the learned one's model is there, else by contrast.

    Both, since a person missed is the worst error: by night either alone found fewer people in simulated
    searches, and what only contrast finds stands behind what the network takes for a person.

    `least_score` is in the scale of the detector named (of "both" the learned one's); None for its own
    default. Raises SettingsError where the learned one is asked for and its model is not there.
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
    options = LearnedOptions() if least_score is None else LearnedOptions(least_score=least_score)
    learned = LearnedDetector(options)
    return learned if name == "learned" else BothDetectors(learned, ContrastDetector(), options.least_score)


def label_of(spot: Spot) -> str:
    """One of `LABELS`: the class of the data set where the detector names it, else what it is by contrast."""
    named = spot.label
    if named in LABELS:
        return named
    return "Person" if spot.category == "person" else f"{spot.polarity} spot"

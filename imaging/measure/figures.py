"""What was measured in a scene: marks with their positions, and figures with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imaging.lens import Array

Kind = Literal["distance", "horizontal distance", "path", "area", "angle", "height difference"]


@dataclass(frozen=True, slots=True)
class MarkPosition:
    """A marked point. `local_m` (3,) east, north, up of the scene's local frame, metres.

    `sigma_m` (3,) is one standard deviation of each; `photos` names those whose marks tell where it is.
    `doubt` is what is to be minded of it; the note ends in it, too.
    """

    letter: str
    note: str
    local_m: Array
    sigma_m: Array
    photos: tuple[str, ...]
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: the value lies within `value` ± `half_width_95` with 95 % confidence."""

    kind: Kind
    letters: tuple[str, ...]
    value: float
    half_width_95: float
    unit: Literal["m", "m²", "°"]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The marks and figures of a scene, and whether they are fit for evidence: `verdict` says so in words."""

    marks: tuple[MarkPosition, ...]
    figures: tuple[Figure, ...]
    evidence: bool
    verdict: str

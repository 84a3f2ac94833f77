"""What is known before any photo is compared: the flight that took them, and the camera's lens."""

from __future__ import annotations

from dataclasses import dataclass

from imaging.flight import Flight
from imaging.lens_file import KeptLens


@dataclass(frozen=True, slots=True, kw_only=True)
class Priors:
    """A flight's recording, and lenses that an earlier scene left; nothing by default."""

    flight: Flight | None = None
    lenses: tuple[KeptLens, ...] = ()


NO_PRIORS = Priors()

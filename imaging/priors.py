"""What is known before any photo is compared: the flight that took them, and the camera's lens."""

from __future__ import annotations

from dataclasses import dataclass

from imaging.flight import Flight
from imaging.lens_file import KeptLens


@dataclass(frozen=True, slots=True, kw_only=True)
class Priors:
    """A flight's recording, and lenses that earlier scenes left; nothing by default.

    `lenses` are those of these photos' cameras. Of `store` those are taken whose serial number is a photo's.
    """

    flight: Flight | None = None
    lenses: tuple[KeptLens, ...] = ()
    store: tuple[KeptLens, ...] = ()


NO_PRIORS = Priors()

"""Where a thing was looked for and not found again, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

EDGE = "it lies too near the edge of a photo"
FLAT = "it shows too little to be told from what is beside it"
OTHERWISE = "it looks different there"
ELSEWHERE = "what looks like it lies where it cannot be by the poses"
BESIDE = "what stands beside it fits there, it does not"
ALIKE = "two places look alike"
DISAGREES = "it does not agree with the other photos"
FEW = "no second photo bears it out"


@dataclass(frozen=True, slots=True)
class Missed:
    """A photo in which a thing was not found again, and why. That the click's own photo shows too little of
    it stands with that photo.
    """

    photo: str
    reason: str


def told(missed: Iterable[Missed]) -> str:
    """In words, photos of one reason together; empty where there is nothing to tell."""
    photos: dict[str, list[str]] = {}
    for each in missed:
        photos.setdefault(each.reason, []).append(each.photo)
    return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in photos.items())

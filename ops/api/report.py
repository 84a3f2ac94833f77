"""The base of every answer of the service."""

from __future__ import annotations

import math

from pydantic import BaseModel, ConfigDict


class Report(BaseModel):
    """The base of every answer: immutable, nothing unnamed in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def rounded(value: float | None, digits: int) -> float | None:
    """A figure as reports have it; one that is no number counts as unknown."""
    return None if value is None or not math.isfinite(value) else round(value, digits)

"""The base of every answer of the service."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Report(BaseModel):
    """The base of every answer: immutable, nothing unnamed in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

"""What a search of frames says of itself beside its finds: what was not placed and not read, and its notes.

An empty list of finds is no empty ground: whoever reads the list must see how much of the flight it is of.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from pydantic import Field

from imaging.thermal.reviewing import Document, finds_in
from ops.api.report import Report

MOST_REASONS, MOST_NOTES = 6, 20
OTHER = "other reasons"
EARLIER = "of earlier frames the reasons were not kept"


class ReasonReport(Report):
    """Why frames are missing from a search."""

    reason: str
    frames: int


class SearchedReport(Report):
    """A search of frames: how many of them its finds can be from, and what to know of it."""

    source: str = Field(description="The document in the operation")
    live: bool = Field(description="Of a stream, which may go on")
    finds: int
    frames_read: int
    frames_placed: int = Field(description="What the others show is on no map")
    not_placed: tuple[ReasonReport, ...] = Field(description="The most frequent reasons first")
    not_read: tuple[ReasonReport, ...] = Field(description="Of files that were no frames")
    notes: tuple[str, ...]
    searched_again: str = Field(default="", description="The newer search of the same frames; else empty")


def searched_report(document: Document, source: str) -> SearchedReport:
    """What the document tells; of what it does not tell nothing."""
    notes = document.get("notes")
    told = [str(each) for each in notes] if isinstance(notes, list) else []
    read, placed = _count(document.get("frames_read")), _count(document.get("frames_placed"))
    not_placed = _reasons(document.get("frames_not_placed"))
    if (more := read - placed - sum(each.frames for each in not_placed)) > 0:  # a stream lists the last ones
        not_placed = (*not_placed, ReasonReport(reason=EARLIER, frames=more))
    return SearchedReport(
        source=source,
        live=bool(document.get("stream")),
        finds=len(finds_in(document)),
        frames_read=read,
        frames_placed=placed,
        not_placed=not_placed,
        not_read=_reasons(document.get("frames_not_read")),
        notes=tuple(told[:MOST_NOTES]),
    )


def _reasons(told: object) -> tuple[ReasonReport, ...]:
    rows: list[Any] = told if isinstance(told, list) else []
    counted = Counter(str(each.get("reason")) for each in rows if isinstance(each, dict)).most_common()
    found = [ReasonReport(reason=reason, frames=frames) for reason, frames in counted[:MOST_REASONS]]
    left = sum(frames for _, frames in counted[MOST_REASONS:])
    return (*found, ReasonReport(reason=OTHER, frames=left)) if left else tuple(found)


def _count(told: object) -> int:
    return told if isinstance(told, int) and told >= 0 else 0

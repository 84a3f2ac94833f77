"""What a segment of received things holds: over which links, of which form, and who was heard how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from telemetry.received.items import STATE
from telemetry.received.positions import PositionFold
from telemetry.received.reading import items_of

MOST_OTHERS = 10_000
"""Beyond that others are counted alone."""


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who is not ours: its key, source, kind and name, and from when to when it told its place."""

    key: str
    source: str
    kind: str | None
    name: str | None
    began_s: float
    ended_s: float
    positions: int


@dataclass(frozen=True, slots=True)
class ReceivedSummary:
    """A segment. Times are seconds since 1970 UTC, None where it holds nothing; `size` its bytes.

    `links` counts what came over each link by its form. `refused` were read and not believed, `bad_lines` of
    the file itself cannot be read. `left_out` positions are of more others than are listed.
    """

    path: str
    size: int
    began_s: float | None
    ended_s: float | None
    items: int
    refused: int
    bad_lines: int
    bad_bytes: int
    links: Mapping[str, Mapping[str, int]]
    others: tuple[Told, ...]
    left_out: int

    @property
    def duration_s(self) -> float:
        """From the first to the last."""
        return 0.0 if self.began_s is None or self.ended_s is None else self.ended_s - self.began_s


def received_summary(path: Path) -> ReceivedSummary:
    """The summary of a segment. Raises InputError and FormatError as `read_items` does."""
    items, scan = items_of(path)
    fold, links, others, left_out = PositionFold(), dict[str, Counter[str]](), dict[str, Told](), 0
    for item in items:
        links.setdefault(item.link, Counter())[item.form] += item.form != STATE
        position = fold.add(item)
        if position is None:
            continue
        known = others.get(position.key)
        if known is not None:
            others[position.key] = replace(
                known,
                kind=position.kind or known.kind,
                name=position.name or known.name,
                ended_s=item.time_s,
                positions=known.positions + 1,
            )
        elif len(others) < MOST_OTHERS:
            who = (position.key, position.source, position.kind, position.name)
            others[position.key] = Told(*who, item.time_s, item.time_s, 1)
        else:
            left_out += 1
    return ReceivedSummary(
        path=str(path),
        size=scan.size,
        began_s=None if scan.first_us is None else scan.first_us / 1e6,
        ended_s=None if scan.last_us is None else scan.last_us / 1e6,
        items=len(items),
        refused=fold.refused,
        bad_lines=scan.bad_lines,
        bad_bytes=scan.bad_bytes,
        links={
            link: {form: count for form, count in counts.items() if count} for link, counts in links.items()
        },
        others=tuple(others.values()),
        left_out=left_out,
    )

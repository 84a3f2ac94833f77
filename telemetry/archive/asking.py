"""What is asked of an archive: which aircraft, from when to when, where."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

import pyarrow as pa
import pyarrow.dataset as ds

from missions.errors import InputError
from telemetry.archive.entries import Part
from telemetry.archive.tables import TIME

When = datetime | float
"""A moment: a datetime with a time zone, or seconds since 1970 UTC."""
Box = tuple[float, float, float, float]
"""West, south, east, north in degrees, edges included; across 180 degrees where west is more than east."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HIGHEST_SYSTEM = 255


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: systems or keys of others (None for all), microseconds since 1970 UTC, the last not
    included, and a box."""

    systems: frozenset[int] | None = None
    first_us: int | None = None
    end_us: int | None = None
    box: Box | None = None
    keys: frozenset[str] | None = None

    @classmethod
    def of(
        cls,
        systems: Collection[int] | None,
        since: When | None,
        until: When | None,
        box: Box | None = None,
        keys: Collection[str] | None = None,
    ) -> Self:
        """The question as people put it. Raises InputError for a time without a zone."""
        wanted = None if systems is None else frozenset(s for s in systems if 0 <= s <= _HIGHEST_SYSTEM)
        others = None if keys is None else frozenset(keys)
        return cls(wanted, microseconds(since), microseconds(until), box, others)

    def may_be_in(self, part: Part) -> bool:
        """Whether rows that are asked for may be in a file."""
        return (
            (self.first_us is None or part.last_us >= self.first_us)
            and (self.end_us is None or part.first_us < self.end_us)
            and (self.systems is None or not self.systems.isdisjoint(part.systems))
        )

    def condition(self) -> ds.Expression | None:
        """The question as Arrow's filter; None where everything is asked for."""
        said: list[ds.Expression] = []
        if self.systems is not None:
            said.append(ds.field("system").isin(pa.array(sorted(self.systems), pa.uint8())))
        if self.keys is not None:
            said.append(ds.field("key").isin(pa.array(sorted(self.keys), pa.string())))
        if self.first_us is not None:
            said.append(ds.field("time") >= pa.scalar(self.first_us, TIME))
        if self.end_us is not None:
            said.append(ds.field("time") < pa.scalar(self.end_us, TIME))
        if self.box is not None:
            said += _inside(self.box)
        whole = None
        for each in said:
            whole = each if whole is None else whole & each
        return whole


def _inside(box: Box) -> list[ds.Expression]:
    west, south, east, north = box
    lon, lat = ds.field("lon_deg"), ds.field("lat_deg")
    across = (lon >= west) & (lon <= east) if west <= east else (lon >= west) | (lon <= east)
    return [(lat >= south) & (lat <= north), across]


def microseconds(when: When | None) -> int | None:
    """Microseconds since 1970 UTC. Raises InputError for a datetime that does not say its zone."""
    if when is None:
        return None
    if isinstance(when, datetime):
        if when.tzinfo is None:
            raise InputError(
                f"the time {when} does not say its zone", remedy="Give one, such as datetime.UTC"
            )
        return (when - _EPOCH) // timedelta(microseconds=1)
    return round(when * 1e6)

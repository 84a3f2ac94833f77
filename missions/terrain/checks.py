"""What a route above the ground gives the operator to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from missions.plan import Finding, Severity
from missions.terrain.limits import Followed, Limits
from missions.terrain.surface import Source

COARSE_M = 10.0
HEIGHT_LIMIT_M = 120.0


def terrain_findings(followed: Followed, limits: Limits, sources: Sequence[Source]) -> tuple[Finding, ...]:
    """Every finding about the ground, the blocking ones first."""
    return (
        *_missing(followed),
        *_clearance(followed, limits),
        *_datums(sources),
        *_tolerance(followed, limits),
        *_height(followed),
        *_slowed(followed),
        *_bridged(followed),
        *_coarse(sources),
        *_sources(followed, sources),
    )


def _missing(followed: Followed) -> Iterator[Finding]:
    if not followed.missing:
        return
    first = followed.missing[0].place
    metres = sum(stretch.length_m for stretch in followed.missing)
    places = "one place" if len(followed.missing) == 1 else f"{len(followed.missing)} places"
    yield Finding(
        "terrain data",
        Severity.BLOCKING,
        f"The height of the ground is not known in {places}, {metres:.0f} m of the route (the first at"
        f" {first.lat_deg:.5f}, {first.lon_deg:.5f}).",
        "Give terrain files that cover the whole route; over water let gaps be bridged.",
    )


def _clearance(followed: Followed, limits: Limits) -> Iterator[Finding]:
    if followed.lowest_clearance_m < limits.clearance_m - 1e-3:
        yield Finding(
            "terrain clearance",
            Severity.BLOCKING,
            f"The route comes within {followed.lowest_clearance_m:.1f} m of the ground;"
            f" {limits.clearance_m:.0f} m were asked.",
            "Plan again, higher.",
        )


def _datums(sources: Sequence[Source]) -> Iterator[Finding]:
    datums = sorted({source.datum_key for source in sources})
    if len(datums) > 1:
        yield Finding(
            "vertical datum",
            Severity.CAUTION,
            f"The terrain files measure heights from different zeros ({', '.join(datums)}): the ground"
            " may jump where one file gives way to the next.",
            "Take files of one vertical datum, or convert them.",
        )


def _tolerance(followed: Followed, limits: Limits) -> Iterator[Finding]:
    if followed.worst_above_m > limits.tolerance_m + 0.1:
        yield Finding(
            "terrain tolerance",
            Severity.CAUTION,
            f"Where the ground is steep or obstacles stand, the aircraft flies up to"
            f" {followed.worst_above_m:.0f} m higher above it than asked ({limits.tolerance_m:g} m was"
            " allowed): pictures show less detail there.",
            "Fly slower, let legs run along the slope, or ask for a greater height.",
        )


def _height(followed: Followed) -> Iterator[Finding]:
    if followed.highest_agl_m > HEIGHT_LIMIT_M:
        yield Finding(
            "height above ground",
            Severity.CAUTION,
            f"The route is up to {followed.highest_agl_m:.0f} m above the ground, more than the 120 m of the"
            " open category (EU 2019/947, UAS.OPEN.010).",
            "Fly lower or slower, or make sure that your authorisation allows it.",
        )


def _slowed(followed: Followed) -> Iterator[Finding]:
    if followed.slower.any():
        yield Finding(
            "terrain speed",
            Severity.INFO,
            f"{int(followed.slower.sum())} steep stretches are flown slower, down to"
            f" {followed.speed_m_s.min():.1f} m/s, to climb and descend with the ground.",
        )


def _bridged(followed: Followed) -> Iterator[Finding]:
    if followed.bridged_m > 0:
        yield Finding(
            "terrain gaps",
            Severity.CAUTION,
            f"{followed.bridged_m:.0f} m of the route have no terrain data and were taken for ground as high"
            " as the higher edge of each gap.",
            "Look at what stands there: water has no data, and neither have some roofs and bridges.",
        )


def _coarse(sources: Sequence[Source]) -> Iterator[Finding]:
    coarsest = max((source.resolution_m for source in sources), default=0.0)
    if coarsest > COARSE_M:
        yield Finding(
            "terrain detail",
            Severity.CAUTION,
            f"The terrain has a height every {coarsest:.0f} m only: buildings, trees and dikes are not in"
            " it.",
            "Keep well above all that stands there, or take finer data, such as AHN in the Netherlands.",
        )


def _sources(followed: Followed, sources: Sequence[Source]) -> Iterator[Finding]:
    if not sources:
        return
    names = ", ".join(source.name for source in sources[:5])
    more = f" and {len(sources) - 5} more" if len(sources) > 5 else ""
    datums = ", ".join(sorted({source.vertical_datum or "not stated" for source in sources}))
    yield Finding(
        "terrain",
        Severity.INFO,
        f"The ground comes from {names}{more} (vertical datum: {datums});"
        f" {int(followed.added.sum())} waypoints were added to follow it. Lowest clearance"
        f" {followed.lowest_clearance_m:.1f} m.",
        "Elevation models know no cranes, masts or wires: look for them yourself.",
    )

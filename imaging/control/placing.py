"""Listed points as places on the earth, or in the site's own frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from imaging.control.coordinates import System
from imaging.control.points import ELLIPSOIDAL, NAP, Listed, SitePoint, SurveyedPoint
from missions.errors import InputError
from missions.rdnap import Frame, open_rdnap

SIGMA_HORIZONTAL_M, SIGMA_UP_M = 0.02, 0.03
"""Taken where a file tells none: what network RTK reaches on a good day, one standard deviation."""


def place(system: System, listed: Sequence[Listed]) -> tuple[SurveyedPoint, ...]:
    """Points as places on the earth. Raises InputError naming a point that lies outside the system."""
    if system.site:
        raise InputError("points in a frame of the site's own have no place on the earth", where=system.text)
    rows = np.array([[one.x, one.y] for one in listed], float).reshape(-1, 2)
    made = system.lonlat(rows)
    lost = np.flatnonzero(~np.isfinite(made).all(axis=1))
    if lost.size:
        _refuse_lost(system, listed[int(lost[0])])
    return tuple(
        SurveyedPoint(
            one.name,
            float(lat),
            float(lon),
            system.height_m(one.z),
            system.height_reference,
            one.sigma_horizontal_m or SIGMA_HORIZONTAL_M,
            one.sigma_up_m or SIGMA_UP_M,
            one.role,
        )
        for one, (lon, lat) in zip(listed, made, strict=True)
    )


def place_on_site(listed: Sequence[Listed]) -> tuple[SitePoint, ...]:
    """Points of a frame of the site's own."""
    return tuple(
        SitePoint(
            one.name,
            one.x,
            one.y,
            one.z,
            one.sigma_horizontal_m or SIGMA_HORIZONTAL_M,
            one.sigma_up_m or SIGMA_UP_M,
            one.role,
        )
        for one in listed
    )


def with_heights_above(
    points: Sequence[SurveyedPoint],
    reference: str,
    *,
    frame: Frame,
    epoch_year: float | None = None,
    grids: Path | None = None,
) -> tuple[SurveyedPoint, ...]:
    """The points with heights above NAP instead of the ellipsoid, or the other way round.

    `frame` is what their places are in (System.frame), with the epoch for WGS 84. Raises InputError for any
    other reference, and SettingsError where the RDNAPTRANS2018 grids are missing.
    """
    others = {point.height_reference for point in points} - {reference}
    if not others:
        return tuple(points)
    if not (others | {reference}) <= {ELLIPSOIDAL, NAP}:
        raise InputError(
            f"heights above {', '.join(sorted(others))} do not become heights above {reference}",
            remedy="Only ellipsoidal heights and NAP become each other; say what the heights are above",
        )
    level = [[point.lat_deg, point.lon_deg, 0.0] for point in points]
    zero_m = open_rdnap(grids).rdnap_from_geo(level, frame=frame, epoch_year=epoch_year)[:, 2]
    sign = 1.0 if reference == NAP else -1.0
    return tuple(
        point
        if point.height_reference == reference
        else replace(
            point,
            height_m=None if point.height_m is None else point.height_m + sign * float(up_m),
            height_reference=reference,
        )
        for point, up_m in zip(points, zero_m, strict=True)
    )


def _refuse_lost(system: System, one: Listed) -> None:
    swapped = bool(np.isfinite(system.lonlat([[one.y, one.x]])).all())
    raise InputError(
        f"{one.name} (x {one.x:.10g}, y {one.y:.10g}) lies outside {system.name}"
        + (", and with x and y swapped inside" if swapped else ""),
        where=f"line {one.line}" if one.line else "",
        remedy="x is east or longitude and y north or latitude: exchange the columns"
        if swapped
        else "Check the coordinate system and the figures",
    )

"""The flights of a plan as the page lists them."""

from __future__ import annotations

from missions.plan import NoReturn, Plan, Sortie
from ops.api.models import FlightReport, NoReturnReport, Place

FULL_PCT = 100.0


def flight_reports(plan: Plan) -> tuple[FlightReport, ...]:
    """Each flight of a plan that takes several, in the order of `--flight`; none where one battery does."""
    return tuple(_flight(number, sortie) for number, sortie in enumerate(plan.sorties, start=1))


def _flight(number: int, sortie: Sortie) -> FlightReport:
    totals = sortie.totals
    return FlightReport(
        number=number,
        vehicle=sortie.vehicle,
        aircraft=sortie.aircraft.name,
        battery=sortie.battery,
        start_s=sortie.start_s,
        duration_s=totals.duration_s,
        lands_pct=round(FULL_PCT - totals.battery_pct, 1),
        reserve_pct=sortie.aircraft.reserve_pct,
        length_m=totals.length_m,
        photos=totals.photos,
        take_off=Place(lat_deg=sortie.take_off.lat_deg, lon_deg=sortie.take_off.lon_deg),
        no_return=None if sortie.no_return is None else _no_return(sortie.no_return),
    )


def _no_return(point: NoReturn) -> NoReturnReport:
    return NoReturnReport(
        lat_deg=point.place.lat_deg,
        lon_deg=point.place.lon_deg,
        after_m=point.after_m,
        at_s=point.at_s,
        battery_pct=point.battery_pct,
    )

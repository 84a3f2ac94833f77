"""The options that every pattern shares: who flies, what it carries, from where, in what."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from missions.errors import InputError
from ops.cli.options import JsonOption, OperationOption, place
from ops.cli.plan.typed import (
    HeightOption,
    NameOption,
    NoFlyOption,
    OverlapOption,
    PictureOption,
    PlanOutputOption,
    ReserveOption,
    WindOption,
)

if TYPE_CHECKING:
    from missions.aircraft import Aircraft
    from missions.area import Part
    from missions.heights import Relief
    from missions.planner import Setup
    from missions.view import View
    from missions.wind import Wind
    from ops.config import Settings


@dataclass(frozen=True)
class Flight:
    """What was typed. A field's annotation is its option; `missions` is only loaded once it is used."""

    aircraft: Annotated[str, typer.Option(metavar="NAME", help="The aircraft; see droneteam catalogue.")]
    camera: Annotated[str, typer.Option(metavar="NAME", help="The camera; see droneteam catalogue.")]
    height: HeightOption = None
    gsd: Annotated[
        float | None,
        typer.Option(metavar="CM", help="Centimetres a pixel on the ground, in place of --height."),
    ] = None
    overlap: OverlapOption = None
    take_off: Annotated[
        str | None,
        typer.Option("--take-off", metavar="LAT,LON", help="Where the aircraft starts and returns."),
    ] = None
    wind: WindOption = None
    no_fly: NoFlyOption = None
    terrain: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Elevation (GeoTIFF, .hgt) or a folder of it; may be repeated."),
    ] = None
    surface: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="The same with trees and roofs: it counts for clearance only."),
    ] = None
    tolerance: Annotated[
        float, typer.Option(metavar="METRES", help="How far the height above terrain may be off.")
    ] = 5.0
    clearance: Annotated[
        float, typer.Option(metavar="METRES", help="Never nearer to the terrain or surface than this.")
    ] = 20.0
    bridge: Annotated[
        float,
        typer.Option(
            min=0, metavar="METRES", help="Gaps in the terrain up to this long are water; AHN has them."
        ),
    ] = 0.0
    turn_margin: Annotated[
        float | None,
        typer.Option(
            "--turn-margin",
            min=0,
            metavar="METRES",
            help="How far a plane's turns may leave the area; else as far as is soonest.",
        ),
    ] = None
    one_flight: Annotated[
        bool,
        typer.Option("--one-flight", help="Never divide over several batteries: block the plan instead."),
    ] = False
    reserve: ReserveOption = None
    payload: Annotated[
        float | None, typer.Option(min=0, metavar="KG", help="What it carries beyond its usual weight.")
    ] = None
    battery_health: Annotated[
        float | None,
        typer.Option(min=1, max=100, metavar="PER CENT", help="What an aged or cold battery still holds."),
    ] = None
    name: NameOption = ""
    output: PlanOutputOption = None
    picture: PictureOption = None
    operation: OperationOption = None
    as_json: JsonOption = False

    def view(self, settings: Settings, **defaults: float) -> View:
        """The camera at its height; `defaults` are the pattern's own figures where nothing was typed."""
        from missions import catalogue
        from missions.view import (
            DEFAULT_HEIGHT_AGL_M,
            DEFAULT_OVERLAP_FRONT_PCT,
            DEFAULT_OVERLAP_SIDE_PCT,
            View,
            height_for_gsd_m,
        )

        camera = catalogue.camera(self.camera, settings.catalogue)
        height_m = self.height
        if self.gsd is not None:
            if height_m is not None:
                raise InputError(
                    "both --height and --gsd", remedy="Give one of them: each follows from the other"
                )
            height_m = height_for_gsd_m(camera, self.gsd / 100)
        side_pct, front_pct = overlaps(self.overlap)
        return View(
            camera,
            defaults.get("height_agl_m", DEFAULT_HEIGHT_AGL_M) if height_m is None else height_m,
            defaults.get("side_pct", DEFAULT_OVERLAP_SIDE_PCT) if side_pct is None else side_pct,
            defaults.get("front_pct", DEFAULT_OVERLAP_FRONT_PCT) if front_pct is None else front_pct,
        )

    def _aircraft(self, settings: Settings) -> Aircraft:
        from missions import catalogue

        found = catalogue.aircraft(self.aircraft, settings.catalogue)
        asked = {
            "reserve_pct": self.reserve,
            "payload_kg": self.payload,
            "battery_health_pct": self.battery_health,
        }
        given: dict[str, Any] = {key: value for key, value in asked.items() if value is not None}
        return dataclasses.replace(found, **given)

    def setup(self, settings: Settings) -> Setup:
        """Who flies it, from where and in what."""
        from missions.planner import Setup
        from ops.times import utc_text
        from telemetry.clock import SystemClock

        return Setup(
            aircraft=self._aircraft(settings),
            created=utc_text(SystemClock(), whole_seconds=True),
            name=self.name,
            take_off=place(self.take_off, "--take-off"),
            wind=wind_of(self.wind),
            no_fly=self.zones(),
            relief=self.relief(),
            turn_margin_m=self.turn_margin,
            divide=not self.one_flight,
        )

    def zones(self) -> tuple[Part, ...]:
        """The no-fly zones of all files named."""
        return zones_in(self.no_fly)

    def relief(self) -> Relief | None:
        """The terrain of all files named; the first that knows a place says its height."""
        if not self.terrain:
            if self.surface:
                raise InputError("--surface without --terrain", remedy="Give the ground with --terrain too")
            return None
        from missions.heights import Relief
        from missions.terrain import open_terrain

        return Relief(
            open_terrain(self.terrain),
            tolerance_m=self.tolerance,
            clearance_m=self.clearance,
            bridge_m=self.bridge,
            obstacles=open_terrain(self.surface) if self.surface else None,
        )


def zones_in(paths: list[Path] | None) -> tuple[Part, ...]:
    """The no-fly zones of all files."""
    from missions.formats import read_area

    return tuple(part for path in paths or () for part in read_area(path).parts)


def overlaps(text: str | None) -> tuple[float | None, float | None]:
    """Side and front overlap from `SIDE` or `SIDE,FRONT`. Raises InputError."""
    if text is None:
        return None, None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise _no_overlap(text) from error
    if len(values) > 2:
        raise _no_overlap(text)
    return values[0], values[1] if len(values) == 2 else None


def wind_of(text: str | None) -> Wind | None:
    """A wind from `SPEED` or `SPEED,FROM`. Raises InputError."""
    from missions.wind import Wind

    if text is None:
        return None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise _no_wind(text) from error
    if len(values) > 2:
        raise _no_wind(text)
    return Wind(*values)


def _no_overlap(text: str) -> InputError:
    return InputError(
        f"{text!r} is no overlap", where="--overlap", remedy="Write SIDE or SIDE,FRONT in per cent"
    )


def _no_wind(text: str) -> InputError:
    return InputError(
        f"{text!r} is no wind", where="--wind", remedy="Write SPEED,FROM in m/s and degrees, as 8,240"
    )

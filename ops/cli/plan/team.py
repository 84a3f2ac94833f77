"""The options of an area that is shared: who flies, and what keeps them apart."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

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
    from missions.fleet import Member
    from missions.geodesy import GeoPoint
    from ops.config import Settings

MEMBER = "NAME,CAMERA[,LAT,LON[,HEIGHT]]"
_PADS_M = 10.0


class Apart(StrEnum):
    """What keeps aircraft apart."""

    HEIGHT = "height"
    TIME = "time"
    AREA = "area"


@dataclass(frozen=True)
class Team:
    """What was typed. A field's annotation is its option; `missions` is only loaded once it is used."""

    members: Annotated[
        list[str],
        typer.Option(
            "--with",
            metavar=MEMBER,
            help="An aircraft, its camera, where it takes off, its own height; repeat for each.",
        ),
    ]
    apart: Annotated[
        Apart, typer.Option(help="By height, by time at one height, or by area whatever the heights.")
    ] = Apart.HEIGHT
    step: Annotated[float, typer.Option(metavar="METRES", help="Between their heights.")] = 15.0
    distance: Annotated[
        float, typer.Option(metavar="METRES", help="Never nearer in plan than this, unless apart in height.")
    ] = 30.0
    height: HeightOption = None
    overlap: OverlapOption = None
    take_off: Annotated[
        str | None,
        typer.Option(
            "--take-off",
            metavar="LAT,LON",
            help="For aircraft without a place of their own: in a row from here, 10 m apart.",
        ),
    ] = None
    wind: WindOption = None
    no_fly: NoFlyOption = None
    reserve: ReserveOption = None
    swap: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="To change a battery and be ready again.")
    ] = 300.0
    name: NameOption = ""
    output: PlanOutputOption = None
    picture: PictureOption = None
    operation: OperationOption = None
    as_json: JsonOption = False


def members_of(
    texts: list[str],
    shared: GeoPoint | None,
    settings: Settings,
    overlaps: tuple[float, float],
    reserve_pct: float | None = None,
) -> list[Member]:
    """The aircraft of every `--with`; those without a place of their own in a row from `shared`.

    Raises InputError.
    """
    from missions import catalogue
    from missions.fleet import Member
    from missions.view import View

    found = []
    for number, text in enumerate(texts):
        own = _Named.read(text)
        camera = catalogue.camera(own.camera, settings.catalogue)
        where = own.place or _beside(shared, number)
        if where is None:
            raise InputError(
                f"{text!r} takes off nowhere",
                where="--with",
                remedy="Write NAME,CAMERA,LAT,LON, or give --take-off LAT,LON for all",
            )
        view = None if own.height_m is None else View(camera, own.height_m, *overlaps)
        craft = catalogue.aircraft(own.aircraft, settings.catalogue)
        if reserve_pct is not None:
            craft = dataclasses.replace(craft, reserve_pct=reserve_pct)
        found.append(Member(craft, camera, where, view))
    return found


@dataclass(frozen=True)
class _Named:
    """One `--with`."""

    aircraft: str
    camera: str
    place: GeoPoint | None = None
    height_m: float | None = None

    @classmethod
    def read(cls, text: str) -> _Named:
        parts = [part.strip() for part in text.split(",")]
        if len(parts) not in {2, 4, 5} or not all(parts):
            raise InputError(
                f"{text!r} is no aircraft of a team",
                where="--with",
                remedy="Write NAME,CAMERA, or NAME,CAMERA,LAT,LON, or with a height of its own after those",
            )
        where = place(",".join(parts[2:4]), "--with") if len(parts) > 2 else None
        return cls(parts[0], parts[1], where, _height(parts[4]) if len(parts) > 4 else None)


def _height(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InputError(
            f"{text!r} is no height", where="--with", remedy="Write metres above ground, as 80"
        ) from error


def _beside(first: GeoPoint | None, number: int) -> GeoPoint | None:
    """The place of one aircraft in a row that runs east from the first."""
    from missions.geodesy import LocalFrame

    return None if first is None else LocalFrame(first).point_from_local(_PADS_M * number, 0.0)

"""`droneteam search map`: a case to the map of where he may be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from missions.errors import InputError, OutputError
from ops.cli.desk import settings_of
from ops.cli.entering import enter, open_operation, record
from ops.cli.options import JsonOption, OperationOption, place
from ops.cli.outputs import check_not_entered, check_replaceable, check_suffix
from ops.cli.screen import say
from ops.cli.search.showing import show

if TYPE_CHECKING:
    from missions.geodesy import LocalFrame
    from missions.search.case import SearchCase
    from missions.search.search_map import SearchMap
    from ops.operations import Operation


def make_map(
    context: typer.Context,
    case: Annotated[
        Path | None, typer.Argument(metavar="CASE", help="The case as TOML; else it is told by options.")
    ] = None,
    last_seen: Annotated[
        str | None, typer.Option("--place", metavar="LAT,LON", help="Where he was last known to be.")
    ] = None,
    within: Annotated[
        float | None, typer.Option(metavar="METRES", help="How well that is known: 95 % radius.")
    ] = None,
    category: Annotated[
        str | None, typer.Option(metavar="NAME", help="What kind of person, as the statistics call it.")
    ] = None,
    categories: Annotated[
        Path | None, typer.Option(metavar="TOML", help="Your statistics; else a made-up example.")
    ] = None,
    direction: Annotated[
        float | None, typer.Option(metavar="DEGREES", help="Where he was heading; else any way alike.")
    ] = None,
    hours: Annotated[float | None, typer.Option(help="How long he has been gone; with --speed.")] = None,
    speed: Annotated[float | None, typer.Option(metavar="KM/H", help="The fastest he can have gone.")] = None,
    outside: Annotated[
        float, typer.Option(metavar="PCT", min=0, max=99.9, help="The chance that he is elsewhere.")
    ] = 0.0,
    cell: Annotated[float | None, typer.Option(metavar="METRES", help="The side of a cell.")] = None,
    side: Annotated[float | None, typer.Option(metavar="KM", help="How wide the map is.")] = None,
    area: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The map as large as this area instead.")
    ] = None,
    segments: Annotated[
        Path | None, typer.Option(metavar="GEOJSON", help="Tell the chance of each polygon in it.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="MAP.json", help="Where to write the map.")
    ] = None,
    operation: OperationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the map of where he may be, from a case file or from a place and a category.

    Beside MAP.json come MAP.tif (the chances), MAP.geojson (contours) and MAP.png.
    """
    from missions.search.making import make_map as making

    opened = open_operation(operation, settings_of(context))
    target = output or _map_in(opened)
    _check_target(target, opened)
    told = {
        "last_seen": last_seen,
        "within": within,
        "category": category,
        "categories": categories,
        "direction": direction,
        "hours": hours,
        "speed": speed,
        "outside": outside,
        "cell": cell,
        "side": side,
        "area": area,
    }
    stated = _from_options(told) if case is None else _from_file(case, told)
    created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    made = making(stated, created, stage=say)
    shares = _segments(segments, made.mixture.grid.frame)
    written = _write(made, target)
    if opened is not None:
        if case is not None:
            enter(opened, case, "search")
        for path in written:
            enter(opened, path, "search")
        record(opened, "search.mapped", map=target.name, hypotheses=len(made.mixture.hypotheses))
    show(made, target, shares, as_json=as_json)


def _from_file(path: Path, told: dict[str, Any]) -> SearchCase:
    from missions.search.case import read_case

    if given := [name for name, value in told.items() if value]:
        raise InputError(
            f"{given[0].replace('last_seen', 'place')} is told twice: by the case and by an option",
            where=str(path),
            remedy="Write it in the case",
        )
    return read_case(path)


def _from_options(told: dict[str, Any]) -> SearchCase:
    """The case of one category, and of elsewhere."""
    from missions.search.case import HypothesisCase, SearchCase
    from missions.search.search_map import LastSeen

    at = place(told["last_seen"], "--place")
    if at is None or not (told["category"] or "").strip():
        raise InputError(
            "nothing to make a map from", remedy="Give a CASE, or --place LAT,LON and --category NAME"
        )
    share = told["outside"]
    hypotheses = [
        HypothesisCase(
            told["category"],
            100 - share,
            category=told["category"],
            direction_deg=told["direction"],
            hours=told["hours"],
            speed_km_h=told["speed"],
        )
    ]
    if share:
        hypotheses.append(HypothesisCase("elsewhere", share, outside=True))
    return SearchCase(
        name=f"Search for {told['category']}",
        hypotheses=tuple(hypotheses),
        last_seen=LastSeen(at, told["within"] or 0.0),
        cell_m=told["cell"],
        side_km=told["side"],
        area=told["area"],
        categories=told["categories"],
    )


def _map_in(operation: Operation | None) -> Path:
    if operation is None:
        raise InputError(
            "nowhere to write the map", where="--output", remedy="Give -o MAP.json, or --operation FOLDER"
        )
    return operation.free_path("search", "search_map.json")


def _check_target(target: Path, operation: Operation | None) -> None:
    """Only an earlier map of ours is written over, and with it what was written beside it."""
    from missions.search.map_file import FORMAT

    check_suffix(target, ".json", "--output")
    check_replaceable(target, FORMAT)
    for suffix in ("", ".tif", ".geojson", ".png"):
        path = target.with_suffix(suffix) if suffix else target
        check_not_entered(operation, path)
        if path.exists() and not target.exists():
            raise OutputError(
                "something else is there already", where=str(path), remedy="Choose another name"
            )


def _segments(path: Path | None, frame: LocalFrame) -> list[tuple[str, Any]] | None:
    if path is None:
        return None
    from missions.search.segments import read_segments

    return [(each.name, each.shape_m) for each in read_segments(path, frame)]


def _write(made: SearchMap, target: Path) -> tuple[Path, ...]:
    from missions.search.map_file import write_map
    from ops.reports.search_files import write_beside

    beside = write_beside(made, target)
    return *write_map(made, target), *beside

"""`droneteam search next`: where a flight finds most, as areas with plans; the operator decides."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.cli.desk import settings_of
from ops.cli.entering import enter, open_operation, record
from ops.cli.options import JsonOption, OperationOption, place
from ops.cli.outputs import check_replaceable, check_suffix
from ops.cli.plan.flight import wind_of, zones_in
from ops.cli.plan.typed import NoFlyOption, WindOption
from ops.cli.screen import out, print_json, say, table
from ops.cli.search.typed import CanopyOption, FiguresOption, TerrainOption

if TYPE_CHECKING:
    from missions.planner import Setup
    from missions.search.next_areas import Proposal, Situation
    from missions.search.sweep import Sweep
    from ops.config import Settings


def next_(
    context: typer.Context,
    search_map: Annotated[Path, typer.Argument(metavar="MAP", help="The search map as it is now.")],
    aircraft: Annotated[str, typer.Option(metavar="NAME", help="The aircraft; see droneteam catalogue.")],
    camera: Annotated[str, typer.Option(metavar="NAME", help="The camera; see droneteam catalogue.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="GEOJSON", help="Where to write the proposed areas.")
    ],
    take_off: Annotated[
        str, typer.Option("--take-off", metavar="LAT,LON", help="Where the aircraft starts and returns.")
    ],
    minutes: Annotated[
        float, typer.Option(min=1, max=600, help="Of each flight, from start to landing.")
    ] = 25.0,
    areas: Annotated[int, typer.Option(min=1, max=10, help="How many areas to propose.")] = 3,
    kind: Annotated[
        str,
        typer.Option(metavar="NAME", help="Kind of looking, as thermal-night; else by camera and sun now."),
    ] = "",
    height: Annotated[
        float | None,
        typer.Option(metavar="METRES", help="Height above ground; else the one that finds most."),
    ] = None,
    pixels: Annotated[
        float,
        typer.Option(min=1, max=100, help="Fewest pixels on a person's width, where no height is given."),
    ] = 4.0,
    doubt: Annotated[
        float, typer.Option(min=0, max=1, help="How much of the map is taken for wrong, and counts as flat.")
    ] = 0.2,
    wind: WindOption = None,
    no_fly: NoFlyOption = None,
    terrain: TerrainOption = None,
    canopy: CanopyOption = None,
    figures: FiguresOption = None,
    operation: OperationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose areas for the next flights, each with minutes, POS and reason, and a plan. You decide."""
    from missions import catalogue
    from missions.heights import Relief
    from missions.planner import Setup
    from missions.search.next_areas import bound, propose
    from missions.terrain import open_terrain
    from ops.times import utc_text
    from telemetry.clock import SystemClock

    settings = settings_of(context)
    entered = open_operation(operation, settings)
    check_suffix(output, ".geojson", "--output")
    check_replaceable(output, "droneteam-search-areas")
    home = place(take_off, "--take-off")
    setup = Setup(
        aircraft=catalogue.aircraft(aircraft, settings.catalogue),
        created=utc_text(SystemClock(), whole_seconds=True),
        name=output.stem,
        take_off=home,
        wind=wind_of(wind),
        no_fly=zones_in(no_fly),
        relief=Relief(open_terrain(terrain)) if terrain else None,
    )
    now = _situation(search_map, figures, canopy)
    sweep = _sweep(setup, (camera, kind, height, pixels), figures, settings)
    say(f"Looking for the best {areas} of {now.grid.rows} x {now.grid.columns} cells ...")
    proposals = propose(now, sweep, setup, 60 * minutes, count=areas, hedge=doubt)
    most = bound(now, sweep, sum(each.seconds for each in proposals))
    plans = _write(proposals, sweep, output)
    for path in (output, *plans):
        enter(entered, path, "search" if path == output else "plan", map=search_map.name)
    record(entered, "search.proposed", areas=len(proposals), map=search_map.name)
    if as_json:
        told = [{**_told(n, each), "plan": str(plans[n - 1])} for n, each in enumerate(proposals, 1)]
        print_json(
            {"areas": told, "sweep": _told_sweep(sweep), "most_in_that_time": most, "file": str(output)}
        )
        return
    _show(proposals, sweep, most)
    say(f"Wrote {output} and {len(plans)} plans beside it. They are proposals: you decide where to look.")


def _situation(search_map: Path, figures: Path | None, canopy: str | None) -> Situation:
    import numpy as np

    from missions.search.detection import detections
    from missions.search.missed import missed_cells
    from missions.search.next_areas import Situation
    from ops.searching import cover_of, open_search

    opened = open_search(search_map)
    grid = opened.search.mixture.grid
    cover = cover_of(canopy or opened.canopy, grid)
    missed = np.ones(grid.shape)
    if opened.looks is not None:
        missed = missed_cells(opened.looks, detections(figures), cover)
    return Situation(opened.search.chances, missed, cover, np.ones(grid.shape, bool))


def _sweep(
    setup: Setup, asked: tuple[str, str, float | None, float], figures: Path | None, settings: Settings
) -> Sweep:
    from missions import catalogue
    from missions.search.daylight import kind_at
    from missions.search.detection import detection
    from missions.search.sweep import HEIGHTS_M, best_sweep
    from telemetry.clock import SystemClock

    name, kind, height_m, pixels = asked
    camera = catalogue.camera(name, settings.catalogue)
    if not kind and setup.take_off is not None:
        kind = kind_at(camera.spectrum, SystemClock().now_s(), setup.take_off)
    return best_sweep(
        setup.aircraft,
        camera,
        detection(kind, figures),
        needed_px=pixels if height_m is None else 0.0,
        heights_m=HEIGHTS_M if height_m is None else (height_m,),
    )


def _write(proposals: tuple[Proposal, ...], sweep: Sweep, output: Path) -> list[Path]:
    """The areas as GeoJSON, and a plan for each beside it."""
    import json

    from missions.files import write_whole
    from missions.plan_file import write_plan

    plans, features = [], []
    for number, each in enumerate(proposals, 1):
        path = output.with_name(f"{output.stem}-{number}.json")
        # the command room lists plans by name
        write_plan(dataclasses.replace(each.plan, name=path.stem), path)
        plans.append(path)
        rings = [
            [
                [[point.lon_deg, point.lat_deg] for point in (*ring, ring[0])]
                for ring in (part.border, *part.holes)
            ]
            for part in each.area.parts
        ]
        geometry = {"type": "MultiPolygon", "coordinates": rings}
        features.append(
            {
                "type": "Feature",
                "geometry": geometry,
                "properties": {**_told(number, each), "plan": path.name},
            }
        )
    document = {
        "type": "FeatureCollection",
        "format": "droneteam-search-areas",
        "statement": "Proposals. Nothing here says that nobody is elsewhere; the operator decides.",
        "sweep": _told_sweep(sweep),
        "features": features,
    }
    write_whole(output, (json.dumps(document, indent=1, allow_nan=False) + "\n").encode())
    return plans


def _told(number: int, each: Proposal) -> dict[str, Any]:
    return {
        "name": f"{number}",
        "minutes": round(each.seconds / 60, 1),
        "pos": each.pos,
        "pos_a_minute": each.pos_a_minute,
        "poa": each.poa,
        "pod": each.pod,
        "density_ratio": each.density_ratio,
        "searched_before": each.searched_before,
        "hectares": round(each.shape.area / 1e4, 2),
        "battery_pct": each.plan.totals.battery_pct,
        "findings": [dataclasses.asdict(finding) for finding in each.plan.findings],
        "reason": each.reason,
    }


def _told_sweep(sweep: Sweep) -> dict[str, Any]:
    return {
        "height_agl_m": sweep.view.height_agl_m,
        "speed_m_s": sweep.speed_m_s,
        "lane_spacing_m": sweep.view.spacing_m,
        "pixels": sweep.pixels,
        "pod_in_the_open": sweep.pod,
        "kind": sweep.detection.name,
    }


def _show(proposals: tuple[Proposal, ...], sweep: Sweep, most: float) -> None:
    columns = ("#Area", "#Minutes", "#POS", "#Hectares", "#Battery", "Why")
    rows = [
        (
            number,
            f"{each.seconds / 60:.0f}",
            f"{100 * each.pos:.1f} %",
            f"{each.shape.area / 1e4:.0f}",
            f"{each.plan.totals.battery_pct:.0f} %",
            each.reason,
        )
        for number, each in enumerate(proposals, 1)
    ]
    out().print(table("Where to look next, the first to be flown first", columns, rows))
    pos = 1.0
    for each in proposals:
        pos *= 1 - each.pos
    say(
        f"From {sweep.view.height_agl_m:g} m at {sweep.speed_m_s:g} m/s, lanes {sweep.view.spacing_m:.0f} m "
        f"apart, {sweep.pixels:.1f} pixels on a person ({sweep.detection.name})."
    )
    say(
        f"Together {100 * (1 - pos):.1f} %. With no turns and ways between, nothing could find more than "
        f"{100 * most:.1f} % in that time."
    )
    _show_findings(proposals)


def _show_findings(proposals: tuple[Proposal, ...]) -> None:
    """What the planner's checks found of each plan, hints left to the plan itself."""
    from missions.plan import Severity

    found = [
        (number, each.severity.value, each.check, f"{each.text} {each.remedy}".strip())
        for number, proposal in enumerate(proposals, 1)
        for each in proposal.plan.findings
        if each.severity is not Severity.INFO
    ]
    if found:
        out().print(table("Findings", ("#Area", "Weight", "Check", "What"), found))
    for number, proposal in enumerate(proposals, 1):
        if proposal.plan.blocking:
            say(f"The plan of area {number} has blocking findings: it is kept, and will not be uploaded.")

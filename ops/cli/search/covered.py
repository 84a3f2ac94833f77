"""`droneteam search covered`: what a flight looked at, and what chance it leaves."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from missions.errors import InputError
from ops.cli.desk import settings_of
from ops.cli.entering import enter, open_operation, record
from ops.cli.options import JsonOption, OperationOption
from ops.cli.progress import showing
from ops.cli.screen import facts, out, print_json, say
from ops.cli.search.typed import CanopyOption, FiguresOption, TerrainOption

if TYPE_CHECKING:
    from imaging.searched.viewpoints import Looking, Views
    from missions.geodesy import LocalFrame
    from missions.search.seen_ground import SeenGround
    from ops.cli.progress import Shown


def covered(
    context: typer.Context,
    search_map: Annotated[Path, typer.Argument(metavar="MAP", help="The search map, as it was before.")],
    searched: Annotated[
        list[Path],
        typer.Argument(metavar="LOG|FRAMES...", help="Recordings (.tlog), folders of frames, clips."),
    ],
    camera: Annotated[str, typer.Option(metavar="NAME", help="The camera; see droneteam catalogue.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="MAP2", help="Where to write the map after it.")
    ],
    track: Annotated[
        Path | None, typer.Option(metavar="TLOG", help="Where the aircraft was, for frames and clips.")
    ] = None,
    kind: Annotated[
        str,
        typer.Option(metavar="NAME", help="Kind of looking, as thermal-night; else by camera and sun."),
    ] = "",
    interval: Annotated[
        float,
        typer.Option(
            min=0.05,
            max=60,
            metavar="SECONDS",
            help="A frame each, of a clip and where a recording tells of no pictures.",
        ),
    ] = 1.0,
    fixed: Annotated[
        bool, typer.Option("--fixed", help="The camera is bolted to the aircraft: no gimbal holds it.")
    ] = False,
    straight_down: Annotated[
        bool,
        typer.Option("--straight-down", help="The camera looked straight down where no gimbal reports."),
    ] = False,
    system: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="The aircraft in a recording; else the only one.")
    ] = None,
    clock_offset: Annotated[
        float, typer.Option(metavar="SECONDS", help="What to add to frames' times to give the track's.")
    ] = 0.0,
    terrain: TerrainOption = None,
    canopy: CanopyOption = None,
    figures: FiguresOption = None,
    operation: OperationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enter a search that found nobody: POS of the pass and together, and the chance that is left."""
    from imaging.searched.searching import Searching
    from imaging.searched.viewpoints import Looking
    from missions import catalogue
    from missions.search.detection import detections, tells_of_measured
    from ops.searching import cover_of, keep_search, open_search, told_figures, told_score

    settings = settings_of(context)
    if not math.isfinite(clock_offset):
        raise InputError("the clock's offset is no number", where="--clock-offset", remedy="Give seconds")
    entered = open_operation(operation, settings)
    opened = open_search(search_map)
    grid, known = opened.search.mixture.grid, detections(figures)
    looking = Looking(
        camera=catalogue.camera(camera, settings.catalogue),
        kind=kind,
        mount="fixed" if fixed else "stabilised",
        interval_s=interval,
        clock_offset_s=clock_offset,
        straight_down=straight_down,
        measure=tells_of_measured(figures),
    )
    ground = _ground(terrain, grid.frame, grid.bounds_m)
    searching = Searching(
        opened.search.mixture,
        known,
        ground,
        looks=opened.looks,
        cover=cover_of(canopy or opened.canopy, grid),
        cumulative_pos=opened.cumulative_pos,
    )
    frames_before, looks_before = len(searching.looks.frames), len(searching.looks)
    with showing() as progress:
        made = [_views(path, track, looking, (grid.frame, ground), system, progress) for path in searched]
        progress.stage("what was seen", None)
        score = searching.see([view for each in made for view in each.views])
    frames = len(searching.looks.frames) - frames_before
    placed = sum(len(each.views) for each in made)
    kinds = {frame.kind for frame in searching.looks.frames}
    told: dict[str, Any] = {
        "from": [path.name for path in searched],
        "camera": looking.camera.name,
        "canopy": canopy or opened.canopy,
        "frames": frames,
        "looks": len(searching.looks) - looks_before,
        **told_score(score),
        "notes": [f"{text} ({count} frames)" for text, count in _notes(made).items()],
        "left_out": [{"frame": name, "reason": why} for each in made for name, why in each.left_out],
        "known_before": placed - frames,
        "hypotheses": {each.name: each.weight for each in searching.mixture.hypotheses},
    }
    after = dataclasses.replace(opened.search, mixture=searching.mixture)
    act = {**told, "look_count": told["looks"], "figures": told_figures(kinds, known)}
    act.pop("looks")
    written = keep_search(after, searching.looks, output, act)
    for path in written:
        enter(entered, path, "search", after=search_map.name)
    record(entered, "search.covered", **{name: told[name] for name in ("from", "frames", "pos", "left")})
    if as_json:
        print_json({**told, "map": str(written[0]), "looks_file": str(written[2])})
        return
    _show(told, made)
    say(f"Wrote {written[0]} and beside it {', '.join(path.name for path in written[1:])}.")
    say("Nobody says that nobody is there.")


def _views(
    path: Path,
    track: Path | None,
    looking: Looking,
    place: tuple[LocalFrame, SeenGround],
    system: int | None,
    progress: Shown,
) -> Views:
    from imaging.searched.viewpoints import views_of_frames, views_of_recording
    from imaging.thermal.sources import FRAME_SUFFIXES
    from telemetry.track import Track

    if path.is_dir() or path.suffix.lower() in FRAME_SUFFIXES:
        flown = Track.from_tlog(track, system) if track else None
        return views_of_frames(path, flown, looking, *place, progress)
    progress.stage(f"flight {path.name}", None)
    return views_of_recording(path, looking, *place, system)


def _ground(
    terrain: list[Path] | None, frame: LocalFrame, bounds_m: tuple[float, float, float, float]
) -> SeenGround:
    from missions.search.seen_ground import SeenGround
    from missions.terrain import open_terrain

    if not terrain:
        return SeenGround.level(frame, 0.0)
    west, south, east, north = bounds_m
    around_m = 500.0
    wider = (west - around_m, south - around_m, east + around_m, north + around_m)
    return SeenGround.of_terrain(open_terrain(terrain), frame, wider)


def _notes(made: list[Views]) -> Counter[str]:
    return sum((each.notes for each in made), Counter())


def _show(told: dict[str, Any], made: list[Views]) -> None:
    from imaging.searched.viewpoints import NO_GIMBAL

    by = ", ".join(sorted({each.known_by for each in made}))
    rows: list[tuple[str, object]] = [
        ("Frames", f"{told['frames']} new, known by {by}"),
        ("Looked at", f"{100 * told['searched_poa']:.1f} % of the chance there was"),
        ("POD there", f"{100 * told['mean_pod']:.1f} %"),
        ("POS of this pass", f"{100 * told['pos']:.1f} %"),
        ("POS of all so far", f"{100 * told['cumulative_pos']:.1f} %"),
        ("Chance left", f"{100 * told['left']:.1f} % of what there was at first"),
        ("If so, on the map", f"{100 * told['on_map']:.1f} %"),
        ("If so, nowhere on it", f"{100 * told['outside']:.1f} %"),
    ]
    if len(told["hypotheses"]) > 1:
        rows += [(f"Now: {name}", f"{100 * weight:.1f} %") for name, weight in told["hypotheses"].items()]
    out().print(facts("What was searched", rows))
    if told["known_before"]:
        say(f"{told['known_before']} frames were known already and count once.")
    for note in told["notes"]:
        say(note)
    if NO_GIMBAL in _notes(made):
        say("Give --fixed where the camera is bolted to the aircraft, --straight-down where it looked down.")
    if told["left_out"]:
        first = told["left_out"][0]
        say(f"{len(told['left_out'])} frames were left out; {first['frame']}: {first['reason']}.")

"""`droneteam heat`: hot spots in thermal frames, on the ground."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from missions.errors import InputError
from ops.cli.desk import settings_of
from ops.cli.entering import enter, enter_pictures, open_operation, record
from ops.cli.options import JsonOption, OperationOption
from ops.cli.progress import showing
from ops.cli.screen import out, print_json, say, table

if TYPE_CHECKING:
    from imaging.finds import Finds
    from imaging.thermal.find import Find
    from ops.operations import Operation

FINDS_SHOWN = 30


def heat(
    context: typer.Context,
    frames: Annotated[Path, typer.Argument(metavar="FRAMES", help="The folder with the thermal frames.")],
    track: Annotated[
        Path | None, typer.Option(metavar="TLOG", help="Where the aircraft was; else what the frames say.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FINDS", help="The GeoJSON file to write.")
    ] = None,
    camera: Annotated[
        str | None, typer.Option(metavar="NAME", help="The camera; else what the frames say.")
    ] = None,
    system: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="The aircraft in the recording; else the only one.")
    ] = None,
    least: Annotated[int, typer.Option(min=1, help="List what was seen in so many frames or more.")] = 1,
    least_score: Annotated[
        float,
        typer.Option(min=0, help="List spots that score at least this; lower finds more and errs more."),
    ] = 2.5,
    clock_offset: Annotated[
        float, typer.Option(metavar="SECONDS", help="What to add to the frames' times to give the track's.")
    ] = 0.0,
    boxes: Annotated[
        Path | None, typer.Option(metavar="JSON", help="Write every spot's box too, COCO style.")
    ] = None,
    operation: OperationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find hot spots and place them on the ground with their uncertainty. Each find is a proposal."""
    from imaging.heat import HeatOptions
    from imaging.heat import heat as search
    from imaging.thermal.hotspots import HotSpotOptions
    from missions import catalogue
    from telemetry.track import Track

    settings = settings_of(context)
    opened = open_operation(operation, settings)
    target = output or _finds_in(opened)
    known = catalogue.camera(camera, settings.catalogue) if camera else None
    flown = Track.from_tlog(track, system) if track else None
    options = HeatOptions(
        hotspots=HotSpotOptions(least_score=least_score), clock_offset_s=clock_offset, least_sightings=least
    )
    with showing() as progress:
        found = search(frames, flown, camera=known, options=options, progress=progress)
    if boxes is not None:
        found.write_coco(boxes)
    pictures = found.write(target)
    if opened is not None:
        enter_pictures(opened, frames, "frame", tuple(frame.name for frame in found.frames))
        if track is not None:
            enter(opened, track, "telemetry")
        enter(opened, target, "find", frames=len(found.frames))
        enter_pictures(opened, pictures, "find", tuple(path.name for path in pictures.iterdir()))
        record(opened, "finds.proposed", finds=len(found.finds), frames=len(found.frames))
    if as_json:
        print_json(found.geojson())
    else:
        _show(found, target)


def _finds_in(operation: Operation | None) -> Path:
    if operation is None:
        raise InputError(
            "nowhere to write the finds", where="--output", remedy="Give -o FINDS, or --operation FOLDER"
        )
    return operation.free_path("find", "finds.geojson")


def _show(found: Finds, target: Path) -> None:
    rows = [_row(find) for find in found.finds[:FINDS_SHOWN]]
    columns = ("Find", "Latitude", "Longitude", "95 % within", "#Seen", "#Score", "What")
    out().print(table(f"{len(found.finds)} proposals, to be confirmed by a person", columns, rows))
    placed = sum(not frame.not_placed for frame in found.frames)
    say(f"{len(found.frames)} frames read, {placed} placed, {len(found.unread)} not read")
    for note in found.notes:
        say(note)
    say(f"Wrote {target}. Where nothing was found nobody says that nobody is there.")


def _row(find: Find) -> tuple[object, ...]:
    from imaging.geolocate import ellipse95

    ellipse = ellipse95(find.covariance)
    return (
        find.id,
        f"{find.place.lat_deg:.6f}",
        f"{find.place.lon_deg:.6f}",
        f"{ellipse.semi_major_m:.1f} x {ellipse.semi_minor_m:.1f} m",
        len(find.sightings),
        f"{find.score:.2f}",
        find.polarity
        if find.temperature_degc is None
        else f"{find.polarity}, {find.temperature_degc:.1f} °C",
    )

"""`droneteam heat`: hot spots in thermal frames, on the ground."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from missions.errors import InputError
from ops.cli.desk import settings_of
from ops.cli.entering import enter, enter_pictures, open_operation, record
from ops.cli.options import JsonOption, OperationOption
from ops.cli.outputs import check_finds_replaceable, check_not_entered, check_writable
from ops.cli.progress import showing
from ops.cli.screen import out, print_json, say, table

if TYPE_CHECKING:
    from imaging.finds import Finds, FrameSpots
    from imaging.thermal.find import Find
    from ops.operations import Operation

FINDS_SHOWN = 30
REASONS_SHOWN = 5
_FIGURES = re.compile(r"#?\d+(?:\.\d+)?(?: (?:s|min|h|m)\b)?")
TIME_FORMATS = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%f"]


def heat(
    context: typer.Context,
    frames: Annotated[
        str,
        typer.Argument(metavar="FRAMES", help="A folder with thermal frames, a picture, a clip or a stream."),
    ],
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
    detector: Annotated[
        Literal["learned", "contrast", "both"] | None,
        typer.Option(help="What looks: the learned detector, contrast, or both (the default)."),
    ] = None,
    least_score: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="List spots that score at least this, by default 0.25 (learned) or 2.5 (contrast); "
            "lower finds more and errs more.",
        ),
    ] = None,
    terrain: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Heights of the ground, GeoTIFF or .hgt; else it is level."),
    ] = None,
    ground: Annotated[
        float, typer.Option(metavar="METRES", help="How far level ground lies above the take-off.")
    ] = 0.0,
    fixed: Annotated[
        bool, typer.Option("--fixed", help="The camera is bolted to the aircraft: no gimbal holds it.")
    ] = False,
    clock_offset: Annotated[
        float, typer.Option(metavar="SECONDS", help="What to add to the frames' times to give the track's.")
    ] = 0.0,
    every: Annotated[
        str,
        typer.Option(metavar="SECONDS", help="Of a clip, a frame every so often; or a rate, as in 5fps."),
    ] = "0.2",
    seconds: Annotated[
        float | None, typer.Option(min=0, help="Of a clip or a stream, no more than this.")
    ] = None,
    starts: Annotated[
        datetime | None,
        typer.Option(
            metavar="TIME", help="When the clip starts, UTC, where it does not tell.", formats=TIME_FORMATS
        ),
    ] = None,
    subtitles: Annotated[
        Path | None, typer.Option(metavar="SRT", help="The clip's subtitles; else those beside or in it.")
    ] = None,
    black_hot: Annotated[
        bool, typer.Option("--black-hot", help="Black is hot in pictures that are plain grey.")
    ] = False,
    scale: Annotated[
        Literal["auto", "centikelvin", "counts"],
        typer.Option(help="What 16-bit numbers are: as the file says, hundredths of a kelvin, or counts."),
    ] = "auto",
    boxes: Annotated[
        Path | None,
        typer.Option(metavar="JSON", help="Write every spot's box too, COCO style, doubtful ones included."),
    ] = None,
    operation: OperationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find hot spots and place them on the ground with their uncertainty. Each find is a proposal."""
    from imaging.heat import HeatOptions
    from imaging.heat import heat as search
    from imaging.thermal.detector import detector_called
    from imaging.thermal.reading import VideoOptions
    from imaging.thermal.sightings import sightings_path
    from missions import catalogue
    from missions.terrain import open_terrain
    from telemetry.track import Track

    settings = settings_of(context)
    if not math.isfinite(clock_offset):
        raise InputError("the clock's offset is no number", where="--clock-offset", remedy="Give seconds")
    opened = open_operation(operation, settings)
    target = output or (None if boxes is not None and opened is None else _finds_in(opened))
    _check_outputs(target, boxes, opened)
    known = catalogue.camera(camera, settings.catalogue) if camera else None
    flown = Track.from_tlog(track, system) if track else None
    options = HeatOptions(
        detector=detector_called(detector, least_score, listed=boxes is not None),
        mount="fixed" if fixed else "stabilised",
        clock_offset_s=clock_offset,
        ground=open_terrain(terrain) if terrain else None,
        ground_above_take_off_m=_ground_m(ground, terrain),
        scale=scale,
        least_sightings=least,
        black_hot=black_hot,
        video=VideoOptions(
            every_s=_every_s(every),
            at_most_s=seconds,
            starts_s=starts.replace(tzinfo=UTC).timestamp() if starts else None,
            subtitles=subtitles,
        ),
    )
    with showing() as progress:
        found = search(frames, flown, camera=known, options=options, progress=progress)
    if boxes is not None:
        found.write_coco(boxes)
    if target is None:
        _say_read(found)
        count = sum(len(frame.spots) for frame in found.frames)
        say(f"Wrote {boxes}: {count} boxes. No finds were asked for.")
        return
    found = _with_decisions(_told_files(found, track, camera), target, opened)
    pictures = found.write(target)
    if opened is not None:
        _enter_frames(opened, frames, found)
        if track is not None:
            enter(opened, track, "telemetry")
        inside = target
        if opened.folder.resolve() not in target.resolve().parents:
            # a document names the files beside it: in the operation it is written whole, beside its own
            inside = opened.free_path("find", target.name)
            pictures = found.write(inside)
        enter(opened, inside, "find", frames=len(found.frames))
        enter(opened, sightings_path(inside), "find", of=inside.name)
        enter_pictures(opened, pictures, "find", tuple(path.name for path in pictures.iterdir()))
        record(opened, "finds.proposed", finds=len(found.finds), frames=len(found.frames))
    if as_json:
        print_json(found.geojson())
    else:
        _show(found, target)


def _check_outputs(target: Path | None, boxes: Path | None, operation: Operation | None) -> None:
    """Before hours of work: whether what comes of it can be written."""
    if boxes is not None:
        check_writable(boxes)
    if target is not None:
        check_writable(target)
        check_finds_replaceable(target)
        check_not_entered(operation, target)


def _ground_m(ground_m: float, terrain: list[Path] | None) -> float:
    if not math.isfinite(ground_m) or (ground_m and terrain):
        raise InputError(
            "the ground is told twice" if terrain else "the ground has no height",
            where="--ground",
            remedy="Give --terrain, or --ground in metres above the take-off",
        )
    return ground_m


def _told_files(found: Finds, track: Path | None, camera: str | None) -> Finds:
    """With the recording, and the camera that was named, among what the finds were made by."""
    with_track = None
    if track is not None:
        with track.open("rb") as file:
            with_track = {"file": track.name, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    return replace(found, made_by={**found.made_by, "track": with_track, "camera_named": camera})


def _every_s(every: str) -> float:
    """Seconds from frame to frame of "0.5" or "2fps"."""
    rate = every.strip().lower().endswith("fps")
    try:
        value = float(every.strip()[:-3] if rate else every)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0 or (rate and value == 0):
        raise InputError(
            f"{every!r} is no time between frames",
            where="--every",
            remedy="Give seconds, or a rate as in 5fps",
        )
    return 1 / value if rate else value


def _enter_frames(operation: Operation, frames: str, found: Finds) -> None:
    """The files that the frames are from, each once; a stream has none."""
    from imaging.thermal.container import is_live
    from imaging.thermal.sources import file_of

    if is_live(frames):
        return
    names = [file_of(frame.name) for frame in found.frames] + [name for name, _ in found.clips]
    base = Path(frames) if Path(frames).is_dir() else Path(frames).parent
    kept = tuple(name for name in dict.fromkeys(names) if (base / name).is_file())
    enter_pictures(operation, Path(frames), "frame", kept)


def _with_decisions(found: Finds, target: Path, operation: Operation | None) -> Finds:
    """With what people decided of the same things in earlier runs."""
    from ops.finds import decided_finds, earlier_finds

    if operation is not None:
        for document, decisions in earlier_finds(operation):
            found = found.with_decisions(document, decisions)
    elif target.exists():
        document, problem = decided_finds(target)
        if problem:
            say(f"Decisions are kept by the clearest sightings alone: {problem}")
        found = found.with_decisions(document)
    return found


def _finds_in(operation: Operation | None) -> Path:
    if operation is None:
        raise InputError(
            "nowhere to write the finds", where="--output", remedy="Give -o FINDS, or --operation FOLDER"
        )
    return operation.free_path("find", "finds.geojson")


def _show(found: Finds, target: Path) -> None:
    from ops.live_finds import CALLING_SCORE

    rows = [_row(find) for find in found.finds[:FINDS_SHOWN]]
    columns = ("Find", "Latitude", "Longitude", "95 % within", "#Seen", "#Score", "What")
    faint = sum(find.score < CALLING_SCORE for find in found.finds)
    also = f", {faint} of them faint" if faint else ""
    out().print(table(f"{len(found.finds)} proposals{also}, to be confirmed by a person", columns, rows))
    _say_read(found)
    _say_not_placed(found)
    say(f"Wrote {target}. Where nothing was found nobody says that nobody is there.")


def _say_read(found: Finds) -> None:
    placed = sum(not frame.not_placed for frame in found.frames)
    say(f"{len(found.frames)} frames read, {placed} placed, {len(found.unread)} not read")
    for note in found.notes:
        say(note)


def _say_not_placed(found: Finds) -> None:
    """What was seen and is on no map, and why: reasons that differ in figures alone count as one."""
    frames: dict[str, list[FrameSpots]] = {}
    for frame in found.frames:
        if frame.not_placed:
            frames.setdefault(_FIGURES.sub("", frame.not_placed), []).append(frame)
    told = sorted(frames.values(), key=len, reverse=True)
    for alike in told[:REASONS_SHOWN]:
        spots = sum(spot.proposed for frame in alike for spot in frame.spots)
        first = f"such as {alike[0].name}: {alike[0].not_placed}"
        say(f"Not placed: {len(alike)} frames with {spots} spots, {first}")
    if more := sum(map(len, told[REASONS_SHOWN:])):
        say(f"Not placed: {more} frames more, for other reasons, each named in the file")
    if found.spots_not_placed:
        name, why = found.spots_not_placed[0]
        say(f"Not placed: {len(found.spots_not_placed)} spots of placed frames, such as one of {name}: {why}")


def _what(find: Find) -> str:
    """What it may be, and what it is known by."""
    cold = ", cold" if find.polarity == "cold" and "cold" not in find.kind else ""
    degc = "" if find.temperature_degc is None else f", {find.temperature_degc:.1f} °C"
    return f"{find.kind}{cold}{degc}"


def _row(find: Find) -> tuple[object, ...]:
    from imaging.geolocate import ellipse95
    from imaging.thermal.find import shown_score

    ellipse = ellipse95(find.covariance)
    return (
        find.id,
        f"{find.place.lat_deg:.6f}",
        f"{find.place.lon_deg:.6f}",
        f"{ellipse.semi_major_m:.1f} x {ellipse.semi_minor_m:.1f} m",
        len(find.sightings),
        shown_score(find.score),
        _what(find),
    )

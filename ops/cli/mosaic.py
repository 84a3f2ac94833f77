"""`droneteam mosaic`: photos to one georeferenced picture."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from missions.errors import InputError, SettingsError
from ops.cli.desk import settings_of
from ops.cli.entering import enter, enter_copy, enter_pictures, open_operation, record
from ops.cli.mosaic_again import check_alone, draw_again
from ops.cli.mosaic_told import line_of, show
from ops.cli.options import JsonOption, OperationOption
from ops.cli.outputs import check_none_entered, check_not_entered
from ops.cli.progress import Notes, showing
from ops.cli.screen import out, print_json, say
from ops.cli.shell import starting

if TYPE_CHECKING:
    from imaging.control.gathering import ControlFiles
    from imaging.options import Aligner, MosaicOptions
    from imaging.priors import Priors
    from imaging.scene_report import SceneReport
    from imaging.watching import Run
    from ops.operations import Operation


OPTIONS = {
    "gsd_m": "--gsd", "limit_mb": "--memory", "memory": "--memory", "threads": "--threads",
    "aligner": "--aligner",
}  # fmt: skip
"""Settings by the names that the command has for them."""


def mosaic(
    context: typer.Context,
    photos: Annotated[
        Path | None,
        typer.Argument(metavar="PHOTOS", help="The folder with the photos; with --again where they lie now."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="SCENE", help="The folder to write the scene in.")
    ] = None,
    gsd: Annotated[
        float | None, typer.Option(metavar="CENTIMETRES", help="Size of a pixel; else what the photos show.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Coarser, and much sooner.")] = False,
    control: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Surveyed points: a table, or OpenDroneMap's gcp_list.txt."),
    ] = None,
    marks: Annotated[
        Path | None,
        typer.Option(metavar="MARKS.json", help="Where the points are seen; else SCENE/marks.json if there."),
    ] = None,
    bars: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Distances measured on the ground: a table or JSON.")
    ] = None,
    crs: Annotated[
        str | None,
        typer.Option(metavar="SYSTEM", help="The points' coordinate system, such as EPSG:7415, or local."),
    ] = None,
    heights: Annotated[
        str | None, typer.Option(metavar="WORD", help="What the points' heights are above, such as nap.")
    ] = None,
    check: Annotated[
        list[str] | None,
        typer.Option(metavar="P3,P5", help="Surveyed points that take no part: independent checks."),
    ] = None,
    centre_marks: Annotated[
        bool,
        typer.Option(
            "--centre-marks", help="Move each mark to the centre of the target under it, if there is one."
        ),
    ] = False,
    again: Annotated[
        Path | None,
        typer.Option(metavar="SCENE", help="Draw this scene anew with the marks as they are in it now."),
    ] = None,
    flight: Annotated[
        Path | None,
        typer.Option(metavar="FLIGHT.tlog", help="The flight's recording: positions, angles and the clock."),
    ] = None,
    system: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Which aircraft of a recording that holds several.")
    ] = None,
    lens: Annotated[
        Path | None,
        typer.Option(
            metavar="CAMERA.toml",
            help="The camera's lens as an earlier scene found it; a folder of them: by serial number.",
        ),
    ] = None,
    keep_lens: Annotated[
        Path | None,
        typer.Option(metavar="CAMERA.toml", help="Write the lens found here for later scenes; or a folder."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Make it again as photos arrive, quickly, until Ctrl-C.")
    ] = False,
    final: Annotated[
        bool, typer.Option("--final", help="With --watch: make the full product at the end.")
    ] = False,
    aligner: Annotated[
        str, typer.Option(metavar="own|colmap", help="What aligns the photos of a full product.")
    ] = "own",
    memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="The most memory to use, such as 4G or 800M.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Processor cores to use; else all.")] = None,
    operation: OperationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a georeferenced GeoTIFF and a preview of drone photos, and say how well they fit."""
    with starting():
        from imaging.control.gathering import ControlFiles
        from imaging.memory import megabytes
        from imaging.mosaic import MosaicOptions

    if final and not watch:
        raise InputError("--final goes with --watch", where="--final", remedy="Leave it out")
    settings = settings_of(context)
    opened = open_operation(operation, settings)
    files = ControlFiles(
        points=control,
        marks=marks,
        bars=bars,
        system=crs,
        heights=heights,
        grids=settings.grids,
        checks=tuple(name.strip() for each in check or () for name in each.split(",")),
        centre=centre_marks,
    )
    if again is not None:
        check_alone(
            gsd=gsd, quick=quick, flight=flight, system=system, lens=lens, watch=watch, memory=memory,
            aligner=aligner != "own", keep_lens=keep_lens,
        )  # fmt: skip
        draw_again(again, photos, output, files, opened, threads=threads, as_json=as_json)
        return
    if photos is None:
        raise InputError("no photos are named", where="PHOTOS", remedy="Name the folder with the photos")
    scene = output or _scene_in(opened, photos)
    check_none_entered(opened, scene, f"Draw it anew beside that: `droneteam mosaic --again {scene} -o NEW`")
    if keep_lens is not None:
        check_not_entered(opened, keep_lens)
    there = scene / "marks.json"
    if marks is None and there.exists():
        files = replace(files, marks=there)
    with _named_as_options():
        options = MosaicOptions(
            gsd_m=None if gsd is None else gsd / 100,
            quick=quick or watch,
            aligner=cast("Aligner", aligner),
            threads=threads,
            limit_mb=None if memory is None else megabytes(memory),
        )
        work = _Work(photos, scene, options, files, _priors(flight, system, lens))
        report = _watched(work, final=final, full=not quick, as_json=as_json) if watch else _made(work)
    if report is None:
        say("No picture was made")
        return
    if keep_lens is not None:
        _keep_lens(scene, keep_lens)
    if opened is not None:
        given = None if lens is None or lens.is_dir() else lens
        _enter(opened, work, report, {flight: "telemetry", given: "prior"})
    if as_json:
        print_json(report.body)
    else:
        show(report, scene)


@contextmanager
def _named_as_options() -> Iterator[None]:
    """Settings that cannot be, named as they were given."""
    try:
        yield
    except SettingsError as error:
        where = OPTIONS.get(error.where, error.where)
        raise SettingsError(error.what, where=where, remedy=error.remedy) from error


@dataclass(frozen=True, slots=True)
class _Work:
    """What a mosaic is made of."""

    photos: Path
    scene: Path
    options: MosaicOptions
    control: ControlFiles
    priors: Priors

    @property
    def given(self) -> dict[str, Any]:
        """The same for `mosaic` and `watch`."""
        return {"options": self.options, "control": self.control, "priors": self.priors}


def _enter(operation: Operation, work: _Work, report: SceneReport, given: dict[Path | None, str]) -> None:
    """Everything that the scene was made of, and what was made."""
    name = work.scene.name
    enter_pictures(operation, work.photos, "photo", report.used)
    for path in report.files:
        enter(operation, path, "scene", scene=name)
    for measured in filter(None, (work.control.points, work.control.marks, work.control.bars)):
        # Marks beside the picture go on being changed where people mark: of them a copy enters.
        entering = enter_copy if measured == work.scene / "marks.json" else enter
        entering(operation, measured, "control", scene=name)
    for path, what in ((path, what) for path, what in given.items() if path is not None):
        enter(operation, path, what, scene=name)
    used, left_out = len(report.used), len(report.left_out)
    record(operation, "scene.made", scene=name, used=used, left_out=left_out)


def _made(work: _Work) -> SceneReport:
    from imaging.mosaic import mosaic as make
    from imaging.pace import pace_of
    from telemetry.clock import SystemClock

    with showing(pace_of(work.scene, SystemClock(), quick=work.options.quick)) as progress:
        return make(work.photos, work.scene, **work.given, progress=progress)


def _watched(work: _Work, *, final: bool, full: bool, as_json: bool) -> SceneReport | None:
    from imaging.watching import watch as follow

    def told(run: Run) -> None:
        if as_json:
            print_json({
                "photos": run.photos, "used": run.used, "left_out": run.left_out,
                "seconds": round(run.seconds, 3), "problem": run.problem,
            })  # fmt: skip
        else:
            out().print(line_of(run), soft_wrap=True)

    say(f"Watching {work.photos}; Ctrl-C ends it")
    with _pressed() as stop:
        report = follow(
            work.photos, work.scene, stop=stop.is_asked, told=told, **work.given, progress=Notes()
        )
    if final:
        return _made(replace(work, options=replace(work.options, quick=not full)))
    return report


class _Stop:
    """Ctrl-C once: the run that has begun is finished. Twice: it is broken off."""

    def __init__(self) -> None:
        self._asked = False

    def is_asked(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._asked

    def press(self, number: int, frame: FrameType | None) -> None:
        """The signal's handler."""
        del number, frame
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        say("Ending after this run; Ctrl-C again breaks it off")


@contextmanager
def _pressed() -> Iterator[_Stop]:
    stop = _Stop()
    before = signal.signal(signal.SIGINT, stop.press)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _priors(flight: Path | None, system: int | None, lens: Path | None) -> Priors:
    from imaging.flight import read_flight
    from imaging.lens_file import read_lenses
    from imaging.lens_store import read_store
    from imaging.priors import Priors

    folder = lens is not None and lens.is_dir()

    return Priors(
        flight=None if flight is None else read_flight(flight, system),
        lenses=() if lens is None or folder else read_lenses(lens),
        store=() if lens is None or not folder else read_store(lens),
    )


def _keep_lens(scene: Path, target: Path) -> None:
    from imaging.lens_file import write_lenses
    from imaging.lens_store import keep_in_store
    from imaging.scene_lenses import lenses_of

    kept = lenses_of(scene)
    if target.is_dir():
        files = keep_in_store(target, kept)
    else:
        write_lenses(target, kept)
        files = (target,) * len(kept)
    for file, each in zip(files, kept, strict=True):
        focal = f"focal length {each.lens.focal_px:.1f} ± {1.96 * each.sigma['focal_px']:.1f} pixels (95 %)"
        say(f"Wrote {file}: {each.name}, {focal}")


def _scene_in(operation: Operation | None, photos: Path) -> Path:
    if operation is None:
        raise InputError(
            "nowhere to write the scene", where="--output", remedy="Give -o SCENE, or --operation FOLDER"
        )
    return operation.free_path("scene", photos.resolve().name)

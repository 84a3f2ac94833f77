"""`droneteam mosaic`: photos to one georeferenced picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from missions.errors import InputError
from ops.cli.desk import settings_of
from ops.cli.entering import enter, enter_pictures, open_operation, record
from ops.cli.options import JsonOption, OperationOption
from ops.cli.progress import showing
from ops.cli.screen import facts, out, print_json, say, table

if TYPE_CHECKING:
    from imaging.scene_report import SceneReport
    from ops.operations import Operation

LEFT_OUT_SHOWN = 20


def mosaic(
    context: typer.Context,
    photos: Annotated[Path, typer.Argument(metavar="PHOTOS", help="The folder with the photos.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="SCENE", help="The folder to write the scene in.")
    ] = None,
    gsd: Annotated[
        float | None, typer.Option(metavar="CENTIMETRES", help="Size of a pixel; else what the photos show.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Coarser, and much sooner.")] = False,
    threads: Annotated[int | None, typer.Option(help="Processor cores to use; else all.")] = None,
    operation: OperationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a georeferenced GeoTIFF and a preview of drone photos, and say how well they fit."""
    from imaging.mosaic import MosaicOptions
    from imaging.mosaic import mosaic as make

    opened = open_operation(operation, settings_of(context))
    scene = output or _scene_in(opened, photos)
    options = MosaicOptions(gsd_m=None if gsd is None else gsd / 100, quick=quick, threads=threads)
    with showing() as progress:
        report = make(photos, scene, options=options, progress=progress)
    if opened is not None:
        enter_pictures(opened, photos, "photo", report.used)
        for path in (report.orthomosaic, report.preview, report.report):
            enter(opened, path, "scene", scene=scene.name)
        record(opened, "scene.made", scene=scene.name, used=len(report.used), left_out=len(report.left_out))
    if as_json:
        print_json(report.body)
    else:
        _show(report, scene)


def _scene_in(operation: Operation | None, photos: Path) -> Path:
    if operation is None:
        raise InputError(
            "nowhere to write the scene", where="--output", remedy="Give -o SCENE, or --operation FOLDER"
        )
    return operation.free_path("scene", photos.resolve().name)


def _show(report: SceneReport, scene: Path) -> None:
    accuracy = report.accuracy
    rows = [
        ("Photos used", len(report.used)),
        ("Left out", len(report.left_out)),
        ("Orthomosaic", f"{report.width_px} x {report.height_px} pixels, EPSG:{report.epsg}"),
        ("Pixel", f"{report.gsd_m * 100:.2f} cm"),
        ("Covered", f"{report.covered_m2:.0f} m²"),
        ("Reprojection error", f"{accuracy.reprojection_mean_px:.2f} pixels in the mean"),
        (
            "From GPS",
            f"{accuracy.gps_rmse_horizontal_m:.2f} m in plan, {accuracy.gps_rmse_vertical_m:.2f} m in height",
        ),
        ("Scale", f"within {accuracy.scale_95_pct:.2f} % (95 %), as far as GPS tells"),
        ("Heights from", report.height_reference),
        ("Time", f"{sum(report.timings_s.values()):.0f} s"),
        ("Verdict", accuracy.verdict),
    ]
    out().print(facts(str(scene), rows))
    if report.left_out:
        shown = [(each.name, each.reason) for each in report.left_out[:LEFT_OUT_SHOWN]]
        out().print(table("Left out", ("Photo", "Why"), shown))
    say(f"Wrote {report.orthomosaic}, {report.preview.name} and {report.report.name}")

"""What a mosaic came to, for people: the table at the end, and a line for each run of a watched folder."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.screen import facts, out, say, table

if TYPE_CHECKING:
    from imaging.accuracy import Accuracy
    from imaging.checks import Check
    from imaging.scene_report import SceneReport
    from imaging.watching import Run

LEFT_OUT_SHOWN = CHECKS_SHOWN = NOT_CENTRED_SHOWN = 20
COVERAGE_95 = 1.96


def show(report: SceneReport, scene: Path) -> None:
    """Print the scene's figures, what was left out, and where the files are."""
    accuracy = report.accuracy
    rows = [
        ("Photos used", len(report.used)),
        ("Left out", len(report.left_out)),
        ("Orthomosaic", f"{report.width_px} x {report.height_px} pixels, EPSG:{report.epsg}"),
        ("Pixel", f"{report.gsd_m * 100:.2f} cm"),
        ("Covered", f"{report.covered_m2:.0f} m²"),
        ("Reprojection error", f"{accuracy.reprojection_mean_px:.2f} pixels in the mean"),
        *_gps_rows(accuracy),
        ("Scale", f"within {accuracy.scale_95_pct:.2f} % (95 %), {_scale_from(accuracy)}"),
        *_control_rows(accuracy),
        *_marks_row(report),
        *_parts_row(report),
        ("Heights from", report.height_reference),
        ("Time", f"{sum(report.timings_s.values()):.0f} s"),
        ("Verdict", accuracy.verdict),
    ]
    out().print(facts(str(scene), rows))
    if report.left_out:
        shown = [(each.name, each.reason) for each in report.left_out[:LEFT_OUT_SHOWN]]
        out().print(table("Left out", ("Photo", "Why"), shown))
        if len(report.left_out) > LEFT_OUT_SHOWN:
            say(f"and {len(report.left_out) - LEFT_OUT_SHOWN} more photos left out, in {report.report}")
    _tell_not_centred(report)
    say(f"Wrote {report.orthomosaic}, {report.preview.name} and {report.report.name}")


def line_of(run: Run) -> str:
    """One run in a line: when, how many photos are in, how long it took."""
    clock = datetime.fromtimestamp(run.at_s).astimezone().strftime("%H:%M:%S")
    if run.report is None:
        return f"{clock}  {run.photos} photos, no picture yet ({run.seconds:.1f} s): {run.problem}"
    return (
        f"{clock}  {run.used} photos in, {run.left_out} left out, {run.report.covered_m2:.0f} m², "
        f"{run.seconds:.1f} s"
    )


def _gps_rows(accuracy: Accuracy) -> list[tuple[str, str]]:
    if not accuracy.gps_used:
        return [("From GPS", "nothing: surveyed points alone place the scene")]
    plan, up = accuracy.gps_rmse_horizontal_m, accuracy.gps_rmse_vertical_m
    own_m, drift_m = accuracy.gps_own_plan_m, accuracy.gps_drift_plan_m
    return [
        ("From GPS", f"{plan:.2f} m in plan, {up:.2f} m in height"),
        ("with lag and lever arm", f"{accuracy.gps_whole_horizontal_m:.2f} m in plan"),
        ("its error in plan", f"{own_m:.2f} m of each photo's own, {drift_m:.2f} m of drift a minute"),
    ]


def _marks_row(report: SceneReport) -> list[tuple[str, str]]:
    marks = report.body["marks"]
    if not marks["centred"] and not marks["not_centred"]:
        return []
    told = f"{marks['centred']} of {marks['marks']} moved to the centre of their target"
    if marks["centred"]:
        told += (
            f", by {marks['shift_median_px']:.2f} pixels in the median, {marks['shift_max_px']:.2f} at most"
        )
    return [("Marks", told)]


def _tell_not_centred(report: SceneReport) -> None:
    stay = report.body["marks"]["not_centred"]
    if not stay:
        return
    shown = [(each["point"], each["photo"], each["reason"]) for each in stay[:NOT_CENTRED_SHOWN]]
    out().print(table("Marks that stay as they were clicked", ("Point", "Photo", "Why"), shown))
    if len(stay) > NOT_CENTRED_SHOWN:
        say(f"and {len(stay) - NOT_CENTRED_SHOWN} more marks, in {report.report}")


def _parts_row(report: SceneReport) -> list[tuple[str, str]]:
    parts = report.body["parts"]
    told = f"{parts} that share no ground: positions and control alone join them"
    return [("Parts", told)] if parts > 1 else []


def _scale_from(accuracy: Accuracy) -> str:
    if accuracy.ground_control_points >= 2 or accuracy.scale_bars:
        return "from the ground"
    return "as far as GPS tells"


def _check(check: Check) -> str:
    """Scene less survey, and what the uncertainties of both let one expect."""
    axes = ("length",) if check.is_distance else ("east", "north", "up")
    off = ", ".join(
        f"{round(value, 3) + 0.0:+.3f} m {axis}" for axis, value in zip(axes, check.off_m, strict=False)
    )
    expected = ", ".join(f"{COVERAGE_95 * sigma:.3f}" for sigma in check.sigma_m)
    return f"{check.name}: {off} (± {expected} expected, 95 %){'' if check.agrees else ': DISAGREES'}"


def _control_rows(accuracy: Accuracy) -> list[tuple[str, str]]:
    rows = []
    if accuracy.ground_control_points or accuracy.scale_bars:
        used = f"{accuracy.ground_control_points} points, {accuracy.scale_bars} distances"
        rows.append(("Ground control", used))
    if accuracy.checks:
        rmse = [
            f"{value:.3f} m in {way}"
            for value, way in ((accuracy.check_rmse_plan_m, "plan"), (accuracy.check_rmse_up_m, "height"))
            if value is not None
        ]
        told = f", RMSE {', '.join(rmse)}" if rmse else ""
        rows.append(("Checks", f"{len(accuracy.checks)}{told}"))
    rows += [("", _check(check)) for check in accuracy.checks[:CHECKS_SHOWN]]
    if len(accuracy.checks) > CHECKS_SHOWN:
        rows.append(("", f"and {len(accuracy.checks) - CHECKS_SHOWN} more, in scene.json"))
    for blunder in accuracy.blunders:
        name = f"{blunder.name} in {blunder.photo}" if blunder.photo else blunder.name
        rows.append(("Set aside", f"{name}: {blunder.reason}"))
    return rows

"""The content of a sheet from a scene that was made and what was measured on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from imaging.measure.figures import Measurement
from imaging.measure.opened import OpenedScene
from imaging.photos import hash_file
from imaging.sheet.content import Case, SheetAccuracy, SheetContent
from imaging.sheet.shortcomings import shortcomings_of
from missions.errors import FormatError

MOST_PHOTOS = 200


def sheet_content(
    opened: OpenedScene,
    measurement: Measurement,
    case: Case,
    created: datetime,
    remarks: tuple[str, ...] = (),
) -> SheetContent:
    """What the sheet of an opened scene says.

    Accuracy, versions, settings and hashes come from `scene.json`, and the file's own hash is among them. Of
    more than 200 photos the hashes stand there alone. Raises FormatError where it lacks something.
    """
    report = opened.report
    try:
        accuracy = _accuracy(report)
        photos = {str(photo["path"]): str(photo["sha256"]) for photo in report["photos"]}
        listed = photos if len(photos) <= MOST_PHOTOS else {}
        measured = {str(name): str(sha256) for name, sha256 in report.get("control", {}).items()}
        results = {str(name): str(sha256) for name, sha256 in report["outputs"].items()}
        settings = {
            name.replace("_", " "): str(value)
            for name, value in report["options"].items()
            if value is not None
        }
        again = report.get("again") or {}
        drawn_from = {f"{again['scene']}/scene.json": str(again["report_sha256"])} if again else {}
        if again:
            settings["drawn anew from"] = str(again["scene"])
        if not listed:
            settings["photos"] = f"{len(photos)}; their SHA-256 stand in {opened.scene.report.name}"
        return SheetContent(
            orthomosaic=opened.scene.orthomosaic,
            measurement=measurement,
            frame=opened.frame,
            case=case,
            accuracy=accuracy,
            created=created,
            height_reference=str(report["place"]["height_reference"]),
            software={str(name): str(version) for name, version in report["software"].items()},
            settings=settings,
            hashes={
                **results,
                opened.scene.report.name: hash_file(opened.scene.report),
                **drawn_from,
                **measured,
                **listed,
            },
            remarks=remarks,
            lacking=shortcomings_of(report),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(
            f"the report lacks what a sheet says ({error})", where=str(opened.scene.report)
        ) from error


def _accuracy(report: dict[str, Any]) -> SheetAccuracy:
    figures = report["accuracy"]
    return SheetAccuracy(
        gsd_m=float(report["orthomosaic"]["gsd_m"]),
        reprojection_px=float(figures["reprojection_mean_px"]),
        photos_used=sum(photo["pose"] is not None for photo in report["photos"]),
        photos_left_out=len(report["left_out"]),
        control_points=int(figures["ground_control_points"]),
        scale_bars=int(figures["scale_bars"]),
        check_points=len(figures["checks"]),
        check_rmse_horizontal_m=_metres(figures["check_rmse_plan_m"]),
        check_rmse_vertical_m=_metres(figures["check_rmse_up_m"]),
        scale_95_pct=float(figures["scale_95_pct"]),
    )


def _metres(value: float | None) -> float | None:
    return None if value is None else float(value)

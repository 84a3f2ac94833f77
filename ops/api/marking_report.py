"""A board as the service tells it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from imaging.control.points import Mark
from imaging.control.scene import SceneControl
from imaging.marking.residuals import Seen, off_survey
from imaging.measure.derive import KINDS
from imaging.measure.matching import MATCHED
from imaging.sheet.numbers import stated
from ops.api.marking_models import (
    AdjustmentReport,
    BarReport,
    BlunderReport,
    CheckReport,
    ClickReport,
    FigureReport,
    MarkingReport,
    MarkReport,
    PointReport,
    PredictionReport,
    ScenePhoto,
)
from ops.marking.board import Board
from ops.marking.books import Kind
from ops.marking.standing import Standing


def marking_report(board: Board, standing: Standing, revision: str) -> MarkingReport:
    """Everything of the scene but what runs at the moment."""
    scene, control = standing.scene, standing.control
    paths = board.photos()
    shown = scene.picture_px(np.array([view.centre for view in scene.now.adjusted.views]))
    index = scene.now.adjusted.network.index
    return MarkingReport(
        scene=board.scene,
        name=board.scene.rsplit("/", 1)[-1],
        revision=revision,
        picture=(scene.grid.width, scene.grid.height),
        picture_version=str(scene.made.report["outputs"].get("orthomosaic.tif", ""))[:12],
        gsd_m=scene.grid.cell_m,
        photos=tuple(
            ScenePhoto(
                name=photo.name,
                width_px=photo.width_px,
                height_px=photo.height_px,
                version=photo.sha256[:12],
                picture_px=_pair(shown[index[photo.name]]),
            )
            for photo in paths.photos.values()
        ),
        points=(*_control_points(board, standing), *_measure_points(standing)),
        bars=tuple(_bars(standing, control)),
        figures=tuple(_figures(standing)),
        adjustment=_adjustment(standing),
        adjusting="",
        drawn=scene.now is scene.made,
        drawn_from=str((scene.made.report.get("again") or {}).get("scene", "")),
    )


def prediction_reports(standing: Standing, kind: Kind, name: str) -> tuple[PredictionReport, ...]:
    """Where each photo shows the point, the best first."""
    return tuple(
        PredictionReport(
            photo=each.photo,
            x_px=round(each.x_px, 3),
            y_px=round(each.y_px, 3),
            ellipse_px=(round(each.ellipse_px[0], 2), round(each.ellipse_px[1], 2)),
            ellipse_deg=round(each.ellipse_deg, 1),
            from_above_deg=round(each.from_above_deg, 1),
            pixels_per_m=round(each.pixels_per_m, 2),
        )
        for each in standing.predictions(kind, name)
    )


def _control_points(board: Board, standing: Standing) -> Iterator[PointReport]:
    control = standing.control
    surveyed = {each.name: each for each in control.points}
    blunders = {each["name"]: each for each in standing.scene.now.report["accuracy"]["blunders"]}
    held = int(standing.scene.now.report["accuracy"]["ground_control_points"]) > 0
    named = standing.scene.now.adjusted.layout.named_names
    for name in board.names():
        point = surveyed.get(name)
        seen = standing.seen.get(("control", name))
        off = off_survey(seen, point, standing.scene.now.frame) if seen and point and held else None
        role = control.role_of(name)
        problem = blunders.get(name)
        yield PointReport(
            kind="control",
            name=name,
            role="end" if role is None else role.value,
            lat_deg=point.lat_deg if point else None,
            lon_deg=point.lon_deg if point else None,
            height_m=point.height_m if point else None,
            height_reference=point.height_reference if point else "",
            sigma_horizontal_m=point.sigma_horizontal_m if point else None,
            sigma_up_m=point.sigma_up_m if point else None,
            note=standing.books.notes["control"].get(name, ""),
            marks=_marks(standing.books.marks["control"].get(name, ()), seen),
            shown_in=standing.shown_in("control", name),
            used=name in named,
            off_m=None if off is None else tuple(round(each, 4) for each in off),
            place_sigma_m=None,
            picture_px=_on_picture(standing, "control", name),
            problem=problem["reason"] if problem and not problem["photo"] else "",
        )


def _measure_points(standing: Standing) -> Iterator[PointReport]:
    for name, marks in standing.books.marks["measure"].items():
        known = name in standing.places.letters
        sigma = standing.places.sigma_m(name) if known else np.zeros(3)
        yield PointReport(
            kind="measure",
            name=name,
            role="measure",
            lat_deg=None,
            lon_deg=None,
            height_m=None,
            height_reference="",
            sigma_horizontal_m=None,
            sigma_up_m=None,
            note=standing.books.notes["measure"].get(name, ""),
            marks=_marks(marks, standing.seen.get(("measure", name))),
            shown_in=standing.shown_in("measure", name),
            used=False,
            off_m=None,
            place_sigma_m=(float(sigma[0]), float(sigma[1]), float(sigma[2])) if known else None,
            picture_px=_on_picture(standing, "measure", name),
            problem=standing.unplaced.get(name, ""),
        )


def _marks(marks: tuple[Mark, ...], seen: Seen | None) -> tuple[MarkReport, ...]:
    off = {} if seen is None else seen.residual_px
    return tuple(
        MarkReport(
            photo=mark.photo,
            x_px=mark.x_px,
            y_px=mark.y_px,
            sigma_px=mark.sigma_px,
            marked_by=mark.marked_by,
            marked_at=mark.marked_at,
            matched=mark.marked_by == MATCHED,
            click=None if mark.click is None else ClickReport(**asdict(mark.click)),
            residual_px=_pair(off[mark.photo], 2) if mark.photo in off else None,
        )
        for mark in marks
    )


def _on_picture(standing: Standing, kind: Kind, name: str) -> tuple[float, float] | None:
    place = standing.place(kind, name)
    if place is None:
        return None
    px = standing.scene.picture_px(place[None, :])[0]
    return _pair(px, 2) if np.isfinite(px).all() else None


def _bars(standing: Standing, control: SceneControl) -> Iterator[BarReport]:
    for bar in control.bars:
        ends = [standing.seen.get(("control", name)) for name in (bar.first, bar.second)]
        places = [each.local_m for each in ends if each is not None]
        found = float(np.linalg.norm(places[0] - places[1])) if len(places) == 2 else None
        yield BarReport(
            first=bar.first,
            second=bar.second,
            role=bar.role.value,
            length_m=bar.length_m,
            sigma_m=bar.sigma_m,
            found_m=found,
        )


def _figures(standing: Standing) -> Iterator[FigureReport]:
    for asked, figure, problem in standing.figures:
        unit = KINDS[asked.kind][3]
        text = "" if figure is None else stated(figure.value, figure.half_width_95, unit).words(unit)
        yield FigureReport(
            kind=asked.kind,
            letters=asked.letters,
            note=asked.note,
            value=None if figure is None else figure.value,
            half_width_95=None if figure is None else figure.half_width_95,
            unit=unit,
            text=text,
            caution="" if figure is None else figure.note,
            problem=problem,
        )


def _adjustment(standing: Standing) -> AdjustmentReport:
    figures: dict[str, Any] = standing.scene.now.report["accuracy"]
    return AdjustmentReport(
        with_marks=standing.control.key == standing.scene.control.key,
        control_points=figures["ground_control_points"],
        scale_bars=figures["scale_bars"],
        scale_95_pct=figures["scale_95_pct"],
        tie_sigma_px=figures["tie_point_sigma_px"],
        checks=tuple(
            CheckReport(
                name=each["name"], off_m=each["off_m"], sigma_m=each["sigma_m"], agrees=each["agrees"]
            )
            for each in figures["checks"]
        ),
        check_rmse_plan_m=figures["check_rmse_plan_m"],
        check_rmse_up_m=figures["check_rmse_up_m"],
        blunders=tuple(
            BlunderReport(name=each["name"], photo=each["photo"], reason=each["reason"])
            for each in figures["blunders"]
        ),
        evidence=standing.scene.now.evidence,
        verdict=standing.scene.now.verdict,
    )


def _pair(px: Any, digits: int = 1) -> tuple[float, float]:
    x, y = (float(each) for each in px)
    return (round(x, digits), round(y, digits)) if math.isfinite(x) and math.isfinite(y) else (-1.0, -1.0)

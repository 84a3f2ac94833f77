"""What the service says of marking and measuring in a scene, and what it takes from people."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ops.api.alarm_models import Name
from ops.api.report import Report

MarkKind = Literal["control", "measure"]
FigureName = Literal["distance", "horizontal distance", "path", "area", "angle", "height difference"]
Pixel = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
SigmaPx = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
PointName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
PhotoName = Annotated[str, StringConstraints(max_length=1000)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
Pair = tuple[float, float]


class ClickReport(Report):
    """Where a person clicked, and how surely."""

    x_px: float
    y_px: float
    sigma_px: float


class MarkReport(Report):
    """Where a point is marked in one photo; pixel (0.5, 0.5) is the centre of the first one."""

    photo: str
    x_px: float
    y_px: float
    sigma_px: float
    marked_by: str
    marked_at: str
    matched: bool = Field(description="Found by matching, not by a person")
    click: ClickReport | None = Field(
        default=None, description="What was clicked, where the mark was moved to the centre of the target"
    )
    residual_px: Pair | None = Field(description="Mark less where all marks together put it; null: one mark")


class PointReport(Report):
    """A point that is marked, or can be."""

    kind: MarkKind
    name: str
    role: Literal["control", "check", "end", "measure"]
    lat_deg: float | None = Field(description="As surveyed; null where nobody surveyed it")
    lon_deg: float | None
    height_m: float | None
    height_reference: str
    sigma_horizontal_m: float | None = Field(description="Of the survey")
    sigma_up_m: float | None
    note: str = Field(description="What people noted of it; else empty")
    marks: tuple[MarkReport, ...]
    shown_in: int = Field(description="In how many photos it is expected")
    used: bool = Field(description="It shaped the adjustment")
    off_m: tuple[float, ...] | None = Field(
        description="East, north and up: photos less survey; null before control holds the scene"
    )
    place_sigma_m: tuple[float, float, float] | None = Field(
        description="Of a measuring mark: one standard deviation east, north and up"
    )
    picture_px: Pair | None = Field(description="Where it is on the orthomosaic")
    problem: str = Field(description="Why it is set aside or has no place; else empty")


class BarReport(Report):
    """A distance that was measured on the ground."""

    first: str
    second: str
    role: Literal["control", "check"]
    length_m: float
    sigma_m: float
    found_m: float | None = Field(description="As the marks give it; null where an end has none")


class FigureReport(Report):
    """A figure that was asked for, within ± `half_width_95` with 95 % confidence."""

    kind: FigureName
    letters: tuple[str, ...]
    note: str
    value: float | None
    half_width_95: float | None
    unit: str
    text: str = Field(description="With as many digits as its uncertainty bears")
    caution: str = Field(description="What is to be minded of the value; else empty")
    problem: str = Field(description="Why there is no value; else empty")


class ScenePhoto(Report):
    """A photo that can be marked in."""

    name: str
    width_px: int
    height_px: int
    version: str = Field(description="Of its content; part of the address of its pixels")
    picture_px: Pair = Field(description="Where the camera was, on the orthomosaic")


class CheckReport(Report):
    """Something measured on the ground that took no part: scene less survey, metres."""

    name: str
    off_m: tuple[float, ...] = Field(description="East, north, up of a point; one figure of a distance")
    sigma_m: tuple[float, ...]
    agrees: bool


class BlunderReport(Report):
    """What was set aside, and why."""

    name: str
    photo: str = Field(description="Where one mark of the point is wrong; else empty")
    reason: str


class AdjustmentReport(Report):
    """How well the scene fits. `with_marks` is whether it was adjusted with the marks as they are."""

    with_marks: bool
    control_points: int
    scale_bars: int
    scale_95_pct: float
    tie_sigma_px: float
    checks: tuple[CheckReport, ...]
    check_rmse_plan_m: float | None
    check_rmse_up_m: float | None
    blunders: tuple[BlunderReport, ...]
    evidence: bool
    verdict: str


class DrawingReport(Report):
    """A scene that is being drawn anew, as a scene of its own."""

    new: str = Field(description="Its name")
    who: str
    stage: str
    share: float = Field(description="Of the whole, 0 to 1")
    left_s: float | None = Field(description="What it will take yet; null while nobody knows")


class MissedReport(Report):
    """A photo in which a click was not found again."""

    photo: str
    reason: str


class MarkingReport(Report):
    """A scene with its points, marks and figures. `revision` differs whenever anything of it does."""

    scene: str
    name: str
    revision: str
    picture: tuple[int, int] = Field(description="Of the orthomosaic: width and height in pixels")
    picture_version: str
    gsd_m: float
    photos: tuple[ScenePhoto, ...]
    points: tuple[PointReport, ...]
    bars: tuple[BarReport, ...]
    figures: tuple[FigureReport, ...]
    adjustment: AdjustmentReport
    adjusting: str = Field(description="The stage of the adjustment that runs; empty: none does")
    drawn: bool = Field(description="The picture is drawn with the newest adjustment")
    drawn_from: str = Field(description="The scene that this one was drawn anew from; else empty")
    newer: str = Field(default="", description="The newest scene that was drawn anew from this one")
    drawing: DrawingReport | None = Field(default=None, description="The drawing of it that runs")
    drawing_problem: str = Field(default="", description="Why the last drawing came to nothing")
    named: str = Field(default="", description="The point that this request began or looked for")
    not_found_again: tuple[MissedReport, ...] = Field(
        default=(), description="Where this request looked for it in vain"
    )
    not_centred: str = Field(
        default="", description="Why the mark of this request stays where it was clicked"
    )


class PredictionReport(Report):
    """Where a photo shows a point, with the ellipse that holds it with 95 % confidence."""

    photo: str
    x_px: float
    y_px: float
    ellipse_px: Pair = Field(description="Semi-axes")
    ellipse_deg: float = Field(description="Of the longer one, from x towards y")
    from_above_deg: float
    pixels_per_m: float


class Seen(Report):
    """The mark that the client saw."""

    x_px: Pixel
    y_px: Pixel


class MarkOrder(Report):
    """Mark a point in a photo. `replaces` is the mark that stands there as the client knows it."""

    kind: MarkKind
    point: PointName
    photo: PhotoName
    x_px: Pixel
    y_px: Pixel
    sigma_px: SigmaPx = 0.5
    who: Name
    replaces: Seen | None = None
    centre: bool = Field(default=False, description="Move it to the centre of the target there, if any")


class BeginOrder(Report):
    """Mark a point somewhere and find it in other photos. An empty `photo` is the orthomosaic."""

    kind: MarkKind
    point: PointName | None = Field(default=None, description="null: a new measuring mark")
    photo: PhotoName = ""
    x_px: Pixel
    y_px: Pixel
    sigma_px: SigmaPx = 0.5
    who: Name
    matching: bool = True


class MatchOrder(Report):
    """Find what is marked in one photo in those where it is not marked yet."""

    kind: MarkKind
    point: PointName
    photo: PhotoName
    who: Name


class RoleOrder(Report):
    """Let a surveyed point or a measured distance hold the scene, or be an independent check."""

    point: PointName
    other: PointName | Literal[""] = Field(default="", description="The other end, where it is a distance")
    role: Literal["control", "check"]
    who: Name


class NoteOrder(Report):
    """Note something of a point; an empty text takes the note away."""

    kind: MarkKind
    point: PointName
    note: Note
    who: Name


class FigureOrder(Report):
    """Ask for a figure."""

    kind: FigureName
    letters: Annotated[tuple[PointName, ...], Field(min_length=2, max_length=200)]
    note: Note = ""
    who: Name


class AdjustOrder(Report):
    """Adjust the scene again."""

    who: Name

"""The endpoints of marking and measuring in a scene."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import BaseModel

from missions.errors import (
    AlignmentError,
    DroneteamError,
    EvidenceError,
    FormatError,
    InputError,
    OutputError,
)
from ops.api.alarm_models import Name
from ops.api.desk import Desk
from ops.api.marking_models import (
    AdjustOrder,
    BeginOrder,
    DrawingReport,
    FigureName,
    FigureOrder,
    MarkingReport,
    MarkKind,
    MarkOrder,
    MatchOrder,
    MissedReport,
    NoteOrder,
    PhotoName,
    Pixel,
    PointName,
    PredictionReport,
    RoleOrder,
)
from ops.api.models import Problem
from ops.api.orders import body_of, order_of

if TYPE_CHECKING:  # numpy, OpenCV and rasterio are loaded when a scene is first opened
    from imaging.measure.measuring import Completed
    from ops.marking.board import Board
    from ops.marking.boards import Boards

router = APIRouter(prefix="/api/scenes")
LONGEST_ORDER_BYTES = 8000
NONE: dict[int | str, dict[str, object]] = {status: {"model": Problem} for status in (404, 409, 422)}
REFUSED: dict[int | str, dict[str, object]] = {
    status: {"model": Problem} for status in (404, 409, 413, 415, 422)
}
PIXELS: dict[int | str, dict[str, object]] = {200: {"content": {"image/jpeg": {}}}, **NONE}
WEBP: dict[int | str, dict[str, object]] = {200: {"content": {"image/webp": {}}}, **NONE}
FOR_GOOD = "private, max-age=86400, immutable"
IN_A_REPLAY = "this is a replay: nothing can be marked in it; serve the operation instead"
Side = Annotated[int, Query(ge=1, le=2048)]
At = Annotated[int, Query(ge=0, le=1_000_000)]
Span = Annotated[int, Query(ge=1, le=1_000_000)]
SeenPixel = Annotated[Pixel, Query(description="Of the mark as the client saw it")]
T = TypeVar("T")
Order = TypeVar("Order", bound=BaseModel)


def _boards(request: Request) -> Boards:
    desk: Desk = request.app.state.desk
    if desk.folder is None:
        raise HTTPException(404, "no operation is being served; start the service with one")
    return desk.boards()


TheBoards = Annotated["Boards", Depends(_boards)]


def _directed(request: Request) -> None:
    if request.app.state.desk.replay is not None:
        raise HTTPException(409, IN_A_REPLAY)


def _order(model: type[Order]) -> Callable[[Request], object]:
    async def read(request: Request) -> Order:
        _directed(request)
        return await order_of(request, model, LONGEST_ORDER_BYTES)

    return read


@router.get("/{scene:path}/marking", responses=NONE, response_model=MarkingReport)
def marking(scene: str, request: Request, boards: TheBoards) -> Response:
    """The scene with its points, marks and figures; 304 for who has it as it is (`If-None-Match`)."""
    report = _doing(lambda: _told(boards, boards.board(scene)))
    running = repr((report.adjusting, report.drawing, report.drawing_problem, report.newer))
    tag = f'"{report.revision}-{zlib.crc32(running.encode()):08x}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return Response(
        report.model_dump_json(),
        media_type="application/json",
        headers={"ETag": tag, "Cache-Control": "no-cache"},
    )


@router.get("/{scene:path}/predictions", responses=NONE)
def predictions(
    scene: str, kind: MarkKind, name: Annotated[PointName, Query()], boards: TheBoards
) -> tuple[PredictionReport, ...]:
    """Where each photo shows a point, the best first; those that do not show it are left out."""
    from ops.api.marking_report import prediction_reports

    def look() -> tuple[PredictionReport, ...]:
        board = boards.board(scene)
        _, standing, _ = boards.standing(board, _teller(board))
        known = board.names() if kind == "control" else tuple(standing.books.marks["measure"])
        if name not in known:
            raise InputError("there is no such point", where=repr(name[:40]), remedy="Take one of the list")
        return prediction_reports(standing, kind, name)

    return _doing(look)


@router.get("/{scene:path}/photo", responses=PIXELS, response_class=Response)
def photo(
    scene: str,
    photo: Annotated[PhotoName, Query()],
    x: At,
    y: At,
    w: Span,
    h: Span,
    side: Side,
    boards: TheBoards,
) -> Response:
    """A window of a photo as JPEG: its pixels as they are, or fewer, at most `side` along the longer side."""

    def cut() -> bytes:
        board = boards.board(scene)
        paths = board.photos()
        path = paths.path(photo)
        return boards.pixels.cut(paths.photos[photo], path, (x, y, w, h), side)

    return Response(_doing(cut), media_type="image/jpeg", headers={"Cache-Control": FOR_GOOD})


@router.get("/{scene:path}/orthomosaic", responses=WEBP, response_class=Response)
def orthomosaic(scene: str, x: At, y: At, w: Span, h: Span, side: Side, boards: TheBoards) -> Response:
    """A window of the orthomosaic as WebP, clear where it shows nothing; likewise."""
    from ops.api.scenes import scene_window

    cut = _doing(
        lambda: scene_window(boards.board(scene).opened().made.scene.orthomosaic, (x, y, w, h), side)
    )
    return Response(cut, media_type="image/webp", headers={"Cache-Control": FOR_GOOD})


@router.put("/{scene:path}/marks", responses=REFUSED, openapi_extra=body_of(MarkOrder))
async def put_mark(
    scene: str, boards: TheBoards, order: Annotated[MarkOrder, Depends(_order(MarkOrder))]
) -> MarkingReport:
    """Mark a point in a photo, or move the mark that stands there."""
    seen = None if order.replaces is None else (order.replaces.x_px, order.replaces.y_px)

    def act(board: Board) -> str:
        from ops.marking.spots import Spot

        spot = Spot(order.photo, order.x_px, order.y_px, order.sigma_px)
        return board.put(order.kind, order.point, spot, order.who, seen, centre=order.centre)

    return await _acted(boards, scene, act)


@router.delete("/{scene:path}/marks", responses=REFUSED, dependencies=[Depends(_directed)])
async def delete_mark(
    scene: str,
    kind: MarkKind,
    point: Annotated[PointName, Query()],
    photo: Annotated[PhotoName, Query()],
    x_px: SeenPixel,
    y_px: SeenPixel,
    who: Annotated[Name, Query()],
    boards: TheBoards,
) -> MarkingReport:
    """Take a mark away."""
    return await _acted(boards, scene, lambda board: board.remove(kind, point, photo, who, (x_px, y_px)))


@router.post("/{scene:path}/points", responses=REFUSED, openapi_extra=body_of(BeginOrder))
async def begin(
    scene: str, boards: TheBoards, order: Annotated[BeginOrder, Depends(_order(BeginOrder))]
) -> MarkingReport:
    """Mark a point on the orthomosaic or in a photo, and find it in the others; `named` is its name."""
    if order.kind == "control" and order.point is None:
        raise HTTPException(422, "point: a control point has a name")

    def act(board: Board) -> Completed:
        from ops.marking.spots import Spot

        spot = Spot(order.photo, order.x_px, order.y_px, order.sigma_px)
        return board.begin(order.kind, order.point, spot, order.who, matching=order.matching)

    return await _acted(boards, scene, act)


@router.delete("/{scene:path}/points", responses=REFUSED, dependencies=[Depends(_directed)])
async def forget(
    scene: str, name: Annotated[PointName, Query()], who: Annotated[Name, Query()], boards: TheBoards
) -> MarkingReport:
    """Take a measuring mark away from every photo."""
    return await _acted(boards, scene, lambda board: board.forget(name, who))


@router.post("/{scene:path}/matches", responses=REFUSED, openapi_extra=body_of(MatchOrder))
async def match(
    scene: str, boards: TheBoards, order: Annotated[MatchOrder, Depends(_order(MatchOrder))]
) -> MarkingReport:
    """Find what is marked in one photo in those where it is not marked yet."""
    return await _acted(
        boards, scene, lambda board: board.match(order.kind, order.point, order.photo, order.who)
    )


@router.put("/{scene:path}/figures", responses=REFUSED, openapi_extra=body_of(FigureOrder))
async def put_figure(
    scene: str, boards: TheBoards, order: Annotated[FigureOrder, Depends(_order(FigureOrder))]
) -> MarkingReport:
    """Ask for a figure, or change its note."""
    return await _acted(
        boards, scene, lambda board: board.ask(order.kind, order.letters, order.note, order.who)
    )


@router.delete("/{scene:path}/figures", responses=REFUSED, dependencies=[Depends(_directed)])
async def delete_figure(
    scene: str,
    kind: FigureName,
    letter: Annotated[list[PointName], Query(max_length=200)],
    who: Annotated[Name, Query()],
    boards: TheBoards,
) -> MarkingReport:
    """Ask for a figure no more; `letter` is repeated, in its order."""
    return await _acted(boards, scene, lambda board: board.drop(kind, tuple(letter), who))


@router.post("/{scene:path}/adjust", responses=REFUSED, openapi_extra=body_of(AdjustOrder))
async def adjust(
    scene: str, boards: TheBoards, order: Annotated[AdjustOrder, Depends(_order(AdjustOrder))]
) -> MarkingReport:
    """Adjust the scene again with the marks as they are; answers when it is done. One at a time."""
    return await _acted(boards, scene, lambda board: board.adjust(order.who))


@router.put("/{scene:path}/roles", responses=REFUSED, openapi_extra=body_of(RoleOrder))
async def put_role(
    scene: str, boards: TheBoards, order: Annotated[RoleOrder, Depends(_order(RoleOrder))]
) -> MarkingReport:
    """Let a surveyed point or a measured distance hold the scene, or be an independent check."""
    from imaging.control.points import Role

    role = Role(order.role)
    return await _acted(
        boards, scene, lambda board: board.set_role(order.point, role, order.who, order.other)
    )


@router.put("/{scene:path}/notes", responses=REFUSED, openapi_extra=body_of(NoteOrder))
async def put_note(
    scene: str, boards: TheBoards, order: Annotated[NoteOrder, Depends(_order(NoteOrder))]
) -> MarkingReport:
    """Note something of a point that is marked."""
    return await _acted(
        boards, scene, lambda board: board.note(order.kind, order.point, order.note, order.who)
    )


@router.post("/{scene:path}/drawing", responses=REFUSED, openapi_extra=body_of(AdjustOrder))
async def draw(
    scene: str, boards: TheBoards, order: Annotated[AdjustOrder, Depends(_order(AdjustOrder))]
) -> MarkingReport:
    """Begin to draw the scene anew with its newest adjustment, as a scene of its own; answers at once."""
    return await _acted(boards, scene, lambda board: boards.redraw(board, order.who))


@router.delete("/{scene:path}/drawing", responses=REFUSED, dependencies=[Depends(_directed)])
async def stop_drawing(scene: str, who: Annotated[Name, Query()], boards: TheBoards) -> MarkingReport:
    """Break off the drawing of the scene; nothing is left of it."""
    return await _acted(boards, scene, lambda board: boards.stop_drawing(board, who))


async def _acted(boards: Boards, scene: str, act: Callable[[Board], Completed | str | None]) -> MarkingReport:
    """Do it in a thread of its own, and tell how everything stands then."""

    def work() -> MarkingReport:
        board = boards.board(scene)
        found, report = act(board), _told(boards, board)
        if found is None:
            return report
        if isinstance(found, str):
            return report.model_copy(update={"not_centred": found})
        missed = tuple(MissedReport(photo=each.photo, reason=each.reason) for each in found.missed)
        return report.model_copy(update={"named": found.point.name, "not_found_again": missed})

    return await asyncio.to_thread(_doing, work)


def _told(boards: Boards, board: Board) -> MarkingReport:
    report: MarkingReport = boards.standing(board, _teller(board))[2]
    running = boards.adjusting.stage if boards.adjusting.scene == board.scene else ""
    drawing = boards.redrawing.now
    mine = drawing if drawing is not None and drawing.scene == board.scene else None
    return report.model_copy(
        update={
            "adjusting": running,
            "drawing": mine
            and DrawingReport(
                new=mine.new, who=mine.who, stage=mine.stage, share=mine.share, left_s=mine.left_s
            ),
            "drawing_problem": boards.redrawing.problem(board.scene),
            "newer": boards.drawn_after(board),
        }
    )


def _teller(board: Board) -> Callable[..., MarkingReport]:
    from ops.api.marking_report import marking_report

    return lambda standing, revision: marking_report(board, standing, revision)


def _doing(work: Callable[[], T]) -> T:
    """Do it, with our own errors as answers: what is not there, what stands against it, what is wrong."""
    try:
        return work()
    except DroneteamError as error:
        raise HTTPException(_status(error), str(error)) from error


def _status(error: DroneteamError) -> int:
    from ops.marking.board import Changed

    if isinstance(error, EvidenceError | FormatError | Changed | AlignmentError) or error.where in (
        "adjust",
        "redraw",
    ):
        return 409
    if isinstance(error, OutputError):
        return 507
    absent = error.what.startswith(("there is no such", "no such file"))
    return 404 if absent else 422

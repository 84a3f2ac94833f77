"""`droneteam sheet`: a scene and what was measured on it as a drawing to scale."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from missions.errors import InputError
from missions.files import writing_whole
from ops.cli.bounds import shown
from ops.cli.desk import settings_of
from ops.cli.entering import enter, open_operation, record
from ops.cli.options import JsonOption, OperationOption
from ops.cli.outputs import check_not_entered, check_suffix
from ops.cli.screen import facts, out, print_json, say

if TYPE_CHECKING:
    from imaging.measure.figures import Measurement
    from imaging.measure.opened import OpenedScene
    from imaging.measure.speed_file import Measured, Speed
    from imaging.sheet.content import Area, SheetContent, SheetOptions
    from imaging.sheet.sheet import Sheet
    from missions.rdnap import Frame


def sheet(
    context: typer.Context,
    scene: Annotated[Path, typer.Argument(metavar="SCENE", help="A scene that `droneteam mosaic` made.")],
    measurement: Annotated[
        Path | None,
        typer.Argument(metavar="MEASUREMENT.json", help="Else SCENE/measurement.json; else no marks."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.pdf", help="Else SCENE/sheet.pdf.")
    ] = None,
    paper: Annotated[str, typer.Option(metavar="SIZE", help="A4, A3, A2 or A1.")] = "A3",
    scale: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Such as 200 for 1:200; else the largest that fits.")
    ] = None,
    orientation: Annotated[str, typer.Option(metavar="WORD", help="auto, landscape or portrait.")] = "auto",
    area: Annotated[
        str | None,
        typer.Option(metavar="W,S,E,N", help="What to draw, in the scene's metres; else about the marks."),
    ] = None,
    language: Annotated[str, typer.Option(metavar="WORD", help="en or nl.")] = "en",
    grid: Annotated[str, typer.Option(metavar="WORD", help="utm, or rd for the Dutch grid.")] = "utm",
    reference: Annotated[
        str | None,
        typer.Option(metavar="WORD", help="For rd: the scene's positions are in etrs89 (RTK) or wgs84."),
    ] = None,
    epoch: Annotated[
        float | None, typer.Option(metavar="YEAR", help="For wgs84: when, such as 2026.9.")
    ] = None,
    case: Annotated[str, typer.Option(metavar="NUMBER", help="The number of the case.")] = "",
    place: Annotated[str, typer.Option(metavar="TEXT", help="Where it is.")] = "",
    when: Annotated[str, typer.Option(metavar="TEXT", help="When it happened.")] = "",
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who draws; else the operator in the settings.")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option(metavar="NAME=TEXT", help="A further line; may be repeated.")
    ] = None,
    dxf: Annotated[Path | None, typer.Option(metavar="FILE.dxf", help="For a drawing program too.")] = None,
    geojson: Annotated[Path | None, typer.Option(metavar="FILE.geojson", help="For a map too.")] = None,
    tyre_marks: Annotated[
        list[Path] | None,
        typer.Option(metavar="RESULT.json", help="A speed that `droneteam tyre-marks` found."),
    ] = None,
    operation: OperationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw a scene to scale as PDF: picture, marks, figures with their intervals, accuracy, hashes."""
    from imaging.sheet.content import Case

    settings = settings_of(context)
    opened_operation = open_operation(operation, settings)
    options = _options(paper, scale, orientation, area, language, grid, settings.grids)
    frame = _reference(reference, grid, epoch)
    fields = tuple(_field(each) for each in field or ())
    drawn_by = settings.operator if by is None else by
    case_words = Case(number=case, place=place, when=when, drawn_by=drawn_by, fields=fields)
    if output is None:
        output = scene / "sheet.pdf"
        if opened_operation is not None:
            output = opened_operation.free_path("sheet", f"{scene.resolve().name}.pdf")
    targets = _Targets(output, dxf, geojson)
    for path in targets.all:
        check_not_entered(opened_operation, path)
    given = _read(scene, measurement, tuple(tyre_marks or ()))
    content = dataclasses.replace(given.content(case_words), reference=frame, epoch_year=epoch)
    made = _write(targets, content, options)
    if opened_operation is not None:
        for path in given.files:
            enter(opened_operation, path, "measurement", scene=scene.resolve().name)
        for path in targets.all:
            enter(opened_operation, path, "sheet", scene=scene.resolve().name)
        record(
            opened_operation,
            "sheet.made",
            scene=scene.resolve().name,
            sha256=made.sha256,
            scale=made.scale,
            paper=made.paper,
            verdict=content.measurement.verdict,
        )
    print_json(_told(made, content, targets)) if as_json else _show(made, content)
    if not content.measurement.marks:
        say("There are no marks on it: `droneteam measure` makes them")
    say(f"Wrote {', '.join(str(path) for path in targets.all)}")


@dataclass(frozen=True, slots=True)
class _Targets:
    """Where to write; each kind of file by its own suffix, so that nothing else is replaced."""

    pdf: Path
    dxf: Path | None
    geojson: Path | None

    def __post_init__(self) -> None:
        check_suffix(self.pdf, ".pdf", "--output")
        if self.dxf is not None:
            check_suffix(self.dxf, ".dxf", "--dxf")
        if self.geojson is not None:
            check_suffix(self.geojson, ".geojson", "--geojson")

    @property
    def all(self) -> tuple[Path, ...]:
        """Every file."""
        return tuple(path for path in (self.pdf, self.dxf, self.geojson) if path is not None)


@dataclass(frozen=True, slots=True)
class _Given:
    """What the sheet is made from. `files` are the measurement's and the speeds', each with its SHA-256."""

    opened: OpenedScene
    measurement: Measurement
    speeds: tuple[Speed, ...]
    files: tuple[Path, ...]

    def content(self, case: Any) -> SheetContent:
        """The content of the sheet, the files' hashes among the others."""
        from imaging.photos import hash_file
        from imaging.sheet.from_scene import sheet_content

        remarks = tuple(line for speed in self.speeds for line in speed.lines())
        created = datetime.now(UTC).replace(microsecond=0)
        content = sheet_content(self.opened, self.measurement, case, created, remarks)
        hashes = {path.name: hash_file(path) for path in self.files}
        return dataclasses.replace(content, hashes={**hashes, **content.hashes})


def _read(scene: Path, measurement: Path | None, results: tuple[Path, ...]) -> _Given:
    from imaging.measure.figures import Measurement
    from imaging.measure.file import check_belongs, read_measurement
    from imaging.measure.opened import open_made
    from imaging.measure.speed_file import read_speed

    opened = open_made(scene)
    standing = scene / "measurement.json"
    file = measurement or (standing if standing.exists() else None)
    measured = Measurement((), (), opened.evidence, opened.verdict)
    if file is not None:
        measured, body = read_measurement(file)
        check_belongs(body, opened, str(file))
    speeds = []
    for path in results:
        speed = read_speed(path)
        if speed.measured is not None and (file is None or not _same(speed.measured, file, measured)):
            raise InputError(
                f"the speed was found from another measurement than {file or 'the sheet has'}, "
                "or its verdict was changed",
                where=str(path),
                remedy="Find it again with `droneteam tyre-marks --measurement`, from this one",
            )
        speeds.append(speed)
    files = (*(() if file is None else (file,)), *results)
    names = [path.name for path in files]
    if len(set(names)) < len(names):
        raise InputError("two files have one name", where=", ".join(names), remedy="Rename one of them")
    return _Given(opened, measured, tuple(speeds), files)


def _same(told: Measured, file: Path, measured: Measurement) -> bool:
    """Whether a speed was found from this measurement, and says of it what it says."""
    from imaging.photos import hash_file

    found = hash_file(file), measured.evidence, measured.verdict
    return (told.sha256, told.evidence, told.verdict) == found


def _write(targets: _Targets, content: SheetContent, options: SheetOptions) -> Sheet:
    """Write every file, or none of them."""
    from imaging.sheet.dxf import write_dxf
    from imaging.sheet.geojson import write_geojson
    from imaging.sheet.sheet import write_sheet

    with ExitStack() as stack:
        pdf = stack.enter_context(writing_whole(targets.pdf))
        dxf = stack.enter_context(writing_whole(targets.dxf)) if targets.dxf else None
        geojson = stack.enter_context(writing_whole(targets.geojson)) if targets.geojson else None
        made = write_sheet(pdf, content, options)
        if dxf is not None:
            write_dxf(dxf, content, options=options)
        if geojson is not None:
            write_geojson(geojson, content)
    return dataclasses.replace(made, path=targets.pdf)


def _options(
    paper: str,
    scale: int | None,
    orientation: str,
    area: str | None,
    language: str,
    grid: str,
    grids: Path | None,
) -> SheetOptions:
    from imaging.sheet.content import SheetOptions

    return SheetOptions(
        paper=paper.upper(),
        orientation=cast("Any", orientation),
        scale=scale,
        area=None if area is None else _area(area),
        language=language,
        grid=cast("Any", grid),
        grids=grids,
    )


def _area(text: str) -> Area:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(
            f"{shown(text)} is no area",
            where="--area",
            remedy="Write west,south,east,north in metres, as --area=-20,-10,20,10",
        ) from error
    return west, south, east, north


def _reference(text: str | None, grid: str, epoch: float | None) -> Frame | None:
    from missions.rdnap import Frame

    if epoch is not None and not (text == Frame.WGS84.value and 1990 <= epoch <= 2100):
        raise InputError(
            f"the year {epoch:g} says nothing here",
            where="--epoch",
            remedy="Give a year such as 2026.9, with --reference wgs84",
        )
    if text is None:
        return None
    if text not in {each.value for each in Frame} or grid != "rd":
        raise InputError(
            f"{shown(text)} says nothing here",
            where="--reference",
            remedy="Give etrs89 or wgs84, with --grid rd",
        )
    return Frame(text)


def _field(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name.strip() and equals):
        raise InputError(f"{shown(text)} has no name", where="--field", remedy="Write NAME=TEXT")
    return name.strip(), value.strip()


def _told(made: Sheet, content: SheetContent, targets: _Targets) -> dict[str, object]:
    return {
        **dataclasses.asdict(made),
        "path": str(made.path),
        "dxf": targets.dxf and str(targets.dxf),
        "geojson": targets.geojson and str(targets.geojson),
        "marks": len(content.measurement.marks),
        "figures": len(content.measurement.figures),
        "evidence": content.measurement.evidence,
        "verdict": content.measurement.verdict,
    }


def _show(made: Sheet, content: SheetContent) -> None:
    rows: list[tuple[str, object]] = [
        ("Scale", f"1:{made.scale} on {made.paper}, {made.orientation}, printed at 100 %"),
        ("Pages", made.pages),
        ("Picture", f"a dot is {made.dot_m * 1000:.0f} mm on the ground"),
        ("Marks", f"{len(content.measurement.marks)}, {len(content.measurement.figures)} figures"),
    ]
    if made.unlabelled:
        rows.append(("Not labelled", f"{', '.join(made.unlabelled)}, for want of room"))
    if made.outside:
        rows.append(("Outside", ", ".join(made.outside)))
    rows += [("SHA-256", made.sha256), ("Verdict", content.measurement.verdict)]
    out().print(facts(str(made.path), rows))

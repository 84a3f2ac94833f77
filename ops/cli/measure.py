"""`droneteam measure`: distances, paths, areas, angles and heights on a scene, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from missions.errors import InputError
from ops.cli.bounds import shown
from ops.cli.desk import settings_of
from ops.cli.entering import enter, open_operation, record
from ops.cli.options import JsonOption, OperationOption
from ops.cli.outputs import check_not_entered, check_replaceable
from ops.cli.screen import out, print_json, say, table

if TYPE_CHECKING:
    from imaging.measure.figures import Figure, Kind, Measurement
    from imaging.measure.measuring import Asked
    from imaging.measure.missed import Missed


FIGURES = "figures.json"


def measure(
    context: typer.Context,
    scene: Annotated[Path, typer.Argument(metavar="SCENE", help="A scene that `droneteam mosaic` made.")],
    marks: Annotated[
        Path | None,
        typer.Option("--marks", metavar="MARKS.json", help="Marks in photos; else SCENE/measure.json."),
    ] = None,
    distance: Annotated[
        list[str] | None, typer.Option(metavar="A-B", help="The straight distance; may be repeated.")
    ] = None,
    level: Annotated[list[str] | None, typer.Option(metavar="A-B", help="The level distance.")] = None,
    path: Annotated[
        list[str] | None, typer.Option(metavar="A-B-C", help="The length from mark to mark.")
    ] = None,
    area: Annotated[
        list[str] | None, typer.Option(metavar="A-B-C", help="The level area within an outline.")
    ] = None,
    angle: Annotated[
        list[str] | None, typer.Option(metavar="A-B-C", help="The level angle at B from A to C, clockwise.")
    ] = None,
    height: Annotated[
        list[str] | None, typer.Option(metavar="A-B", help="How much higher B lies than A.")
    ] = None,
    note: Annotated[
        list[str] | None,
        typer.Option(metavar="A=TEXT", help="A note of a mark, before that of the file; may be repeated."),
    ] = None,
    matching: Annotated[
        bool, typer.Option(help="Find what is marked in one photo in the other photos.")
    ] = True,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.json", help="Else SCENE/measurement.json."),
    ] = None,
    operation: OperationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure on a scene: positions of marks, and figures between them with their 95 % intervals."""
    from imaging.control.marks import read_marks
    from imaging.control.naming import named_as_photos, names_in
    from imaging.marking.opened import open_marking
    from imaging.measure.asked import read_asked
    from imaging.measure.file import FORMAT, json_from_measurement
    from imaging.measure.measuring import completed, placed
    from imaging.measure.measuring import measure as derive_all
    from imaging.measure.missed import told
    from imaging.measure.opened import pictures_of
    from imaging.scene import write_json

    opened_operation = open_operation(operation, settings_of(context))
    target = output or scene / "measurement.json"
    check_replaceable(target, FORMAT)
    check_not_entered(opened_operation, target)
    marking = open_marking(scene)
    opened, surface = marking.now, marking.surface
    if marking.now is not marking.made:
        say(
            "The scene was adjusted again since it was drawn; what is measured rests on that adjustment. "
            "For a sheet, draw it again first: `droneteam mosaic --again`"
        )
    file = marks or scene / "measure.json"
    points = named_as_photos(read_marks(file), names_in(opened.report), str(file))
    if not points:
        raise InputError("there are no marks", where=str(file), remedy="Mark points in the photos first")
    letters = [point.name for point in points]
    asked = _asked(
        {
            "distance": distance,
            "horizontal distance": level,
            "path": path,
            "area": area,
            "angle": angle,
            "height difference": height,
        },
        letters,
    )
    if not asked and (scene / FIGURES).exists():
        asked = list(read_asked(scene / FIGURES))
        say(f"Figures: the {len(asked)} that {scene / FIGURES} asks for")
    notes = _notes(note, letters)
    missed: dict[str, tuple[Missed, ...]] = {}
    if matching and any(len(point.marks) == 1 for point in points):
        done = completed(opened.adjusted, points, surface, pictures_of(opened))
        points = tuple(each.point for each in done)
        missed = {each.point.name: each.missed for each in done if each.missed}
    places = placed(opened.adjusted, points, surface)
    points = tuple(replace(point, note=notes.get(point.name, point.note)) for point in points)
    found = derive_all(places, points, asked, evidence=opened.evidence, verdict=opened.verdict)
    created = datetime.now(UTC).isoformat(timespec="seconds")
    body = json_from_measurement(found, places, points, opened, created, missed)
    write_json(target, body)
    if opened_operation is not None:
        enter(opened_operation, target, "measurement", scene=scene.resolve().name)
        record(
            opened_operation,
            "scene.measured",
            scene=scene.resolve().name,
            marks=len(points),
            figures=len(found.figures),
        )
    if as_json:
        print_json(body)
    else:
        _show(found, str(body["scene"]["height_reference"]))
    for letter, each in missed.items():
        say(f"{letter} was not found again in {told(each)}")
    say(f"The scene: {found.verdict}")
    say(f"Wrote {target}")


def _asked(given: Mapping[Kind, list[str] | None], letters: Sequence[str]) -> list[Asked]:
    from imaging.measure.asked import letters_from
    from imaging.measure.measuring import Asked

    return [
        Asked(kind, letters_from(each, letters, f"{kind} {shown(each)}"))
        for kind, texts in given.items()
        for each in texts or ()
    ]


def _notes(given: list[str] | None, letters: Sequence[str]) -> dict[str, str]:
    from imaging.control.marks import note_from

    notes = {}
    for each in given or ():
        letter, equals, text = (part.strip() for part in each.partition("="))
        if not equals or letter not in letters:
            raise InputError(
                f"{shown(each)} notes nothing of a mark that is there",
                where="--note",
                remedy=f"Write A=TEXT; the marks are {', '.join(letters)}",
            )
        try:
            notes[letter] = note_from(text)
        except ValueError as error:
            raise InputError(str(error), where=f"--note {letter}", remedy="Write it shorter") from error
    return notes


def _show(found: Measurement, reference: str) -> None:
    from imaging.measure.derive import COVERAGE_95
    from imaging.sheet.words import Words

    noted = any(mark.note for mark in found.marks)
    rows = [
        (
            mark.letter,
            *(
                f"{value:.3f} ± {COVERAGE_95 * sigma:.3f}"
                for value, sigma in zip(mark.local_m, mark.sigma_m, strict=True)
            ),
            str(len(mark.photos)),
            *([mark.note] if noted else []),
        )
        for mark in found.marks
    ]
    heights = Words("en").heights(reference)
    heads = ("Mark", "#East [m]", "#North [m]", "#Up [m]", "#Photos", *(["Note"] if noted else []))
    out().print(table(f"Marks, with 95 % each; heights: {heights}", heads, rows))
    if found.figures:
        with_notes = any(figure.note for figure in found.figures)
        columns = ("Figure", "Marks", "#Value", "Note")[: 4 if with_notes else 3]
        figures = [_row(figure)[: len(columns)] for figure in found.figures]
        out().print(table("Figures, with 95 %", columns, figures))


def _row(figure: Figure) -> tuple[str, str, str, str]:
    from imaging.sheet.numbers import stated

    return (
        figure.kind,
        "-".join(figure.letters),
        stated(figure.value, figure.half_width_95, figure.unit).words(figure.unit),
        figure.note,
    )

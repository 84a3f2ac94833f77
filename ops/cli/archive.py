"""`droneteam archive`: recordings for years, and questions asked of them."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from missions.errors import InputError
from ops.cli.options import JsonOption
from ops.cli.progress import showing
from ops.cli.screen import out, print_json, say, table
from telemetry.segments.seals import RECEIVED, SUFFIXES

if TYPE_CHECKING:
    from pyarrow import Table

    from telemetry.archive import Added

FRAMES_A_STEP = 10_000
SHOWN_ROWS = 40
EXIT_BAD_INPUT = 2

app = typer.Typer(help="Recordings for years: archive, verify, ask.", no_args_is_help=True)
FolderArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="The archive.")]


@app.callback()
def archive() -> None:
    """Recordings for years: archive, verify, ask."""


@app.command(short_help="Take recordings in.")
def add(
    folder: FolderArgument,
    recordings: Annotated[
        list[Path], typer.Argument(metavar="TLOG…", help="Recordings, or folders of them.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Add recordings to an archive, which is made where there is none; one that is in it adds nothing.

    A recording that cannot be taken in is named and the others are taken in all the same; then the exit code
    is 2.
    """
    from telemetry.archive import ArchiveWriter

    failed = 0
    with ArchiveWriter(folder) as writer, showing() as progress:
        for path in _recordings(recordings):
            told = 0

            def moved(segment: Path, done: int, total: int) -> None:
                nonlocal told
                if told == 0:
                    progress.stage(segment.name, total // FRAMES_A_STEP)
                progress.advance(done // FRAMES_A_STEP - max(told - 1, 0))
                told = done // FRAMES_A_STEP + 1

            try:
                added = writer.add(path, moved)
            except InputError as error:
                failed += 1
                progress.note(f"droneteam: error: {error}")
                continue
            _tell(path, added, as_json=as_json)
    if failed:
        raise typer.Exit(EXIT_BAD_INPUT)


@app.command(short_help="Check it, by itself and against recordings.")
def verify(
    folder: FolderArgument,
    recordings: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[TLOG…]", help="Recordings, or folders of them, to hold it against."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check every file of an archive; the exit code is 1 where something is wrong."""
    from telemetry.archive import verify as check

    verdict = check(folder, _recordings(recordings or []))
    if as_json:
        print_json(
            {
                "good": verdict.is_good,
                "recordings": verdict.segments,
                "files": verdict.files,
                "compared": verdict.compared,
                "problems": verdict.problems,
            }
        )
    else:
        for problem in verdict.problems:
            out().print(problem, soft_wrap=True)
        say(
            f"{verdict.segments} recordings in {verdict.files} files, {verdict.compared} compared: "
            f"{'good' if verdict.is_good else f'{len(verdict.problems)} problems'}"
        )
    if not verdict.is_good:
        raise typer.Exit(1)


@app.command(short_help="Ask it in SQL.")
def query(
    folder: FolderArgument,
    question: Annotated[str, typer.Argument(metavar="SQL", help='"select … from positions where …"')],
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, every row.")] = False,
) -> None:
    """Answer one SELECT over `positions`, `foreign_positions`, message types by their names and `segments`.

    It can read nothing but the archive and write nothing. Times are UTC.
    """
    from telemetry.archive import Archive

    answer = Archive(folder).sql(question)
    if as_json:
        print_json([_plain_row(row) for row in answer.to_pylist()])
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.column_names)
        writer.writerows(_plain_row(row).values() for row in answer.to_pylist())
    else:
        _show(answer)


def _recordings(paths: list[Path]) -> list[Path]:
    """Files as they are; every recording of a folder by name. Raises InputError for a folder without any."""
    found: list[Path] = []
    for path in paths:
        inside = (
            sorted(each for each in path.iterdir() if each.suffix in SUFFIXES) if path.is_dir() else [path]
        )
        if not inside:
            raise InputError("there is no recording in it", where=str(path), remedy="Check the path")
        found += inside
    return found


def _tell(path: Path, added: Added, *, as_json: bool) -> None:
    entry = added.entry
    if as_json:
        told = {"path": str(path), "new": added.is_new, "name": entry.name, "sha256": entry.sha256}
        print_json(
            told
            | {"frames": entry.frames, "positions": entry.positions, "counts": entry.counts}
            | {"foreign_positions": entry.foreign_positions}
        )
    elif added.is_new and path.suffix == RECEIVED:
        say(f"{path}: {entry.frames} lines and events of others, {entry.foreign_positions} positions")
    elif added.is_new:
        say(f"{path}: {entry.frames} frames, {entry.positions} positions")
    else:
        say(f"{path}: is in the archive already, as {entry.name}")


def _plain_row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    """A value for JSON: bytes as hexadecimal digits, times as ISO 8601, what is none of JSON's as text."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return _plain_row(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _show(answer: Table) -> None:
    rows = [tuple(_plain_row(row).values()) for row in answer.slice(0, SHOWN_ROWS).to_pylist()]
    heads = [
        f"#{name}" if str(answer.schema.field(name).type) in _NUMBERS else name
        for name in answer.column_names
    ]
    out().print(table("", heads, rows))
    if len(answer) > SHOWN_ROWS:
        say(f"{SHOWN_ROWS} of {len(answer)} rows; --csv or --json prints all")


_NUMBERS = frozenset(
    {"float", "double", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"}
)

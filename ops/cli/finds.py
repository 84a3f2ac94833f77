"""`droneteam finds`: look at finds, and say what they turned out to be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from missions.errors import InputError
from ops.cli.desk import settings_of
from ops.cli.options import JsonOption
from ops.cli.screen import out, print_json, say, table
from ops.layout import DOCUMENT

if TYPE_CHECKING:
    from imaging.thermal.find import Decision, State
    from ops.operations import Operation

app = typer.Typer(help="Look at finds and decide on them: show, review.", no_args_is_help=True)
RANKS = {"confirmed": 0, "proposed": 1, "dismissed": 2}
FindsArgument = Annotated[
    Path, typer.Argument(metavar="FINDS", help="The GeoJSON file that `droneteam heat` wrote.")
]


@app.callback()
def finds() -> None:
    """Look at finds and decide on them: show, review."""


@app.command()
def review(
    context: typer.Context,
    path: FindsArgument,
    find: Annotated[str, typer.Option("--find", metavar="ID", help="Which find, such as find-003.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who decides.")],
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why: what was seen, by what means.")],
    confirm: Annotated[bool, typer.Option("--confirm", help="It is what was looked for.")] = False,
    dismiss: Annotated[bool, typer.Option("--dismiss", help="It is not.")] = False,
    reopen: Annotated[bool, typer.Option("--reopen", help="It is a proposal again.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Confirm or dismiss a find; earlier decisions stay in its history. An operation's log keeps its own."""
    from imaging.thermal.find import Decision
    from imaging.thermal.reviewing import decided, find_in, history_of, read_finds, write_finds
    from ops.finds import alone_with, decisions_of, entered_path
    from ops.finds import review as log_review
    from ops.times import utc_text
    from telemetry.clock import SystemClock

    state = _state(confirm=confirm, dismiss=dismiss, reopen=reopen)
    document = read_finds(path)
    operation = _operation_of(path, settings_of(context).operator)
    inside = None if operation is None else entered_path(operation, path)
    if operation is not None and inside is not None:
        log_review(operation, inside, find, state, by, why)
        history = (*history_of(find_in(document, find)), *decisions_of(operation)[inside][find])
        where = f"the log of {operation.name}"
    else:
        with alone_with(path):  # what somebody else decided meanwhile stays
            decision = Decision(state, by, why, utc_text(SystemClock()))
            document = decided(read_finds(path), find, decision)
            write_finds(path, document)
        history, where = history_of(find_in(document, find)), str(path)
    if as_json:
        print_json({"find": find, "state": state, "history": [_told(each) for each in history]})
    else:
        say(f"{find} is {state} by {history[-1].by}: {history[-1].why}. Written to {where}")


@app.command()
def show(context: typer.Context, path: FindsArgument, as_json: JsonOption = False) -> None:
    """List finds with what they may be, where they are, and what was decided."""
    from imaging.thermal.reviewing import history_of, read_finds
    from ops.finds import decisions_of, entered_path

    document = read_finds(path)
    operation = _operation_of(path, settings_of(context).operator)
    inside = None if operation is None else entered_path(operation, path)
    later = decisions_of(operation).get(inside or "", {}) if operation is not None else {}
    rows = []
    for feature in document["features"]:
        told = feature.get("properties") or {}
        if told.get("kind") == "find":
            history = (*history_of(told), *later.get(str(told.get("find")), ()))
            rows.append((told, feature["geometry"]["coordinates"], history))
    rows.sort(key=_rank)
    if as_json:
        print_json([_row_told(*row) for row in rows])
        return
    columns = ("Find", "What", "Latitude", "Longitude", "95 % within", "#Seen", "State", "By", "Why")
    out().print(table(f"{len(rows)} finds", columns, [_row(*row) for row in rows]))


def _rank(row: tuple[dict[str, Any], list[float], tuple[Decision, ...]]) -> tuple[int, bool, float]:
    """Confirmed finds first, dismissed ones last, and of each the surest first, vehicles last."""
    from imaging.thermal.find import listing

    told, _, history = row
    state = history[-1].state if history else "proposed"
    return RANKS[state], *listing(told.get("what"), told.get("score"))


def _state(*, confirm: bool, dismiss: bool, reopen: bool) -> State:
    chosen: list[State] = []
    chosen += ["confirmed"] if confirm else []
    chosen += ["dismissed"] if dismiss else []
    chosen += ["proposed"] if reopen else []
    if len(chosen) != 1:
        raise InputError(
            "one decision must be made", where="--confirm, --dismiss, --reopen", remedy="Give one of them"
        )
    return chosen[0]


def _operation_of(path: Path, actor: str) -> Operation | None:
    """The operation whose folder the file lies in, if it does."""
    from ops.operations import Operation

    for folder in path.resolve().parents:
        if (folder / DOCUMENT).is_file():
            return Operation.open(folder, actor=actor)
    return None


def _told(decision: Decision) -> dict[str, str]:
    return {"state": decision.state, "by": decision.by, "why": decision.why, "time": decision.time}


def _row_told(told: dict[str, Any], place: list[float], history: tuple[Decision, ...]) -> dict[str, Any]:
    state = history[-1].state if history else "proposed"
    kept = {
        name: told.get(name) for name in ("find", "what", "reasons", "score", "ellipse95", "sighting_count")
    }
    return {
        **kept, "lon_deg": place[0], "lat_deg": place[1], "state": state,
        "history": [_told(each) for each in history],
    }  # fmt: skip


def _row(told: dict[str, Any], place: list[float], history: tuple[Decision, ...]) -> tuple[object, ...]:
    ellipse = told.get("ellipse95") or {}
    last = history[-1] if history else None
    return (
        told.get("find"),
        told.get("what") or told.get("polarity"),
        f"{place[1]:.6f}",
        f"{place[0]:.6f}",
        f"{ellipse['semi_major_m']:.1f} m" if "semi_major_m" in ellipse else "",
        told.get("sighting_count"),
        last.state if last else "proposed",
        last.by if last else "",
        last.why if last else "",
    )

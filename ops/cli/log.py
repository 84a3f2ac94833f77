"""`droneteam log`: what is in a recording, for people and for other programs."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from missions.errors import InputError
from ops.cli.log_bin import bin_as_plain, named, show_bin
from ops.cli.log_check import check
from ops.cli.log_convert import convert
from ops.cli.log_plot import plot
from ops.cli.log_received import received_as_plain, show_received
from ops.cli.options import JsonOption
from ops.cli.screen import facts, out, print_json, say, table

if TYPE_CHECKING:
    from telemetry.log_summary import LogSummary

_MOST_NAMED = 5
_MOST_OFFERED = 12

app = typer.Typer(help="A recording: what is in it, converted, drawn.", no_args_is_help=True)


@app.callback()
def log() -> None:
    """A recording: what is in it, converted, drawn."""


@app.command(short_help="Who spoke, how often, what was lost.")
def info(
    recordings: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="Recordings (.tlog, .received) and onboard logs (.BIN)."),
    ],
    every: Annotated[
        bool, typer.Option("--all", help="Every message type of every sender, not the five most frequent.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what recordings hold: senders, messages by type, losses, noise and duration."""
    from telemetry.log_kind import is_onboard
    from telemetry.log_summary import summary_of
    from telemetry.received.reading import is_received

    for path in recordings:
        if is_received(path):
            from telemetry.received.summary import received_summary

            others = received_summary(path)
            print_json(received_as_plain(others)) if as_json else show_received(others, every=every)
            continue
        if is_onboard(path):
            from telemetry.dataflash import bin_summary

            log = bin_summary(path)
            print_json(bin_as_plain(log)) if as_json else show_bin(log, every=every)
            continue
        summary = summary_of(path)
        print_json(as_plain(summary)) if as_json else _show(summary, every=every)


@app.command(short_help="One message type as CSV.")
def extract(
    recording: Annotated[
        Path, typer.Argument(metavar="FILE", help="A recording (.tlog) or an onboard log (.BIN).")
    ],
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="Its name, as in `log info --all`.")],
    system: Annotated[
        int | None, typer.Option("--system", metavar="NUMBER", help="Only what this one sent; else all.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="CSV", help="A file; else standard output.")
    ] = None,
) -> None:
    """Write every message of one type, all fields and who sent it when, as CSV."""
    from missions.files import writing_whole
    from telemetry.columns.csv_text import write_csv
    from telemetry.exports import open_recorded

    columns = open_recorded(recording).tables
    name = message.upper()
    if name not in columns:
        raise InputError(
            f"there is no {name} in it",
            where=str(recording),
            remedy=f"Choose one of {', '.join(sorted(columns)[:_MOST_OFFERED])} ...",
        )
    rows = columns[name]
    if system is not None and "sender_system" in (rows.dtype.names or ()):
        rows = rows[rows["sender_system"] == system]
    if output is None:
        write_csv(rows, sys.stdout)
        return
    with writing_whole(output) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        write_csv(rows, file)
    say(f"Wrote {output}: {len(rows)} rows")


app.command(short_help="Recordings against their seals.")(check)
app.command(short_help="For other programs: tables, GPX, KML, GeoJSON.")(convert)
app.command(short_help="A picture of the flight.")(plot)


def as_plain(summary: LogSummary) -> dict[str, Any]:
    """A summary for programs."""
    return {
        "path": summary.path,
        "bytes": summary.size,
        "began_s": summary.began_s,
        "ended_s": summary.ended_s,
        "duration_s": summary.duration_s,
        "frames": summary.frames,
        "mavlink_1": summary.mavlink_1,
        "signed": summary.signed,
        "bad_bytes": summary.bad_bytes,
        "senders": [
            {
                "system": sender.system,
                "component": sender.component,
                "messages": dict(sender.messages),
                "received": sender.loss.received,
                "lost": sender.loss.lost,
                "doubled": sender.loss.doubled,
                "lost_pct": sender.loss.lost_pct,
            }
            for sender in summary.senders
        ],
    }


def _show(summary: LogSummary, *, every: bool) -> None:
    first = None if summary.began_s is None else datetime.fromtimestamp(summary.began_s, UTC)
    minutes, seconds = divmod(summary.duration_s, 60)
    rows = [
        ("Begins", "no frame" if first is None else f"{first:%Y-%m-%d %H:%M:%S} UTC"),
        ("Lasts", f"{minutes:.0f} min {seconds:04.1f} s"),
        ("Frames", f"{summary.frames} ({summary.mavlink_1} MAVLink 1, {summary.signed} signed)"),
        ("Noise", f"{summary.bad_bytes} of {summary.size} bytes"),
    ]
    out().print(facts(summary.path, rows))
    senders = [
        (
            sender.system,
            sender.component,
            sender.total,
            sender.loss.lost,
            f"{sender.loss.lost_pct:.2f} %",
            named(sender.messages, len(sender.messages) if every else _MOST_NAMED),
        )
        for sender in summary.senders
    ]
    out().print(
        table("Senders", ("#System", "#Component", "#Received", "#Lost", "#Share", "Messages"), senders)
    )

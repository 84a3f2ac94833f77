"""What `droneteam log info` says of a recording of others."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.cli.screen import facts, out, say, table

if TYPE_CHECKING:
    from telemetry.received.summary import ReceivedSummary

_MOST_SHOWN = 20
_HEADS = ("Key", "Name", "Kind", "First", "Last", "#Positions")


def received_as_plain(summary: ReceivedSummary) -> dict[str, Any]:
    """A summary for programs."""
    plain = dataclasses.asdict(summary)
    plain["bytes"] = plain.pop("size")
    return {**plain, "duration_s": summary.duration_s}


def show_received(summary: ReceivedSummary, *, every: bool) -> None:
    """A summary for people."""
    began = None if summary.began_s is None else datetime.fromtimestamp(summary.began_s, UTC)
    minutes, seconds = divmod(summary.duration_s, 60)
    rows = [
        ("Begins", "nothing in it" if began is None else f"{began:%Y-%m-%d %H:%M:%S} UTC"),
        ("Lasts", f"{minutes:.0f} min {seconds:04.1f} s"),
        ("Received", f"{summary.items} lines and events, {summary.refused} of them not believed"),
        ("Damage", f"{summary.bad_lines} lines, {summary.bad_bytes} of {summary.size} bytes"),
        *(
            (link, ", ".join(f"{form} {count}" for form, count in counts.items()) or "nothing came")
            for link, counts in summary.links.items()
        ),
    ]
    out().print(facts(summary.path, rows))
    shown = summary.others if every else summary.others[:_MOST_SHOWN]
    others = [
        (one.key, one.name, one.kind, _clock(one.began_s), _clock(one.ended_s), one.positions)
        for one in shown
    ]
    if others:
        out().print(table("Not ours", _HEADS, others))
    left_out = len(summary.others) - len(shown)
    if left_out or summary.left_out:
        say(f"and {left_out} more; --all shows them" if left_out else f"{summary.left_out} positions of more")


def _clock(time_s: float) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%H:%M:%S}"

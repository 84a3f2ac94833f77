"""What `droneteam log info` says of an onboard log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.cli.screen import facts, out

if TYPE_CHECKING:
    from telemetry.dataflash import BinSummary

_MOST_NAMED = 8


def bin_as_plain(summary: BinSummary) -> dict[str, Any]:
    """A summary for programs."""
    return {
        "path": summary.path,
        "bytes": summary.size,
        "firmware": summary.firmware,
        "kind": summary.kind,
        "began_s": summary.began_s,
        "ended_s": summary.ended_s,
        "boot_began_s": summary.boot_began_s,
        "boot_ended_s": summary.boot_ended_s,
        "duration_s": summary.duration_s,
        "records": summary.records,
        "bad_bytes": summary.bad_bytes,
        "messages": dict(summary.messages),
    }


def show_bin(summary: BinSummary, *, every: bool) -> None:
    """A summary for people."""
    began = None if summary.began_s is None else datetime.fromtimestamp(summary.began_s, UTC)
    minutes, seconds = divmod(summary.duration_s, 60)
    rows = [
        ("Onboard log of", summary.firmware or summary.kind or "an autopilot that does not say which"),
        ("Begins", "not known: no GPS time" if began is None else f"{began:%Y-%m-%d %H:%M:%S} UTC"),
        ("Lasts", f"{minutes:.0f} min {seconds:04.1f} s"),
        ("Messages", f"{summary.records} of {len(summary.messages)} types"),
        ("Noise", f"{summary.bad_bytes} of {summary.size} bytes"),
        ("Types", named(summary.messages, len(summary.messages) if every else _MOST_NAMED)),
    ]
    out().print(facts(summary.path, rows))


def named(messages: Mapping[str, int], most: int) -> str:
    """The first so many types with their counts, and how many more there are."""
    told = ", ".join(f"{name} {count}" for name, count in list(messages.items())[:most])
    return f"{told} and {len(messages) - most} more types" if len(messages) > most else told

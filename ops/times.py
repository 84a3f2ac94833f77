"""Moments as people and files write them: ISO 8601, UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from telemetry.clock import Clock


def utc_text(clock: Clock, *, whole_seconds: bool = False) -> str:
    """Now, as `2026-03-14T09:26:53.589793Z`."""
    moment = datetime.fromtimestamp(clock.now_s(), UTC)
    return moment.isoformat(timespec="seconds" if whole_seconds else "microseconds").replace("+00:00", "Z")


def file_stamp(clock: Clock) -> str:
    """Now, as file names carry it: `20260314T092653Z`."""
    return datetime.fromtimestamp(clock.now_s(), UTC).strftime("%Y%m%dT%H%M%SZ")

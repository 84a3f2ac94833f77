"""Verdicts as a table for people, as Markdown for a page, and as JSON for programs."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sitl.proof.verdict import Verdict, Waited

_HEAD = (
    *("plan", "vehicle", "promised s", "flown s", "", "promised Wh", "used Wh", ""),
    *("cover %", "outside m", "off m", "left %", "apart m", "as promised"),
)
_TEXT_COLUMNS = (0, 1, len(_HEAD) - 1)


@dataclass(frozen=True, slots=True)
class Row:
    """A verdict, with the day of its flight and how many times real time it was flown at.

    Without a verdict `problem` says why there is none.
    """

    name: str
    verdict: Verdict | None = None
    date: str = ""
    speedup: float = 0.0
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether it was flown and everything is as promised."""
        return self.verdict is not None and self.verdict.holds


def as_text(rows: Sequence[Row]) -> str:
    """Columns side by side, and what does not hold below them."""
    table = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(cells[column]) for cells in table) for column in range(len(_HEAD))]
    lines = ["  ".join(_placed(cells, widths)).rstrip() for cells in table]
    return "\n".join([*lines, "", *_notes(rows)]) + "\n"


def as_markdown(rows: Sequence[Row]) -> str:
    """The table for docs, and the day, the version and the machine of its flights."""
    ruler = [" --- " if column in _TEXT_COLUMNS else " ---: " for column in range(len(_HEAD))]
    lines = ["|" + "|".join(f" {cell} " for cell in _HEAD) + "|", "|" + "|".join(ruler) + "|"]
    lines += ["|" + "|".join(f" {cell} " for cell in _cells(row)) + "|" for row in rows]
    return "\n".join([*lines, "", *_notes(rows), _caption(rows)]) + "\n"


def as_json(rows: Sequence[Row]) -> str:
    """Every figure of every verdict, with what does not hold."""
    return json.dumps([_plain(row) for row in rows], indent=2, allow_nan=False) + "\n"


def _plain(row: Row) -> dict[str, Any]:
    plain: dict[str, Any] = {"name": row.name, "holds": row.holds}
    if row.verdict is None:
        return plain | {"problem": row.problem}
    figures = dataclasses.asdict(row.verdict)
    shown = ("promised_s", "flown_s", "promised_wh", "flown_wh", "outside_m", "off_m", "battery_left_pct")
    figures |= {name: getattr(row.verdict, name) for name in shown}
    shortfalls = list(row.verdict.shortfalls)
    return plain | figures | {"shortfalls": shortfalls, "date": row.date, "speedup": row.speedup}


def _cells(row: Row) -> tuple[str, ...]:
    verdict = row.verdict
    if verdict is None:
        return (row.name, *("",) * (len(_HEAD) - 2), "not flown")
    return (
        row.name,
        _vehicle(verdict),
        f"{verdict.promised_s:.0f}",
        f"{verdict.flown_s:.0f}",
        _change(verdict.flown_s, verdict.promised_s),
        f"{verdict.promised_wh:.1f}",
        f"{verdict.flown_wh:.1f}",
        _change(verdict.flown_wh, verdict.promised_wh),
        _cover(verdict),
        f"{verdict.outside_m:.1f}",
        f"{verdict.off_m:.1f}",
        f"{verdict.battery_left_pct:.0f}",
        f"{verdict.team.separation_m:.1f}" if verdict.team else "",
        "yes" if verdict.holds else "no",
    )


def _vehicle(verdict: Verdict) -> str:
    aircraft = len({flight.vehicle for flight in verdict.flights})
    return f"{aircraft} x {verdict.autopilot}" if aircraft > 1 else verdict.autopilot


def _change(flown: float, promised: float) -> str:
    return f"{100 * (flown / promised - 1):+.1f} %" if promised > 0 else ""


def _cover(verdict: Verdict) -> str:
    if verdict.covered_pct is None:
        return ""
    few = verdict.promised_pct < 99.0
    return f"{verdict.covered_pct:.1f}" + (f" of {verdict.promised_pct:.1f}" if few else "")


def _placed(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.ljust(width) if column in _TEXT_COLUMNS else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]


def _notes(rows: Sequence[Row]) -> list[str]:
    lines = []
    for row in rows:
        if row.verdict is None:
            lines.append(f"{row.name}: not flown: {row.problem}")
            continue
        lines += [f"{row.name}: {shortfall}" for shortfall in row.verdict.shortfalls]
        lines += [f"{row.name}: {_waited(number, wait)}" for number, wait in enumerate(row.verdict.waits, 1)]
    held = sum(row.holds for row in rows)
    return [*lines, f"{held} of {len(rows)} as promised"]


def _waited(number: int, wait: Waited) -> str:
    asked = "" if wait.asked_s is None else f", {wait.asked_s:.0f} s asked"
    return f"place {number} unseen for {wait.flown_s:.0f} s at most, {wait.promised_s:.0f} s promised{asked}"


def _caption(rows: Sequence[Row]) -> str:
    days = sorted({row.date for row in rows if row.date})
    speeds = sorted({row.speedup for row in rows if row.speedup})
    when = " to ".join(dict.fromkeys([days[0], days[-1]])) if days else "no day"
    fast = " and ".join(f"{speed:g}" for speed in speeds) or "no"
    return f"Flown {when} at {fast} times real time, {os.cpu_count()} {platform.machine()} cores."

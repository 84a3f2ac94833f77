"""Distances measured on the ground between two points, straight from one to the other.

As a table (`first,second,length_m,sigma_m,role`, with semicolons and decimal commas too), or as JSON:

    {"format": "droneteam-bars", "version": 1,
     "bars": [{"first": "A", "second": "B", "length_m": 10.004, "sigma_m": 0.003, "role": "check"}]}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imaging.control.lines import Complaints, name_from, number_from, role_from, shown, sigma_from
from imaging.control.marks import listed, load_body, number_of, text_of
from imaging.control.points import ScaleBar
from imaging.control.tables import Row, read_table
from missions.errors import FormatError
from missions.plan import Finding, Severity

FORMAT, VERSION = "droneteam-bars", 1
SIGMA_M = 0.005
"""Taken where a file tells none: a steel tape, read by hand over some ten metres, one standard deviation."""
LIMIT_BARS, LIMIT_LENGTH_M = 10_000, 100_000.0
COLUMNS = {
    "first": ("first", "from", "a", "point 1", "van"),
    "second": ("second", "to", "b", "point 2", "naar"),
    "length": ("length", "distance", "lengte", "afstand"),
    "sigma": ("sigma", "accuracy"),
    "role": ("role", "type", "rol"),
}


@dataclass(frozen=True, slots=True)
class Bars:
    """The distances, and what a reader should know of them."""

    bars: tuple[ScaleBar, ...]
    findings: tuple[Finding, ...] = ()


def read_bars(path: Path) -> Bars:
    """The distances in a table or a JSON file. Raises InputError, naming the line or the bar."""
    if path.suffix.lower() == ".json":
        body = load_body(path, FORMAT, VERSION, "distances")
        read = list(_from_json(listed(body, "bars", str(path)), str(path)))
    else:
        read = list(_from_table(path))
    if len(read) > LIMIT_BARS:
        raise FormatError(
            f"has {len(read)} distances; at most {LIMIT_BARS} are read", where=str(path), remedy="Divide it"
        )
    untold = [f"{bar.first}-{bar.second}" for bar, told in read if not told]
    named = ", ".join(untold[:5]) + (" and others" if len(untold) > 5 else "")
    findings = (
        Finding(
            "accuracy",
            Severity.CAUTION,
            f"Nothing tells how accurately {named} were measured: {SIGMA_M:g} m is taken, one standard"
            " deviation.",
            "Add sigma_m.",
        ),
    )
    return Bars(tuple(bar for bar, _ in read), findings if untold else ())


def _from_table(path: Path) -> Iterator[tuple[ScaleBar, bool]]:
    table = read_table(path, "distances", COLUMNS, ("first", "second", "length"))
    complaints = Complaints(str(path))
    for row in table.rows:
        try:
            yield _bar(row, table.comma)
        except ValueError as error:
            complaints.add(row.line, str(error))
    complaints.settle()


def _bar(row: Row, comma: bool) -> tuple[ScaleBar, bool]:
    cells = row.cells
    sigma = cells.get("sigma", "").strip()
    return _checked(
        ScaleBar(
            name_from(cells["first"], "first"),
            name_from(cells["second"], "second"),
            number_from(cells["length"], "length", comma=comma),
            sigma_from(sigma, "sigma", comma=comma) if sigma else SIGMA_M,
            role_from(cells.get("role", "")),
        )
    ), bool(sigma)


def _from_json(bars: Any, where: str) -> Iterator[tuple[ScaleBar, bool]]:
    for number, each in enumerate(bars, 1):
        try:
            yield _bar_of_object(each)
        except ValueError as error:
            raise FormatError(str(error), where=f"{where}, bar {number}", remedy="Correct it") from error


def _bar_of_object(body: Any) -> tuple[ScaleBar, bool]:
    if not isinstance(body, dict):
        raise ValueError("is no object")  # noqa: TRY004 one error for whatever is wrong
    told = "sigma_m" in body
    bar = ScaleBar(
        name_from(text_of(body, "first"), "first"),
        name_from(text_of(body, "second"), "second"),
        number_of(body, "length_m"),
        sigma_from(repr(number_of(body, "sigma_m")), "sigma_m") if told else SIGMA_M,
        role_from(text_of(body, "role", "")),
    )
    return _checked(bar), told


def _checked(bar: ScaleBar) -> ScaleBar:
    if bar.first == bar.second:
        raise ValueError(f"goes from {shown(bar.first)} to itself")
    if not 0 < bar.length_m <= LIMIT_LENGTH_M:
        raise ValueError(f"a length of {bar.length_m:g} m must be above 0 and at most {LIMIT_LENGTH_M:g}")
    return bar

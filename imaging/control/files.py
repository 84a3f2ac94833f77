"""Ground control from a file: a table of points, or OpenDroneMap's gcp_list.txt with marks too.

The way in: `read_control` looks at the file and gives a `Control`. Marks and scale bars of our own have
readers beside it (`marks`, `bars`). Nothing is repaired: what is wrong is named, with file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from imaging.control.coordinates import System, open_system
from imaging.control.gcp_list import LIMIT_POINTS, read_gcp_list
from imaging.control.lines import Complaints, name_from, number_from, read_lines, role_from, shown, sigma_from
from imaging.control.placing import SIGMA_HORIZONTAL_M, SIGMA_UP_M, place, place_on_site
from imaging.control.points import Listed, MarkedPoint, SitePoint, SurveyedPoint
from imaging.control.tables import Row, Table, plain_head, read_table
from missions.errors import FormatError, InputError, SettingsError
from missions.plan import Finding, Severity

NAMES = ("name", "label", "point", "id", "gcp", "gcp label", "point name", "point id", "naam", "punt", "nr")
DEGREES_X, DEGREES_Y = ("lon", "long", "longitude"), ("lat", "latitude")
METRES_X = ("easting", "east", "e", "rd x", "oost")
METRES_Y = ("northing", "north", "n", "rd y", "noord")
COLUMNS = {
    "name": NAMES,
    "x": ("x", *METRES_X, *DEGREES_X),
    "y": ("y", *METRES_Y, *DEGREES_Y),
    "z": ("z", "height", "elevation", "h", "alt", "altitude", "up", "nap", "hoogte"),
    "sigma horizontal": ("sigma horizontal", "horizontal", "sigma h", "sigma xy", "horizontal accuracy"),
    "sigma up": ("sigma up", "vertical", "sigma vertical", "sigma v", "sigma z", "vertical accuracy"),
    "role": ("role", "type", "rol"),
}
_SYSTEM = re.compile(r"['\"]?(EPSG:|WGS ?84 UTM|\+|[A-Z]+(CRS|CS)\[|(local|site|\d{4,6})$)", re.IGNORECASE)
"""How a coordinate system begins, which may hold commas."""
_NAME_A_SYSTEM = "Begin it with a line such as `# EPSG:7415`, or say the coordinate system"


@dataclass(frozen=True)
class Control:
    """What a file of ground control holds.

    `points` have places on the earth; where the system is the site's own, `site_points` stand instead.
    `listed` are the same points as the file has them. `marked` comes with OpenDroneMap's format.
    """

    path: Path
    system: System
    listed: tuple[Listed, ...]
    points: tuple[SurveyedPoint, ...] = ()
    site_points: tuple[SitePoint, ...] = ()
    marked: tuple[MarkedPoint, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_control(
    path: Path, *, system: str | None = None, heights: str | None = None, grids: Path | None = None
) -> Control:
    """The ground control in a file.

    `system` names the coordinate system of a table that does not (`open_system` says how), `heights` what
    heights are above, `grids` the folder of the RDNAPTRANS2018 grids. Raises InputError, with FormatError for
    bad lines and SettingsError for the coordinate system.
    """
    if _is_table(path):
        table = read_table(path, "ground control", COLUMNS, ("name", "x", "y"))
        written, listed = _table_system(table), _listed(table, str(path))
        marked: tuple[MarkedPoint, ...] = ()
        findings = _ignored(table)
    else:
        written, listed, marked = read_gcp_list(path)
        table, findings = None, ()
    if system and written and system.strip().lower() != written.lower():
        raise SettingsError(
            f"is in {shown(written)} by its own words, and {shown(system)} was asked for",
            where=str(path),
            remedy="Leave out the one that is wrong",
        )
    if not (system or written):
        raise SettingsError("names no coordinate system", where=str(path), remedy=_NAME_A_SYSTEM)
    opened = _opened(path, system or written, heights, grids)
    if table is not None:
        _refuse_other_units(table, opened, path)
    findings += opened.notes + _sigmas(listed)
    if opened.site:
        return Control(path, opened, listed, (), place_on_site(listed), marked, findings)
    try:
        points = place(opened, listed)
    except InputError as error:
        where = f"{path}, {error.where}" if error.where else str(path)
        raise InputError(error.what, where=where, remedy=error.remedy) from error
    return Control(path, opened, listed, points, (), marked, findings)


def _opened(path: Path, text: str, heights: str | None, grids: Path | None) -> System:
    try:
        return open_system(text, heights=heights, grids=grids)
    except SettingsError as error:
        where = f"{path}: {error.where}" if error.where else str(path)
        raise SettingsError(error.what, where=where, remedy=error.remedy) from error


def _is_table(path: Path) -> bool:
    """Whether the first line that counts has heads: OpenDroneMap's begins with a coordinate system."""
    lines = (line.strip() for line in read_lines(path, "ground control"))
    first = next((line for line in lines if line and not line.startswith("#")), "")
    if _SYSTEM.match(first):
        return False
    for delimiter in ";\t,":
        heads = [plain_head(head.strip('"')) for head in first.split(delimiter)]
        if len(heads) > 2:
            return True
    return False


def _table_system(table: Table) -> str:
    """The coordinate system that a comment names: `# EPSG:7415` or `# crs: WGS84 UTM 31N`."""
    for comment in table.comments:
        key, colon, value = comment.partition(":")
        if key.strip().lower() in {"crs", "srs", "system"} and colon:
            return value.strip()
        if _SYSTEM.match(comment):
            return comment
    return ""


def _listed(table: Table, where: str) -> tuple[Listed, ...]:
    complaints = Complaints(where)
    listed: list[Listed] = []
    lines: dict[str, int] = {}
    for row in table.rows:
        try:
            one = _point(row, table.comma)
        except ValueError as error:
            complaints.add(row.line, str(error))
            continue
        if one.name in lines:
            complaints.add(row.line, f"{shown(one.name)} stands in line {lines[one.name]} too", "rename one")
        lines.setdefault(one.name, row.line)
        listed.append(one)
    complaints.settle()
    if len(listed) > LIMIT_POINTS:
        raise FormatError(
            f"has {len(listed)} points; at most {LIMIT_POINTS} are read", where=where, remedy="Divide it"
        )
    return tuple(listed)


def _point(row: Row, comma: bool) -> Listed:
    cells = row.cells
    z = cells.get("z", "")
    horizontal, up = cells.get("sigma horizontal", ""), cells.get("sigma up", "")
    return Listed(
        name_from(cells["name"]),
        number_from(cells["x"], "x", comma=comma),
        number_from(cells["y"], "y", comma=comma),
        number_from(z, "z", comma=comma) if z.strip() else None,
        sigma_from(horizontal, "sigma horizontal", comma=comma) if horizontal.strip() else None,
        sigma_from(up, "sigma up", comma=comma) if up.strip() else None,
        role_from(cells.get("role", "")),
        row.line,
    )


def _refuse_other_units(table: Table, system: System, path: Path) -> None:
    """Heads that say degrees over a grid in metres, or the other way round."""
    degrees, metres = {*DEGREES_X, *DEGREES_Y}, {*METRES_X, *METRES_Y}
    for meaning in ("x", "y"):
        head = plain_head(table.heads[meaning])
        if (head in degrees and not system.geographic) or (head in metres and system.geographic):
            raise SettingsError(
                f"has a column {shown(table.heads[meaning])}, and {system.name} has none such",
                where=str(path),
                remedy="Correct the coordinate system or the head",
            )


def _ignored(table: Table) -> tuple[Finding, ...]:
    if not table.ignored:
        return ()
    return (
        Finding(
            "columns",
            Severity.INFO,
            f"Columns that mean nothing here were not read: {', '.join(map(shown, table.ignored[:10]))}.",
        ),
    )


def _sigmas(listed: Iterable[Listed]) -> tuple[Finding, ...]:
    untold = [
        one.name for one in listed if not (one.sigma_horizontal_m and (one.sigma_up_m or one.z is None))
    ]
    if not untold:
        return ()
    return (
        Finding(
            "accuracy",
            Severity.CAUTION,
            f"Nothing tells how accurate {_some(untold)} are: {SIGMA_HORIZONTAL_M:g} m horizontally and"
            f" {SIGMA_UP_M:g} m in height are taken, one standard deviation.",
            "Add the columns sigma_horizontal_m and sigma_up_m.",
        ),
    )


def _some(names: list[str]) -> str:
    return f"{names[0]} and {len(names) - 1} more points" if len(names) > 1 else f"the figures of {names[0]}"
